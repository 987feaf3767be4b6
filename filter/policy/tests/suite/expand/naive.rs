//! The slow walker: an operation executed on every object that there could be, one object type at a
//! time, as `apollo-compiler` reads it. What is not granted is not followed.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

/// Response keys that lead to a field, the object type that it is on, and its name.
pub(super) type Touched = (String, String, String);

/// What is asked, and what is granted of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'s> {
    pub(super) schema: &'s Valid<Schema>,
    pub(super) document: &'s ExecutableDocument,
    /// The variable `t`.
    pub(super) t: bool,
    pub(super) granted: &'s dyn Fn(&str, &Field) -> bool,
}

pub(super) struct Walker<'s> {
    pub(super) asked: Asked<'s>,
    pub(super) touched: BTreeSet<Touched>,
}

impl Walker<'_> {
    pub(super) fn operation(mut self) -> BTreeSet<Touched> {
        let operation = self.asked.document.operations.get(None).unwrap();
        let root = operation.object_type().to_string();
        self.selection_set(&operation.selection_set, &root, "");
        self.touched
    }

    fn selection_set(&mut self, set: &SelectionSet, object: &str, path: &str) {
        for selection in &set.selections {
            if !self.asked.is_on(selection) {
                continue;
            }
            match selection {
                Selection::Field(field) => self.field(field, object, path),
                Selection::InlineFragment(inline) => {
                    let on = inline.type_condition.as_ref();
                    if on.is_none_or(|on| self.asked.possible(on).contains(object)) {
                        self.selection_set(&inline.selection_set, object, path);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = spread.fragment_def(self.asked.document).unwrap();
                    if self.asked.possible(fragment.type_condition()).contains(object) {
                        self.selection_set(&fragment.selection_set, object, path);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &Field, object: &str, path: &str) {
        if !(self.asked.granted)(object, field) {
            return;
        }
        let path = format!("{path}.{}", field.response_key());
        self.touched.insert((path.clone(), object.to_owned(), field.name.to_string()));
        if field.name != "__typename" {
            let own = self.asked.schema.type_field(object, &field.name).unwrap();
            for object in self.asked.possible(own.ty.inner_named_type()) {
                self.selection_set(&field.selection_set, &object, &path);
            }
        }
    }
}

/// What is said to an operation, by the worst that is said to any of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    Granted,
    Partially,
    Denied,
}

impl Asked<'_> {
    /// The same by the language's description: each field on all that its parent can still be.
    pub(super) fn said(&self) -> Said {
        let operation = self.document.operations.get(None).unwrap();
        let root = operation.object_type().to_string();
        self.said_to(&operation.selection_set, &root, &self.possible(&root))
    }

    fn said_to(&self, set: &SelectionSet, parent: &str, possible: &BTreeSet<String>) -> Said {
        let mut said = Said::Granted;
        for selection in set.selections.iter().filter(|one| self.is_on(one)) {
            let (on, set) = match selection {
                Selection::Field(field) => {
                    said = said.max(self.said_to_field(field, parent, possible));
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    (inline.type_condition.as_ref(), &inline.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = spread.fragment_def(self.document).unwrap();
                    (Some(fragment.type_condition()), &fragment.selection_set)
                }
            };
            let on = on.map_or(parent, |on| on.as_str());
            let whole = self.possible(on);
            let left: BTreeSet<String> = possible.intersection(&whole).cloned().collect();
            let left = if left.is_empty() { whole } else { left };
            said = said.max(self.said_to(set, on, &left));
        }
        said
    }

    fn said_to_field(&self, field: &Field, parent: &str, possible: &BTreeSet<String>) -> Said {
        let granted = possible.iter().filter(|object| (self.granted)(object, field)).count();
        let expanded = !matches!(parent, "Named" | "Owner");
        let said = match granted {
            all if all == possible.len() => Said::Granted,
            0 => Said::Denied,
            _ if expanded => Said::Partially,
            _ => Said::Denied,
        };
        if field.selection_set.is_empty() {
            return said;
        }
        let returned = |of: &str| {
            self.schema.type_field(of, &field.name).unwrap().ty.inner_named_type().to_string()
        };
        let below = possible.iter().flat_map(|object| self.possible(&returned(object))).collect();
        said.max(self.said_to(&field.selection_set, &returned(parent), &below))
    }

    fn is_on(&self, selection: &Selection) -> bool {
        let value = |name: &str| {
            let directive = selection.directives().get(name)?;
            let value = directive.specified_argument_by_name("if").unwrap();
            Some(value.to_bool().unwrap_or(self.t))
        };
        value("include") != Some(false) && value("skip") != Some(true)
    }

    fn possible(&self, of: &str) -> BTreeSet<String> {
        match self.schema.types.get(of).unwrap() {
            ExtendedType::Object(_) => BTreeSet::from([of.to_owned()]),
            ExtendedType::Union(union) => {
                union.members.iter().map(|member| member.to_string()).collect()
            }
            ExtendedType::Interface(_) => {
                let objects = self.schema.types.iter().filter_map(|(name, def)| match def {
                    ExtendedType::Object(object) => {
                        object.implements_interfaces.contains(of).then(|| name.to_string())
                    }
                    _ => None,
                });
                objects.collect()
            }
            _ => BTreeSet::new(),
        }
    }
}
