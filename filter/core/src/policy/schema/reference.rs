//! How one type is referred to by another: `T`, `T!`, `[T!]!`, ...

use super::TypeId;

/// A named type within lists, of which each level is nullable or not (GraphQL spec 3.11, 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeRef {
    /// The type within.
    pub named: TypeId,
    lists: u8,
    /// A bit a level, the outermost first: whether it is not null.
    non_null: u16,
}

const LISTS_BITS: u32 = 4;

impl TypeRef {
    /// The most lists within one another.
    pub const MAX_LISTS: u8 = 15;

    /// The nullable type itself.
    #[must_use]
    pub const fn to(named: TypeId) -> Self {
        Self { named, lists: 0, non_null: 0 }
    }

    /// The same, not null.
    #[must_use]
    pub const fn non_null(self) -> Self {
        Self { non_null: self.non_null | 1, ..self }
    }

    /// The same, nullable.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { non_null: self.non_null & !1, ..self }
    }

    /// A nullable list of it; none beyond [`Self::MAX_LISTS`].
    #[must_use]
    pub fn list(self) -> Option<Self> {
        let lists = self.lists.checked_add(1).filter(|lists| *lists <= Self::MAX_LISTS)?;
        Some(Self { lists, non_null: self.non_null << 1, ..self })
    }

    /// Whether null is no value of it.
    #[must_use]
    pub const fn is_non_null(self) -> bool {
        self.non_null & 1 == 1
    }

    /// Whether it is a list.
    #[must_use]
    pub const fn is_list(self) -> bool {
        self.lists > 0
    }

    /// The type of its items, if it is a list.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        let lists = self.lists.checked_sub(1)?;
        Some(Self { lists, non_null: self.non_null >> 1, ..self })
    }

    /// Everything but the named type in one number, for the blob.
    pub(in crate::policy) fn shape(self) -> u32 {
        u32::from(self.lists) | (u32::from(self.non_null) << LISTS_BITS)
    }

    /// The same back; none for a number that is no shape.
    pub(in crate::policy) fn with_shape(named: TypeId, shape: u32) -> Option<Self> {
        let lists = u8::try_from(shape & ((1 << LISTS_BITS) - 1)).ok()?;
        let non_null = u16::try_from(shape >> LISTS_BITS).ok()?;
        let levels = u32::from(lists).checked_add(1)?;
        (u32::from(non_null) >> levels == 0).then_some(Self { named, lists, non_null })
    }
}

#[cfg(test)]
mod tests {
    use super::{TypeId, TypeRef};

    #[test]
    fn levels_go_on_and_come_off() {
        let id = TypeRef::to(TypeId(7));
        let list = id.non_null().list().unwrap();
        assert!(!list.is_non_null() && list.is_list());
        assert_eq!(list.item(), Some(id.non_null()));
        assert_eq!(list.non_null().nullable(), list);
        assert_eq!(id.item(), None);
        let deepest = (0..TypeRef::MAX_LISTS).fold(id, |ty, _| ty.non_null().list().unwrap());
        assert_eq!(deepest.list(), None);
        for ty in [id, list, list.non_null(), deepest.non_null()] {
            assert_eq!(TypeRef::with_shape(ty.named, ty.shape()), Some(ty));
        }
        // A bit without a level, and more bits than there are.
        assert_eq!(TypeRef::with_shape(TypeId(7), 0b10_0000), None);
        assert_eq!(TypeRef::with_shape(TypeId(7), u32::MAX), None);
    }
}
