//! `documents`: what clients may ask for, and the files with their trusted documents.

use fieldgate_core::policy::documents::DocumentMode;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{Member, Node, Value};

/// Where documents are of which nothing else is said.
const FOLDER: &str = "documents/";

/// What clients may ask for.
#[derive(Clone, Debug)]
pub struct DocumentsSource {
    /// Clients without an entry, and requests without a client.
    pub others: EntrySource,
    /// Clients by the id in their tokens.
    pub clients: Vec<(Text, EntrySource)>,
}

/// What the clients of one entry may ask for.
#[derive(Clone, Debug)]
pub struct EntrySource {
    /// Of what kind it has to be.
    pub mode: DocumentMode,
    /// The folders and files with the documents: of its own, or those of the others. None where they
    /// are of no use.
    pub from: Vec<Text>,
}

impl DocumentsSource {
    pub(super) fn read(member: &Member, findings: &mut Findings) -> Option<Self> {
        let keys = Keys::read(&member.value, &["mode", "from", "clients"], findings)?;
        let own = keys.optional("from");
        let folder = || vec![Text { text: FOLDER.to_owned(), place: member.key.place.clone() }];
        let from = own.map_or_else(folder, |node| read_from(node, findings));
        let mode = read_mode(&keys, findings);
        let members = keys.optional("clients").and_then(|node| shape::mapping(node, findings));
        let mut clients = Vec::new();
        let mut inherited = mode != DocumentMode::Off;
        for Member { key, value } in members.unwrap_or_default() {
            let Some(keys) = Keys::read(value, &["mode", "from"], findings) else { continue };
            let mode = read_mode(&keys, findings);
            let of = match keys.optional("from") {
                None => {
                    inherited |= mode != DocumentMode::Off;
                    from.clone()
                }
                Some(node) => {
                    expect_use(mode != DocumentMode::Off, &node.place, findings);
                    read_from(node, findings)
                }
            };
            // An empty key stands for one that was reported already.
            if !key.text.is_empty() {
                clients.push((key.clone(), EntrySource::new(mode, of)));
            }
        }
        own.iter().for_each(|node| expect_use(inherited, &node.place, findings));
        Some(Self { others: EntrySource::new(mode, from), clients })
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &EntrySource> {
        std::iter::once(&self.others).chain(self.clients.iter().map(|(_, entry)| entry))
    }
}

impl EntrySource {
    fn new(mode: DocumentMode, from: Vec<Text>) -> Self {
        match mode {
            DocumentMode::Off => Self { mode, from: Vec::new() },
            DocumentMode::Log | DocumentMode::Safelist | DocumentMode::IdOnly => {
                Self { mode, from }
            }
        }
    }
}

fn read_mode(keys: &Keys<'_>, findings: &mut Findings) -> DocumentMode {
    let Some(node) = keys.optional("mode") else { return DocumentMode::Safelist };
    let Some(Text { text, place }) = shape::string(node, findings) else {
        return DocumentMode::Safelist;
    };
    DocumentMode::named(&text).unwrap_or_else(|| {
        let names = DocumentMode::ALL.map(DocumentMode::name);
        let message = format!("`{}` is no mode of documents", text.escape_debug());
        let help = format!("write one of {}", names.map(|name| format!("`{name}`")).join(", "));
        let finding = Diagnostic::error(Code::WrongValue, &place, message).help(help);
        findings.add(finding.maybe_help(did_you_mean(&text, names)));
        DocumentMode::Safelist
    })
}

/// A name, or a list of names.
fn read_from(node: &Node, findings: &mut Findings) -> Vec<Text> {
    match &node.value {
        Value::Sequence(nodes) => {
            if nodes.is_empty() {
                let message = "this list has to name a folder or a file";
                findings.add(Diagnostic::error(Code::EmptyList, &node.place, message));
            }
            shape::strings(node, findings).unwrap_or_default()
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Mapping(_)
        | Value::Refused => shape::string(node, findings).into_iter().collect(),
    }
}

fn expect_use(used: bool, place: &Place, findings: &mut Findings) {
    if !used {
        let message = "these documents are of no use where the mode is `off`";
        let finding = Diagnostic::warning(Code::UnusedDocuments, place, message);
        findings.add(finding.help("remove `from`, or try the documents with `mode: log`"));
    }
}
