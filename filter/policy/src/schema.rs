//! SDL text -> the schema index that the filter decides with (GraphQL spec, September 2025, 3).
//!
//! `sdl` reads the text, `check` judges it, `index` numbers it. It validates what a decision rests
//! on - names, references, fields, interfaces, roots - and not what only a server needs: directives,
//! default values and descriptions are passed over.

mod check;
mod index;
mod sdl;
mod text;

use std::sync::Arc;

use fieldgate_core::policy::schema::Schema;

use crate::diagnostic::Findings;
use crate::source::SourceFile;

/// Reads a schema file; `None` if it cannot be indexed, for reasons that are in `findings`.
#[must_use]
pub fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Schema> {
    let mut problems = Findings::default();
    let document = sdl::read(file, &mut problems);
    document.iter().for_each(|document| check::check(document, &mut problems));
    let sound = document.filter(|_| !problems.has_errors());
    findings.extend(problems);
    index::index(&sound?)
}
