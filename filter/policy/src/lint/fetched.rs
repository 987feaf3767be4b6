//! What the router fetches for a field (`@requires`), and whether whoever may read the field may read
//! that: the filter sees what clients ask for, not what the router adds to it.

use std::collections::BTreeSet;

use fieldgate_core::document::{Bounds, Document, Field, Selection, SelectionSet};
use fieldgate_core::policy::Policy;
use fieldgate_core::policy::condition::Variable;
use fieldgate_core::policy::rules::{
    Access, Clause, ConditionId, Grant, Need, Requirement, RoleSet,
};
use fieldgate_core::policy::schema::{FieldId, Schema, TypeId};

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::schema::SchemaSource;
use crate::source::Place;

/// More than any selection has that is written by hand.
const BOUNDS: Bounds = Bounds { tokens: 10_000, nesting: 64 };

/// A field, and one that is fetched for it.
pub struct Fetched {
    by: FieldId,
    field: FieldId,
    /// Where the selection is.
    place: Place,
}

/// Everything that is fetched for other fields. What the API does not have nobody may read, and that
/// is what such selections are often for; whether a selection is one, composition says.
#[must_use]
pub fn read(source: &SchemaSource) -> Vec<Fetched> {
    let SchemaSource { schema, document } = source;
    let mut all = Vec::new();
    for (of, def) in schema.types() {
        for by in def.fields() {
            let name = schema.field_def(by).map_or("", |field| field.name);
            let marks = document.marks_of_field(def.name, name);
            for text in marks.into_iter().flat_map(|marks| &marks.requires) {
                let braced = format!("{{{}}}", text.text);
                let Ok(selection) = Document::read(&braced, &BOUNDS) else { continue };
                let mut fields = BTreeSet::new();
                for operation in &selection.operations {
                    collect(&operation.selection_set, of, schema, &mut fields);
                }
                let place = &text.place;
                all.extend(fields.into_iter().map(|field| Fetched {
                    by,
                    field,
                    place: place.clone(),
                }));
            }
        }
    }
    all
}

/// The fields of a selection, on each object type that they can be of. It nests as deep as [`BOUNDS`].
fn collect(
    selections: &SelectionSet<'_>,
    of: TypeId,
    schema: &Schema,
    fields: &mut BTreeSet<FieldId>,
) {
    for selection in &selections.selections {
        match selection {
            Selection::Field(Field { name, selection_set, .. }) => {
                let Some(def) = schema.type_def(of) else { continue };
                let on = |of: TypeId| schema.field_named(of, name.text);
                fields.extend(def.possible.iter().filter_map(|of| on(*of)));
                let field = on(of).and_then(|field| schema.field_def(field));
                if let (Some(field), Some(inner)) = (field, selection_set) {
                    collect(inner, field.returns.named, schema, fields);
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.map(|name| schema.type_named(name.text));
                if let Some(of) = condition.unwrap_or(Some(of)) {
                    collect(&fragment.selection_set, of, schema, fields);
                }
            }
            // There are none in such a selection.
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Adds a finding for each selection of which more is asked than of its field.
pub fn lint(fetched: &[Fetched], policy: &Policy, findings: &mut Findings) {
    for Fetched { by, field, place } in fetched {
        let (Some(own), Some(other)) = (policy.access(*by), policy.access(*field)) else {
            continue;
        };
        if (Implying { policy }).all(own, other) {
            continue;
        }
        let [by, field] = [by, field].map(|id| policy.schema().coordinate(*id));
        let message = format!("the router fetches `{field}` for `{by}`, of which less is asked");
        let help = format!(
            "what `{by}` is made of reaches callers that may not read `{field}`: ask the same of it, \
             or make sure that it tells nothing"
        );
        findings.add(Diagnostic::warning(Code::RequiresMore, place, message).help(help));
    }
}

/// Whether one follows from the other, as far as that can be seen from their parts.
struct Implying<'a> {
    policy: &'a Policy,
}

impl Implying<'_> {
    /// Whether whoever has one access has the other too.
    fn all(&self, own: &Access, other: &Access) -> bool {
        if own.grants.is_empty() {
            // Nobody has it.
            return true;
        }
        let always = own.denies.iter().filter(|deny| deny.condition.is_none());
        let denied = always.fold(RoleSet::EMPTY, |set, deny| set.union(deny.roles));
        let granted =
            |wanted: &Grant| own.grants.iter().any(|grant| self.narrows(grant, wanted, denied));
        let kept_out = |wanted: &Clause| {
            own.denies.iter().any(|deny| {
                deny.roles.contains(wanted.roles) && self.holds(deny.condition, wanted.condition)
            })
        };
        let met = |wanted: &Requirement| {
            own.requires.iter().any(|requirement| {
                requirement
                    .any
                    .iter()
                    .all(|need| wanted.any.iter().any(|other| covers(need, other)))
            })
        };
        !other.grants.is_empty()
            && other.grants.iter().all(granted)
            && other.denies.iter().all(kept_out)
            && other.requires.iter().all(met)
    }

    /// Whether each clause of one grant stands in the other, for all roles that are not denied anyway.
    fn narrows(&self, own: &Grant, wanted: &Grant, denied: RoleSet) -> bool {
        own.any.iter().all(|clause| {
            wanted.any.iter().any(|other| {
                other.roles.union(denied).contains(clause.roles)
                    && self.holds(other.condition, clause.condition)
            })
        })
    }

    /// Whether a condition holds where another does: the same one, but for arguments, which are those
    /// of each field.
    fn holds(&self, wanted: Option<ConditionId>, given: Option<ConditionId>) -> bool {
        let Some(wanted) = wanted else { return true };
        let expression = |id| self.policy.condition(id);
        given.is_some_and(|given| {
            expression(wanted).is_some_and(|one| {
                Some(one) == expression(given) && !one.reads().variable(Variable::Args)
            })
        })
    }
}

/// Whether whoever meets one need meets the other.
fn covers(own: &Need, other: &Need) -> bool {
    own.roles.contains(other.roles)
        && other.scopes.iter().all(|scope| own.scopes.contains(scope))
        && own.caller >= other.caller
}
