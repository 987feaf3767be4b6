//! What was asked, in the record: an operation, or each one of a batch.

use std::rc::Rc;

use super::form::{Form, Written};
use super::{Denied, Exceeded, cut, total};
use crate::denial::Reason;
use crate::limits::{LISTED, LISTED_REQUESTED};
use crate::plan::Usage;
use crate::policy::ceiling::Used;

/// What is known of one operation; stages add to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Why it would be refused alone: of an operation in a batch.
    pub refused: Option<Reason>,
    /// Whether its document is a trusted one, where that is asked.
    pub trust: Option<Trust>,
    /// The operation, once chosen.
    pub operation: Option<Rc<Operation>>,
    /// Every coordinate that the operation executes, once planned.
    pub requested: Option<Rc<Requested>>,
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

/// Whether a document is one that the client was built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is the trusted document of this id.
    Trusted(String),
    /// It is none.
    Untrusted,
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
    pub(super) written: Written,
}

impl Operation {
    /// One that is not read yet, by the SHA-256 of its document in hex.
    pub(crate) fn unread(sha256: String) -> Self {
        Self { sha256, name: None, kind: None, written: Written::default() }
    }

    fn write(&self, record: &mut impl Form) {
        let Self { sha256, name, kind, written: _ } = self;
        record.object("operation", |operation| {
            operation.maybe("name", name.as_deref().map(cut));
            operation.maybe("type", *kind);
            operation.text("sha256", sha256);
        });
    }
}

/// Coordinates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// One behind the other,
    text: Box<str>,
    /// and where each of them ends.
    ends: Box<[u32]>,
    /// As they are in the record of one operation.
    written: Written,
}

impl Requested {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().filter_map(move |end| {
            let end = usize::try_from(*end).ok()?;
            // INVARIANT: each ends within the text, where the next one begins.
            self.text.get(std::mem::replace(&mut start, end)..end)
        })
    }

    fn write(&self, most: usize, record: &mut impl Form) {
        record.names("requested", self.iter().take(most));
        total(record, "requested_total", self.ends.len(), most);
    }
}

/// What a coordinate mostly has no more than.
const USUAL_BYTES: usize = 24;

impl<'a> FromIterator<[&'a str; 2]> for Requested {
    /// Those of a type's name and a field's each.
    fn from_iter<I: IntoIterator<Item = [&'a str; 2]>>(coordinates: I) -> Self {
        let coordinates = coordinates.into_iter();
        let most = coordinates.size_hint().1.unwrap_or_default();
        let mut text = String::with_capacity(most.saturating_mul(USUAL_BYTES));
        let mut ends = Vec::with_capacity(most);
        for [parent, field] in coordinates {
            for part in [parent, ".", field] {
                text.push_str(part);
            }
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Self { text: text.into(), ends: ends.into(), written: Written::default() }
    }
}

/// How much of the lists of an operation is in the record.
#[derive(Clone, Copy)]
pub(super) struct Room {
    requested: usize,
    denied: usize,
}

impl Room {
    /// That of each of so many operations of one request: together as much as one alone.
    pub(super) fn shared(by: usize) -> Self {
        let share = |all: usize| all.checked_div(by).unwrap_or(all).max(1);
        Self { requested: share(LISTED_REQUESTED), denied: share(LISTED) }
    }
}

impl Asked {
    pub(super) fn write(&self, room: Room, record: &mut impl Form) {
        let Self {
            refused,
            trust,
            operation,
            requested,
            denied,
            denied_total,
            usage,
            used,
            exceeded,
        } = self;
        record.maybe("reason", refused.map(Reason::code));
        if let Some(trust) = trust {
            record.object("document", |of| {
                of.flag("trusted", *trust != Trust::Untrusted);
                if let Trust::Trusted(id) = trust {
                    of.text("id", cut(id));
                }
            });
        }
        if let Some(operation) = operation {
            record.kept(&operation.written, |record| operation.write(record));
        }
        if let Some(requested) = requested {
            match room.requested {
                LISTED_REQUESTED => record.kept(&requested.written, |record| {
                    requested.write(LISTED_REQUESTED, record);
                }),
                most => requested.write(most, record),
            }
        }
        if !denied.is_empty() {
            record.objects("denied", denied.iter().take(room.denied), |one, of| one.write(of));
            total(record, "denied_total", *denied_total, room.denied);
        }
        if let Some(usage) = usage {
            let Usage { tokens, depth, root_fields, aliases, directives, expanded_fields } = *usage;
            let cost = used.as_ref().and_then(|used| used.cost);
            record.object("usage", |of| {
                of.number("tokens", tokens.into());
                of.number("depth", depth.into());
                of.number("root_fields", root_fields.into());
                of.number("aliases", aliases.into());
                of.number("directives", directives.into());
                of.number("expanded_fields", expanded_fields.into());
                cost.iter().for_each(|cost| of.number("cost", *cost));
            });
        }
        if !exceeded.is_empty() {
            record.objects("exceeded", exceeded.iter(), |one, of| one.write(of));
        }
    }
}
