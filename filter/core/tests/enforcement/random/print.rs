//! A request -> its text, with the bytes at which every part of it stands.

use std::ops::Range;

use super::choices::Choices;
use super::request::{Operand, Request, Selection, Test, What};
use super::schema::Name;
use crate::naive::forwarded::used;

#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) text: String,
    /// Of each selection, by its id.
    pub(crate) selections: Vec<Range<usize>>,
    /// Of each operation's root selection set.
    pub(crate) roots: Vec<Range<usize>>,
    /// Of each operation's variable definitions, with the variable's number.
    pub(crate) variables: Vec<Vec<(usize, Range<usize>)>>,
    /// Of each fragment.
    pub(crate) fragments: Vec<Range<usize>>,
}

/// What can stand between two tokens, and separates them.
const BLANKS: [&str; 8] =
    [" ", ",", "\n", "\r", "\t", "#} \" \u{2028}{\n", "\u{feff}", " ,\r\n# ...F\r"];

struct Printer<'p, 'c> {
    choices: &'p mut Choices<'c>,
    out: Printed,
    /// Without a blank where none has to be.
    dense: bool,
}

pub(crate) fn print(request: &Request, choices: &mut Choices<'_>) -> Printed {
    let dense = choices.below(2) == 0;
    let mut out = Printed::default();
    out.selections.resize(request.selections, 0..0);
    let mut printer = Printer { choices, out, dense };
    for operation in &request.operations {
        let used = used(request, operation);
        let short = operation.name.is_none() && operation.kind == "query" && used.is_empty();
        let mut variables = Vec::new();
        if !short || printer.choices.below(2) == 1 {
            printer.token(operation.kind);
            operation.name.iter().for_each(|name| printer.token(name));
            for at in used {
                let variable = &request.variables[at];
                if variables.is_empty() {
                    printer.token("(");
                }
                let start = printer.token_at("$");
                printer.tokens(&[variable.name, ":"]);
                printer.tokens(&variable.ty.tokens());
                if let Some(default) = &variable.default {
                    printer.token("=");
                    printer.tokens(&default.tokens(&[]));
                }
                variables.push((at, start..printer.out.text.len()));
            }
            if !variables.is_empty() {
                printer.token(")");
            }
        }
        printer.out.variables.push(variables);
        let root = printer.set(request, &operation.below);
        printer.out.roots.push(root);
    }
    for fragment in &request.fragments {
        let start = printer.token_at("fragment");
        printer.tokens(&[fragment.name, "on", fragment.on]);
        printer.set(request, &fragment.below);
        let end = printer.out.text.len();
        printer.out.fragments.push(start..end);
    }
    if !printer.dense {
        printer.out.text.push_str("# end");
    }
    printer.out
}

impl Printer<'_, '_> {
    fn token(&mut self, token: &str) {
        self.token_at(token);
    }

    fn tokens(&mut self, tokens: &[Name]) {
        tokens.iter().for_each(|token| self.token(token));
    }

    /// Writes a token with something before it, and says where it begins.
    fn token_at(&mut self, token: &str) -> usize {
        let name = |character: char| character.is_alphanumeric() || character == '_';
        let text = &self.out.text;
        let needed = (text.ends_with(name) && token.starts_with(name))
            || (text.ends_with(|last: char| last.is_ascii_digit())
                && token.starts_with(['.', '-']))
            || (text.ends_with('"') && token.starts_with('"'));
        let blanks = if self.dense { 1 } else { 1 + self.choices.below(2) };
        for _ in 0..blanks {
            if needed || !self.dense {
                let kinds = if self.dense { 1 } else { BLANKS.len() };
                self.out.text.push_str(BLANKS[self.choices.below(kinds)]);
            }
        }
        let at = self.out.text.len();
        self.out.text.push_str(token);
        at
    }

    fn set(&mut self, request: &Request, set: &[Selection]) -> Range<usize> {
        let start = self.token_at("{");
        set.iter().for_each(|selection| self.selection(request, selection));
        self.token("}");
        start..self.out.text.len()
    }

    fn selection(&mut self, request: &Request, selection: &Selection) {
        let start = match &selection.what {
            What::Field { alias, name, arguments } => {
                let start = self.token_at(alias.unwrap_or(name));
                if alias.is_some() {
                    self.token(":");
                    self.token(name);
                }
                for (at, (name, value)) in arguments.iter().enumerate() {
                    if at == 0 {
                        self.token("(");
                    }
                    self.tokens(&[name, ":"]);
                    self.tokens(&value.tokens(&request.variables));
                }
                if !arguments.is_empty() {
                    self.token(")");
                }
                start
            }
            What::Spread(fragment) => {
                let start = self.token_at("...");
                self.token(request.fragments[*fragment].name);
                start
            }
            What::Inline(on) => {
                let start = self.token_at("...");
                if let Some(on) = on {
                    self.token("on");
                    self.token(on);
                }
                start
            }
        };
        for Test { stays_when, operand } in &selection.tests {
            self.token("@");
            self.token(if *stays_when { "include" } else { "skip" });
            self.tokens(&["(", "if", ":"]);
            match operand {
                Operand::Literal(value) => self.token(if *value { "true" } else { "false" }),
                Operand::Variable(at) => {
                    self.tokens(&["$", request.variables[*at].name]);
                }
            }
            self.token(")");
        }
        if !selection.below.is_empty() {
            self.set(request, &selection.below);
        }
        self.out.selections[selection.id] = start..self.out.text.len();
    }
}
