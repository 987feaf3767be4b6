//! Data on the wire. Keys are in order, and of each there is what it does not share with the one
//! before: a third of their text. Where they lead is worked out on reading.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::bounded::at_most;
use super::value::{WireValue, pairs, scalar, size, take, write};
use crate::limits::{DATA_BYTES, DATA_DEPTH, DATA_ENTRIES, DATA_TABLES, DATA_VALUES};
use crate::policy::condition::Value;
use crate::policy::data::{Data, DataError, DataParts, Entries, Table};

/// The data of a policy.
#[derive(Serialize, Deserialize)]
pub(super) struct WireData<'a> {
    #[serde(borrow)]
    owners: WireTable<'a>,
    #[serde(borrow, deserialize_with = "at_most::<DATA_TABLES, _, _>")]
    tables: Vec<(&'a str, WireTable<'a>)>,
    #[serde(borrow, deserialize_with = "at_most::<DATA_VALUES, _, _>")]
    values: Vec<WireValue<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireTable<'a> {
    /// What each key has of its own, one behind the other.
    #[serde(borrow)]
    text: Cow<'a, str>,
    /// How many bytes each has in common with the one before,
    shared: Vec<u8>,
    /// and how many of its own.
    own: Vec<u8>,
    /// The number of each one's value.
    #[serde(deserialize_with = "at_most::<DATA_ENTRIES, _, _>")]
    numbers: Vec<u32>,
}

/// What may yet be read.
struct Room {
    entries: usize,
    bytes: usize,
}

impl<'a> WireData<'a> {
    /// # Errors
    /// `Payload` for what has no place on the wire.
    pub(super) fn new(data: &'a Data) -> Result<Self, BlobError> {
        let mut values = Vec::new();
        data.values().iter().try_for_each(|value| write(value, &mut values, |wire| wire))?;
        let table = |(name, table): &'a (Box<str>, Table)| Ok((&**name, WireTable::new(table)?));
        Ok(Self {
            owners: WireTable::new(data.owner_table())?,
            tables: data.tables().iter().map(table).collect::<Result<_, BlobError>>()?,
            values,
        })
    }

    /// # Errors
    /// `Payload` or `Data` for what is no data.
    pub(super) fn read(self) -> Result<Data, BlobError> {
        let Self { owners, tables, values } = self;
        let mut room = Room { entries: DATA_ENTRIES, bytes: DATA_BYTES };
        let owners = owners.read(&mut room)?;
        let read = |(name, table): (&str, WireTable<'_>)| Ok((name.into(), table.read(&mut room)?));
        let tables = tables.into_iter().map(read).collect::<Result<_, BlobError>>()?;
        let values = read_values(values)?;
        Data::new(DataParts { owners, tables, values }).map_err(BlobError::Data)
    }
}

fn read_values(wire: Vec<WireValue<'_>>) -> Result<Vec<Value<'static>>, BlobError> {
    let mut stack = Vec::new();
    for wire in wire {
        let item = match wire {
            WireValue::List(count) => {
                let (elements, depth) = take(&mut stack, size(count), DATA_DEPTH)?;
                (Value::List(elements), depth)
            }
            WireValue::Map(count) => {
                let (items, depth) = take(&mut stack, size(count).saturating_mul(2), DATA_DEPTH)?;
                let entries: Vec<_> = pairs(items).into_iter().map(<(_, _)>::from).collect();
                // Stricter: a member's name is a text, and they are sorted, so that none repeats.
                let name = |(key, _): &(Value<'static>, _)| match key {
                    Value::String(name) => Some(name.clone()),
                    _ => None,
                };
                let names: Option<Vec<_>> = entries.iter().map(name).collect();
                if !names.ok_or(BlobError::Payload)?.is_sorted_by(|one, next| one < next) {
                    return Err(BlobError::Payload);
                }
                (Value::Map(entries), depth)
            }
            wire => (scalar(wire).ok_or(BlobError::Payload)?, 1),
        };
        stack.push(item);
    }
    Ok(stack.into_iter().map(|(value, _)| value).collect())
}

impl<'a> WireTable<'a> {
    fn new(table: &'a Table) -> Result<Self, BlobError> {
        let mut wire = Self {
            text: Cow::Owned(String::new()),
            shared: Vec::with_capacity(table.len()),
            own: Vec::with_capacity(table.len()),
            numbers: table.numbers().to_vec(),
        };
        let byte = |length: usize| u8::try_from(length).map_err(|_| BlobError::Payload);
        let mut before = "";
        for key in table.keys() {
            let same = before.chars().zip(key.chars()).take_while(|(one, other)| one == other);
            let shared: usize = same.map(|(char, _)| char.len_utf8()).sum();
            let own = key.get(shared..).unwrap_or_default();
            wire.shared.push(byte(shared)?);
            wire.own.push(byte(own.len())?);
            wire.text.to_mut().push_str(own);
            before = key;
        }
        Ok(wire)
    }

    fn read(self, room: &mut Room) -> Result<Entries, BlobError> {
        let Self { text, shared, own, numbers } = self;
        if shared.len() != own.len() || own.len() != numbers.len() {
            return Err(BlobError::Payload);
        }
        let too_many = BlobError::Data(DataError::Keys);
        room.entries = room.entries.checked_sub(numbers.len()).ok_or(too_many)?;
        let mut entries: Entries = Vec::with_capacity(numbers.len());
        let mut rest = &*text;
        for ((shared, own), number) in shared.into_iter().zip(own).zip(numbers) {
            let before = entries.last().map_or("", |(key, _)| key);
            let shared = before.get(..shared.into()).ok_or(BlobError::Payload)?;
            let (own, after) = rest.split_at_checked(own.into()).ok_or(BlobError::Payload)?;
            let key = [shared, own].concat();
            room.bytes = room.bytes.checked_sub(key.len()).ok_or(too_many)?;
            rest = after;
            entries.push((key.into(), number));
        }
        if rest.is_empty() { Ok(entries) } else { Err(BlobError::Payload) }
    }
}

#[cfg(test)]
mod tests {
    use super::{WireData, WireTable, WireValue};
    use crate::policy::blob::BlobError;
    use crate::policy::condition::Value;
    use crate::policy::data::{Data, DataError, DataParts};

    fn data() -> Data {
        let owners = [("component:default/a", 0), ("component:default/ab", 1), ("user:é/x", 0)];
        let entries =
            |of: &[(&str, u32)]| of.iter().map(|(key, at)| ((*key).into(), *at)).collect();
        let list = |owners: &[&'static str]| {
            Value::List(owners.iter().map(|owner| Value::text(owner)).collect())
        };
        let tables = vec![
            ("empty".into(), Vec::new()),
            ("tiers".into(), entries(&[("", 2), ("a", 3), ("é", 4), ("ê", 0)])),
        ];
        let nested =
            Value::members([("a", Value::List(vec![Value::Null])), ("b", Value::Bool(true))]);
        let values = vec![
            list(&["group:default/x"]),
            list(&["group:default/x", "user:default/y"]),
            Value::Int(-1),
            Value::Double(1.5),
            nested,
        ];
        Data::new(DataParts { owners: entries(&owners), tables, values }).unwrap()
    }

    fn bytes(data: &Data) -> Vec<u8> {
        postcard::to_allocvec(&WireData::new(data).unwrap()).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Data, BlobError> {
        postcard::from_bytes::<WireData<'_>>(bytes).map_err(|_| BlobError::Payload)?.read()
    }

    #[test]
    fn what_was_written_is_read() {
        for data in [Data::default(), data()] {
            assert_eq!(read(&bytes(&data)).as_ref(), Ok(&data));
        }
        let read = read(&bytes(&data())).unwrap();
        assert_eq!(read.owner("A"), Some(&Value::text("group:default/x")));
        assert_eq!(read.owner("User:é/X"), Some(&Value::text("group:default/x")));
        assert_eq!(read.owners("c"), None);
        assert_eq!(read.entry("tiers", "a"), Some(Some(&Value::Double(1.5))));
        assert_eq!(read.entry("tiers", "A"), Some(None));
        assert_eq!(read.entry("empty", "a"), Some(None));
        assert_eq!(read.entry("tier", "a"), None);
    }

    #[test]
    fn no_bytes_are_read_as_what_was_not_written() {
        super::super::no_bytes_are_read_as_what_was_not_written(&bytes(&data()), read, bytes);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let table = |shared: &[u8], own: &[u8], numbers: &[u32]| WireTable {
            text: "ab".into(),
            shared: shared.to_vec(),
            own: own.to_vec(),
            numbers: numbers.to_vec(),
        };
        let of = |owners, values| WireData { owners, tables: Vec::new(), values }.read();
        let none = || table(&[], &[], &[]);
        let empty = || WireTable { text: "".into(), ..none() };
        let payload = Err(BlobError::Payload);
        assert_eq!(of(none(), Vec::new()), payload);
        assert_eq!(of(table(&[0], &[1, 1], &[0, 0]), Vec::new()), payload);
        assert_eq!(of(table(&[0, 2], &[1, 1], &[0, 0]), Vec::new()), payload);
        assert_eq!(of(table(&[0, 0], &[1, 2], &[0, 0]), Vec::new()), payload);
        assert_eq!(of(empty(), vec![WireValue::List(1)]), payload);
        assert_eq!(of(empty(), vec![WireValue::Map(u32::MAX)]), payload);
        let name = WireValue::String("a");
        let twice = vec![name, WireValue::Null, name, WireValue::Null, WireValue::Map(2)];
        assert_eq!(of(empty(), twice), payload);
        let deep = std::iter::once(WireValue::Null).chain([WireValue::List(1); 9]).collect();
        assert_eq!(of(empty(), deep), payload);
        let owners = || table(&[0, 0], &[1, 1], &[0, 0]);
        assert_eq!(of(owners(), Vec::new()), Err(BlobError::Data(DataError::Value)));
        let null = vec![WireValue::Null];
        assert_eq!(of(owners(), null), Err(BlobError::Data(DataError::Owners)));
        let double = vec![WireValue::Double(f64::NAN)];
        assert_eq!(of(empty(), double), Err(BlobError::Data(DataError::Value)));
    }
}
