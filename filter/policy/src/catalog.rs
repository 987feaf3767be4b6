//! Backstage's entity files -> [`Catalog`]: who owns what, by full reference.
//!
//! A catalog with an error is none: an entity that was left out would be one without an owner, and
//! nobody would know. What can be left as it is (no owner, the same entity twice) is told.

mod entity;
mod files;
mod reference;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use self::entity::Entity;
pub use self::reference::EntityRef;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile};
use crate::yaml::{self, Node, Value};

/// A catalog without errors.
#[derive(Clone, Debug)]
pub struct Catalog {
    owners: BTreeMap<EntityRef, BTreeSet<EntityRef>>,
    files: usize,
    warnings: Vec<Diagnostic>,
}

/// How many entities there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Files that were read.
    pub files: usize,
    /// All of them.
    pub entities: usize,
    /// With an owner.
    pub owned: usize,
    /// Without one, of a kind that can have one.
    pub unowned: usize,
    /// Of a kind that has none: groups, users, locations.
    pub not_ownable: usize,
}

impl Catalog {
    /// Reads the files at the paths, and those of folders.
    ///
    /// # Errors
    /// Everything that is wrong, warnings and notes too.
    pub fn import(paths: &[PathBuf]) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Findings::default();
        let files = files::read(paths, &mut findings);
        let mut all: BTreeMap<EntityRef, (BTreeSet<EntityRef>, Place)> = BTreeMap::new();
        for file in &files {
            for node in &read_file(file, &mut findings) {
                let Some(Entity { reference, owners, place }) = entity::read(node, &mut findings)
                else {
                    continue;
                };
                match all.entry(reference) {
                    Entry::Vacant(entry) => {
                        entry.insert((owners, place));
                    }
                    Entry::Occupied(entry) => {
                        let (first_owners, first) = entry.get();
                        let message = format!("`{}` is there twice", entry.key());
                        let finding = if *first_owners == owners {
                            Diagnostic::warning(Code::DuplicateEntity, &place, message)
                        } else {
                            let message = format!("{message}, with other owners");
                            Diagnostic::error(Code::DuplicateEntity, &place, message)
                        };
                        findings.add(finding.help(format!("it is first given at {first}")));
                    }
                }
            }
        }
        if all.is_empty() && !findings.has_errors() {
            findings.add(Diagnostic::anywhere(Code::NoEntity, "there is no entity to import"));
        }
        for (reference, (owners, place)) in &all {
            if owners.is_empty() && entity::is_ownable(reference) {
                let message = format!("`{reference}` has no owner");
                findings.add(Diagnostic::note(Code::UnownedEntity, place, message));
            }
        }
        if findings.has_errors() {
            return Err(findings.into_sorted());
        }
        let owners = all.into_iter().map(|(reference, (owners, _))| (reference, owners)).collect();
        Ok(Self { owners, files: files.len(), warnings: findings.into_sorted() })
    }

    /// Every entity and its owners.
    #[must_use]
    pub fn owners(&self) -> &BTreeMap<EntityRef, BTreeSet<EntityRef>> {
        &self.owners
    }

    /// Warnings and notes.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (entities, files) = (self.owners.len(), self.files);
        let owned = self.owners.values().filter(|owners| !owners.is_empty()).count();
        let without = self.owners.iter().filter(|(_, owners)| owners.is_empty());
        let unowned = without.filter(|(reference, _)| entity::is_ownable(reference)).count();
        Counts { files, entities, owned, unowned, not_ownable: entities - owned - unowned }
    }

    /// The data file: a JSON object of references and the list of their owners, sorted, one entity a
    /// line. The same catalog gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // References are letters, digits and `:/-_.`: nothing in them has to be escaped.
        let lines: Vec<String> = self
            .owners
            .iter()
            .map(|(reference, owners)| {
                let owners: Vec<String> = owners.iter().map(|one| format!("\"{one}\"")).collect();
                format!("  \"{reference}\": [{}]", owners.join(", "))
            })
            .collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }
}

/// The documents of a file, without the empty ones that a `---` too many makes: Backstage passes
/// over them too.
fn read_file(file: &Arc<SourceFile>, findings: &mut Findings) -> Vec<Node> {
    let mut own = Findings::default();
    let mut documents = yaml::read_documents(file, &mut own);
    documents.retain(|node| !matches!(node.value, Value::Null));
    if documents.is_empty() && !own.has_errors() {
        let message = "the file has no entity";
        own.add(Diagnostic::warning(Code::NoEntity, &file.place(0, 0), message));
    }
    findings.extend(own);
    documents
}
