//! Trusted documents as they lie in memory and on the wire: names in one text each, and numbers.

use std::ops::Range;

use super::{DocumentMode, Entry, TrustedError};
use crate::document::Normalised;
use crate::limits::{TRUSTED_BYTES, TRUSTED_CLIENTS, TRUSTED_DOCUMENTS, TRUSTED_ID_BYTES};
use crate::policy::schema::Names;

/// Everything, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Tables {
    /// The distinct texts, sorted,
    pub(in crate::policy) texts: Names,
    /// and what each of them is.
    pub(in crate::policy) hashes: Vec<Normalised>,
    /// Where the ids of each set end.
    pub(in crate::policy) ends: Vec<u32>,
    /// The ids of the first set, sorted, then those of the second, ...,
    pub(in crate::policy) ids: Names,
    /// for each the place of its text among the texts,
    pub(in crate::policy) numbers: Vec<u32>,
    /// and for each set the places of its ids within it, by hash and then by place.
    pub(in crate::policy) order: Vec<u32>,
    /// For clients without an entry.
    pub(in crate::policy) others: Entry,
    /// The clients, sorted,
    pub(in crate::policy) clients: Names,
    /// and the entry of each.
    pub(in crate::policy) entries: Vec<Entry>,
}

impl Tables {
    /// Checks every invariant once, so that lookups need not.
    pub(super) fn check(&self) -> Result<(), TrustedError> {
        let Self { texts, hashes, ends, ids, numbers, order, others, clients, entries } = self;
        let counts = [texts.len(), ids.len(), clients.len()];
        let most = [TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS, TRUSTED_CLIENTS];
        let bytes = texts.text().len().saturating_add(ids.text().len());
        if counts.iter().zip(most).any(|(count, most)| *count > most) || bytes > TRUSTED_BYTES {
            return Err(TrustedError::Size);
        }
        if ids.lengths().any(|length| length == 0 || index(length) > TRUSTED_ID_BYTES) {
            return Err(TrustedError::Id);
        }
        let last = ends.last().copied().map_or(0, index);
        if hashes.len() != texts.len()
            || numbers.len() != ids.len()
            || order.len() != ids.len()
            || entries.len() != clients.len()
            || last != ids.len()
            || !ends.is_sorted()
        {
            return Err(TrustedError::Place);
        }
        let mut used = vec![false; texts.len()];
        for number in numbers {
            *used.get_mut(index(*number)).ok_or(TrustedError::Place)? = true;
        }
        let mut asked = vec![false; ends.len()];
        for Entry { mode, set } in entries.iter().chain([others]) {
            match (mode, set) {
                (DocumentMode::Off, None) => {}
                (DocumentMode::Off, Some(_)) => return Err(TrustedError::Place),
                (DocumentMode::Log | DocumentMode::Safelist | DocumentMode::IdOnly, set) => {
                    let set = set.and_then(|set| asked.get_mut(index(set)));
                    *set.ok_or(TrustedError::Place)? = true;
                }
            }
        }
        if used.contains(&false) || asked.contains(&false) {
            return Err(TrustedError::Place);
        }
        let sets_are_sorted = || (0..ends.len()).all(|set| self.is_sorted(set));
        if !texts.are_sorted() || !clients.are_sorted() || !sets_are_sorted() {
            return Err(TrustedError::Order);
        }
        Ok(())
    }

    /// Whether a set's ids and its order are sorted. Places in order are all there: they are as many
    /// as the ids, and none is there twice.
    fn is_sorted(&self, set: usize) -> bool {
        let Some(Range { start, end }) = self.range(set) else { return false };
        let id = |at: usize| self.ids.get(at);
        let ordered = |at: usize| {
            let place = *self.order.get(at)?;
            Some((self.hash(start.checked_add(index(place)).filter(|at| *at < end)?)?, place))
        };
        (start..end).all(|at| ordered(at).is_some())
            && (start..end).skip(1).all(|at| {
                let before = at.saturating_sub(1);
                id(before) < id(at) && ordered(before) < ordered(at)
            })
    }

    /// Where the ids of a set are.
    pub(super) fn range(&self, set: usize) -> Option<Range<usize>> {
        let start = match set.checked_sub(1) {
            Some(before) => index(*self.ends.get(before)?),
            None => 0,
        };
        Some(start..index(*self.ends.get(set)?))
    }

    /// What the text of an id is.
    pub(super) fn hash(&self, id: usize) -> Option<&Normalised> {
        self.hashes.get(index(*self.numbers.get(id)?))
    }

    /// The text of an id.
    pub(super) fn text(&self, id: usize) -> Option<&str> {
        self.texts.get(index(*self.numbers.get(id)?))
    }
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
