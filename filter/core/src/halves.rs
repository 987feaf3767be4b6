//! What is kept because it may be of use again, bounded in entries and bytes: two halves, of which the
//! older is dropped when the younger is full, and what is used moves to the younger.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values by key.
pub(crate) struct Halves<K, V> {
    /// The most entries in a half,
    entries: usize,
    /// and the most bytes.
    bytes: usize,
    younger: Half<K, V>,
    older: Half<K, V>,
}

struct Half<K, V> {
    entries: BTreeMap<K, (Rc<V>, usize)>,
    bytes: usize,
}

impl<K: Ord, V> Halves<K, V> {
    /// Nothing, with room for so many entries, or for one less where they are odd, and so many bytes.
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        let (younger, older) = (Half::new(), Half::new());
        Self { entries: entries / 2, bytes: bytes / 2, younger, older }
    }

    /// The value of a key, if it is of use. One that is not stays where it is.
    pub(crate) fn get<Q: Ord + ?Sized>(
        &mut self,
        key: &Q,
        is_of_use: impl FnOnce(&V) -> bool,
    ) -> Option<Rc<V>>
    where
        K: Borrow<Q>,
    {
        if let Some((value, _)) = self.younger.entries.get(key) {
            return is_of_use(value).then(|| Rc::clone(value));
        }
        let (value, _) = self.older.entries.get(key)?;
        if !is_of_use(value) {
            return None;
        }
        let (key, value, bytes) = self.older.take(key)?;
        self.insert(key, Rc::clone(&value), bytes);
        Some(value)
    }

    /// Keeps a value of so many bytes, in place of what its key has; not where there is no room for any.
    pub(crate) fn keep(&mut self, key: K, value: V, bytes: usize) {
        if self.entries == 0 || bytes > self.bytes {
            return;
        }
        self.older.take(&key);
        self.younger.take(&key);
        self.insert(key, Rc::new(value), bytes);
    }

    /// The most entries.
    pub(crate) fn room(&self) -> usize {
        self.entries.saturating_mul(2)
    }

    fn insert(&mut self, key: K, value: Rc<V>, bytes: usize) {
        let sum = self.younger.bytes.saturating_add(bytes);
        if self.younger.entries.len() >= self.entries || sum > self.bytes {
            self.older = std::mem::replace(&mut self.younger, Half::new());
        }
        self.younger.bytes = self.younger.bytes.saturating_add(bytes);
        self.younger.entries.insert(key, (value, bytes));
    }
}

impl<K: Ord, V> Half<K, V> {
    fn new() -> Self {
        Self { entries: BTreeMap::new(), bytes: 0 }
    }

    fn take<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, Rc<V>, usize)>
    where
        K: Borrow<Q>,
    {
        let (key, (value, bytes)) = self.entries.remove_entry(key)?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some((key, value, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Halves;

    fn has(halves: &mut Halves<u8, char>, key: u8) -> Option<char> {
        halves.get(&key, |_| true).map(|value| *value)
    }

    #[test]
    fn what_is_used_stays() {
        let mut halves = Halves::new(4, 1000);
        for key in 0..20 {
            halves.keep(key, 'x', 10);
            assert_eq!(has(&mut halves, 0), Some('x'), "{key}");
        }
        let kept = (0..20).filter(|key| has(&mut halves, *key).is_some()).count();
        assert!((2..=4).contains(&kept), "{kept}");
    }

    #[test]
    fn bytes_are_bounded() {
        let mut halves = Halves::new(100, 100);
        for key in 0..20 {
            halves.keep(key, 'x', 25);
            assert!(halves.younger.bytes <= 50 && halves.older.bytes <= 50);
        }
        halves.keep(20, 'y', 51);
        assert_eq!(has(&mut halves, 20), None);
        halves.keep(20, 'y', 50);
        assert_eq!(has(&mut halves, 20), Some('y'));
    }

    #[test]
    fn a_key_has_one_value() {
        let mut halves = Halves::new(4, 100);
        halves.keep(1, 'x', 10);
        halves.keep(1, 'y', 20);
        assert_eq!((has(&mut halves, 1), halves.younger.bytes), (Some('y'), 20));
        assert!(halves.get(&1, |value| *value == 'x').is_none());
        assert_eq!(has(&mut halves, 1), Some('y'));
    }

    #[test]
    fn without_room_nothing_is_kept() {
        for entries in [0, 1] {
            let mut halves = Halves::new(entries, 100);
            halves.keep(1, 'x', 1);
            assert_eq!((has(&mut halves, 1), halves.room()), (None, 0));
        }
    }
}
