//! The pipeline: every stage of a request by name, in order, in one screen.
//!
//! ```text
//! begin    headers -> route -> token -> JWS -> claims -> principal -> await the body
//!                     (or claims that another filter has verified)
//! finish   bytes -> request -> document -> plan -> decision -> rewrite -> forward
//! ```
//!
//! INVARIANT: only this file makes an [`Outcome`], and an outcome always carries its audit record.
//! Forwarding needs a `Permit`, which only a decision without a denial gives.

use std::rc::Rc;

use crate::audit::{AuditRecord, Enforced, Facts, Verdict};
use crate::challenge::{self, Challenge};
use crate::denial::Reason;
use crate::http::{GraphqlRequest, Head, HeaderChanges, HeaderPairs};
use crate::identity::Principal;
use crate::identity::known::Known;
use crate::plan::Chosen;
use crate::policy::ceiling::Used;
use crate::policy::condition::{Value, Variable};
use crate::reply::{Refusal, Reply};
use crate::rewrite::rewrite;
use crate::settings::{Configuration, ConfigurationError, Settings};
use crate::token::compact::Jws;
use crate::token::remote::KeyStore;
use crate::token::verify::{KeySource, VerifiedClaims, said, take, verify};
use crate::token::{TokenError, UnixTime, attested};

mod arrival;
mod case;
mod facts;
mod prepared;

pub use arrival::Arrival;
use arrival::Refused;
pub use case::Case;
use prepared::{Documents, Prepared, read};

/// A configuration in force, or the reason for which every request is refused.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Result<Rc<Open>, Reason>,
}

#[derive(Debug)]
struct Open {
    configuration: Configuration,
    enforced: Rc<Enforced>,
    /// Tokens verified under this configuration,
    known: Known,
    /// and documents planned.
    documents: Documents,
}

/// Where a request stands.
#[derive(Debug)]
pub enum Step {
    /// A key of this issuer is missing that may have been published since: ask for it, and begin
    /// again when it is there. If it does not come in time, the outcome is this one.
    AwaitKeys {
        /// The position of the issuer in the settings.
        issuer: usize,
        /// The refusal.
        otherwise: Box<Outcome>,
    },
    /// The head is acceptable and the caller known: hand the whole body to [`Pending::finish`].
    AwaitBody(Box<Pending>),
    /// It is over.
    Settle(Box<Outcome>),
}

/// A request of a verified caller, waiting for its body.
#[derive(Debug)]
pub struct Pending {
    open: Rc<Open>,
    principal: Rc<Principal>,
    changes: HeaderChanges,
    /// The head for conditions, if one looks at it.
    head: Option<Value<'static>>,
    facts: Facts,
}

/// The end of a request: what to do, and its record.
#[derive(Debug)]
pub struct Outcome {
    effect: Effect,
    audit: AuditRecord,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this body upstream in place of the client's.
    Forward(Vec<u8>),
    /// Answer this; nothing goes upstream.
    Reply(Reply),
}

impl Gate {
    /// Opens the gate for a configuration.
    ///
    /// # Errors
    /// What is wrong with it. The answer depends on the bytes alone.
    pub fn configure(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        let configuration = Configuration::read(bytes)?;
        let enforced = Rc::new(Enforced::new(&configuration));
        let limits = &configuration.settings.limits;
        let known = Known::new(limits.known());
        let documents = Documents::new(limits.documents());
        Ok(Self { open: Ok(Rc::new(Open { configuration, enforced, known, documents })) })
    }

    /// A gate that refuses every request for `reason`.
    #[must_use]
    pub const fn closed(reason: Reason) -> Self {
        Self { open: Err(reason) }
    }

    /// The settings in force; none if closed.
    #[must_use]
    pub fn settings(&self) -> Option<&Settings> {
        self.open.as_ref().ok().map(|open| &open.configuration.settings)
    }

    /// A store for the keys that the issuers publish. `seed` spreads its fetches over time.
    #[must_use]
    pub fn key_store(&self, seed: u64) -> KeyStore {
        let issuers = self.settings().map_or(&[][..], |settings| &settings.issuers);
        let published = issuers.iter().enumerate().filter_map(|(at, issuer)| match &issuer.keys {
            KeySource::Published(remote) => Some((at, remote.clone())),
            KeySource::Inline(_) | KeySource::Attested(_) => None,
        });
        KeyStore::new(published, seed)
    }

    /// The policy in force; none if closed.
    #[must_use]
    pub fn enforced(&self) -> Option<&Rc<Enforced>> {
        self.open.as_ref().ok().map(|open| &open.enforced)
    }

    /// Judges the head of a request: is it for us, and who asks?
    #[must_use]
    pub fn begin(&self, arrival: &Arrival<'_>) -> Step {
        let head = Head::read(arrival.headers);
        let mut facts = Facts::of_head(&head, self.enforced());
        let open = match &self.open {
            Ok(open) => Rc::clone(open),
            Err(reason) => return Step::Settle(refuse(*reason, facts)),
        };
        match authenticate(&open, &head, &mut facts, arrival) {
            Ok(principal) => {
                let changes = HeaderChanges::new(&head, &principal, &open.configuration);
                let asked = open.configuration.policy.reads(Variable::Request);
                let head = asked.then(|| head.for_conditions(arrival.peer));
                Step::AwaitBody(Box::new(Pending { open, principal, changes, head, facts }))
            }
            Err(Refused { reason, awaits, issuer }) => {
                let outcome = refuse(open.refusal(reason, issuer), facts);
                match awaits {
                    None => Step::Settle(outcome),
                    Some(issuer) => Step::AwaitKeys { issuer, otherwise: outcome },
                }
            }
        }
    }

    /// The path of a request as it may be logged, if that is not how it came: without a URL query
    /// where tokens may be in one, and where the gate is closed, which does not know.
    #[must_use]
    pub fn loggable_path<'h>(&self, headers: &'h HeaderPairs) -> Option<&'h [u8]> {
        let queried = self.settings().is_none_or(|settings| settings.tokens.may_be_in_query());
        let path = queried.then(|| Head::read(headers).path_without_query()).flatten()?;
        // A host may not take an empty path for one.
        Some(if path.is_empty() { b"/" } else { path })
    }

    /// The record of a request that was refused before it came here.
    #[must_use]
    pub fn unseen(&self) -> AuditRecord {
        let facts = Facts { enforced: self.enforced().cloned(), ..Facts::default() };
        AuditRecord::new(Verdict::None(Reason::NotEvaluated), facts)
    }
}

impl Open {
    /// The refusal of a caller, whose token is that of an issuer if that is proven.
    fn refusal(&self, reason: Reason, issuer: Option<usize>) -> Refusal {
        let issuer = issuer.and_then(|issuer| self.configuration.settings.issuers.get(issuer));
        Refusal::from(reason).asking(Challenge::by(reason, issuer))
    }
}

impl Pending {
    /// What has to change in the headers, before the request or its head goes upstream.
    #[must_use]
    pub fn header_changes(&self) -> &HeaderChanges {
        &self.changes
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &Rc<Principal> {
        &self.principal
    }

    /// The head as conditions see it, if one looks at it.
    #[must_use]
    pub fn head(&self) -> Option<&Value<'static>> {
        self.head.as_ref()
    }

    /// The largest body that will be read, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.open.configuration.settings.limits.body()
    }

    /// Judges the whole request.
    #[must_use]
    pub fn finish(mut self, body: &[u8], now: UnixTime) -> Box<Outcome> {
        // The body took its time.
        if let Err(error) = self.principal.check(now) {
            let issuer = self.principal.claims.as_ref().map(VerifiedClaims::issuer);
            return refuse(self.open.refusal(error.into(), issuer), self.facts);
        }
        if body.len() > self.body_limit() {
            return self.refuse(Reason::BodyTooLarge);
        }
        let Self { open, principal, head, facts, .. } = &mut self;
        match authorize(open, principal, head.as_ref(), body, facts) {
            Ok(permit) => permit.forward(self.facts),
            Err(refusal) => refuse(refusal, self.facts),
        }
    }

    /// Refuses without judging: the body cannot be had, for `reason`.
    #[must_use]
    pub fn refuse(self, reason: Reason) -> Box<Outcome> {
        refuse(reason, self.facts)
    }

    /// The record of a request whose body never came to its end.
    #[must_use]
    pub fn abandon(self) -> AuditRecord {
        AuditRecord::new(Verdict::None(Reason::RequestIncomplete), self.facts)
    }
}

impl Outcome {
    /// What to do, and the record.
    #[must_use]
    pub fn into_parts(self) -> (Effect, AuditRecord) {
        (self.effect, self.audit)
    }
}

fn authenticate(
    open: &Open,
    head: &Head<'_>,
    facts: &mut Facts,
    arrival: &Arrival<'_>,
) -> Result<Rc<Principal>, Refused> {
    let Open { configuration, known, .. } = open;
    let Configuration { settings, policy, .. } = configuration;
    let Arrival { metadata, published, verifier, now, .. } = *arrival;
    head.route(settings)?;
    let (issuers, longest) = (&settings.issuers, settings.limits.token());
    let token = settings.tokens.find(head, longest)?;
    let principal = match (token, attested::find(metadata, issuers, longest)?) {
        (Some(token), None) => match known.recall(token, published, now) {
            Some(principal) => principal,
            None => {
                let jws = Jws::read(&token)?;
                let claims = verify(&jws, issuers, published, verifier, now)?;
                let all = policy.reads(Variable::Claims).then(|| said(&jws)).transpose()?;
                let principal = Rc::new(Principal::new(claims, all.as_ref(), issuers, policy));
                known.keep(token, &principal, published, now);
                principal
            }
        },
        (None, Some(attested)) => {
            let claims = take(&attested, issuers, now)?;
            Rc::new(Principal::new(claims, Some(attested.claims()), issuers, policy))
        }
        (None, None) => Rc::new(Principal::anonymous(settings.anonymous, head, policy)?),
        (Some(_), Some(_)) => return Err(TokenError::Duplicate.into()),
    };
    facts.note_caller(&principal, configuration);
    head.expect_body(settings)?;
    Ok(principal)
}

impl AuditRecord {
    /// The record of a request that the client gave up while something was waited for.
    #[must_use]
    pub fn abandoned(self) -> Self {
        Self::new(Verdict::None(Reason::RequestIncomplete), self.into_facts())
    }

    /// The end of a request whose verdict could not be carried out: it is refused instead.
    #[must_use]
    pub fn overruled(self, reason: Reason) -> Box<Outcome> {
        refuse(reason, self.into_facts())
    }
}

/// The right to forward one body: made by [`authorize`] alone, where nothing is denied.
struct Permit {
    body: Vec<u8>,
}

fn authorize(
    open: &Open,
    principal: &Principal,
    head: Option<&Value<'static>>,
    body: &[u8],
    facts: &mut Facts,
) -> Result<Permit, Refusal> {
    let Open { configuration: Configuration { settings, policy, .. }, documents, .. } = open;
    let Settings { limits, scope_challenge, .. } = settings;
    let request = GraphqlRequest::read(body, limits.variables_depth)?;
    let name = request.operation_name.as_deref();
    let prepared = match documents.recall(&request.query, name) {
        Some(prepared) => prepared,
        None => {
            let prepared = Prepared::new(&request.query, name, policy, limits)
                .map_err(|unprepared| facts.note_unprepared(*unprepared))?;
            let prepared = Rc::new(prepared);
            documents.keep(&prepared);
            prepared
        }
    };
    facts.note_prepared(&prepared);
    let case = Case { policy, principal, head, request: &request, chosen: prepared.chosen() };
    let (decision, used) = case.ask(&prepared.plan, |question| {
        facts.note_requested(&prepared, question.included, policy);
        let decision = question.decide();
        let Some(reason) = decision.reason() else {
            let usage = prepared.plan.usage;
            let used = Used { cost: question.cost(), body_bytes: body.len(), usage };
            return Ok((decision, used));
        };
        facts.note_denied(&decision, &prepared, policy);
        let refusal = Refusal::at(reason, decision.place(&prepared.plan), &prepared.source);
        let asked = challenge::of_denial(principal, question, *scope_challenge);
        Err(refusal.asking(asked))
    })??;
    if prepared.is_whole && decision.removed.is_empty() {
        facts.note_used(used, &principal.authority, policy)?;
        return Permit::new(&request, &prepared);
    }

    // What is forwarded is what was authorized, and a new text is a new document, in which the
    // variables that are left are decided too. The client never saw it: no place in it is told.
    let (document, choice) = read(&prepared.source, name, limits)?;
    let text = rewrite(&document, choice, &prepared.plan, &decision.removed);
    let prepared = Prepared::new(&text.ok_or(Reason::Internal)?, name, policy, limits)
        .map_err(|unprepared| Refusal::from(unprepared.refusal.reason()))?;
    let case = Case { chosen: prepared.chosen(), ..case };
    case.ask(&prepared.plan, |question| {
        let decision = question.decide();
        // What selections are denied has been taken out: anything else would be a defect.
        if !decision.removed.is_empty() || decision.denies_selections(&prepared.plan) {
            return Err(Reason::Internal.into());
        }
        let Some(reason) = decision.reason() else { return Ok(()) };
        facts.note_denied(&decision, &prepared, policy);
        let asked = challenge::of_denial(principal, question, *scope_challenge);
        Err(Refusal::from(reason).asking(asked))
    })??;
    facts.note_used(used, &principal.authority, policy)?;
    Permit::new(&request, &prepared)
}

impl Permit {
    fn new(request: &GraphqlRequest<'_>, prepared: &Prepared) -> Result<Self, Refusal> {
        let Chosen { source, name, kind: _ } = prepared.chosen();
        Ok(Self { body: request.forward(source, name, prepared.variables())? })
    }

    fn forward(self, facts: Facts) -> Box<Outcome> {
        let audit = AuditRecord::new(Verdict::Allow, facts);
        Box::new(Outcome { effect: Effect::Forward(self.body), audit })
    }
}

fn refuse(refusal: impl Into<Refusal>, facts: Facts) -> Box<Outcome> {
    let refusal = refusal.into();
    let audit = AuditRecord::new(Verdict::Deny(refusal.reason()), facts);
    Box::new(Outcome { effect: Effect::Reply(Reply::from(refusal)), audit })
}
