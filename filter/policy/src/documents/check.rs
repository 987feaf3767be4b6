//! Trusted documents x the policy -> what the filter would refuse whoever asks. What the document is
//! is an error; what is not granted, or not served, is a warning, as the next policy may have it
//! otherwise.

use std::collections::BTreeMap;

use fieldgate_core::denial::Reason;
use fieldgate_core::document::{Bounds, Document, Span};
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, PathId, Plan, PlanError, Target, Use};
use fieldgate_core::policy::Policy;
use fieldgate_core::policy::schema::TypeId;

use super::{Documents, Origin};
use crate::diagnostic::{Code, Diagnostic, Findings, Severity};
use crate::lint;
use crate::suggest::did_you_mean;

impl Documents {
    /// Adds what is wrong with each document.
    pub fn check(&self, policy: &Policy, limits: &Limits, findings: &mut Findings) {
        for (text, origin) in &self.texts {
            Case { text, origin, policy, findings }.check(limits);
        }
    }
}

struct Case<'c> {
    text: &'c str,
    origin: &'c Origin,
    policy: &'c Policy,
    findings: &'c mut Findings,
}

impl Case<'_> {
    /// Reads and plans it as the filter does.
    fn check(mut self, limits: &Limits) {
        let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
        let document = match Document::read(self.text, &bounds) {
            Ok(document) => document,
            // It was read within its own bound; the filter's is left.
            Err(error) => {
                let at = Span { start: error.at, end: error.at };
                return self.refused(Reason::LimitTokens, words(Reason::LimitTokens), at, None);
            }
        };
        let plan = Choice::new(&document, None)
            .and_then(|choice| Plan::new(&document, choice, self.policy, limits));
        match plan {
            Ok(plan) => self.uses(&plan),
            Err(PlanError { reason, at, .. }) => {
                let at = at.unwrap_or(Span { start: 0, end: 0 });
                self.refused(reason, words(reason), at, None);
            }
        }
    }

    fn uses(&mut self, plan: &Plan) {
        let mut by_place: BTreeMap<PathId, Vec<&Use>> = BTreeMap::new();
        for one in &plan.uses {
            by_place.entry(one.at).or_default().push(one);
        }
        for (at, uses) in by_place {
            let Some(place) = plan.place(at) else { continue };
            let unknown = uses.iter().find_map(|one| match one.target {
                Target::Unknown { reason, parent } => Some((reason, parent)),
                Target::Field(_) | Target::Type(_) | Target::Input(_) => None,
            });
            if let Some((reason, parent)) = unknown {
                let (words, help) = self.unknown(reason, parent, place);
                self.refused(reason, words, place, help);
                continue;
            }
            let in_part = plan.expanded.binary_search(&at).is_ok();
            let fields = uses.iter().filter_map(|one| match one.target {
                Target::Field(field) => Some(field),
                Target::Type(_) | Target::Input(_) | Target::Unknown { .. } => None,
            });
            let fields: Vec<_> = fields.collect();
            let denied = |field| self.policy.access(field).is_none_or(lint::is_out_of_reach);
            let mut missing = fields.iter().copied().filter(|field| denied(*field)).peekable();
            let Some(first) = missing.peek().copied() else { continue };
            if !in_part || missing.count() == fields.len() {
                let coordinate = self.policy.schema().coordinate(first);
                let message = format!("nobody is granted `{coordinate}`");
                let help = "grant it, or leave the field out of the document";
                self.add(Code::DocumentDenied, place, message, Some(help.to_owned()));
            }
        }
    }

    /// What the schema does not have.
    fn unknown(
        &self,
        reason: Reason,
        parent: Option<TypeId>,
        place: Span,
    ) -> (String, Option<String>) {
        let schema = self.policy.schema();
        let name = place.text(self.text).unwrap_or_default();
        let parent = parent.and_then(|parent| schema.type_def(parent));
        let of = parent.as_ref().map_or("", |parent| parent.name);
        // What it may be meant for.
        let near = |names: &mut dyn Iterator<Item = &str>| did_you_mean(name, names);
        match reason {
            Reason::UnknownField => {
                let fields = parent.iter().flat_map(|parent| parent.fields());
                let mut names = fields.filter_map(|id| Some(schema.field_def(id)?.name));
                (format!("`{of}` has no field `{name}`"), near(&mut names))
            }
            Reason::UnknownInputField => {
                let members = parent.iter().flat_map(|parent| schema.members(parent));
                let mut names = members.map(|member| member.name);
                (format!("`{of}` has no field `{name}`"), near(&mut names))
            }
            Reason::UnknownEnumValue => {
                let mut names = parent.iter().flat_map(|parent| schema.values(parent));
                (format!("`{of}` has no value `{name}`"), near(&mut names))
            }
            Reason::UnknownType => ("the schema does not have this type".to_owned(), None),
            Reason::UnknownArgument => (format!("`{of}.{name}` does not have this argument"), None),
            Reason::SelectionInvalid => {
                (format!("what is selected below `{of}.{name}` does not fit its type"), None)
            }
            Reason::FragmentImpossible => ("this type condition can never be met".to_owned(), None),
            reason => (words(reason), None),
        }
    }

    fn refused(&mut self, reason: Reason, words: String, at: Span, help: Option<String>) {
        let code = match reason {
            // Another policy, or another version of the filter, may serve them.
            Reason::IntrospectionDisabled | Reason::OperationTypeNotAllowed => Code::DocumentDenied,
            _ => Code::DocumentInvalid,
        };
        let limited = reason.answer().code == Reason::LimitTokens.answer().code;
        let help = help.or(limited.then(|| "see `limits` in fieldgate.yaml".to_owned()));
        self.add(code, at, format!("{words} (`{}`)", reason.code()), help);
    }

    fn add(&mut self, code: Code, at: Span, message: String, help: Option<String>) {
        let severity = match code {
            Code::DocumentDenied => Severity::Warning,
            _ => Severity::Error,
        };
        let finding = Diagnostic::error(code, &self.origin.place(at), message).maybe_help(help);
        let label = self.origin.label(at, self.text);
        self.findings.add(Diagnostic { severity, label, ..finding });
    }
}

/// What a client would be told, in the middle of a line.
fn words(reason: Reason) -> String {
    let message = reason.answer().message;
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
