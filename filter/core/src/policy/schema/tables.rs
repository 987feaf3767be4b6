//! The tables of the index, as they lie in memory: many short lists in one allocation, and all names
//! in one text.

use std::ops::Range;

use super::{NameId, TypeId, TypeKind, TypeRef, index};

/// The index. A type's number is its place in `type_names`, `kinds`, `possible`, `fields`, `members`
/// and `values`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Tables {
    /// The names of types.
    pub(in crate::policy) type_names: Names,
    /// The names of everything else: a [`NameId`] is a place here.
    pub(in crate::policy) names: Names,
    /// What each type is.
    pub(in crate::policy) kinds: Vec<TypeKind>,
    /// The object types that a value of each type can be.
    pub(in crate::policy) possible: Lists<TypeId>,
    /// The fields of each type: a [`super::FieldId`] is a place among the items.
    pub(in crate::policy) fields: Lists<FieldRow>,
    /// The distinct lists of arguments.
    pub(in crate::policy) arguments: Lists<InputRow>,
    /// The fields of each input object.
    pub(in crate::policy) members: Lists<InputRow>,
    /// The values of each enum.
    pub(in crate::policy) values: Lists<NameId>,
    /// The distinct default values, as JSON.
    pub(in crate::policy) defaults: Names,
    /// The root type of queries.
    pub(in crate::policy) query: TypeId,
    /// The root type of mutations.
    pub(in crate::policy) mutation: Option<TypeId>,
    /// The root type of subscriptions.
    pub(in crate::policy) subscription: Option<TypeId>,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct FieldRow {
    /// Its name.
    pub(in crate::policy) name: NameId,
    /// The type that it returns.
    pub(in crate::policy) returns: TypeRef,
    /// Its place in [`Tables::arguments`].
    pub(in crate::policy) arguments: u32,
}

/// An argument, or a field of an input object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct InputRow {
    /// Its name.
    pub(in crate::policy) name: NameId,
    /// Its type.
    pub(in crate::policy) ty: TypeRef,
    /// The place of its default value in [`Tables::defaults`], from 1; 0 for none.
    pub(in crate::policy) default: u32,
}

impl InputRow {
    /// Whether it has to be given (spec 5.4.3, 5.6.4).
    pub(super) fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default == 0
    }
}

/// Names, to be found by binary search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Names {
    /// All of them, one behind the other.
    text: Box<str>,
    places: Vec<Range<usize>>,
}

/// Lists by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Lists<T> {
    items: Vec<T>,
    /// Where each list ends among the items.
    ends: Vec<u32>,
}

impl Names {
    /// Names of these lengths, one behind the other; `None` if they do not add up to the text.
    pub(in crate::policy) fn new(
        text: Box<str>,
        lengths: impl IntoIterator<Item = u32>,
    ) -> Option<Self> {
        let mut start = 0_usize;
        let next = |length: u32| {
            let end = start.checked_add(index(length))?;
            text.is_char_boundary(end).then(|| std::mem::replace(&mut start, end)..end)
        };
        let places = lengths.into_iter().map(next).collect::<Option<Vec<Range<usize>>>>()?;
        (start == text.len()).then_some(Self { text, places })
    }

    /// These names; `None` if one is too long to be numbered.
    pub(in crate::policy) fn of(names: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        let (mut text, mut lengths) = (String::new(), Vec::new());
        for name in names {
            text.push_str(name);
            lengths.push(u32::try_from(name.len()).ok()?);
        }
        Self::new(text.into(), lengths)
    }

    pub(in crate::policy) fn text(&self) -> &str {
        &self.text
    }

    pub(in crate::policy) fn lengths(&self) -> impl Iterator<Item = u32> {
        self.places.iter().filter_map(|place| u32::try_from(place.len()).ok())
    }

    pub(in crate::policy) fn len(&self) -> usize {
        self.places.len()
    }

    pub(in crate::policy) fn get(&self, at: usize) -> Option<&str> {
        self.text.get(self.places.get(at)?.clone())
    }

    pub(in crate::policy) fn position(&self, name: &str) -> Option<u32> {
        u32::try_from(self.position_in(0..self.places.len(), name)?).ok()
    }

    /// The position of a name among those of a range, which have to be sorted.
    pub(in crate::policy) fn position_in(&self, range: Range<usize>, name: &str) -> Option<usize> {
        let start = range.start;
        let places = self.places.get(range)?;
        let at = places.binary_search_by(|place| self.at(place).cmp(name.as_bytes())).ok()?;
        start.checked_add(at)
    }

    /// The position of a name among rows that are sorted by their names.
    pub(super) fn find<T>(
        &self,
        rows: &[T],
        name_of: impl Fn(&T) -> NameId,
        name: &str,
    ) -> Option<usize> {
        let name = name.as_bytes();
        let compare = |row: &T| {
            let place = self.places.get(index(name_of(row).0));
            let text = place.map(|place| self.at(place)).unwrap_or_default();
            // Most differ in their first byte.
            text.first().cmp(&name.first()).then_with(|| text.cmp(name))
        };
        rows.binary_search_by(compare).ok()
    }

    /// Whether they are of the characters of which names are.
    pub(in crate::policy) fn are_of_graphql(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    pub(in crate::policy) fn are_sorted(&self) -> bool {
        self.places.is_sorted_by(|one, next| self.at(one) < self.at(next))
    }

    fn at(&self, place: &Range<usize>) -> &[u8] {
        self.text.as_bytes().get(place.clone()).unwrap_or_default()
    }
}

impl<T> Lists<T> {
    pub(in crate::policy) fn with_capacity(lists: usize) -> Self {
        Self { items: Vec::new(), ends: Vec::with_capacity(lists) }
    }

    /// Lists of these lengths; `None` if they do not add up to the items.
    pub(in crate::policy) fn new(
        items: Vec<T>,
        lengths: impl IntoIterator<Item = u32>,
    ) -> Option<Self> {
        let mut end = 0_u32;
        let sum = |length: u32| {
            end = end.checked_add(length)?;
            Some(end)
        };
        let ends = lengths.into_iter().map(sum).collect::<Option<Vec<u32>>>()?;
        (index(end) == items.len()).then_some(Self { items, ends })
    }

    /// Adds a list; `None` if there are too many items to be numbered.
    pub(in crate::policy) fn push(&mut self, list: impl IntoIterator<Item = T>) -> Option<()> {
        self.items.extend(list);
        self.ends.push(u32::try_from(self.items.len()).ok()?);
        Some(())
    }

    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.ends.len()).filter_map(|at| self.get(at))
    }

    pub(in crate::policy) fn items(&self) -> &[T] {
        &self.items
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&[T]> {
        let Range { start, end } = self.range(at)?;
        self.items.get(index(start)..index(end))
    }

    pub(super) fn range(&self, at: usize) -> Option<Range<u32>> {
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        Some(start..*self.ends.get(at)?)
    }

    /// The list that an item is in.
    pub(super) fn list_with(&self, item: usize) -> Option<usize> {
        let at = self.ends.partition_point(|end| index(*end) <= item);
        (at < self.ends.len()).then_some(at)
    }
}
