//! Judges a [`Document`]: what holds for each type by itself, and what types say of one another.

mod input;
mod interface;
mod list_size;
mod value;

use std::collections::BTreeMap;

use super::ROOTS;
use super::document::{Document, FieldSource, Kind, Roots, TypeSource};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

/// The scalars that every schema has (GraphQL spec 3.5).
pub(super) const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

/// Adds a finding for everything that is unsound.
pub(super) fn check(document: &Document, findings: &mut Findings) {
    let mut checker = Checker { document, findings };
    for source in document.types.values() {
        checker.check_names(source);
        checker.check_references(source);
        checker.check_enum_values(source);
        checker.check_defaults(source);
        checker.check_one_of(source);
        checker.check_list_sizes(source);
        for interface in &source.implements {
            checker.check_interface(source, interface);
        }
    }
    checker.check_roots();
    checker.check_input_cycles();
}

/// The root types: query, mutation, subscription. Without a schema definition those of the default
/// names (spec 3.3.1).
pub(super) fn roots(document: &Document) -> [Option<&Text>; 3] {
    match &document.roots {
        Some(Roots { place: _, query, mutation, subscription }) => {
            [query.as_ref(), mutation.as_ref(), subscription.as_ref()]
        }
        None => ROOTS.map(|name| document.types.get(name).map(|source| &source.name)),
    }
}

struct Checker<'a> {
    document: &'a Document,
    findings: &'a mut Findings,
}

impl<'a> Checker<'a> {
    fn error(&mut self, code: Code, place: &Place, message: String, help: Option<String>) {
        self.findings.add(Diagnostic::error(code, place, message).maybe_help(help));
    }

    /// Names are free, there once, and not of GraphQL's own (spec, Reserved Names and Type Validation).
    fn check_names(&mut self, source: &TypeSource) {
        let TypeSource { kind, name, implements, fields, members, values, .. } = source;
        if BUILT_IN_SCALARS.contains(&name.text.as_str()) {
            let message = format!("`{}` is a scalar that every schema has", name.text);
            let help = Some("remove this definition".to_owned());
            self.error(Code::SdlDuplicateType, &name.place, message, help);
        }
        self.check_reserved(name);
        self.check_unique(fields, "field");
        for field in fields {
            self.check_reserved(&field.name);
            self.check_unique(&field.arguments, "argument");
            field.arguments.iter().for_each(|argument| self.check_reserved(&argument.name));
        }
        for list in [implements, members] {
            let mut seen = BTreeMap::new();
            for one in list {
                if seen.insert(&one.text, ()).is_some() {
                    let message = format!("`{}` names `{}` twice", name.text, one.text);
                    self.error(Code::SdlDuplicateType, &one.place, message, None);
                }
            }
        }
        let empty = match kind {
            Kind::Object | Kind::Interface | Kind::Input => fields.is_empty().then_some("fields"),
            Kind::Union => members.is_empty().then_some("member types"),
            Kind::Enum => values.is_empty().then_some("values"),
            Kind::Scalar => None,
        };
        if self.document.emptied.contains(&name.text) {
            let message = format!("nothing of `{}` is accessible", name.text);
            let help = Some("make it `@inaccessible` too".to_owned());
            self.error(Code::SdlInaccessible, &name.place, message, help);
        } else if let Some(what) = empty {
            let message = format!("`{}` has no {what}", name.text);
            self.error(Code::SdlEmptyType, &name.place, message, None);
        }
    }

    fn check_reserved(&mut self, name: &Text) {
        if name.text.starts_with("__") {
            let message = format!("the name `{}` is reserved", name.text);
            let help = Some("names that begin with `__` are those of introspection".to_owned());
            self.error(Code::SdlReservedName, &name.place, message, help);
        }
    }

    /// Published schemas repeat a definition now and then: where both say the same, no decision
    /// rests on which of them counts.
    fn check_unique(&mut self, fields: &[FieldSource], what: &str) {
        let mut seen: BTreeMap<&str, &FieldSource> = BTreeMap::new();
        for field in fields {
            let FieldSource { name, .. } = field;
            let Some(first) = seen.get(name.text.as_str()) else {
                seen.insert(&name.text, field);
                continue;
            };
            let message = format!("the {what} `{}` is defined twice", name.text);
            let line = first.name.place.position().line;
            let finding = if first.says_the_same_as(field) {
                let help = format!("it is first defined in line {line}, with the same meaning");
                Diagnostic::warning(Code::SdlRepeatedField, &name.place, message).help(help)
            } else {
                let help = format!("it is first defined in line {line}");
                Diagnostic::error(Code::SdlDuplicateField, &name.place, message).help(help)
            };
            self.findings.add(finding);
        }
    }

    /// Every name stands for a type of a kind that can be there (spec 3.4.2, IsInputType and
    /// IsOutputType).
    fn check_references(&mut self, source: &TypeSource) {
        let output = |kind| kind != Kind::Input;
        let input = |kind| matches!(kind, Kind::Scalar | Kind::Enum | Kind::Input);
        for field in &source.fields {
            if source.kind == Kind::Input {
                self.expect(&field.of, "an input type", &input);
            } else {
                self.expect(&field.of, "an output type", &output);
            }
            for argument in &field.arguments {
                self.expect(&argument.of, "an input type", &input);
            }
        }
        for member in &source.members {
            self.expect(member, "an object type", &|kind| kind == Kind::Object);
        }
        for interface in &source.implements {
            self.expect(interface, "an interface", &|kind| kind == Kind::Interface);
        }
    }

    fn expect(&mut self, name: &Text, expected: &str, fits: &dyn Fn(Kind) -> bool) {
        match kind_of(self.document, &name.text) {
            Some(kind) if fits(kind) => {}
            Some(kind) => {
                let message =
                    format!("expected {expected}, and `{}` is {}", name.text, kind.described());
                self.error(Code::SdlWrongKind, &name.place, message, None);
            }
            None if let Some(hidden) = self.document.hidden.get(&name.text) => {
                let message = format!("`{}` is no part of the API", name.text);
                let help = Some(hidden.described().to_owned());
                self.error(Code::SdlInaccessible, &name.place, message, help);
            }
            None => {
                let defined = self.document.types.keys().map(String::as_str);
                let hint = did_you_mean(&name.text, defined.chain(BUILT_IN_SCALARS));
                let message = format!("the type `{}` is not defined", name.text);
                self.error(Code::SdlUnknownType, &name.place, message, hint);
            }
        }
    }

    /// Values of an enum are there once, and no words of the grammar (spec 3.9).
    fn check_enum_values(&mut self, source: &TypeSource) {
        let mut seen = BTreeMap::new();
        for value in &source.values {
            let name = &value.name;
            self.check_reserved(name);
            if ["true", "false", "null"].contains(&name.text.as_str()) {
                let message = format!("`{}` cannot be a value of an enum", name.text);
                self.error(Code::SdlReservedName, &name.place, message, None);
            }
            if let Some(line) = seen.insert(&name.text, name.place.position().line) {
                let message = format!("the value `{}` is defined twice", name.text);
                let help = Some(format!("it is first defined in line {line}"));
                self.error(Code::SdlDuplicateField, &name.place, message, help);
            }
        }
    }

    fn check_roots(&mut self) {
        let found = roots(self.document);
        if found.first().is_some_and(Option::is_none) {
            let (place, message) = match &self.document.roots {
                Some(roots) => (&roots.place, "the schema names no query type"),
                None => (&self.document.start, "the schema has no type `Query`"),
            };
            let hidden = self.document.hidden.get("Query").map(|why| why.described().to_owned());
            self.error(Code::SdlRoot, place, message.to_owned(), hidden);
        }
        let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
        for root in found.into_iter().flatten() {
            self.expect(root, "an object type", &|kind| kind == Kind::Object);
            if seen.insert(&root.text, ()).is_some() {
                let message = format!("`{}` is the root of two kinds of operation", root.text);
                self.error(Code::SdlRoot, &root.place, message, None);
            }
        }
    }
}

fn kind_of(document: &Document, name: &str) -> Option<Kind> {
    if BUILT_IN_SCALARS.contains(&name) {
        return Some(Kind::Scalar);
    }
    document.types.get(name).map(|source| source.kind)
}
