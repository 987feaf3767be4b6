//! Who owns what, and tables of an author's own -> the core's [`Data`]: each distinct value once.

use std::collections::BTreeMap;

use fieldgate_core::policy::condition::Value;
use fieldgate_core::policy::data::{Data, DataError, DataParts, Entries};
use serde_json::Value as Json;

use crate::catalog::Catalog;

/// A table: its keys and values.
pub type TableSource = BTreeMap<String, Json>;

/// The data of a catalog and of tables by their names. An entity without owners is left out, as one
/// that is not there has none either.
///
/// # Errors
/// [`DataError`] for more than the filter would load.
pub fn build(
    catalog: Option<&Catalog>,
    tables: &BTreeMap<String, TableSource>,
) -> Result<Data, DataError> {
    let mut values = Values::default();
    let owned = catalog.into_iter().flat_map(Catalog::owners);
    let owned = owned.filter(|(_, owners)| !owners.is_empty());
    let owners: Entries = owned
        .map(|(entity, owners)| {
            let owners = owners.iter().map(|owner| Json::from(owner.as_str())).collect();
            (entity.as_str().into(), values.number(&Json::Array(owners)))
        })
        .collect();
    let tables: Vec<(Box<str>, Entries)> = tables
        .iter()
        .map(|(name, table)| {
            let entries = table.iter().map(|(key, value)| (&**key, values.number(value)));
            (name.as_str().into(), entries.map(|(key, at)| (key.into(), at)).collect())
        })
        .collect();
    Data::new(DataParts { owners, tables, values: values.all })
}

/// Distinct values, in the order in which they come.
#[derive(Default)]
struct Values {
    /// By their text.
    numbers: BTreeMap<String, u32>,
    all: Vec<Value<'static>>,
}

impl Values {
    fn number(&mut self, json: &Json) -> u32 {
        // INVARIANT: there are no more of them than the entries of files that fit in memory; a number
        // that is no place would be refused.
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(json.to_string()).or_insert(next);
        if number == next {
            self.all.push(owned(json));
        }
        number
    }
}

fn owned(json: &Json) -> Value<'static> {
    let text = |text: &str| Value::String(text.to_owned().into());
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.into(),
        Json::String(value) => text(value),
        Json::Array(elements) => Value::List(elements.iter().map(owned).collect()),
        Json::Object(members) => {
            // In order, so that the same members give the same bytes.
            let sorted: BTreeMap<&String, &Json> = members.iter().collect();
            Value::Map(sorted.into_iter().map(|(name, value)| (text(name), owned(value))).collect())
        }
    }
}
