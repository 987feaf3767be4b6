//! SDL text -> the schema index that the filter decides with, and what directives say of its
//! coordinates (GraphQL spec, September 2025, 3).
//!
//! `sdl` reads the text, `vocabulary` understands its directives, `api` takes out what clients do not
//! see, `entry` adds what a subgraph's server does, `check` judges it all, `index` numbers it. It validates what a decision rests on - names,
//! references, types, defaults, interfaces, roots - and not what only a server needs: how
//! directives of others are defined, and descriptions.

mod api;
mod check;
pub mod document;
mod entry;
mod index;
mod sdl;
mod vocabulary;

use std::sync::Arc;

use fieldgate_core::policy::schema::Schema;

use self::document::Document;
use self::vocabulary::Linked;
use crate::diagnostic::Findings;
use crate::source::SourceFile;

/// The root types of a schema without a definition that names them (spec 3.3.1).
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// A schema that is sound.
#[derive(Debug)]
pub struct SchemaSource {
    /// Its index.
    pub schema: Schema,
    /// The API as it is written, with what is said of each coordinate.
    pub document: Document,
}

/// Reads a schema file; `None` if it cannot be indexed, for reasons that are in `findings`.
#[must_use]
pub fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<SchemaSource> {
    let mut problems = Findings::default();
    let mut document = sdl::read(file, &mut problems);
    if let Some(document) = &mut document {
        let Linked { prefixes, subgraph } = vocabulary::mark(document, &mut problems);
        api::reduce(document, &prefixes, &mut problems);
        subgraph.iter().for_each(|subgraph| entry::add(document, subgraph));
        check::check(document, &mut problems);
    }
    let sound = document.filter(|_| !problems.has_errors());
    findings.extend(problems);
    let document = sound?;
    Some(SchemaSource { schema: index::index(&document)?, document })
}
