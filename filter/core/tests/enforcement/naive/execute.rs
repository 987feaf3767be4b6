//! Execution on each object in turn (GraphQL spec 6.3, 6.4): the fields that a server would execute
//! if every field returned whatever it can. Beside `walk`, which reasons with all objects at once.

use std::collections::BTreeSet;

use super::walk::off_at;
use crate::random::case::Case;
use crate::random::request::{Selection, What};
use crate::random::schema::Name;

/// Executes a selection set on an object.
pub(super) fn execute(case: &Case, set: &[Selection], object: Name, out: &mut BTreeSet<String>) {
    let is = |on: &str| case.schema.possible(on).contains(object);
    for selection in set.iter().filter(|one| off_at(&case.request, one, None).is_none()) {
        match &selection.what {
            What::Field { name, .. } => {
                if let Some(field) = case.schema.field(object, name) {
                    out.insert(format!("{object}.{name}"));
                    for returned in case.schema.possible(field.returns.named()) {
                        execute(case, &selection.below, returned, out);
                    }
                }
            }
            What::Inline(None) => execute(case, &selection.below, object, out),
            What::Inline(Some(on)) if is(on) => execute(case, &selection.below, object, out),
            What::Spread(at) if is(case.request.fragments[*at].on) => {
                execute(case, &case.request.fragments[*at].below, object, out);
            }
            What::Inline(Some(_)) | What::Spread(_) => {}
        }
    }
}
