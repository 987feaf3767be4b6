//! A tree -> the values that a reader expects in it; whatever is of another shape is a finding.

use std::collections::BTreeMap;

use super::{Member, Node, Value};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

/// A mapping with known keys.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    members: &'a [Member],
    place: &'a Place,
}

impl<'a> Keys<'a> {
    /// The node as a mapping that has no other keys than `known`.
    pub fn read(node: &'a Node, known: &[&str], findings: &mut Findings) -> Option<Self> {
        let members = mapping(node, findings)?;
        for Member { key, .. } in members {
            // An empty key stands for one that was reported already.
            if key.text.is_empty() || known.contains(&key.text.as_str()) {
                continue;
            }
            let expected: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            let hint = did_you_mean(&key.text, known.iter().copied());
            let finding = Diagnostic::error(
                Code::UnknownKey,
                &key.place,
                format!("unknown key `{}`", key.text),
            );
            findings.add(
                finding.help(format!("expected any of {}", expected.join(", "))).maybe_help(hint),
            );
        }
        Some(Self { members, place: &node.place })
    }

    /// Where the mapping stands.
    #[must_use]
    pub fn place(&self) -> &'a Place {
        self.place
    }

    /// The value of a key.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&'a Node> {
        self.members.iter().find(|member| member.key.text == name).map(|member| &member.value)
    }

    /// The value of a key that has to be there.
    pub fn required(&self, name: &str, findings: &mut Findings) -> Option<&'a Node> {
        let value = self.optional(name);
        if value.is_none() {
            let message = format!("the key `{name}` is missing");
            findings.add(Diagnostic::error(Code::MissingKey, self.place, message));
        }
        value
    }
}

/// The node as a mapping whose keys are names that the author chose.
pub fn mapping<'a>(node: &'a Node, findings: &mut Findings) -> Option<&'a [Member]> {
    match &node.value {
        Value::Mapping(members) => Some(members),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Refused => wrong(node, "a mapping", findings),
    }
}

/// The node as a list.
pub fn list<'a>(node: &'a Node, findings: &mut Findings) -> Option<&'a [Node]> {
    match &node.value {
        Value::Sequence(nodes) => Some(nodes),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Mapping(_)
        | Value::Refused => wrong(node, "a list", findings),
    }
}

/// The node as a string that is not empty.
pub fn string(node: &Node, findings: &mut Findings) -> Option<Text> {
    match &node.value {
        Value::String(text) if text.is_empty() => {
            let message = "expected a string that is not empty";
            findings.add(Diagnostic::error(Code::WrongType, &node.place, message));
            None
        }
        Value::String(text) => Some(Text { text: text.clone(), place: node.place.clone() }),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Refused => wrong(node, "a string", findings),
    }
}

/// The node as a whole number of 32 bits that is not negative.
pub fn number(node: &Node, findings: &mut Findings) -> Option<u32> {
    let Value::Number(number) = &node.value else { return wrong(node, "a number", findings) };
    let whole = number.as_u64().and_then(|number| u32::try_from(number).ok());
    if whole.is_none() {
        let message = format!("expected a whole number from 0 to {}, found {number}", u32::MAX);
        findings.add(Diagnostic::error(Code::WrongValue, &node.place, message));
    }
    whole
}

/// The node as a list of strings, none of them twice.
pub fn strings(node: &Node, findings: &mut Findings) -> Option<Vec<Text>> {
    let nodes = list(node, findings)?;
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    let mut texts = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(text) = string(node, findings) else { continue };
        if let Some(first) = seen.get(&text.text) {
            let message = format!("`{}` is in this list twice", text.text);
            let help = format!("it is first given in line {}", first.position().line);
            let finding = Diagnostic::warning(Code::DuplicateEntry, &text.place, message);
            findings.add(finding.help(help));
            continue;
        }
        seen.insert(text.text.clone(), text.place.clone());
        texts.push(text);
    }
    Some(texts)
}

/// Checks a file's `version`, which has to be the one that this program reads.
pub fn expect_version(keys: &Keys<'_>, version: u32, findings: &mut Findings) {
    let Some(node) = keys.required("version", findings) else { return };
    let found = match &node.value {
        Value::Number(number) if number.as_u64() == Some(version.into()) => return,
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the string `{text}`"),
        Value::Null | Value::Bool(_) | Value::Sequence(_) | Value::Mapping(_) => {
            node.value.kind().to_owned()
        }
        Value::Refused => return,
    };
    let message = format!("this program reads version {version}, found {found}");
    findings.add(Diagnostic::error(Code::Version, &node.place, message));
}

fn wrong<T>(node: &Node, expected: &str, findings: &mut Findings) -> Option<T> {
    let found = match &node.value {
        Value::Refused => return None,
        Value::Number(_)
        | Value::Bool(_)
        | Value::Null
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => node.value.kind(),
    };
    let message = format!("expected {expected}, found {found}");
    let help = match &node.value {
        Value::Number(_) | Value::Bool(_) if expected == "a string" => {
            Some("put it in quotes".to_owned())
        }
        Value::String(_) if expected == "a list" => Some("put it in brackets".to_owned()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Refused => None,
    };
    findings.add(Diagnostic::error(Code::WrongType, &node.place, message).maybe_help(help));
    None
}
