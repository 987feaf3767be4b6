//! A rule as written.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{read_name, read_roles};
use super::pattern::{Kind, Pattern};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::yaml::Node;
use crate::yaml::shape::{self, Keys};

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// Its id.
    pub id: Text,
    /// The fields that it speaks of,
    pub fields: Vec<Pattern>,
    /// and the arguments, input fields and enum values.
    pub inputs: Vec<Pattern>,
    /// Whether it grants or forbids.
    pub effect: Effect,
    /// To whom.
    pub roles: Vec<Text>,
    /// Where this holds.
    pub condition: Option<Text>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It forbids, whatever else grants.
    Deny,
}

/// What a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Fields and inputs.
    Coordinates,
    /// Every operation.
    Operations,
}

impl RuleSource {
    pub(super) fn read(
        node: &Node,
        subject: Subject,
        declared: &BTreeSet<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let known: &[&str] = match subject {
            Subject::Coordinates => &["id", "fields", "inputs", "allow", "deny", "if", "on_deny"],
            Subject::Operations => &["id", "allow", "deny", "if"],
        };
        let keys = Keys::read(node, known, findings)?;
        let id = keys.required("id", findings).and_then(|node| read_name(node, findings));
        let mut patterns = |name, kind| match keys.optional(name) {
            Some(node) => read_patterns(node, kind, findings),
            None => Some(Vec::new()),
        };
        let (fields, inputs) = (patterns("fields", Kind::Fields), patterns("inputs", Kind::Inputs));
        let condition = keys.optional("if").map(|node| shape::string(node, findings));
        keys.optional("on_deny").into_iter().for_each(|node| expect_reject(node, findings));
        let named = keys.optional("fields").or(keys.optional("inputs"));
        if subject == Subject::Coordinates && named.is_none() {
            let place = id.as_ref().map_or(keys.place(), |id| &id.place);
            let message = "a rule has to name `fields` or `inputs`";
            findings.add(Diagnostic::error(Code::EmptyRule, place, message));
        }
        let granted = keys.optional("allow").map(|node| (Effect::Allow, node));
        let denied = keys.optional("deny").map(|node| (Effect::Deny, node));
        let given: Vec<(Effect, &Node)> = granted.into_iter().chain(denied).collect();
        let roles: Vec<(Effect, Vec<Text>)> = given
            .iter()
            .filter_map(|(effect, node)| Some((*effect, read_roles(node, declared, findings)?)))
            .collect();
        if given.len() != 1 {
            let place = id.as_ref().map_or(keys.place(), |id| &id.place);
            let (message, help) = if given.is_empty() {
                ("a rule has to `allow` or to `deny`", "add `allow: [..]` or `deny: [..]`")
            } else {
                ("a rule cannot both `allow` and `deny`", "write two rules, each with its own id")
            };
            findings.add(Diagnostic::error(Code::RuleWithoutEffect, place, message).help(help));
            return None;
        }
        let condition = match condition {
            Some(condition) => Some(condition?),
            None => None,
        };
        let (effect, roles) = roles.into_iter().next()?;
        Some(Self { id: id?, fields: fields?, inputs: inputs?, effect, roles, condition })
    }
}

fn read_patterns(node: &Node, kind: Kind, findings: &mut Findings) -> Option<Vec<Pattern>> {
    let texts = shape::strings(node, findings)?;
    if texts.is_empty() && shape::list(node, findings).is_some_and(<[Node]>::is_empty) {
        let what = match kind {
            Kind::Fields => "a field",
            Kind::Inputs => "an input",
        };
        let message = format!("a rule has to name {what}");
        findings.add(Diagnostic::error(Code::EmptyRule, &node.place, message));
    }
    Some(texts.iter().filter_map(|text| Pattern::read(text, kind, findings)).collect())
}

/// What is denied refuses the operation. The other outcomes change the response.
fn expect_reject(node: &Node, findings: &mut Findings) {
    let Some(Text { text, place }) = shape::string(node, findings) else { return };
    let (message, help) = match text.as_str() {
        "reject" => return,
        "prune" | "hide" => (
            format!("`on_deny: {text}` is not available: responses are not changed yet"),
            "every denial refuses the operation: leave it out, or write `reject`",
        ),
        _ => (format!("`{}` is no outcome of a denial", text.escape_debug()), "write `reject`"),
    };
    findings.add(Diagnostic::error(Code::NotAvailable, &place, message).help(help));
}

pub(super) fn expect_unique<'a>(ids: impl Iterator<Item = &'a Text>, findings: &mut Findings) {
    let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
    for id in ids {
        if let Some(first) = seen.insert(&id.text, &id.place) {
            let message = format!("the rule id `{}` is used twice", id.text);
            let help = format!("it is first used in line {}", first.position().line);
            findings.add(Diagnostic::error(Code::DuplicateRuleId, &id.place, message).help(help));
            seen.insert(&id.text, first);
        }
    }
}
