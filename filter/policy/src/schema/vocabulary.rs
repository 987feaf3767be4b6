//! Directives as applied -> what they say of each coordinate ([`Marks`]).
//!
//! The vocabulary is Apollo Federation's, whose names a schema links (`link`). Whoever writes
//! `@requiresScopes` means to be protected: a directive that looks like one of the vocabulary and
//! is not linked, a place where it means nothing and an argument that is wrong are errors.

mod arguments;
mod link;
mod spec;

use std::collections::{BTreeMap, BTreeSet};

use self::link::{Links, Meaning};
use self::spec::{Location, Term};
use super::document::{
    DirectiveDefinition, DirectiveSource, Document, EnumValueSource, FieldSource, Kind, Marks,
};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

/// Directives that GraphQL itself defines for schemas (spec 3.13).
const BUILT_IN: [&str; 3] = ["deprecated", "oneOf", "specifiedBy"];

/// What the schema has of the specifications that it links.
pub(super) struct Linked {
    /// What the names of their types begin with.
    pub(super) prefixes: Vec<String>,
    /// The subgraph that it is, if it is one.
    pub(super) subgraph: Option<Subgraph>,
}

/// A schema that its server serves as a subgraph.
pub(super) struct Subgraph {
    /// Where it says so.
    pub(super) place: Place,
    /// The object types that are found by a key.
    pub(super) entities: Vec<Text>,
}

/// Fills the marks of every coordinate.
pub(super) fn mark(document: &mut Document, findings: &mut Findings) -> Linked {
    let links = Links::read(&document.directives, findings);
    let Document { types, directives, defined, .. } = document;
    let mut marker = Marker { links: &links, defined, findings, warned: BTreeSet::new() };
    marker.marks(directives, Location::Schema);
    for source in types.values_mut() {
        source.marks = marker.marks(&source.directives, Location::of(source.kind));
        let location =
            if source.kind == Kind::Input { Location::InputField } else { Location::Field };
        for field in &mut source.fields {
            field.marks = marker.marks(&field.directives, location);
            field.marks.requires = links.requires(&field.directives);
            for FieldSource { directives, marks, .. } in &mut field.arguments {
                *marks = marker.marks(directives, Location::Argument);
            }
        }
        for EnumValueSource { name: _, directives, marks } in &mut source.values {
            *marks = marker.marks(directives, Location::EnumValue);
        }
    }
    Linked { prefixes: links.prefixes(), subgraph: links.subgraph(document) }
}

struct Marker<'a> {
    links: &'a Links,
    /// The directives that the schema defines.
    defined: &'a BTreeMap<String, DirectiveDefinition>,
    findings: &'a mut Findings,
    /// Directives that are not understood, each reported once.
    warned: BTreeSet<String>,
}

impl Marker<'_> {
    fn error(&mut self, code: Code, place: &Place, message: String, help: Option<String>) {
        self.findings.add(Diagnostic::error(code, place, message).maybe_help(help));
    }

    fn marks(&mut self, directives: &[DirectiveSource], location: Location) -> Marks {
        let mut marks = Marks::default();
        let mut seen = BTreeSet::new();
        for directive in directives {
            let Some(term) = self.term(directive, location) else { continue };
            let name = &directive.name;
            if !term.locations().contains(&location) {
                let message = format!("`@{}` says nothing of {}", name.text, location.described());
                let legal = term.locations().iter().map(|legal| legal.described());
                let help = format!("it can be on {}", legal.collect::<Vec<&str>>().join(", "));
                self.error(Code::SdlDirectiveLocation, &name.place, message, Some(help));
            } else if !seen.insert(term) && term != Term::Tag {
                let message = format!("`@{}` is not repeatable", name.text);
                let help = (term == Term::RequiresScopes || term == Term::Policy)
                    .then(|| "all of an inner list are needed, any of the outer".to_owned());
                self.error(Code::SdlDirective, &name.place, message, help);
            } else {
                arguments::apply(term, directive, &mut marks, self.findings);
            }
        }
        marks.tags = super::document::sorted(std::mem::take(&mut marks.tags));
        marks
    }

    /// The term that a directive stands for, if it is one.
    fn term(&mut self, directive: &DirectiveSource, location: Location) -> Option<Term> {
        let name = &directive.name;
        if BUILT_IN.contains(&name.text.as_str()) {
            self.check_one_of(directive, location);
            return None;
        }
        if location != Location::Schema && link::links_something(directive) {
            let message = format!("`@{}` links nothing from {}", name.text, location.described());
            let help = Some("put it on the schema, or an extension of it".to_owned());
            self.error(Code::SdlDirectiveLocation, &name.place, message, help);
            return None;
        }
        let meaning = self.links.meaning(&name.text);
        if let Some(term) = self.links.assumed(&meaning)
            && let Some(definition) = self.defined.get(&name.text)
            && !is_defined_by(term, definition)
        {
            self.is_another(term, name);
            return None;
        }
        match meaning {
            Meaning::Term(term) => return Some(term),
            Meaning::Other => return None,
            Meaning::NotLinked(term) => {
                let message = format!("`@{}` is not linked, and looks as if it were", name.text);
                let help = self.links.advice(term);
                self.error(Code::SdlLink, &name.place, message, Some(help));
                return None;
            }
            Meaning::NotInSpec(spec, names) => {
                let message = format!("`{spec}` has no directive `@{}`", name.text);
                let help = did_you_mean(&name.text, names.iter().map(String::as_str));
                self.error(Code::SdlLink, &name.place, message, help);
                return None;
            }
            Meaning::Unknown => {}
        }
        if self.defined.contains_key(&name.text) {
            return None;
        }
        let terms = self.links.terms();
        if let Some(help) = did_you_mean(&name.text, terms.iter().map(String::as_str)) {
            let message = format!("the directive `@{}` is not defined", name.text);
            self.error(Code::SdlDirective, &name.place, message, Some(help));
        } else if self.warned.insert(name.text.clone()) {
            let message =
                format!("the directive `@{}` is not defined, and says nothing here", name.text);
            self.findings.add(Diagnostic::warning(Code::SdlUnknownDirective, &name.place, message));
        }
        None
    }

    /// A directive has the name of a term alone, and is defined as something else: it says nothing
    /// here, which must not open anything.
    fn is_another(&mut self, term: Term, name: &Text) {
        if !self.warned.insert(name.text.clone()) {
            return;
        }
        let message = format!(
            "`@{}` is not the specification's `@{}`: it is defined with other arguments",
            name.text,
            term.name()
        );
        let finding = if term.protects() {
            let help = "what it asks for would not be enforced: rename it, and write rules for it";
            Diagnostic::error(Code::SdlDirective, &name.place, message).help(help)
        } else {
            let help = "it says nothing here; rename it, if nothing is meant to be said";
            Diagnostic::warning(Code::SdlForeignDirective, &name.place, message).help(help)
        };
        self.findings.add(finding);
    }

    /// `@oneOf` changes what an input object may be (spec 3.13.5).
    fn check_one_of(&mut self, directive: &DirectiveSource, location: Location) {
        let name = &directive.name;
        if name.text != "oneOf" {
            return;
        }
        if location != Location::InputObject {
            let message = format!("`@oneOf` says nothing of {}", location.described());
            self.error(Code::SdlDirectiveLocation, &name.place, message, None);
        }
        if !directive.arguments.is_empty() {
            let message = "`@oneOf` takes no arguments".to_owned();
            self.error(Code::SdlDirective, &name.place, message, None);
        }
    }
}

/// Whether a definition has the arguments of a term, as far as they can differ.
fn is_defined_by(term: Term, definition: &DirectiveDefinition) -> bool {
    let (known, needed) = term.arguments();
    let has = |name: &str| definition.arguments.iter().any(|argument| argument == name);
    definition.arguments.iter().all(|argument| known.contains(&argument.as_str()))
        && needed.is_none_or(has)
}
