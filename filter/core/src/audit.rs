//! The facts gathered on the way -> one [`AuditRecord`] -> JSON text and a protobuf `Struct`.
//!
//! Schema v1, in `envoy/audit.schema.json`. A record names coordinates, rules and identifiers; it
//! never holds a token, a variable's value or a document. What a caller chose freely is cut at
//! [`RECORDED_CHARS`] characters before it is copied; a list that was cut says how long it was.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::decide::Because;
use crate::denial::Reason;
use crate::limits::{LISTED, LISTED_REQUESTED, RECORDED_CHARS};
use crate::plan::Usage;
use crate::policy::ceiling::{self, Counter, Used};
use crate::settings::RequestHeaders;

mod caller;
mod structure;

pub use caller::{Caller, Identity};

/// The version of the record's schema.
pub const VERSION: u32 = 1;

/// What happened to a request, as far as it got.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    verdict: Verdict,
    facts: Facts,
}

/// What the filter said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was forwarded.
    Allow,
    /// It was refused.
    Deny(Reason),
    /// It never came to a verdict.
    None(Reason),
}

/// What is known of a request; stages add to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The configuration in force, from the beginning.
    pub enforced: Option<Rc<Enforced>>,
    /// The method, if readable.
    pub method: Option<String>,
    /// The path without the URL query, if readable.
    pub path: Option<String>,
    /// The caller, once known.
    pub caller: Option<Caller>,
    /// The operation, once chosen.
    pub operation: Option<Rc<Operation>>,
    /// Every coordinate that the operation executes, once planned.
    pub requested: Option<Rc<[String]>>,
    /// What was denied, the first [`LISTED`] of it.
    pub denied: Vec<Denied>,
    /// How much was denied.
    pub denied_total: usize,
    /// High-water marks.
    pub usage: Option<Usage>,
    /// What it used, once everything is granted.
    pub used: Option<Used>,
    /// The limits of the policy that were exceeded.
    pub exceeded: Vec<Exceeded>,
}

/// Which policy, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforced {
    /// The policy's name.
    pub policy: String,
    /// Its revision.
    pub revision: String,
    /// Its SHA-256.
    pub digest: String,
    /// Hold or stream.
    pub mode: RequestHeaders,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The SHA-256 of the document as the client sent it, in hex.
    pub sha256: String,
    /// The chosen operation's name, if it has one.
    pub name: Option<String>,
    /// Its type, once it is chosen.
    pub kind: Option<&'static str>,
}

/// A denied coordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// `Type.field`; for an unknown type its name alone
    pub coordinate: String,
    /// Why.
    pub because: Because,
    /// Rule ids.
    pub rules: Vec<String>,
    /// The response keys that lead to its first occurrence, `a.b.c`.
    pub path: String,
}

/// A limit of the policy that was exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The rule's id.
    pub rule: String,
    /// Of what, how much may be used, and was, and whether that refuses.
    pub limit: ceiling::Exceeded,
}

/// What became of the request after the filter, from the host's log phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The status that the client got; none if it got none.
    pub status: Option<u64>,
    /// The host's response code details.
    pub details: Option<String>,
}

impl AuditRecord {
    pub(crate) fn new(verdict: Verdict, facts: Facts) -> Self {
        Self { verdict, facts }
    }

    /// What the filter said.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What is known of the request.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How much the operation used of each of these, for other filters; nothing of one that was not
    /// granted.
    pub fn amounts(&self, counters: &[Counter]) -> impl Iterator<Item = (&'static str, u64)> {
        let used = self.facts.used;
        let amount = move |one: &Counter| Some((one.name(), used?.known(*one)?));
        counters.iter().filter_map(amount)
    }

    pub(crate) fn into_facts(self) -> Facts {
        self.facts
    }

    /// The record as a JSON object.
    #[must_use]
    pub fn to_json(&self, response: &ResponseFacts) -> Value {
        let (decision, reason) = match self.verdict {
            Verdict::Allow => ("allow", None),
            Verdict::Deny(reason) => ("deny", Some(reason.code())),
            Verdict::None(reason) => ("none", Some(reason.code())),
        };
        let mut record = Map::new();
        record.insert("version".to_owned(), json!(VERSION));
        record.insert("decision".to_owned(), json!(decision));
        insert(&mut record, "reason", reason.map(Value::from));
        self.facts.write(&mut record);
        let ResponseFacts { status, details } = response;
        let mut answered = Map::new();
        insert(&mut answered, "status", status.map(Value::from));
        insert(&mut answered, "details", details.as_deref().map(|details| cut(details).into()));
        record.insert("response".to_owned(), Value::Object(answered));
        Value::Object(record)
    }

    /// The record as a serialized `google.protobuf.Struct`.
    #[must_use]
    pub fn to_struct(record: &Value) -> Vec<u8> {
        structure::encode(record)
    }
}

impl Facts {
    fn write(&self, record: &mut Map<String, Value>) {
        let Self {
            enforced,
            method,
            path,
            caller,
            operation,
            requested,
            denied,
            denied_total,
            usage,
            used,
            exceeded,
        } = self;
        let mut request = Map::new();
        insert(&mut request, "method", method.as_deref().map(|method| cut(method).into()));
        insert(&mut request, "path", path.as_deref().map(|path| cut(path).into()));
        record.insert("request".to_owned(), Value::Object(request));
        if let Some(enforced) = enforced {
            let Enforced { policy, revision, digest, mode } = &**enforced;
            let mode = match mode {
                RequestHeaders::Hold => "hold",
                RequestHeaders::Stream => "stream",
            };
            record.insert("mode".to_owned(), mode.into());
            let policy = json!({ "name": policy, "revision": revision, "digest": digest });
            record.insert("policy".to_owned(), policy);
        }
        if let Some(caller) = caller {
            caller.write(record);
        }
        if let Some(Operation { name, kind, sha256 }) = operation.as_deref() {
            let mut operation = Map::new();
            insert(&mut operation, "name", name.as_deref().map(|name| cut(name).into()));
            insert(&mut operation, "type", kind.map(Value::from));
            operation.insert("sha256".to_owned(), sha256.as_str().into());
            record.insert("operation".to_owned(), Value::Object(operation));
        }
        if let Some(requested) = requested {
            let names = requested.iter().map(|one| one.as_str().into());
            list(record, "requested", names, LISTED_REQUESTED, requested.len());
        }
        if !denied.is_empty() {
            list(record, "denied", denied.iter().map(Denied::to_json), LISTED, *denied_total);
        }
        if let Some(usage) = usage {
            let Usage { tokens, depth, root_fields, aliases, directives, expanded_fields } = usage;
            let mut marks = json!({
                "tokens": tokens, "depth": depth, "root_fields": root_fields, "aliases": aliases,
                "directives": directives, "expanded_fields": expanded_fields,
            });
            let cost = used.as_ref().and_then(|used| used.cost);
            if let (Some(marks), Some(cost)) = (marks.as_object_mut(), cost) {
                marks.insert("cost".to_owned(), cost.into());
            }
            record.insert("usage".to_owned(), marks);
        }
        if !exceeded.is_empty() {
            record.insert("exceeded".to_owned(), exceeded.iter().map(Exceeded::to_json).collect());
        }
    }
}

impl Exceeded {
    /// As it is in records.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { rule, limit: ceiling::Exceeded { rule: _, mode, counter, most, used } } = self;
        let (limit, mode) = (counter.name(), mode.name());
        json!({ "limit": limit, "rule": rule, "most": most, "used": used, "mode": mode })
    }
}

impl Denied {
    fn to_json(&self) -> Value {
        let Self { coordinate, because, rules, path } = self;
        let because = match because {
            Because::DenyRule => "deny_rule",
            Because::ConditionError => "condition_error",
            Because::NoGrant => "no_grant",
            Because::Requirement => "requirement",
            Because::Unknown => "unknown",
        };
        json!({ "coordinate": coordinate, "because": because, "rules": rules, "path": path })
    }
}

pub(super) fn insert(map: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(name.to_owned(), value);
    }
}

/// The list, at most `most` of it; a longer one says how long it was in `<name>_total`.
fn list(
    map: &mut Map<String, Value>,
    name: &str,
    values: impl Iterator<Item = Value>,
    most: usize,
    total: usize,
) {
    map.insert(name.to_owned(), values.take(most).collect());
    if total > most {
        map.insert(format!("{name}_total"), json!(total));
    }
}

/// At most [`RECORDED_CHARS`] characters of what a caller chose.
pub(crate) fn cut(text: &str) -> &str {
    match text.char_indices().nth(RECORDED_CHARS) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or_default(),
    }
}
