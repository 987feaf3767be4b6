//! Document text and operation name -> [`Prepared`]: read, chosen and planned; and those that are kept
//! for the next request that asks the same.
//!
//! What is prepared depends on the text, the name, the policy and the bounds alone, and is kept with
//! them under one configuration. It holds nothing of a request's values, nor of who asked.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::audit::{self, Requested};
use crate::document::{Bounds, Document, Normalised, OperationKind, Source};
use crate::halves::Halves;
use crate::limits::{DOCUMENTS_BYTES, KEPT_BYTES, Limits, NESTING};
use crate::plan::{Choice, Chosen, Plan, PlanError};
use crate::policy::Policy;
use crate::reply::Refusal;

/// An operation of a document that can be decided.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The document.
    pub(super) source: Source,
    /// What records say of the operation.
    pub(super) noted: Rc<audit::Operation>,
    name: Option<Box<str>>,
    kind: OperationKind,
    /// What it touches.
    pub(super) plan: Plan,
    /// Whether the document has no other operation.
    is_only: bool,
    /// Whether it has nothing that the operation does not use.
    pub(super) is_whole: bool,
    /// The coordinates that it executes, where that depends on nothing.
    requested: OnceCell<Rc<Requested>>,
    /// What the document is, where that was asked for.
    normalised: OnceCell<Option<Normalised>>,
}

/// Why there is none, as far as it got.
pub(super) struct Unprepared {
    pub(super) refusal: Refusal,
    pub(super) noted: audit::Operation,
    pub(super) error: Option<PlanError>,
}

impl Prepared {
    pub(super) fn new(
        source: &str,
        name: Option<&str>,
        policy: &Policy,
        limits: &Limits,
        normalises: bool,
    ) -> Result<Self, Box<Unprepared>> {
        let mut noted = audit::Operation::unread(sha256(source));
        let unprepared = |refusal, noted, error| Box::new(Unprepared { refusal, noted, error });
        let (document, choice, normalised) = match read_normalised(source, name, limits, normalises)
        {
            Ok(read) => read,
            Err(refusal) => return Err(unprepared(refusal, noted, None)),
        };
        let Some(operation) = choice.of(&document) else {
            let refusal = crate::denial::Reason::Internal.into();
            return Err(unprepared(refusal, noted, None));
        };
        noted.choose(operation);
        let plan = match Plan::new(&document, choice, policy, limits) {
            Ok(plan) => plan,
            Err(error) => {
                return Err(unprepared(Refusal::invalid(error, source), noted, Some(error)));
            }
        };
        let is_only = document.operations.len() == 1;
        Ok(Self {
            source: source.into(),
            noted: Rc::new(noted),
            name: operation.name.map(|name| name.text.into()),
            kind: operation.kind,
            is_only,
            is_whole: is_only && document.fragments.len() == plan.fragments.len(),
            plan,
            requested: OnceCell::new(),
            normalised: normalised.map_or_else(OnceCell::new, |known| Some(known).into()),
        })
    }

    /// The operation.
    #[must_use]
    pub(super) fn chosen(&self) -> Chosen<'_> {
        let Self { source, name, kind, .. } = self;
        Chosen { source: source.text(), name: name.as_deref(), kind: *kind }
    }

    /// The names of its variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let variables = self.plan.variables.iter();
        variables.filter_map(|variable| variable.name.text(self.source.text()))
    }

    /// The coordinates that it executes, made by `list` if they are not known.
    pub(super) fn requested(&self, list: impl FnOnce() -> Rc<Requested>) -> Rc<Requested> {
        if self.plan.conditions.is_empty() {
            Rc::clone(self.requested.get_or_init(list))
        } else {
            list()
        }
    }

    /// What the document is, whatever separates its tokens.
    pub(super) fn normalised(&self, limits: &Limits) -> Option<Normalised> {
        let make = || Normalised::new(self.source.text(), limits.tokens).ok();
        *self.normalised.get_or_init(make)
    }

    /// Whether it is what a request with this name asks for (spec 6.1, GetOperation).
    fn answers(&self, name: Option<&str>) -> bool {
        match name {
            Some(_) => self.name.as_deref() == name,
            None => self.is_only,
        }
    }

    fn bytes(&self) -> usize {
        // The coordinates are made later, as many as there are uses, of forty bytes: as texts, and in
        // both forms of the record.
        let requested = self.plan.uses.len().saturating_mul(160);
        let lists = self.plan.bytes().saturating_add(requested);
        self.source.bytes().saturating_add(lists).saturating_add(KEPT_BYTES)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// In hex.
fn sha256(source: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in hmac_sha256::Hash::hash(source.as_bytes()) {
        let digits = [byte >> 4, byte & 0xf].map(|digit| HEX.get(usize::from(digit)));
        hex.extend(digits.into_iter().flatten().copied().map(char::from));
    }
    hex
}

/// Reads a document and chooses its operation.
pub(super) fn read<'t>(
    text: &'t str,
    name: Option<&str>,
    limits: &Limits,
) -> Result<(Document<'t>, Choice), Refusal> {
    read_normalised(text, name, limits, false).map(|(document, choice, _)| (document, choice))
}

fn read_normalised<'t>(
    text: &'t str,
    name: Option<&str>,
    limits: &Limits,
    wanted: bool,
) -> Result<(Document<'t>, Choice, Option<Normalised>), Refusal> {
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let (document, normalised) = Document::read_normalised(text, &bounds, wanted)
        .map_err(|error| Refusal::unreadable(&error, text))?;
    let choice = Choice::new(&document, name).map_err(|error| Refusal::invalid(error, text))?;
    Ok((document, choice, normalised))
}

/// The documents that are known, each with those of its operations that were asked for.
pub(super) struct Documents(RefCell<Halves<Rc<str>, Vec<Rc<Prepared>>>>);

impl Documents {
    /// Nothing, with room for so many documents.
    pub(super) fn new(documents: usize) -> Self {
        Self(RefCell::new(Halves::new(documents, DOCUMENTS_BYTES)))
    }

    pub(super) fn recall(&self, source: &str, name: Option<&str>) -> Option<Rc<Prepared>> {
        let answers = |one: &&Rc<Prepared>| one.answers(name);
        let known = |all: &Vec<Rc<Prepared>>| all.iter().any(|one| answers(&one));
        let all = self.0.borrow_mut().get(source, known)?;
        all.iter().find(answers).cloned()
    }

    pub(super) fn keep(&self, prepared: &Rc<Prepared>) {
        let mut documents = self.0.borrow_mut();
        let others = documents.get(prepared.source.text(), |_| true);
        let mut all: Vec<Rc<Prepared>> =
            others.iter().flat_map(|all| all.iter()).cloned().collect();
        all.push(Rc::clone(prepared));
        let bytes = all.iter().map(|one| one.bytes()).fold(0, usize::saturating_add);
        documents.keep(prepared.source.share(), all, bytes);
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Documents").field("room", &self.0.borrow().room()).finish_non_exhaustive()
    }
}
