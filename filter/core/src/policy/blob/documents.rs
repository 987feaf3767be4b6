//! Trusted documents on the wire: the tables as they are.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::schema::WireNames;
use crate::document::Normalised;
use crate::limits::{TRUSTED_CLIENTS, TRUSTED_DOCUMENTS};
use crate::policy::documents::{DocumentMode, Entry, Tables, Trusted, TrustedError};

/// The bytes of a hash.
const HASH: usize = 32;

/// How many modes there are.
const MODES: u32 = 4;

#[derive(Serialize, Deserialize)]
pub(super) struct WireTrusted<'a> {
    #[serde(borrow)]
    texts: WireNames<'a>,
    /// The hash of each, one behind the other.
    #[serde(borrow)]
    hashes: Cow<'a, [u8]>,
    ends: Vec<u32>,
    #[serde(borrow)]
    ids: WireNames<'a>,
    numbers: Vec<u32>,
    order: Vec<u32>,
    /// See [`code`].
    others: u32,
    #[serde(borrow)]
    clients: WireNames<'a>,
    entries: Vec<u32>,
}

impl<'a> WireTrusted<'a> {
    /// Nothing where nothing is said.
    pub(super) fn new(documents: &'a Trusted) -> Option<Self> {
        if documents.is_nothing() {
            return None;
        }
        let Tables { texts, hashes, ends, ids, numbers, order, others, clients, entries } =
            documents.tables();
        Some(Self {
            texts: WireNames::from(texts),
            hashes: hashes.iter().flat_map(|hash| *hash.bytes()).collect(),
            ends: ends.clone(),
            ids: WireNames::from(ids),
            numbers: numbers.clone(),
            order: order.clone(),
            others: code(*others),
            clients: WireNames::from(clients),
            entries: entries.iter().copied().map(code).collect(),
        })
    }

    /// # Errors
    /// `Payload` or `Documents` for what are no trusted documents.
    pub(super) fn read(this: Option<Self>) -> Result<Trusted, BlobError> {
        let Some(this) = this else { return Ok(Trusted::default()) };
        // Counted before there is room for more than numbers.
        let Self { texts, ids, clients, .. } = &this;
        let counts = [texts.count(), ids.count(), clients.count()];
        let most = [TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS, TRUSTED_CLIENTS];
        if counts.iter().zip(most).any(|(count, most)| *count > most) {
            return Err(BlobError::Documents(TrustedError::Size));
        }
        let tables = this.into_tables().ok_or(BlobError::Payload)?;
        let documents = Trusted::of_tables(tables).map_err(BlobError::Documents)?;
        // What is written as nothing has no other spelling.
        if documents.is_nothing() { Err(BlobError::Payload) } else { Ok(documents) }
    }

    fn into_tables(self) -> Option<Tables> {
        let Self { texts, hashes, ends, ids, numbers, order, others, clients, entries } = self;
        let (hashes, rest) = hashes.as_chunks::<HASH>();
        let tables = Tables {
            texts: texts.read()?,
            hashes: hashes.iter().map(|hash| Normalised::from_bytes(*hash)).collect(),
            ends,
            ids: ids.read()?,
            numbers,
            order,
            others: entry(others)?,
            clients: clients.read()?,
            entries: entries.into_iter().map(entry).collect::<Option<_>>()?,
        };
        rest.is_empty().then_some(tables)
    }
}

/// The mode's place among all, and the set's place times how many modes there are.
fn code(Entry { mode, set }: Entry) -> u32 {
    let codes = DocumentMode::ALL.into_iter().zip(0..);
    let mode = codes.filter(|(one, _)| *one == mode).map(|(_, code)| code).next();
    // INVARIANT: all modes are in the list, and there are no more sets than clients and one.
    set.unwrap_or(0).saturating_mul(MODES).saturating_add(mode.unwrap_or(0))
}

fn entry(code: u32) -> Option<Entry> {
    let (mode, set) = (code.checked_rem(MODES)?, code.checked_div(MODES)?);
    let mode = *DocumentMode::ALL.get(usize::try_from(mode).ok()?)?;
    match mode {
        DocumentMode::Off if set == 0 => Some(Entry::default()),
        DocumentMode::Off => None,
        DocumentMode::Log | DocumentMode::Safelist | DocumentMode::IdOnly => {
            Some(Entry { mode, set: Some(set) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WireTrusted;
    use crate::document::Normalised;
    use crate::limits::{TRUSTED_CLIENTS, TRUSTED_DOCUMENTS};
    use crate::policy::blob::BlobError;
    use crate::policy::documents::{DocumentMode, Entry, Trusted, TrustedError, TrustedParts};

    fn parts() -> TrustedParts {
        let text = |text: &str| (text.into(), Normalised::new(text, 100).unwrap());
        let ids = |ids: &[(&str, u32)]| ids.iter().map(|(id, at)| ((*id).into(), *at)).collect();
        let entry = |mode, set| Entry { mode, set: Some(set) };
        TrustedParts {
            texts: vec![text("{a}"), text("{b}#é"), text("{c}")],
            sets: vec![ids(&[("x", 2), ("y", 0)]), ids(&[("é", 1)])],
            others: Entry::default(),
            clients: vec![
                ("app".into(), entry(DocumentMode::IdOnly, 1)),
                ("bot".into(), entry(DocumentMode::Safelist, 0)),
                ("cli".into(), Entry::default()),
            ],
        }
    }

    fn bytes(documents: &Trusted) -> Vec<u8> {
        postcard::to_allocvec(&WireTrusted::new(documents)).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Trusted, BlobError> {
        let wire = postcard::from_bytes(bytes).map_err(|_| BlobError::Payload)?;
        WireTrusted::read(wire)
    }

    #[test]
    fn what_was_written_is_read() {
        for documents in [Trusted::default(), Trusted::new(parts()).unwrap()] {
            assert_eq!(read(&bytes(&documents)), Ok(documents));
        }
        assert_eq!(bytes(&Trusted::default()), [0]);
        // Nothing has one spelling.
        let nothing = [&[1][..], &[0; 12]].concat();
        assert_eq!(read(&nothing), Err(BlobError::Payload));
        // A client with an empty name, for whom they are off.
        let client = [&[1][..], &[0; 9], &[0, 1, 0, 1, 0]].concat();
        assert!(read(&client).unwrap().has_entry(""));
    }

    #[test]
    fn no_bytes_are_read_as_what_was_not_written() {
        let whole = bytes(&Trusted::new(parts()).unwrap());
        super::super::no_bytes_are_read_as_what_was_not_written(&whole, read, bytes);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let documents = Trusted::new(parts()).unwrap();
        let wire = || WireTrusted::new(&documents).unwrap();
        let refused = |wire| WireTrusted::read(Some(wire)).unwrap_err();
        assert!(WireTrusted::read(Some(wire())).is_ok());
        let place = BlobError::Documents(TrustedError::Place);
        for (length, error) in [(0, place), (32, place), (95, BlobError::Payload), (128, place)] {
            let hashes = vec![0; length].into();
            assert_eq!(refused(WireTrusted { hashes, ..wire() }), error, "{length}");
        }
        for ends in [vec![], vec![3], vec![2], vec![2, 2], vec![2, 4], vec![2, 3, 3], vec![9, 3]] {
            assert_eq!(refused(WireTrusted { ends, ..wire() }), place);
        }
        for numbers in [vec![2, 0], vec![2, 0, 3], vec![2, 0, 0], vec![2, 0, 1, 1]] {
            assert_eq!(refused(WireTrusted { numbers, ..wire() }), place);
        }
        let order = wire().order;
        let (one, next) = (order[0], order[1]);
        for order in [vec![next, one, 0], vec![one, one, 0], vec![one, 2, 0], vec![one, next, 1]] {
            let order = WireTrusted { order, ..wire() };
            assert_eq!(refused(order), BlobError::Documents(TrustedError::Order));
        }
        assert_eq!(refused(WireTrusted { order: vec![one, next], ..wire() }), place);
        // Off with a set; a set that there is not.
        assert_eq!(refused(WireTrusted { others: 4, ..wire() }), BlobError::Payload);
        assert_eq!(refused(WireTrusted { others: 9, ..wire() }), place);
        for entries in [vec![7, 2], vec![7, 2, 0, 0], vec![7, 7, 0]] {
            assert_eq!(refused(WireTrusted { entries, ..wire() }), place);
        }
    }

    /// What is behind the number is as it should be: it alone is the reason.
    #[test]
    fn counted_before_it_is_read() {
        let names = |count: usize| {
            let count = postcard::to_allocvec(&u32::try_from(count).unwrap()).unwrap();
            let lengths = vec![0; postcard::from_bytes::<u32>(&count).unwrap().try_into().unwrap()];
            [&[0][..], &count, &lengths].concat()
        };
        let none: &[u8] = &[0, 0];
        let of = |texts: &[u8], ids: &[u8], clients: &[u8]| {
            read(&[&[1], texts, &[0, 0], ids, &[0, 0, 0], clients, &[0]].concat())
        };
        let size = Err(BlobError::Documents(TrustedError::Size));
        assert_eq!(of(&names(TRUSTED_DOCUMENTS.saturating_add(1)), none, none), size);
        assert_eq!(of(none, &names(TRUSTED_DOCUMENTS.saturating_add(1)), none), size);
        assert_eq!(of(none, none, &names(TRUSTED_CLIENTS.saturating_add(1))), size);
        assert_ne!(of(&names(TRUSTED_DOCUMENTS), none, none), size);
        assert_ne!(of(none, &names(TRUSTED_DOCUMENTS), none), size);
        assert_ne!(of(none, none, &names(TRUSTED_CLIENTS)), size);
    }
}
