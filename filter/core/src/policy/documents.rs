//! Trusted documents: those that clients were built with, by id and by what they are
//! ([`Normalised`]), and what each client may ask for.
//!
//! A set is its ids in order, each with its text, and beside that their places by the order of the
//! texts' hashes: both are looked up by binary search in tables as they were read. It does not read
//! requests, and a document that is found here is decided as any other.

mod tables;

use std::fmt;
use std::ops::Range;

pub(in crate::policy) use self::tables::Tables;
use self::tables::index;
use super::schema::Names;
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
pub struct Trusted(Tables);

/// What one client may ask for.
#[derive(Clone, Debug)]
pub struct Asked<'t> {
    tables: &'t Tables,
    mode: DocumentMode,
    /// Where the ids of its set are.
    ids: Range<usize>,
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
    /// An entry without a set, a set without an entry, an id without a text, or a text without an id;
    /// or one of them without what is beside it.
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
        let TrustedParts { texts, sets, others, clients } = parts;
        let mut tables = Tables { others, ..Tables::default() };
        let hash = |number: &u32| texts.get(index(*number)).map(|(_, hash)| *hash);
        for set in &sets {
            let mut order: Vec<_> = set.iter().map(|(_, number)| hash(number)).zip(0..).collect();
            order.sort_unstable();
            tables.order.extend(order.into_iter().map(|(_, place)| place));
            tables.numbers.extend(set.iter().map(|(_, number)| *number));
            let end = u32::try_from(tables.numbers.len()).map_err(|_| TrustedError::Size)?;
            tables.ends.push(end);
        }
        let mut names = sets.iter().flatten().map(|(id, _)| id.as_ref());
        tables.ids = Names::of(&mut names).ok_or(TrustedError::Size)?;
        let mut names = texts.iter().map(|(text, _)| text.as_ref());
        tables.texts = Names::of(&mut names).ok_or(TrustedError::Size)?;
        tables.hashes = texts.iter().map(|(_, hash)| *hash).collect();
        let mut names = clients.iter().map(|(client, _)| client.as_ref());
        tables.clients = Names::of(&mut names).ok_or(TrustedError::Size)?;
        tables.entries = clients.iter().map(|(_, entry)| *entry).collect();
        Self::of_tables(tables)
    }

    /// Checks tables as they were read.
    pub(in crate::policy) fn of_tables(tables: Tables) -> Result<Self, TrustedError> {
        tables.check()?;
        Ok(Self(tables))
    }

    pub(in crate::policy) fn tables(&self) -> &Tables {
        &self.0
    }

    /// Whether nothing is said of anybody.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Tables { others, clients, .. } = &self.0;
        others.mode == DocumentMode::Off && clients.len() == 0
    }

    /// What a client may ask for, by the id in its verified token.
    #[must_use]
    pub fn of(&self, client: Option<&str>) -> Asked<'_> {
        let tables = &self.0;
        let Entry { mode, set } = client.and_then(|one| self.entry(one)).unwrap_or(tables.others);
        let ids = set.and_then(|set| tables.range(index(set))).unwrap_or_default();
        Asked { tables, mode, ids }
    }

    /// Whether a client has an entry of its own.
    #[must_use]
    pub fn has_entry(&self, client: &str) -> bool {
        self.entry(client).is_some()
    }

    fn entry(&self, client: &str) -> Option<Entry> {
        self.0.entries.get(index(self.0.clients.position(client)?)).copied()
    }

    /// The clients with an entry, in their order.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.0.clients.len()).map(|at| self.0.clients.get(at).unwrap_or_default())
    }

    /// What each of the texts is.
    #[must_use]
    pub fn hashes(&self) -> &[Normalised] {
        &self.0.hashes
    }

    /// The distinct texts of all sets, in their order.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.0.texts.len()).map(|at| self.0.texts.get(at).unwrap_or_default())
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
        let place = |id: &str| self.tables.ids.position_in(self.ids.clone(), id);
        let at = place(id).or_else(|| place(without_prefix(id)?))?;
        self.tables.text(at)
    }

    /// The id of the trusted document with the same tokens, if there is one; the first of several.
    #[must_use]
    pub fn knows(&self, document: &Normalised) -> Option<&'t str> {
        let Range { start, end: _ } = self.ids;
        let order = self.tables.order.get(self.ids.clone())?;
        let at = |place: u32| start.saturating_add(index(place));
        let before = |place: &u32| self.tables.hash(at(*place)) < Some(document);
        let first = at(*order.get(order.partition_point(before))?);
        let same = self.tables.hash(first) == Some(document);
        self.tables.ids.get(first).filter(|_| same)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Its trusted documents: ids in their order, and texts.
    pub fn documents(&self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        let tables = self.tables;
        self.ids.clone().filter_map(|at| Some((tables.ids.get(at)?, tables.text(at)?)))
    }
}

/// The digits of an id that says that it is a SHA-256.
#[must_use]
pub fn without_prefix(id: &str) -> Option<&str> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    id.strip_prefix(SHA256_PREFIX).filter(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
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
