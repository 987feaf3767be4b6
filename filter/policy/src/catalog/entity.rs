//! A document -> [`Entity`]: who it is, and who owns it, by Backstage's descriptor format
//! (<https://backstage.io/docs/features/software-catalog/descriptor-format>).
//!
//! Read is what ownership takes and no more; a kind that Backstage does not know is as good as any.

use std::collections::BTreeSet;

use super::reference::{DEFAULT_NAMESPACE, EntityRef, is_entity_name, is_kind, is_namespace};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::yaml::shape::{self, Keys};
use crate::yaml::{Node, Value};

/// Kinds for which Backstage makes no owner of `spec.owner`.
const NEVER_OWNED: [&str; 3] = ["group", "location", "user"];

/// An entity without a fault.
pub(super) struct Entity {
    pub(super) reference: EntityRef,
    pub(super) owners: BTreeSet<EntityRef>,
    /// Where its name stands.
    pub(super) place: Place,
}

/// Whether an entity of this kind could have an owner.
pub(super) fn is_ownable(reference: &EntityRef) -> bool {
    !NEVER_OWNED.contains(&reference.kind())
}

/// Reads one document.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Entity> {
    let mut own = Findings::default();
    let entity = read_parts(node, &mut own);
    // What has a fault is reported and not half taken.
    let entity = entity.filter(|_| is_whole(node) && !own.has_errors());
    findings.extend(own);
    entity
}

/// Whether nothing in it was refused and reported as YAML already.
fn is_whole(node: &Node) -> bool {
    match &node.value {
        Value::Refused => false,
        Value::Sequence(nodes) => nodes.iter().all(is_whole),
        Value::Mapping(members) => {
            members.iter().all(|member| !member.key.text.is_empty() && is_whole(&member.value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn read_parts(node: &Node, findings: &mut Findings) -> Option<Entity> {
    shape::mapping(node, findings)?;
    let version = required(node, "apiVersion", findings);
    let _ = version.and_then(|node| shape::string(node, findings));
    let kind = required(node, "kind", findings).and_then(|node| shape::string(node, findings));
    let kind = kind.and_then(|kind| expect("kind", kind, is_kind, findings));
    let metadata = required(node, "metadata", findings);
    let metadata = metadata.filter(|node| shape::mapping(node, findings).is_some());
    let name = metadata.and_then(|node| required(node, "name", findings));
    let name = name.and_then(|node| shape::string(node, findings));
    let name = name.and_then(|name| expect("name", name, is_entity_name, findings));
    let namespace = metadata.and_then(|node| optional(node, "namespace"));
    let namespace = namespace.and_then(|node| shape::string(node, findings));
    let namespace = namespace.and_then(|text| expect("namespace", text, is_namespace, findings));
    let namespace = namespace.as_ref().map_or(DEFAULT_NAMESPACE, |text| text.text.as_str());
    let owners = read_owners(node, kind.as_ref(), namespace, findings);
    let (kind, name) = (kind?, name?);
    // INVARIANT: the parts were judged one by one, and what failed is reported.
    let reference = EntityRef::new(&kind.text, namespace, &name.text).ok()?;
    Some(Entity { reference, owners, place: name.place })
}

/// `spec.owner` and the relations `ownedBy`, taken together.
fn read_owners(
    node: &Node,
    kind: Option<&Text>,
    namespace: &str,
    findings: &mut Findings,
) -> BTreeSet<EntityRef> {
    let spec = optional(node, "spec").filter(|node| shape::mapping(node, findings).is_some());
    let relations = optional(node, "relations").and_then(|node| shape::list(node, findings));
    let never = kind.filter(|kind| NEVER_OWNED.contains(&kind.text.to_ascii_lowercase().as_str()));
    let mut owners = BTreeSet::new();
    match (spec.and_then(|node| optional(node, "owner")), never) {
        (Some(node), Some(kind)) => {
            let message = format!("an entity of kind `{}` has no owner in Backstage", kind.text);
            findings.add(Diagnostic::warning(Code::OwnerIgnored, &node.place, message));
        }
        (Some(node), None) => owners.extend(read_ref(node, namespace, findings)),
        (None, Some(_) | None) => {}
    }
    for relation in relations.unwrap_or_default() {
        owners.extend(read_relation(relation, namespace, findings));
    }
    if let Some(kind) = kind.filter(|kind| kind.text.eq_ignore_ascii_case("location"))
        && spec
            .is_some_and(|spec| ["target", "targets"].iter().any(|key| spec.member(key).is_some()))
    {
        let message = "the targets of a location are not read";
        let finding = Diagnostic::note(Code::LocationNotRead, &kind.place, message);
        findings.add(finding.help("name the files or folders that hold these entities"));
    }
    owners
}

/// A relation; none if it says something else than `ownedBy`.
fn read_relation(node: &Node, namespace: &str, findings: &mut Findings) -> Option<EntityRef> {
    shape::mapping(node, findings)?;
    let what = required(node, "type", findings).and_then(|node| shape::string(node, findings))?;
    if what.text != "ownedBy" {
        return None;
    }
    // `target` is what Backstage wrote before `targetRef`, and for a time both.
    match (optional(node, "targetRef"), optional(node, "target")) {
        (Some(one), None) | (None, Some(one)) => read_ref(one, namespace, findings),
        (Some(text), Some(parts)) => {
            let owner = read_ref(text, namespace, findings)?;
            let other = read_ref(parts, namespace, findings)?;
            if owner == other {
                return Some(owner);
            }
            let message = format!("`targetRef` is `{owner}` and `target` is `{other}`");
            findings.add(Diagnostic::error(Code::InvalidRef, &parts.place, message));
            None
        }
        (None, None) => required(node, "targetRef", findings).and(None),
    }
}

/// A reference to an owner, as text or in parts.
fn read_ref(node: &Node, namespace: &str, findings: &mut Findings) -> Option<EntityRef> {
    let (shown, read) = if let Value::Mapping(_) = &node.value {
        let keys = Keys::read(node, &["kind", "namespace", "name"], findings)?;
        let name = shape::string(keys.required("name", findings)?, findings)?.text;
        let kind = match keys.optional("kind") {
            Some(node) => shape::string(node, findings)?.text,
            None => "group".to_owned(),
        };
        let namespace = match keys.optional("namespace") {
            Some(node) => shape::string(node, findings)?.text,
            None => namespace.to_owned(),
        };
        (format!("{kind}:{namespace}/{name}"), EntityRef::new(&kind, &namespace, &name))
    } else {
        let text = shape::string(node, findings)?.text;
        let read = EntityRef::read_owner(&text, namespace);
        (text, read)
    };
    match read {
        Ok(owner) if matches!(owner.kind(), "group" | "user") => Some(owner),
        Ok(owner) => {
            let message = format!("`{owner}` cannot own anything");
            let help = "an owner is a group or a user";
            findings.add(Diagnostic::error(Code::OwnerKind, &node.place, message).help(help));
            None
        }
        Err(fault) => {
            let message = format!("`{}` is not an entity reference", shown.escape_debug());
            let finding = Diagnostic::error(Code::InvalidRef, &node.place, message);
            let help = "expected `[kind:][namespace/]name`, such as `group:default/payments`";
            findings.add(finding.label(fault.to_string()).help(help));
            None
        }
    }
}

fn expect(
    what: &str,
    text: Text,
    is_one: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> Option<Text> {
    if is_one(&text.text) {
        return Some(text);
    }
    let message = format!("`{}` cannot be the {what} of an entity", text.text.escape_debug());
    let help = match what {
        "kind" => "expected letters and digits, a letter first, at most 63",
        "namespace" => "expected lower-case letters and digits with `-` between, at most 63",
        _ => "expected letters and digits with `-`, `_` or `.` between, at most 63",
    };
    findings.add(Diagnostic::error(Code::InvalidName, &text.place, message).help(help));
    None
}

fn optional<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.member(name).map(|member| &member.value)
}

fn required<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> Option<&'a Node> {
    let value = optional(node, name);
    if value.is_none() {
        // The first key stands for the mapping, which can be long.
        let place = match &node.value {
            Value::Mapping(members) => members.first().map(|member| &member.key.place),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Sequence(_)
            | Value::Refused => None,
        };
        let message = format!("the key `{name}` is missing");
        findings.add(Diagnostic::error(Code::MissingKey, place.unwrap_or(&node.place), message));
    }
    value
}
