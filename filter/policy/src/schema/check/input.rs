//! Input objects that have values at all (spec 3.10, Circular References and Type Validation).

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{Document, Kind, TypeSource, Value, ValueSource};
use super::Checker;
use crate::diagnostic::Code;
use crate::source::Place;

impl Checker<'_> {
    /// The members of a `@oneOf` input object can each be left out (spec 3.10, Type Validation 2).
    pub(super) fn check_one_of(&mut self, source: &TypeSource) {
        if source.one_of.is_none() {
            return;
        }
        for field in &source.fields {
            let fault = if field.wrapping.is_non_null() {
                "cannot be non-null"
            } else if field.default.is_some() {
                "cannot have a default value"
            } else {
                continue;
            };
            let message = format!("`{}` {fault}, as exactly one member is given", field.name.text);
            let help = Some(format!("`{}` is `@oneOf`", source.name.text));
            self.error(Code::SdlOneOf, &field.name.place, message, help);
        }
    }

    /// An input object that needs itself, through whatever others, has no finite value.
    pub(super) fn check_input_cycles(&mut self) {
        let document = self.document;
        let inputs = document.types.values().filter(|source| source.kind == Kind::Input);
        let needs = inputs.clone().map(|source| {
            let needed = source.fields.iter().filter(|field| {
                let is_one = field.wrapping.lists() == 0 && field.wrapping.is_non_null();
                is_one && input(document, &field.of.text).is_some()
            });
            let edges = needed.map(|field| (field.of.text.clone(), &field.name.place));
            (source.name.text.clone(), edges.collect())
        });
        for (name, needed) in endless(needs.collect()) {
            for (other, place) in needed {
                let message = format!("no value of `{name}` is finite: it needs `{other}`");
                let help = Some("let it be null, or a list".to_owned());
                self.error(Code::SdlInputCycle, place, message, help);
            }
        }
        let defaults = inputs.flat_map(|source| {
            source.fields.iter().filter_map(|field| {
                let default = field.default.as_ref()?;
                let mut edges = Vec::new();
                follow(document, input(document, &field.of.text)?, default, &mut edges);
                Some((format!("{}.{}", source.name.text, field.name.text), edges))
            })
        });
        for (name, followed) in endless(defaults.collect()) {
            for (other, place) in followed {
                let message =
                    format!("the default of `{name}` is endless: it takes that of `{other}`");
                self.error(Code::SdlInputCycle, place, message, None);
            }
        }
    }
}

/// What something leads to, and where.
type Edges<'a> = Vec<(String, &'a Place)>;

fn input<'a>(document: &'a Document, name: &str) -> Option<&'a TypeSource> {
    document.types.get(name).filter(|source| source.kind == Kind::Input)
}

/// The defaults that a value leads to: those of the members that it leaves out (spec 3.10,
/// InputObjectDefaultValueHasCycle). The parser bounds how deep it is.
fn follow<'a>(
    document: &'a Document,
    of: &'a TypeSource,
    value: &'a ValueSource,
    edges: &mut Edges<'a>,
) {
    match &value.value {
        Value::List(items) => items.iter().for_each(|item| follow(document, of, item, edges)),
        Value::Object(members) => {
            for field in &of.fields {
                let Some(inner) = input(document, &field.of.text) else { continue };
                let given = members.iter().find(|(name, _)| name.text == field.name.text);
                if let Some((_, given)) = given {
                    follow(document, inner, given, edges);
                } else if field.default.is_some() {
                    edges.push((format!("{}.{}", of.name.text, field.name.text), &value.place));
                }
            }
        }
        Value::Null
        | Value::Boolean(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Enum(_) => {}
    }
}

/// What is in a circle, or leads to one: what is left when all that leads nowhere is taken away.
fn endless(mut all: BTreeMap<String, Edges<'_>>) -> BTreeMap<String, Edges<'_>> {
    loop {
        let ended = all.iter().filter(|(_, edges)| edges.is_empty());
        let ended: BTreeSet<String> = ended.map(|(name, _)| name.clone()).collect();
        if ended.is_empty() {
            return all;
        }
        all.retain(|name, edges| {
            edges.retain(|(other, _)| !ended.contains(other));
            !ended.contains(name)
        });
    }
}
