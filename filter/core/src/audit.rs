//! The facts gathered on the way -> one [`AuditRecord`] -> JSON text and a protobuf `Struct`.
//!
//! Schema v1, in `envoy/audit.schema.json`. A record names coordinates, rules and identifiers; it
//! never holds a token, a variable's value or a document. What a caller chose freely is cut at
//! [`RECORDED_CHARS`] characters before it is copied; a list that was cut says how long it was.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::Value;

use crate::decide::Because;
use crate::denial::Reason;
use crate::http::MediaType;
use crate::limits::RECORDED_CHARS;
use crate::policy::ceiling::{self, Counter};
use crate::settings::RequestHeaders;

mod asked;
mod caller;
mod form;

use asked::Room;
pub use asked::{Asked, Operation, Requested, Trust};
pub use caller::{Caller, Identity};
use form::{Form, Json, Struct, Written};

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
    pub method: Option<Cow<'static, str>>,
    /// The path without the URL query, if readable.
    pub path: Option<String>,
    /// The caller, once known.
    pub caller: Option<Rc<Caller>>,
    /// What was asked; of a batch, what all of it used.
    pub asked: Asked,
    /// The operations of a batch, in its order.
    pub batch: Vec<Asked>,
    /// Why it passed without an operation, if it did.
    pub passed: Option<Passed>,
    /// In which form the client gets an answer from here. Records do not have it.
    pub answers: MediaType,
}

/// What passes without an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A request for a path that is not the endpoint's.
    OtherPath,
    /// A CORS preflight.
    Preflight,
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
    written: Written,
}

impl Enforced {
    pub(crate) fn new(
        policy: String,
        revision: String,
        digest: String,
        mode: RequestHeaders,
    ) -> Self {
        Self { policy, revision, digest, mode, written: Written::default() }
    }

    fn write(&self, record: &mut impl Form) {
        let Self { policy, revision, digest, mode, written: _ } = self;
        let mode = match mode {
            RequestHeaders::Hold => "hold",
            RequestHeaders::Stream => "stream",
        };
        record.text("mode", mode);
        record.object("policy", |of| {
            of.text("name", policy);
            of.text("revision", revision);
            of.text("digest", digest);
        });
    }
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
        let used = self.facts.asked.used;
        let amount = move |one: &Counter| Some((one.name(), used?.known(*one)?));
        counters.iter().filter_map(amount)
    }

    /// Has it say something else.
    pub(crate) fn conclude(&mut self, verdict: Verdict) {
        self.verdict = verdict;
    }

    /// The record as the text of a JSON object; what the client got is in it if it is given.
    #[must_use]
    pub fn to_text(&self, response: Option<&ResponseFacts>) -> String {
        self.to_text_in(String::new(), response)
    }

    /// The same in the memory of a text that is no longer needed.
    #[must_use]
    pub fn to_text_in(&self, room: String, response: Option<&ResponseFacts>) -> String {
        Json::of(room, |record| self.write(response, record))
    }

    /// The record as a serialized `google.protobuf.Struct`, likewise.
    #[must_use]
    pub fn to_struct(&self, response: Option<&ResponseFacts>) -> Vec<u8> {
        Struct::of(|record| self.write(response, record))
    }

    /// The record as a JSON object, for whoever looks into it.
    #[must_use]
    pub fn to_json(&self, response: Option<&ResponseFacts>) -> Value {
        serde_json::from_str(&self.to_text(response)).unwrap_or_default()
    }

    fn write(&self, response: Option<&ResponseFacts>, record: &mut impl Form) {
        let (decision, reason) = match self.verdict {
            Verdict::Allow => ("allow", None),
            Verdict::Deny(reason) => ("deny", Some(reason.code())),
            Verdict::None(reason) => ("none", Some(reason.code())),
        };
        record.number("version", VERSION.into());
        record.text("decision", decision);
        record.maybe("reason", reason);
        self.facts.write(record);
        if let Some(ResponseFacts { status, details }) = response {
            record.object("response", |answered| {
                status.iter().for_each(|status| answered.number("status", *status));
                answered.maybe("details", details.as_deref().map(cut));
            });
        }
    }
}

impl Facts {
    fn write(&self, record: &mut impl Form) {
        let Self { enforced, method, path, caller, asked, batch, passed, answers: _ } = self;
        record.object("request", |request| {
            request.maybe("method", method.as_deref().map(cut));
            request.maybe("path", path.as_deref().map(cut));
        });
        if let Some(enforced) = enforced {
            record.kept(&enforced.written, |record| enforced.write(record));
        }
        if let Some(caller) = caller {
            record.kept(&caller.written, |record| caller.write(record));
        }
        record.maybe("passed", passed.map(Passed::name));
        asked.write(Room::shared(1), record);
        if !batch.is_empty() {
            let room = Room::shared(batch.len());
            record.objects("batch", batch.iter(), |one, of| one.write(room, of));
        }
    }
}

impl Passed {
    const fn name(self) -> &'static str {
        match self {
            Self::OtherPath => "other_path",
            Self::Preflight => "preflight",
        }
    }
}

/// How long a list was that was cut.
fn total(record: &mut impl Form, name: &str, total: usize, most: usize) {
    if total > most {
        record.number(name, u64::try_from(total).unwrap_or(u64::MAX));
    }
}

impl Exceeded {
    /// As it is in records.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::from_str(&Json::of(String::new(), |of| self.write(of))).unwrap_or_default()
    }

    fn write(&self, of: &mut impl Form) {
        let Self { rule, limit: ceiling::Exceeded { rule: _, mode, counter, most, used } } = self;
        of.text("limit", counter.name());
        of.text("rule", rule);
        of.number("most", (*most).into());
        of.number("used", *used);
        of.text("mode", mode.name());
    }
}

impl Denied {
    fn write(&self, of: &mut impl Form) {
        let Self { coordinate, because, rules, path } = self;
        let because = match because {
            Because::DenyRule => "deny_rule",
            Because::ConditionError => "condition_error",
            Because::NoGrant => "no_grant",
            Because::Requirement => "requirement",
            Because::Unknown => "unknown",
        };
        of.text("coordinate", coordinate);
        of.text("because", because);
        of.texts("rules", rules.iter().map(String::as_str));
        of.text("path", path);
    }
}

/// At most [`RECORDED_CHARS`] characters of what a caller chose.
pub(crate) fn cut(text: &str) -> &str {
    if text.len() <= RECORDED_CHARS {
        return text;
    }
    match text.char_indices().nth(RECORDED_CHARS) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or_default(),
    }
}
