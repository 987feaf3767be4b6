//! Whether fields of one response key return alike wherever they are selected (GraphQL spec 5.3.2,
//! SameResponseShape). A field split by object types may not, though the one on the interface did: an
//! object type can return `String!` where its interface and others have `String`.

use std::collections::BTreeMap;

use fieldgate_core::document::{Document, Selection, SelectionSet};
use fieldgate_core::plan::Choice;
use fieldgate_core::policy::schema::{Schema, TypeId, TypeRef};

use super::root;

/// Every type with fields: what they return is compared below.
const COMPOSITE: TypeId = TypeId(u32::MAX);

/// The first response keys under which they do not, `a.b.c`.
pub(super) fn clash(document: &Document<'_>, choice: Choice, schema: &Schema) -> Option<String> {
    let operation = choice.of(document)?;
    let root = root(schema, operation.kind)?;
    let mut shapes = Shapes { document, schema, found: BTreeMap::new() };
    shapes.selection_set(&operation.selection_set, root, &mut Vec::new())
}

struct Shapes<'s, 'a> {
    document: &'s Document<'a>,
    schema: &'s Schema,
    found: BTreeMap<Vec<&'a str>, TypeRef>,
}

impl<'s, 'a> Shapes<'s, 'a> {
    fn selection_set(
        &mut self,
        set: &'s SelectionSet<'a>,
        on: TypeId,
        keys: &mut Vec<&'a str>,
    ) -> Option<String> {
        set.selections.iter().find_map(|selection| self.selection(selection, on, keys))
    }

    fn selection(
        &mut self,
        selection: &'s Selection<'a>,
        on: TypeId,
        keys: &mut Vec<&'a str>,
    ) -> Option<String> {
        let condition = |name: &str| self.schema.type_named(name).unwrap_or(on);
        match selection {
            Selection::InlineFragment(inline) => {
                let on = inline.type_condition.map_or(on, |name| condition(name.text));
                self.selection_set(&inline.selection_set, on, keys)
            }
            Selection::FragmentSpread(spread) => {
                let mut fragments = self.document.fragments.iter();
                let fragment = fragments.find(|one| one.name.text == spread.name.text)?;
                let on = condition(fragment.type_condition.text);
                self.selection_set(&fragment.selection_set, on, keys)
            }
            Selection::Field(field) => {
                // Of `__typename` every one is alike.
                let id = self.schema.field_named(on, field.name.text)?;
                let returned = self.schema.field_def(id)?.returns;
                let mut shape = returned;
                if field.selection_set.is_some() {
                    shape.named = COMPOSITE;
                }
                keys.push(field.response_key().text);
                let first = *self.found.entry(keys.clone()).or_insert(shape);
                let clash = if first == shape {
                    let set = field.selection_set.as_ref();
                    set.and_then(|set| self.selection_set(set, returned.named, keys))
                } else {
                    Some(keys.join("."))
                };
                keys.pop();
                clash
            }
        }
    }
}
