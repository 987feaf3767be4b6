//! Trusted documents that are in force -> what a client's build wants to know of each.

use fieldgate_core::document::{Bounds, Document, OperationKind};
use fieldgate_core::limits::NESTING;
use fieldgate_core::policy::documents::Asked;

/// A trusted document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed<'t> {
    /// The operation's name, if it has one.
    pub name: Option<&'t str>,
    /// The id to ask for it.
    pub id: &'t str,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
    /// The document.
    pub text: &'t str,
}

/// The documents of a client, by the names of their operations.
#[must_use]
pub fn list<'t>(asked: &Asked<'t>) -> Vec<Listed<'t>> {
    let bounds = Bounds { tokens: u32::MAX, nesting: NESTING };
    let listed = asked.documents().map(|(id, text)| {
        // INVARIANT: it was read when it came into the bundle.
        let document = Document::read(text, &bounds).ok();
        let operation = document.as_ref().and_then(|document| document.operations.first());
        let name = operation.and_then(|one| one.name).map(|name| name.text);
        let kind = operation.map_or(OperationKind::Query, |one| one.kind).name();
        Listed { name, id, kind, text }
    });
    let mut listed: Vec<Listed<'t>> = listed.collect();
    listed.sort_unstable();
    listed
}
