//! Lists and non-null around a named type (GraphQL spec 3.11, 3.12), in three bytes.

/// The lists around a named type, and which of them and whether the type itself may be null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrapping {
    lists: u8,
    /// A bit a level, the outermost first: the lists, then the named type.
    non_null: u16,
}

impl Wrapping {
    /// The most lists that one can have, so that its levels are the bits of a number.
    pub const MAX_LISTS: usize = 15;

    /// From the outermost level to the named type, which is the last: whether each is non-null.
    /// `None` without a level, or with more than [`Self::MAX_LISTS`] lists.
    #[must_use]
    pub fn new(levels: &[bool]) -> Option<Self> {
        let lists = levels.len().checked_sub(1).filter(|lists| *lists <= Self::MAX_LISTS)?;
        let inner_first = levels.iter().rev();
        let non_null = inner_first.fold(0, |bits, level| (bits << 1) | u16::from(*level));
        Some(Self { lists: u8::try_from(lists).ok()?, non_null })
    }

    /// How many lists there are.
    #[must_use]
    pub const fn lists(self) -> u8 {
        self.lists
    }

    /// Whether the outermost level is non-null.
    #[must_use]
    pub const fn is_non_null(self) -> bool {
        self.non_null & 1 == 1
    }

    /// Each level from the outermost to the named type: whether it is non-null.
    pub fn levels(self) -> impl Iterator<Item = bool> {
        (0..=self.lists).map(move |level| (self.non_null >> level) & 1 == 1)
    }

    /// The same, where the outermost level may be null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { lists: self.lists, non_null: self.non_null & !1 }
    }

    /// The type of the items, if it is a list.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        Some(Self { lists: self.lists.checked_sub(1)?, non_null: self.non_null >> 1 })
    }

    /// As it is written.
    #[must_use]
    pub fn around(self, name: &str) -> String {
        let mark = if self.is_non_null() { "!" } else { "" };
        match self.item() {
            Some(item) => format!("[{}]{mark}", item.around(name)),
            None => format!("{name}{mark}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wrapping;

    #[test]
    fn levels_are_as_written() {
        for (levels, written) in [
            (&[false][..], "T"),
            (&[true], "T!"),
            (&[true, false], "[T]!"),
            (&[false, true, false, true], "[[[T!]]!]"),
        ] {
            let wrapping = Wrapping::new(levels).unwrap();
            assert_eq!(wrapping.around("T"), written);
            assert_eq!(wrapping.levels().collect::<Vec<_>>(), levels);
        }
        assert_eq!(Wrapping::new(&[true, true]).unwrap().nullable().around("T"), "[T!]");
        assert_eq!(Wrapping::new(&[true; 16]).unwrap().lists(), 15);
        assert_eq!(Wrapping::new(&[true; 17]), None);
        assert_eq!(Wrapping::new(&[]), None);
    }
}
