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

use std::borrow::Cow;
use std::rc::Rc;

use crate::audit::{AuditRecord, Enforced, Facts, Verdict};
use crate::challenge::{self, Challenge};
use crate::denial::Reason;
use crate::document::{Bounds, Document};
use crate::http::{GraphqlRequest, Head, HeaderChanges, HeaderPairs};
use crate::identity::Principal;
use crate::identity::known::Known;
use crate::limits::{Limits, NESTING};
use crate::plan::{Choice, Plan};
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

pub use arrival::Arrival;
use arrival::Refused;
pub use case::Case;

/// A configuration in force, or the reason for which every request is refused.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Result<Rc<Open>, Reason>,
}

#[derive(Debug)]
struct Open {
    configuration: Configuration,
    enforced: Rc<Enforced>,
    /// Tokens verified under this configuration.
    known: Known,
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
        let known = Known::new(configuration.settings.limits.known());
        Ok(Self { open: Ok(Rc::new(Open { configuration, enforced, known })) })
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
                let head = asked.then(|| head.for_conditions());
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
        match authorize(&open.configuration, principal, head.as_ref(), body, facts) {
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
    configuration: &Configuration,
    principal: &Principal,
    head: Option<&Value<'static>>,
    body: &[u8],
    facts: &mut Facts,
) -> Result<Permit, Refusal> {
    let Configuration { settings: Settings { limits, scope_challenge, .. }, policy, .. } =
        configuration;
    let request = GraphqlRequest::read(body, limits.variables_depth)?;
    facts.note_document(&request.query);
    let (document, choice) = read(&request, &request.query, limits)?;
    facts.note_operation(choice.of(&document));
    let plan = Plan::new(&document, choice, policy, limits);
    facts.note_usage(&plan);
    let plan = plan.map_err(|error| Refusal::invalid(error, &request.query))?;
    let case = Case { policy, principal, head, request: &request, document: &document, choice };
    let decision = case.ask(&plan, |question| {
        facts.note_requested(&plan, question.included, policy);
        let decision = question.decide();
        let Some(reason) = decision.reason() else {
            let used = Used { cost: question.cost(), body_bytes: body.len(), usage: plan.usage };
            let exceeded = facts.note_used(used, question.authority, policy);
            return exceeded.map_or(Ok(decision), |reason| Err(reason.into()));
        };
        facts.note_denied(&decision, &plan, policy, &request.query);
        let refusal = Refusal::at(reason, decision.place(&plan), &request.query);
        let asked = challenge::of_denial(principal, question, *scope_challenge);
        Err(refusal.asking(asked))
    })??;

    let text = rewrite(&document, choice, &plan, &decision.removed).ok_or(Reason::Internal)?;
    let Cow::Owned(text) = text else {
        return Permit::new(&request, &document, choice);
    };
    // What is forwarded is what was authorized, and a new text is a new document, in which the
    // variables that are left are decided too. The client never saw it: no place in it is told.
    let (document, choice) = read(&request, &text, limits).map_err(|error| error.reason())?;
    let plan = Plan::new(&document, choice, policy, limits)
        .map_err(|error| Refusal::from(error.reason))?;
    let case = Case { document: &document, choice, ..case };
    case.ask(&plan, |question| {
        let decision = question.decide();
        // What selections are denied has been taken out: anything else would be a defect.
        if !decision.removed.is_empty() || decision.denies_selections(&plan) {
            return Err(Reason::Internal.into());
        }
        let Some(reason) = decision.reason() else { return Ok(()) };
        facts.note_denied(&decision, &plan, policy, &text);
        let asked = challenge::of_denial(principal, question, *scope_challenge);
        Err(Refusal::from(reason).asking(asked))
    })??;
    Permit::new(&request, &document, choice)
}

fn read<'t>(
    request: &GraphqlRequest<'_>,
    text: &'t str,
    limits: &Limits,
) -> Result<(Document<'t>, Choice), Refusal> {
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let document =
        Document::read(text, &bounds).map_err(|error| Refusal::unreadable(&error, text))?;
    let choice = Choice::new(&document, request.operation_name.as_deref())
        .map_err(|error| Refusal::invalid(error, text))?;
    Ok((document, choice))
}

impl Permit {
    fn new(
        request: &GraphqlRequest<'_>,
        document: &Document<'_>,
        choice: Choice,
    ) -> Result<Self, Refusal> {
        let operation = choice.of(document).ok_or(Reason::Internal)?;
        Ok(Self { body: request.forward(document.source, operation)? })
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
