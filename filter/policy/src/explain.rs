//! A bundle, claims and an operation -> [`Explanation`]: what the filter does with them, and why.
//!
//! The verdict is that of the filter's own gate. The tree below it is the core's plan of the
//! operation, and each of its answers is the core's; nothing is decided here.

mod change;
mod tree;

use fieldgate_core::audit::{self, Caller, Exceeded};
use fieldgate_core::decide::Question;
use fieldgate_core::denial::{Answer, Reason};
use fieldgate_core::document::{Bounds, Document, OperationKind};
use fieldgate_core::gate::{self, Effect};
use fieldgate_core::http::GraphqlRequest;
use fieldgate_core::identity::Authority;
use fieldgate_core::limits::{NESTING, OPERATION_STEPS};
use fieldgate_core::plan::{Choice, Chosen, Plan};
use fieldgate_core::policy::rules::RoleSet;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub use self::change::{Change, Needs};
pub use self::tree::{Clause, Condition, Field, Grant, Outcome, Part, Requirement, Use};
use crate::bundle::Bundle;
use crate::cases::Verdict;
use crate::court::{Body, Court, Heard, NOW_TEXT};
use crate::expand::{self, Expansion};

/// What is to be explained.
#[derive(Clone, Debug)]
pub struct Request {
    /// The token's claims; those that every token has are filled in where they are not given. None
    /// for a request without a token.
    pub claims: Option<Map<String, Value>>,
    /// The document.
    pub query: String,
    /// The variables, as they are sent.
    pub variables: Option<Box<RawValue>>,
    /// The operation's name.
    pub operation: Option<String>,
}

/// What becomes of a request, and why.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Who asks, once the token is accepted.
    pub caller: Option<Caller>,
    /// The operation, once it is chosen.
    pub operation: Option<audit::Operation>,
    /// Its fields; none if it is refused before they are looked at.
    pub fields: Vec<Field>,
    /// What becomes of it, as a case says it.
    pub verdict: Verdict,
    /// Why it is refused, if it is.
    pub refusal: Option<Refusal>,
    /// What it costs, where the policy reckons that and everything is granted.
    pub cost: Option<u64>,
    /// The limits of the policy that it exceeds.
    pub exceeded: Vec<Exceeded>,
    /// What would have to be otherwise, for each party that is denied a field.
    pub changes: Vec<Change>,
    /// What would be asked for instead, of a partially granted operation.
    pub expansion: Option<Expansion>,
}

/// Why a request is refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// Line and column in the document, from 1, if it shows at one place.
    pub at: Option<(u64, u64)>,
    /// What the document's reader says of it.
    pub detail: Option<String>,
    /// The status of the answer that the client gets.
    pub status: u16,
    /// The code in that answer.
    pub code: String,
}

/// Who has to be granted every field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The token's subject, or an anonymous caller.
    Subject,
    /// Who acts for it: `act.sub`.
    Actor,
    /// The client, where the policy lists it as one that acts for users.
    Client,
}

impl Party {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Actor => "actor",
            Self::Client => "client",
        }
    }
}

impl Request {
    /// When it takes place: claims about time are judged by it.
    pub const TIME: &str = NOW_TEXT;
}

/// Explains what becomes of a request.
///
/// # Errors
/// The bundle has no gate, which would be a defect.
pub fn explain(bundle: &Bundle, request: Request) -> Result<Explanation, String> {
    hear(&Court::new(bundle)?, bundle, request)
}

/// The same before a court that is there already.
pub(crate) fn hear(
    court: &Court,
    bundle: &Bundle,
    request: Request,
) -> Result<Explanation, String> {
    let Request { claims, query, variables, operation } = request;
    let (variables, operation_name) = (variables.as_deref(), operation.as_deref());
    let body = Body { query: &query, variables, operation_name }.text()?;
    let Heard { principal, head, effect, record } = court.hear(claims, body.as_bytes());
    let facts = record.facts();
    let asked = &facts.asked;
    let mut explanation = Explanation {
        caller: facts.caller.as_deref().cloned(),
        operation: asked.operation.as_deref().cloned(),
        fields: Vec::new(),
        verdict: Verdict::of(&record),
        refusal: refusal(&effect, record.verdict()),
        cost: asked.used.and_then(|used| used.cost),
        exceeded: asked.exceeded.clone(),
        changes: Vec::new(),
        expansion: None,
    };
    let Ok(request) = GraphqlRequest::read(body.as_bytes(), court.limits().variables_depth) else {
        return Ok(explanation);
    };
    let bounds = Bounds { tokens: court.limits().tokens, nesting: NESTING };
    let document = match Document::read(&query, &bounds) {
        Ok(document) => document,
        Err(error) => {
            let detail = error.kind.to_string();
            explanation
                .refusal
                .iter_mut()
                .for_each(|refusal| refusal.detail = Some(detail.clone()));
            return Ok(explanation);
        }
    };
    let Some(principal) = principal else { return Ok(explanation) };
    let policy = bundle.policy();
    let Ok(choice) = Choice::new(&document, operation_name) else { return Ok(explanation) };
    let Some(operation) = choice.of(&document) else { return Ok(explanation) };
    let kind = operation.kind;
    let chosen = Chosen { source: &query, name: operation.name.map(|name| name.text), kind };
    let plan = Plan::at_every_place(&document, choice, policy, court.limits());
    let Ok(plan) = plan else { return Ok(explanation) };
    let (principal, head) = (&*principal, head.as_ref());
    let steps = OPERATION_STEPS;
    let put = gate::Case { policy, principal, head, request: &request, chosen, steps };
    let explained = put.ask(&plan, |question| {
        let case = Case { question, source: &query, kind, conditions: bundle.conditions() };
        let expansion = expand::expand(&put, (&document, choice), question, court.limits());
        (case.tree(), case.changes(), expansion)
    });
    if let Ok((fields, changes, expansion)) = explained {
        explanation.expansion = expansion;
        explanation.fields = fields;
        explanation.changes = changes;
    }
    Ok(explanation)
}

/// An operation that was planned, and who asks it.
struct Case<'a> {
    question: &'a Question<'a>,
    source: &'a str,
    kind: OperationKind,
    /// The conditions of the policy, as they are written.
    conditions: &'a [String],
}

impl Case<'_> {
    /// Who has to be granted every field, with their roles.
    fn parties(&self) -> Vec<(Party, RoleSet)> {
        let Authority { subject, actor, client, .. } = *self.question.authority;
        let parties =
            [(Party::Subject, Some(subject)), (Party::Actor, actor), (Party::Client, client)];
        parties.into_iter().filter_map(|(party, roles)| Some((party, roles?))).collect()
    }

    fn names(&self, roles: RoleSet) -> Vec<String> {
        self.question.policy.role_names(roles).map(str::to_owned).collect()
    }
}

fn refusal(effect: &Effect, verdict: audit::Verdict) -> Option<Refusal> {
    let reason = match verdict {
        audit::Verdict::Allow => return None,
        audit::Verdict::Deny(reason) | audit::Verdict::None(reason) => reason,
    };
    let Answer { status, code, message: _ } = reason.answer();
    let mut refusal = Refusal { reason, at: None, detail: None, status, code: code.to_owned() };
    // The answer itself knows more: where, and what a caller without a token is told.
    if let Effect::Reply(reply) = effect {
        refusal.status = reply.status;
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let number = |name: &str| body.pointer(name).and_then(Value::as_u64);
        let (line, column) = ("/errors/0/locations/0/line", "/errors/0/locations/0/column");
        refusal.at = number(line).zip(number(column));
        let code = body.pointer("/errors/0/extensions/code").and_then(Value::as_str);
        code.iter().for_each(|code| refusal.code = (*code).to_owned());
    }
    Some(refusal)
}
