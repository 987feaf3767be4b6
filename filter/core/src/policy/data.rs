//! Data that was pushed with the policy: who owns what, and tables of an author's own.
//!
//! A table is its keys in order, one behind the other in one text, and for each the number of one of
//! the distinct values. Where a key's hash leads is worked out in two passes on loading, so that a
//! lookup looks at about one key of a hundred thousand; no map is built, and a value is borrowed.
//! Keys of one hash are found by order: whoever makes tables cannot make lookups slow.

mod reference;
mod table;

use std::fmt;

pub use self::table::Table;
use self::table::index;
use super::condition::Value;
use crate::limits::{
    DATA_BYTES, DATA_DEPTH, DATA_ENTRIES, DATA_KEY_BYTES, DATA_TABLES, DATA_VALUES,
};

/// The data of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    owners: Table,
    tables: Vec<(Box<str>, Table)>,
    values: Vec<Value<'static>>,
}

// INVARIANT: no number among the values is NaN.
impl Eq for Data {}

/// The entries of a table: sorted keys, and for each the place of its value among the values.
pub type Entries = Vec<(Box<str>, u32)>;

/// Everything that data is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataParts {
    /// For each entity that has owners their list, both as `kind:namespace/name` in lower case.
    pub owners: Entries,
    /// Tables and their names, sorted by these.
    pub tables: Vec<(Box<str>, Entries)>,
    /// The distinct values of all of them.
    pub values: Vec<Value<'static>>,
}

/// Why parts are not data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataError {
    /// Keys or names of tables are not sorted and unique.
    Order,
    /// A key that is too long, or keys that are too many or have too many bytes.
    Keys,
    /// An entry without a value, too many values, or one that nests too deep or is no number.
    Value,
    /// Owners that are not a list of texts, or none.
    Owners,
    /// Too many tables.
    Tables,
}

impl Data {
    /// Checks the parts and makes them ready for lookup.
    ///
    /// # Errors
    /// [`DataError`] for parts that are not as they are described.
    pub fn new(parts: DataParts) -> Result<Self, DataError> {
        let DataParts { owners, tables, values } = parts;
        if tables.len() > DATA_TABLES {
            return Err(DataError::Tables);
        }
        if !tables.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(DataError::Order);
        }
        let all = || tables.iter().flat_map(|(_, entries)| entries).chain(&owners);
        let bytes = all().map(|(key, _)| key.len()).fold(0, usize::saturating_add);
        if all().count() > DATA_ENTRIES || bytes > DATA_BYTES {
            return Err(DataError::Keys);
        }
        let weigh = |sum: usize, value: &Value<'_>| {
            let weight = value.weight(DATA_DEPTH).filter(|_| value.is_finite())?;
            sum.checked_add(weight).filter(|sum| *sum <= DATA_VALUES)
        };
        values.iter().try_fold(0, weigh).ok_or(DataError::Value)?;
        if all().any(|(_, number)| index(*number) >= values.len()) {
            return Err(DataError::Value);
        }
        let is_text = |value: &Value<'_>| matches!(value, Value::String(_));
        let is_owners = |(_, number): &(Box<str>, u32)| match values.get(index(*number)) {
            Some(Value::List(owners)) => !owners.is_empty() && owners.iter().all(is_text),
            Some(_) | None => false,
        };
        if !owners.iter().all(is_owners) {
            return Err(DataError::Owners);
        }
        let read = |(name, entries)| Ok((name, Table::new(entries)?));
        let tables = tables.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { owners: Table::new(owners)?, tables, values })
    }

    /// The first owner of an entity in the order of their texts: its only one, mostly.
    ///
    /// A reference is read as Backstage does, without regard to case; what it leaves out is a
    /// `component` in the namespace `default`. What nobody owns, or is no reference, has none.
    #[must_use]
    pub fn owner(&self, reference: &str) -> Option<&Value<'static>> {
        match self.owners(reference)? {
            Value::List(owners) => owners.first(),
            _ => None,
        }
    }

    /// All owners of an entity, as a list of texts in their order; `None` in place of an empty one.
    #[must_use]
    pub fn owners(&self, reference: &str) -> Option<&Value<'static>> {
        let number = self.owners.get(&reference::canonical(reference)?)?;
        self.values.get(index(number))
    }

    /// What a table has for a key, if anything; `None` if there is no such table. Keys are compared
    /// as they are.
    #[must_use]
    pub fn entry(&self, table: &str, key: &str) -> Option<Option<&Value<'static>>> {
        let at = self.tables.binary_search_by(|(name, _)| name.as_ref().cmp(table)).ok()?;
        let (_, table) = self.tables.get(at)?;
        Some(table.get(key).and_then(|number| self.values.get(index(number))))
    }

    /// The table of owners.
    #[must_use]
    pub fn owner_table(&self) -> &Table {
        &self.owners
    }

    /// The other tables, sorted by their names.
    #[must_use]
    pub fn tables(&self) -> &[(Box<str>, Table)] {
        &self.tables
    }

    /// The distinct values of all of them.
    pub(in crate::policy) fn values(&self) -> &[Value<'static>] {
        &self.values
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order => f.write_str("a data table is not sorted and unique"),
            Self::Keys => write!(
                f,
                "the data has a key of more than {DATA_KEY_BYTES} bytes, or more than \
                 {DATA_ENTRIES} keys or {DATA_BYTES} bytes of them"
            ),
            Self::Value => write!(
                f,
                "the data has no value for a key, or more than {DATA_VALUES} values, or one that \
                 nests deeper than {DATA_DEPTH}"
            ),
            Self::Owners => f.write_str("the owners of an entity are not a list of references"),
            Self::Tables => write!(f, "there are more than {DATA_TABLES} data tables"),
        }
    }
}

impl std::error::Error for DataError {}
