//! SDL text -> the schema index that the filter decides with (GraphQL spec, September 2025, 3).
//!
//! `sdl` reads the text, `check` judges it, `index` numbers it. It validates what a decision rests
//! on - names, references, types, defaults, interfaces, roots - and not what only a server needs:
//! directives are read and not judged.

mod check;
pub mod document;
mod index;
mod sdl;

use std::sync::Arc;

use fieldgate_core::policy::schema::Schema;

use self::document::Document;
use crate::diagnostic::Findings;
use crate::source::SourceFile;

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
    let document = sdl::read(file, &mut problems);
    if let Some(document) = &document {
        check::check(document, &mut problems);
    }
    let sound = document.filter(|_| !problems.has_errors());
    findings.extend(problems);
    let document = sound?;
    Some(SchemaSource { schema: index::index(&document)?, document })
}
