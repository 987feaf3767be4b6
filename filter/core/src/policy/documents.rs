//! Trusted documents: those that clients were built with, by id and by what they are
//! ([`Normalised`]), and what each client may ask for.
//!
//! A set is its ids in order, each with its text, and beside that their places by the order of the
//! texts' hashes: both are looked up by binary search, and no map is built. It does not read
//! requests, and a document that is found here is decided as any other.

use std::fmt;

use crate::document::Normalised;
use crate::limits::{TRUSTED_BYTES, TRUSTED_CLIENTS, TRUSTED_DOCUMENTS, TRUSTED_ID_BYTES};

/// What SHA-256 ids may begin with (GraphQL over HTTP, appendix Persisted Documents).
pub const SHA256_PREFIX: &str = "sha256:";

/// What a client may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentMode {
    /// Any text, and nothing by its id.
    #[default]
    Off,
    /// Anything; whether it is trusted is noted.
    Log,
    /// A text that is that of a trusted document, or such a one by its id.
    Safelist,
    /// A trusted document by its id.
    IdOnly,
}

/// What the clients of one entry may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Of what kind it has to be.
    pub mode: DocumentMode,
    /// The place of its set among the sets; none for [`DocumentMode::Off`] alone.
    pub set: Option<u32>,
}

/// Everything that trusted documents are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedParts {
    /// The distinct texts, sorted, each with what it is.
    pub texts: Vec<(Box<str>, Normalised)>,
    /// The sets: sorted ids, and for each the place of its text among the texts.
    pub sets: Vec<Vec<(Box<str>, u32)>>,
    /// For clients without an entry, and for requests without one.
    pub others: Entry,
    /// Clients by the id in their tokens, sorted.
    pub clients: Vec<(Box<str>, Entry)>,
}

/// The trusted documents of a policy. By default there are none, and nobody has to ask for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    texts: Vec<(Box<str>, Normalised)>,
    sets: Vec<Set>,
    others: Entry,
    clients: Vec<(Box<str>, Entry)>,
}

/// One of the sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Set {
    /// Sorted, each with the place of its text.
    ids: Vec<(Box<str>, u32)>,
    /// Places of ids in the order of their texts' hashes; of those with one hash the first.
    by_hash: Vec<u32>,
}

/// What one client may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'t> {
    trusted: &'t Trusted,
    mode: DocumentMode,
    set: Option<&'t Set>,
}

/// Why parts are not trusted documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedError {
    /// Texts, ids or clients are not sorted and unique.
    Order,
    /// An id that is empty or too long.
    Id,
    /// Too many texts, ids or clients, or too many bytes of them.
    Size,
    /// An entry without a set, a set without an entry, an id without a text, or a text without an id.
    Place,
}

impl DocumentMode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Off, Self::Log, Self::Safelist, Self::IdOnly];

    /// Its name in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Safelist => "safelist",
            Self::IdOnly => "id_only",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

impl Trusted {
    /// Checks the parts and makes them ready for lookup. That a text is what is said of it is not
    /// checked: whoever pushes a policy says what it trusts.
    ///
    /// # Errors
    /// [`TrustedError`] for parts that are not as they are described.
    pub fn new(parts: TrustedParts) -> Result<Self, TrustedError> {
        parts.check()?;
        let TrustedParts { texts, sets, others, clients } = parts;
        let sets = sets.into_iter().map(|ids| Set::new(ids, &texts)).collect::<Option<_>>();
        Ok(Self { sets: sets.ok_or(TrustedError::Place)?, texts, others, clients })
    }

    /// What a client may ask for, by the id in its verified token.
    #[must_use]
    pub fn of(&self, client: Option<&str>) -> Asked<'_> {
        let own = client.and_then(|client| self.entry(client));
        let Entry { mode, set } = own.unwrap_or(self.others);
        Asked { trusted: self, mode, set: set.and_then(|at| self.sets.get(index(at))) }
    }

    /// Whether a client has an entry of its own.
    #[must_use]
    pub fn has_entry(&self, client: &str) -> bool {
        self.entry(client).is_some()
    }

    fn entry(&self, client: &str) -> Option<Entry> {
        let at = self.clients.binary_search_by(|(name, _)| name.as_ref().cmp(client)).ok()?;
        self.clients.get(at).map(|(_, entry)| *entry)
    }

    /// The clients with an entry, in their order.
    #[must_use]
    pub fn clients(&self) -> &[(Box<str>, Entry)] {
        &self.clients
    }

    /// The entry of the others.
    #[must_use]
    pub fn others(&self) -> Entry {
        self.others
    }

    /// The distinct texts of all sets, in their order, each with what it is.
    #[must_use]
    pub fn texts(&self) -> &[(Box<str>, Normalised)] {
        &self.texts
    }

    pub(in crate::policy) fn sets(&self) -> &[Set] {
        &self.sets
    }
}

impl TrustedParts {
    fn check(&self) -> Result<(), TrustedError> {
        let Self { texts, sets, others, clients } = self;
        let ids = || sets.iter().flatten();
        let bytes = ids().map(|(id, _)| id.len()).chain(texts.iter().map(|(text, _)| text.len()));
        let bytes = bytes.fold(0, usize::saturating_add);
        let counts = [(texts.len(), TRUSTED_DOCUMENTS), (ids().count(), TRUSTED_DOCUMENTS)];
        let counts = counts.into_iter().chain([(clients.len(), TRUSTED_CLIENTS)]);
        if counts.chain([(bytes, TRUSTED_BYTES)]).any(|(count, most)| count > most) {
            return Err(TrustedError::Size);
        }
        if ids().any(|(id, _)| id.is_empty() || id.len() > TRUSTED_ID_BYTES) {
            return Err(TrustedError::Id);
        }
        let sorted = |set: &Vec<(Box<str>, u32)>| set.is_sorted_by(|(a, _), (b, _)| a < b);
        if !texts.is_sorted_by(|(one, _), (next, _)| one < next)
            || !clients.is_sorted_by(|(one, _), (next, _)| one < next)
            || !sets.iter().all(sorted)
        {
            return Err(TrustedError::Order);
        }
        let entries = || std::iter::once(others).chain(clients.iter().map(|(_, entry)| entry));
        let fits = |Entry { mode, set }: &Entry| (*mode == DocumentMode::Off) == set.is_none();
        let all_used = are_all(sets.len(), entries().filter_map(|entry| entry.set))
            && are_all(texts.len(), ids().map(|(_, text)| *text));
        if entries().all(fits) && all_used { Ok(()) } else { Err(TrustedError::Place) }
    }
}

/// Whether places are each of so many and no other.
fn are_all(count: usize, places: impl Iterator<Item = u32>) -> bool {
    let mut used = vec![false; count];
    for place in places {
        let Some(one) = used.get_mut(index(place)) else { return false };
        *one = true;
    }
    !used.contains(&false)
}

impl Set {
    /// `None` if an id has no text.
    fn new(ids: Vec<(Box<str>, u32)>, texts: &[(Box<str>, Normalised)]) -> Option<Self> {
        let hash = |(_, text): &(Box<str>, u32)| texts.get(index(*text)).map(|(_, hash)| *hash);
        let hashes = ids.iter().map(hash).collect::<Option<Vec<Normalised>>>()?;
        let mut by_hash: Vec<(Normalised, u32)> = hashes.into_iter().zip(0..).collect();
        by_hash.sort_unstable();
        by_hash.dedup_by_key(|(hash, _)| *hash);
        Some(Self { ids, by_hash: by_hash.into_iter().map(|(_, at)| at).collect() })
    }

    /// The ids in their order, each with the place of its text.
    pub(in crate::policy) fn ids(&self) -> &[(Box<str>, u32)] {
        &self.ids
    }

    fn text_of(&self, id: &str) -> Option<u32> {
        let at = self.ids.binary_search_by(|(one, _)| one.as_ref().cmp(id)).ok()?;
        self.ids.get(at).map(|(_, text)| *text)
    }
}

impl<'t> Asked<'t> {
    /// Of what kind it has to be.
    #[must_use]
    pub const fn mode(&self) -> DocumentMode {
        self.mode
    }

    /// The text of a trusted document. An id of 64 hexadecimal digits may come with `sha256:`.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&'t str> {
        let set = self.set?;
        let text = set.text_of(id).or_else(|| set.text_of(without_prefix(id)?))?;
        self.trusted.texts.get(index(text)).map(|(text, _)| text.as_ref())
    }

    /// The id of the trusted document with the same tokens, if there is one; the first of several.
    #[must_use]
    pub fn knows(&self, document: &Normalised) -> Option<&'t str> {
        let set = self.set?;
        let hash = |at: &u32| {
            let (_, text) = set.ids.get(index(*at))?;
            self.trusted.texts.get(index(*text)).map(|(_, hash)| hash)
        };
        let at = set.by_hash.binary_search_by(|at| hash(at).cmp(&Some(document))).ok()?;
        let (id, _) = set.ids.get(index(*set.by_hash.get(at)?))?;
        Some(id)
    }

    /// Its trusted documents: ids in their order, and texts.
    pub fn documents(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let ids = self.set.into_iter().flat_map(|set| &set.ids);
        ids.filter_map(|(id, text)| {
            self.trusted.texts.get(index(*text)).map(|(text, _)| (id.as_ref(), text.as_ref()))
        })
    }
}

/// The digits of an id that says that it is a SHA-256.
#[must_use]
pub fn without_prefix(id: &str) -> Option<&str> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    id.strip_prefix(SHA256_PREFIX).filter(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl fmt::Display for TrustedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order => f.write_str("trusted documents are not sorted and unique"),
            Self::Id => write!(
                f,
                "the id of a trusted document is empty or has more than {TRUSTED_ID_BYTES} bytes"
            ),
            Self::Size => write!(
                f,
                "there are more than {TRUSTED_DOCUMENTS} trusted documents or {TRUSTED_CLIENTS} \
                 clients, or more than {TRUSTED_BYTES} bytes of them"
            ),
            Self::Place => f.write_str("a trusted document, or a set of them, is out of place"),
        }
    }
}

impl std::error::Error for TrustedError {}

#[cfg(test)]
mod tests;
