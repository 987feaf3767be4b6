//! Trusted documents on the wire. Everything is counted before there is room for it.

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::bounded::at_most;
use crate::document::Normalised;
use crate::limits::{TRUSTED_CLIENTS, TRUSTED_DOCUMENTS};
use crate::policy::documents::{DocumentMode, Entry, Trusted, TrustedParts};

/// A set for each client, and one for the others.
const SETS: usize = TRUSTED_CLIENTS + 1;

/// The bytes of a hash.
const HASH: usize = 32;

#[derive(Serialize, Deserialize)]
pub(super) struct WireTrusted<'a> {
    #[serde(borrow, deserialize_with = "at_most::<TRUSTED_DOCUMENTS, _, _>")]
    texts: Vec<&'a str>,
    /// Their hashes, one behind the other.
    hashes: Vec<u8>,
    /// How many ids each set has,
    #[serde(deserialize_with = "at_most::<SETS, _, _>")]
    sets: Vec<u32>,
    /// the ids of the first set, then those of the second, ..., each with the number of its text.
    #[serde(borrow, deserialize_with = "at_most::<TRUSTED_DOCUMENTS, _, _>")]
    ids: Vec<(&'a str, u32)>,
    others: WireEntry,
    #[serde(borrow, deserialize_with = "at_most::<TRUSTED_CLIENTS, _, _>")]
    clients: Vec<(&'a str, WireEntry)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct WireEntry {
    /// The mode's place among all.
    mode: u8,
    set: Option<u32>,
}

impl<'a> WireTrusted<'a> {
    /// Nothing for what is so by default.
    ///
    /// # Errors
    /// `Payload` for what has no place on the wire.
    pub(super) fn new(documents: &'a Trusted) -> Result<Option<Self>, BlobError> {
        if *documents == Trusted::default() {
            return Ok(None);
        }
        let (texts, sets) = (documents.texts(), documents.sets());
        let count = |ids: &[_]| u32::try_from(ids.len()).map_err(|_| BlobError::Payload);
        let ids = sets.iter().flat_map(|set| set.ids()).map(|(id, text)| (id.as_ref(), *text));
        let client = |(client, entry): &'a (Box<str>, Entry)| (client.as_ref(), (*entry).into());
        Ok(Some(Self {
            texts: texts.iter().map(|(text, _)| text.as_ref()).collect(),
            hashes: texts.iter().flat_map(|(_, hash)| *hash.bytes()).collect(),
            sets: sets.iter().map(|set| count(set.ids())).collect::<Result<_, BlobError>>()?,
            ids: ids.collect(),
            others: documents.others().into(),
            clients: documents.clients().iter().map(client).collect(),
        }))
    }

    /// # Errors
    /// `Payload` or `Documents` for what are no trusted documents.
    pub(super) fn read(this: Option<Self>) -> Result<Trusted, BlobError> {
        let Some(Self { texts, hashes, sets, ids, others, clients }) = this else {
            return Ok(Trusted::default());
        };
        let (hashes, rest) = hashes.as_chunks::<HASH>();
        if hashes.len() != texts.len() || !rest.is_empty() {
            return Err(BlobError::Payload);
        }
        let hashes = hashes.iter().map(|hash| Normalised::from_bytes(*hash));
        let texts = texts.into_iter().map(Box::from).zip(hashes).collect();
        let mut ids = ids.into_iter().map(|(id, text)| (id.into(), text));
        let mut set = |count: u32| {
            let count = usize::try_from(count).ok()?;
            let set: Vec<(Box<str>, u32)> = ids.by_ref().take(count).collect();
            (set.len() == count).then_some(set)
        };
        let sets =
            sets.into_iter().map(&mut set).collect::<Option<_>>().ok_or(BlobError::Payload)?;
        if ids.next().is_some() {
            return Err(BlobError::Payload);
        }
        let client = |(client, entry): (&str, WireEntry)| Some((client.into(), entry.read()?));
        let clients = clients.into_iter().map(client).collect::<Option<_>>();
        let (clients, others) = clients.zip(others.read()).ok_or(BlobError::Payload)?;
        let parts = TrustedParts { texts, sets, others, clients };
        let documents = Trusted::new(parts).map_err(BlobError::Documents)?;
        // What is written as nothing has no other spelling.
        if documents == Trusted::default() { Err(BlobError::Payload) } else { Ok(documents) }
    }
}

impl From<Entry> for WireEntry {
    fn from(Entry { mode, set }: Entry) -> Self {
        let codes = DocumentMode::ALL.into_iter().zip(0..);
        let code = codes.filter(|(one, _)| *one == mode).map(|(_, code)| code).next();
        // INVARIANT: all modes are in the list.
        Self { mode: code.unwrap_or(u8::MAX), set }
    }
}

impl WireEntry {
    fn read(self) -> Option<Entry> {
        let Self { mode, set } = self;
        Some(Entry { mode: *DocumentMode::ALL.get(usize::from(mode))?, set })
    }
}

#[cfg(test)]
mod tests {
    use super::{SETS, WireTrusted};
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
        postcard::to_allocvec(&WireTrusted::new(documents).unwrap()).unwrap()
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
        assert_eq!(read(&[1, 0, 0, 0, 0, 0, 0, 0]), Err(BlobError::Payload));
        assert!(read(&[1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]).is_ok());
    }

    #[test]
    fn no_bytes_are_read_as_what_was_not_written() {
        let whole = bytes(&Trusted::new(parts()).unwrap());
        super::super::no_bytes_are_read_as_what_was_not_written(&whole, read, bytes);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let wire = || WireTrusted {
            texts: vec!["{a}"],
            hashes: vec![0; 32],
            sets: vec![1],
            ids: vec![("x", 0)],
            others: Entry { mode: DocumentMode::Log, set: Some(0) }.into(),
            clients: Vec::new(),
        };
        let refused = |wire| WireTrusted::read(Some(wire)).unwrap_err();
        assert!(WireTrusted::read(Some(wire())).is_ok());
        for hashes in [Vec::new(), vec![0; 31], vec![0; 33], vec![0; 64]] {
            assert_eq!(refused(WireTrusted { hashes, ..wire() }), BlobError::Payload);
        }
        for sets in [Vec::new(), vec![0], vec![2], vec![1, 1], vec![u32::MAX]] {
            assert_eq!(refused(WireTrusted { sets, ..wire() }), BlobError::Payload);
        }
        let mut others = wire().others;
        others.mode = 4;
        assert_eq!(refused(WireTrusted { others, ..wire() }), BlobError::Payload);
        let unused = WireTrusted { sets: vec![1, 0], ..wire() };
        assert_eq!(refused(unused), BlobError::Documents(TrustedError::Place));
    }

    /// What is behind the number is as it should be: it alone is the reason.
    #[test]
    fn counted_before_it_is_read() {
        let number = |count: usize| {
            let count = u32::try_from(count).unwrap();
            postcard::to_allocvec(&count).unwrap()
        };
        // For each list what is before it, the bytes of an item, what is behind it, and its bound.
        let lists: [(&[u8], usize, &[u8], usize); 4] = [
            (&[1], 1, &[0, 0, 0, 0, 0, 0], TRUSTED_DOCUMENTS),
            (&[1, 0, 0], 1, &[0, 0, 0, 0], SETS),
            (&[1, 0, 0, 0], 2, &[0, 0, 0], TRUSTED_DOCUMENTS),
            (&[1, 0, 0, 0, 0, 0, 0], 3, &[], TRUSTED_CLIENTS),
        ];
        for (before, width, behind, most) in lists {
            let reads = |count: usize| {
                let items = vec![0; count.saturating_mul(width)];
                let bytes = [before, &number(count), &items, behind].concat();
                postcard::from_bytes::<Option<WireTrusted<'_>>>(&bytes).is_ok()
            };
            assert!(reads(most), "{before:?}");
            assert!(!reads(most.saturating_add(1)), "{before:?}");
        }
    }
}
