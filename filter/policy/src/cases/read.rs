//! A case file -> its cases. A coordinate or rule that does not exist is a finding: an expectation
//! that nothing can meet is a mistake in the case.

use std::collections::BTreeMap;

use fieldgate_core::policy::Policy;
use serde_json::{Map, Value as Json};

use super::{Case, VERSION, Verdict};
use crate::bundle::Bundle;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::suggest::did_you_mean;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{self, Node, Value};

/// Reads one file.
pub(super) fn read(name: &str, bundle: &Bundle, findings: &mut Findings) -> Vec<Case> {
    let Some(file) = bundle.folder().read(name, None, findings) else { return Vec::new() };
    let Some(node) = yaml::read(&file, findings) else { return Vec::new() };
    let Some(keys) = Keys::read(&node, &["version", "cases"], findings) else { return Vec::new() };
    shape::expect_version(&keys, VERSION, findings);
    let cases = keys.required("cases", findings);
    let cases = cases.and_then(|node| shape::list(node, findings)).unwrap_or_default();
    cases.iter().filter_map(|node| read_case(node, bundle, findings)).collect()
}

fn read_case(node: &Node, bundle: &Bundle, findings: &mut Findings) -> Option<Case> {
    let known = ["name", "claims", "query", "variables", "operation", "expect"];
    let keys = Keys::read(node, &known, findings)?;
    let name = keys.required("name", findings).and_then(|node| shape::string(node, findings));
    let query = keys.required("query", findings).and_then(|node| shape::string(node, findings));
    let operation = keys.optional("operation").map(|node| shape::string(node, findings));
    let variables = keys.optional("variables").map(Node::to_json);
    let claims = keys.required("claims", findings);
    let claims = claims.and_then(|node| read_claims(node, findings));
    let expected = keys.required("expect", findings);
    let expected = expected.and_then(|node| read_verdict(node, bundle, findings));
    let operation = match operation {
        Some(given) => Some(given?.text),
        None => None,
    };
    let (name, claims, query, expected) = (name?, claims?, query?.text, expected?);
    Some(Case { name, claims, query, variables, operation, expected })
}

/// Claims, or the word `none`.
fn read_claims(node: &Node, findings: &mut Findings) -> Option<Option<Map<String, Json>>> {
    if matches!(&node.value, Value::String(word) if word == "none") {
        return Some(None);
    }
    shape::mapping(node, findings)?;
    node.to_json().as_object().cloned().map(Some)
}

fn read_verdict(node: &Node, bundle: &Bundle, findings: &mut Findings) -> Option<Verdict> {
    let help = "expected `allow`, `{ deny: {..} }` or `{ reason: .. }`";
    if let Value::String(text) = &node.value {
        if text == "allow" {
            return Some(Verdict::Allow);
        }
        let message = format!("`{}` is no expectation", text.escape_debug());
        findings.add(Diagnostic::error(Code::CaseValue, &node.place, message).help(help));
        return None;
    }
    let keys = Keys::read(node, &["deny", "reason"], findings)?;
    match (keys.optional("deny"), keys.optional("reason")) {
        (Some(denied), None) => {
            let members = shape::mapping(denied, findings)?;
            if members.is_empty() {
                let message = "a denial has to name a coordinate";
                findings.add(Diagnostic::error(Code::CaseValue, &denied.place, message));
            }
            let mut expected = BTreeMap::new();
            for yaml::Member { key, value } in members {
                expect_coordinate(key, bundle, findings);
                let rules = shape::strings(value, findings)?;
                rules.iter().for_each(|rule| expect_rule(rule, bundle, findings));
                expected
                    .insert(key.text.clone(), rules.into_iter().map(|rule| rule.text).collect());
            }
            Some(Verdict::Deny(expected))
        }
        (None, Some(reason)) => {
            shape::string(reason, findings).map(|reason| Verdict::Refuse(reason.text))
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = "an expectation is one thing";
            findings.add(Diagnostic::error(Code::CaseValue, &node.place, message).help(help));
            None
        }
    }
}

fn expect_coordinate(name: &Text, bundle: &Bundle, findings: &mut Findings) {
    if !is_coordinate(&name.text, bundle.policy()) {
        let message = format!("the schema has no `{}`", name.text.escape_debug());
        let help = "coordinates are `Type.field` of object types, `Type.field(argument:)`, \
                    `Input.field`, `Enum.VALUE`, a `Type` with a reach, and `*` for the floor";
        findings.add(Diagnostic::error(Code::UnknownField, &name.place, message).help(help));
    }
}

/// Whether a denial can be of it.
fn is_coordinate(name: &str, policy: &Policy) -> bool {
    if name == "*" {
        return policy.floor().is_some();
    }
    let schema = policy.schema();
    let Some((of, member)) = name.split_once('.') else {
        return schema.type_named(name).is_some_and(|of| policy.type_access(of).is_some());
    };
    let Some(id) = schema.type_named(of) else { return false };
    let Some(def) = schema.type_def(id) else { return false };
    if let Some((field, argument)) =
        member.strip_suffix(":)").and_then(|member| member.split_once('('))
    {
        let field = schema.field_named(id, field).and_then(|field| schema.field_def(field));
        return field.is_some_and(|field| schema.argument(&field, argument).is_some());
    }
    schema.field_named(id, member).is_some()
        || schema.member(&def, member).is_some()
        || schema.value(&def, member).is_some()
}

fn expect_rule(name: &Text, bundle: &Bundle, findings: &mut Findings) {
    let rules = bundle.policy().parts().rules.iter().map(AsRef::as_ref);
    if rules.clone().all(|rule: &str| rule != name.text) {
        let message = format!("the policy has no rule `{}`", name.text.escape_debug());
        let finding = Diagnostic::error(Code::CaseValue, &name.place, message);
        findings.add(finding.maybe_help(did_you_mean(&name.text, rules)));
    }
}
