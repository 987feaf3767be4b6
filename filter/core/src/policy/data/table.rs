//! One table: texts to values.

use super::DataError;
use crate::limits::DATA_KEY_BYTES;

/// A table that is ready for lookup.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// All keys in order, one behind the other.
    text: Box<str>,
    /// Where each key ends.
    ends: Vec<u32>,
    /// For each key the number of its value.
    numbers: Vec<u32>,
    /// Where the keys of each bucket end in `order`.
    buckets: Vec<u32>,
    /// The keys' numbers, bucket by bucket, and in order within one.
    order: Vec<u32>,
}

impl Table {
    /// Finds the place of each key. Entries have a key and the number of its value.
    ///
    /// # Errors
    /// [`DataError`] for keys that are not sorted, or too long.
    pub(super) fn new(entries: Vec<(Box<str>, u32)>) -> Result<Self, DataError> {
        if !entries.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(DataError::Order);
        }
        if entries.iter().any(|(key, _)| key.len() > DATA_KEY_BYTES) {
            return Err(DataError::Keys);
        }
        let mut text = String::with_capacity(entries.iter().map(|(key, _)| key.len()).sum());
        let mut table = Self::default();
        table.ends.reserve_exact(entries.len());
        table.numbers.reserve_exact(entries.len());
        for (key, number) in entries {
            text.push_str(&key);
            table.ends.push(u32::try_from(text.len()).map_err(|_| DataError::Keys)?);
            table.numbers.push(number);
        }
        table.text = text.into();
        table.sort().ok_or(DataError::Keys)?;
        Ok(table)
    }

    /// Sorts the keys' numbers by bucket: counts those of each, and puts each behind the last.
    fn sort(&mut self) -> Option<()> {
        let count = self.ends.len();
        if count == 0 {
            return Some(());
        }
        let mut buckets = vec![0_u32; count.next_power_of_two()];
        let places: Vec<u32> = self
            .keys()
            .map(|key| u32::try_from(bucket(key, buckets.len())).ok())
            .collect::<Option<_>>()?;
        for place in &places {
            let keys = buckets.get_mut(index(*place))?;
            *keys = keys.checked_add(1)?;
        }
        let mut start = 0_u32;
        for keys in &mut buckets {
            let next = start.checked_add(*keys)?;
            *keys = std::mem::replace(&mut start, next);
        }
        // What is where a bucket starts becomes where it ends, as each key moves it on by one.
        let mut order = vec![0_u32; count];
        for (place, key) in places.iter().zip(0_u32..) {
            let at = buckets.get_mut(index(*place))?;
            *order.get_mut(index(*at))? = key;
            *at = at.checked_add(1)?;
        }
        (self.buckets, self.order) = (buckets, order);
        Some(())
    }

    /// The number of a key's value.
    #[must_use]
    pub(super) fn get(&self, key: &str) -> Option<u32> {
        if self.buckets.is_empty() {
            return None;
        }
        let at = bucket(key, self.buckets.len());
        let end = index(*self.buckets.get(at)?);
        let start = match at.checked_sub(1) {
            Some(before) => index(*self.buckets.get(before)?),
            None => 0,
        };
        let within = self.order.get(start..end)?;
        let found = within.binary_search_by(|number| self.key(index(*number)).cmp(key)).ok()?;
        self.numbers.get(index(*within.get(found)?)).copied()
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.key(at))
    }

    /// For each key the number of its value.
    pub(in crate::policy) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    fn key(&self, at: usize) -> &str {
        let end = |at| self.ends.get(at).copied().map_or(0, index);
        let start = at.checked_sub(1).map_or(0, end);
        self.text.get(start..end(at)).unwrap_or_default()
    }
}

/// The bucket of a key among a power of two of them: FNV-1a, with its upper bits mixed in.
fn bucket(key: &str, buckets: usize) -> usize {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    // INVARIANT: 32 bits fit, and there is a bucket at least.
    let mixed = usize::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).unwrap_or_default();
    mixed & buckets.saturating_sub(1)
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::policy::data::DataError;

    fn table(keys: &[&str]) -> Result<Table, DataError> {
        Table::new(keys.iter().zip(0..).map(|(key, at)| ((*key).into(), at)).collect())
    }

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [0_usize, 1, 2, 3, 100, 1000, 4096] {
            let mut keys: Vec<String> = (0..count).map(|n| format!("component:a/{n}")).collect();
            keys.sort();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let table = table(&keys).unwrap();
            assert_eq!(table.len(), count);
            assert!(table.keys().eq(keys.iter().copied()));
            for (key, at) in keys.iter().zip(0..) {
                assert_eq!(table.get(key), Some(at), "{key}");
            }
            for key in ["", "component:a/", "component:a/-1", "component:a/4096", "x"] {
                assert_eq!(table.get(key), None, "{key}");
            }
        }
    }

    #[test]
    fn what_is_not_as_described_is_no_table() {
        assert_eq!(table(&["b", "a"]), Err(DataError::Order));
        assert_eq!(table(&["a", "a"]), Err(DataError::Order));
        assert_eq!(table(&["a".repeat(256).as_str()]), Err(DataError::Keys));
    }
}
