//! `documents` of a policy -> [`Documents`]: the trusted documents of a bundle, by id, for each client.
//!
//! `folder` makes documents of GraphQL files and `manifest` reads those that a client's build wrote
//! down; `check` holds each against the schema, as the filter would. `list` shows those in force.

mod check;
mod folder;
mod list;
mod manifest;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use fieldgate_core::document::{Normalised, Span};
use fieldgate_core::limits::TRUSTED_ID_BYTES;
use fieldgate_core::policy::documents::{
    DocumentMode, Entry, SHA256_PREFIX, Trusted, TrustedError, TrustedParts, without_prefix,
};

pub use self::list::{Listed, list};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::folder::Folder;
use crate::policy::{DocumentsSource, EntrySource};
use crate::source::{Place, SourceFile, Text};

/// The trusted documents of a bundle.
#[derive(Debug, Default)]
pub struct Documents {
    /// The distinct texts, each with where the first of them comes from.
    texts: BTreeMap<Rc<str>, Origin>,
    /// The distinct sets: ids and texts.
    sets: Vec<BTreeMap<String, Rc<str>>>,
    others: Entry,
    clients: BTreeMap<String, Entry>,
}

/// A document with its id.
#[derive(Clone, Debug)]
struct Found {
    id: String,
    text: Rc<str>,
    origin: Origin,
}

/// Where a document comes from.
#[derive(Clone, Debug)]
struct Origin {
    /// Where it is named.
    place: Place,
    /// What it was put together from, in its order; nothing if it is not in a file as it is.
    parts: Vec<Part>,
}

/// A stretch of a file that is in a document.
#[derive(Clone, Debug)]
struct Part {
    file: Arc<SourceFile>,
    /// Where it begins in the file,
    start: usize,
    /// and in the document.
    at: usize,
}

impl Documents {
    /// Reads the files that a policy names; none if there are errors among the findings.
    pub fn load(
        source: Option<&DocumentsSource>,
        folder: &Folder,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Some(source) = source else { return Some(Self::default()) };
        let mut own = Findings::default();
        let mut sources: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
        for name in source.entries().flat_map(|entry| &entry.from) {
            let found = sources.entry(&name.text);
            found.or_insert_with(|| read(name, folder, &mut own));
        }
        let mut this = Self::default();
        let mut built = BTreeMap::new();
        let others = this.entry(&source.others, &sources, &mut built, &mut own);
        // The order of declarations has no meaning, so it must not show in the sets.
        let clients: BTreeMap<&str, &EntrySource> =
            source.clients.iter().map(|(client, of)| (client.text.as_str(), of)).collect();
        let clients = clients.into_iter().map(|(client, of)| {
            (client.to_owned(), this.entry(of, &sources, &mut built, &mut own))
        });
        let clients = clients.collect();
        let sound = !own.has_errors();
        findings.extend(own);
        sound.then_some(Self { others, clients, ..this })
    }

    /// Sets that were built are known by the names of what they are from.
    fn entry<'s>(
        &mut self,
        source: &'s EntrySource,
        sources: &BTreeMap<&str, Vec<Found>>,
        built: &mut BTreeMap<Vec<&'s str>, u32>,
        findings: &mut Findings,
    ) -> Entry {
        let EntrySource { mode, from } = source;
        if *mode == DocumentMode::Off {
            return Entry::default();
        }
        let names: Vec<&str> = from.iter().map(|name| name.text.as_str()).collect();
        let set = built.get(&names).copied().unwrap_or_else(|| {
            let found = names.iter().filter_map(|name| sources.get(name)).flatten();
            self.set(found, findings)
        });
        built.insert(names, set);
        Entry { mode: *mode, set: Some(set) }
    }

    /// The place of a set of these documents.
    fn set<'f>(&mut self, found: impl Iterator<Item = &'f Found>, findings: &mut Findings) -> u32 {
        let mut set: BTreeMap<String, (Rc<str>, &Place)> = BTreeMap::new();
        for Found { id, text, origin } in found {
            match set.entry(id.clone()) {
                Slot::Vacant(slot) => {
                    slot.insert((Rc::clone(text), &origin.place));
                    self.texts.entry(Rc::clone(text)).or_insert_with(|| origin.clone());
                }
                Slot::Occupied(slot) if slot.get().0 == *text => {}
                Slot::Occupied(slot) => {
                    let message = format!("`{id}` is the id of two documents");
                    let help = format!("the other one is at {}", slot.get().1);
                    let finding = Diagnostic::error(Code::DocumentId, &origin.place, message);
                    findings.add(finding.help(help));
                }
            }
        }
        let set = set.into_iter().map(|(id, (text, _))| (id, text)).collect();
        let at = self.sets.iter().position(|one| *one == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        // INVARIANT: there are no more sets than entries of a file; a place that is none is refused.
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// What the filter looks up.
    ///
    /// # Errors
    /// [`TrustedError`] for more than the filter would load.
    pub fn trusted(&self) -> Result<Trusted, TrustedError> {
        let Self { texts, sets, others, clients } = self;
        // INVARIANT: it was read, so it has nothing but tokens.
        let hash = |text: &str| Normalised::new(text, u32::MAX).map_err(|_| TrustedError::Place);
        let own = |text: &Rc<str>| Ok((Box::from(&**text), hash(text)?));
        let numbers: BTreeMap<&str, u32> = texts.keys().map(AsRef::as_ref).zip(0..).collect();
        let number = |text: &Rc<str>| numbers.get(text.as_ref()).copied().unwrap_or(u32::MAX);
        let set = |set: &BTreeMap<String, Rc<str>>| {
            set.iter().map(|(id, text)| (id.as_str().into(), number(text))).collect()
        };
        let clients = clients.iter().map(|(client, entry)| (client.as_str().into(), *entry));
        Trusted::new(TrustedParts {
            texts: texts.keys().map(own).collect::<Result<_, TrustedError>>()?,
            sets: sets.iter().map(set).collect(),
            others: *others,
            clients: clients.collect(),
        })
    }
}

impl Origin {
    /// Where in the files a stretch of the document is.
    fn place(&self, span: Span) -> Place {
        let (start, end) = (offset(span.start), offset(span.end));
        let part = self.parts.iter().rev().find(|part| part.at <= start);
        part.map_or_else(
            || self.place.clone(),
            |part| {
                let inside = |at: usize| part.start + (at - part.at);
                part.file.place(inside(start), inside(end.max(start)))
            },
        )
    }

    /// What to say beside the place: where in the document, if the place does not say that.
    fn label(&self, span: Span, text: &str) -> Option<String> {
        let (line, column) = span.location(text);
        self.parts.is_empty().then(|| format!("in line {line}, column {column} of this document"))
    }
}

/// Reads the documents of one folder or file.
fn read(name: &Text, folder: &Folder, findings: &mut Findings) -> Vec<Found> {
    let (name, place) = (name.text.as_str(), &name.place);
    let Some(path) = folder.path(name, Some(place), findings) else { return Vec::new() };
    let mut own = Findings::default();
    let found = if path.is_dir() {
        let names = folder.files_below(name, is_graphql, Some(place), &mut own);
        let files = names.iter().map(|name| folder.read(name, Some(place), &mut own));
        folder::read(&files.collect::<Vec<_>>(), &mut own)
    } else if !path.exists() {
        let message = format!("there is no file or folder `{name}` in the bundle");
        own.add(Diagnostic::error(Code::FileMissing, place, message));
        Vec::new()
    } else {
        match folder.read(name, Some(place), &mut own) {
            Some(file) if is_graphql(Path::new(name)) => folder::read(&[Some(file)], &mut own),
            Some(file) => manifest::read(&file, &mut own),
            None => Vec::new(),
        }
    };
    if found.is_empty() && !own.has_errors() {
        let message = format!("there is no document in `{name}`");
        let help = "documents are operations in `*.graphql` and `*.gql` files, or in a manifest";
        own.add(Diagnostic::error(Code::NoDocument, place, message).help(help));
    }
    findings.extend(own);
    found
}

fn is_graphql(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("graphql") || end.eq_ignore_ascii_case("gql"))
}

/// The SHA-256 of a text, in digits.
fn sha256(text: &str) -> String {
    hmac_sha256::Hash::hash(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An id that was given to a text, without the prefix that clients may leave out; none if it cannot be
/// its id.
fn given_id(id: &str, text: &str, place: &Place, findings: &mut Findings) -> Option<String> {
    let mut refuse = |message: String, help: &str| {
        findings.add(Diagnostic::error(Code::DocumentId, place, message).help(help));
        None
    };
    if id.is_empty() || id.len() > TRUSTED_ID_BYTES || id.chars().any(char::is_control) {
        let begin: String = id.chars().take(64).collect();
        let message = format!("`{}` cannot be the id of a document", begin.escape_debug());
        let help = format!("an id has 1 to {TRUSTED_ID_BYTES} bytes, and no control characters");
        return refuse(message, &help);
    }
    if !id.starts_with(SHA256_PREFIX) {
        return Some(id.to_owned());
    }
    let right = sha256(text);
    match without_prefix(id) {
        Some(digits) if digits == right => Some(right),
        Some(_) | None => {
            let message = format!("`{}` is not the SHA-256 of its document", id.escape_debug());
            refuse(message, &format!("it is `{SHA256_PREFIX}{right}`"))
        }
    }
}

fn offset(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
