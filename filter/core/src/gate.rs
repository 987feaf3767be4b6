//! The pipeline: every stage of a request by name, in order, in one screen.
//!
//! ```text
//! begin    headers -> route -> token -> JWS -> claims -> principal -> await the body
//!                     (or claims that another filter has verified)  (or judge the URL, or pass)
//! finish   bytes -> requests -> document -> plan -> decision -> rewrite -> forward
//! ```
//!
//! INVARIANT: only this file makes an [`Outcome`], and an outcome always carries its audit record.
//! Forwarding a GraphQL request needs a `Permit`, which only a decision without a denial gives.

use std::rc::Rc;

use crate::audit::{AuditRecord, Enforced, Facts, Passed, Verdict};
use crate::challenge::Challenge;
use crate::denial::Reason;
use crate::http::{Head, HeaderChanges, Media, Method, Route, Sent};
use crate::identity::Principal;
use crate::identity::known::Known;
use crate::limits::OPERATION_STEPS;
use crate::policy::condition::{Value, Variable};
use crate::reply::{Refusal, Reply};
use crate::settings::{Configuration, ConfigurationError, Settings};
use crate::token::verify::VerifiedClaims;
use crate::token::{TokenError, UnixTime};

mod arrival;
mod caller;
mod case;
mod facts;
mod permit;
mod prepared;
mod text;

pub use arrival::Arrival;
use arrival::{Refused, TurnedAway};
pub use case::Case;
use permit::{Asker, Permit};
use prepared::Documents;

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
        otherwise: Outcome,
    },
    /// The head is acceptable and the caller known: hand the whole body to [`Pending::finish`].
    AwaitBody(Box<Pending>),
    /// It is over.
    Settle(Outcome),
}

/// A request of a verified caller, waiting for its body.
#[derive(Debug)]
pub struct Pending {
    open: Rc<Open>,
    principal: Rc<Principal>,
    changes: HeaderChanges,
    /// The head for conditions, if one looks at it.
    head: Option<Value<'static>>,
    method: Method,
    media: Media,
    facts: Facts,
}

/// The end of a request: what to do, and its record.
#[derive(Debug)]
pub struct Outcome {
    effect: Effect,
    audit: Box<AuditRecord>,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this body upstream in place of the client's.
    Forward(Vec<u8>),
    /// Change the headers like this, and send what there is.
    Pass(HeaderChanges),
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
        let enforced = Rc::new(facts::enforced(&configuration));
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
        match arrive(&open, &head, &mut facts, arrival) {
            Ok(Arrived::Whole(changes)) => Step::Settle(pass(changes, facts)),
            Ok(Arrived::Head { principal, changes, head, method, media }) => {
                let pending = Pending { open, principal, changes, head, method, media, facts };
                Step::AwaitBody(Box::new(pending))
            }
            Err(TurnedAway { refusal, awaits: None }) => Step::Settle(refuse(refusal, facts)),
            Err(TurnedAway { refusal, awaits: Some(issuer) }) => {
                Step::AwaitKeys { issuer, otherwise: refuse(refusal, facts) }
            }
        }
    }

    /// The record of a request that was refused before it came here.
    #[must_use]
    pub fn unseen(&self) -> Box<AuditRecord> {
        let facts = Facts { enforced: self.enforced().cloned(), ..Facts::default() };
        Box::new(AuditRecord::new(Verdict::None(Reason::NotEvaluated), facts))
    }
}

impl Open {
    /// The refusal of a caller, whose token is that of an issuer if that is proven.
    fn refusal(&self, reason: Reason, issuer: Option<usize>) -> Refusal {
        let issuer = issuer.and_then(|issuer| self.configuration.settings.issuers.get(issuer));
        Refusal::from(reason).asking(Challenge::by(reason, issuer))
    }

    /// The refusal of what is no request for us.
    fn unrouted(&self, reason: Reason) -> Refusal {
        match reason {
            Reason::MethodNotAllowed => {
                Refusal::from(reason).allowing(self.configuration.settings.endpoint.methods)
            }
            reason => reason.into(),
        }
    }

    /// The same of a caller.
    fn turned_away(&self, Refused { reason, awaits, issuer }: Refused) -> TurnedAway {
        TurnedAway { refusal: self.refusal(reason, issuer), awaits }
    }

    fn asker<'a>(
        &'a self,
        principal: &'a Principal,
        head: Option<&'a Value<'static>>,
        method: Method,
    ) -> Asker<'a> {
        let Self { configuration: Configuration { settings, policy, .. }, documents, .. } = self;
        let steps = OPERATION_STEPS;
        Asker { settings, policy, documents, principal, head, method, steps }
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
    pub fn finish(mut self, body: &[u8], now: UnixTime) -> Outcome {
        // The body took its time.
        if let Err(error) = self.principal.check(now) {
            let issuer = self.principal.claims.as_ref().map(VerifiedClaims::issuer);
            return refuse(self.open.refusal(error.into(), issuer), self.facts);
        }
        if body.len() > self.body_limit() {
            return self.refuse(Reason::BodyTooLarge);
        }
        let Self { open, principal, head, method, media, facts, changes: _ } = &mut self;
        match open.asker(principal, head.as_ref(), *method).judge(media, body, facts) {
            Ok(permit) => forward(permit, self.facts),
            Err(refusal) => refuse(refusal, self.facts),
        }
    }

    /// Refuses without judging: the body cannot be had, for `reason`.
    #[must_use]
    pub fn refuse(self, reason: Reason) -> Outcome {
        refuse(reason, self.facts)
    }

    /// The record of a request whose body never came to its end.
    #[must_use]
    pub fn abandon(self) -> Box<AuditRecord> {
        Box::new(AuditRecord::new(Verdict::None(Reason::RequestIncomplete), self.facts))
    }
}

impl Outcome {
    /// What to do, and the record.
    #[must_use]
    pub fn into_parts(self) -> (Effect, Box<AuditRecord>) {
        (self.effect, self.audit)
    }
}

/// A request whose head is acceptable.
enum Arrived {
    /// It may go on with these changes, and what there is of a body.
    Whole(HeaderChanges),
    /// Its body has to be read first.
    Head {
        principal: Rc<Principal>,
        changes: HeaderChanges,
        head: Option<Value<'static>>,
        method: Method,
        media: Media,
    },
}

fn arrive(
    open: &Open,
    head: &Head<'_>,
    facts: &mut Facts,
    arrival: &Arrival<'_>,
) -> Result<Arrived, TurnedAway> {
    let Configuration { settings, policy, .. } = &open.configuration;
    let route = head.route(settings, arrival.ends).map_err(|reason| open.unrouted(reason))?;
    let caller = |facts| {
        let principal = open.caller(head, facts, arrival);
        principal.map_err(|refused| open.turned_away(refused))
    };
    let changes = |media, principal| {
        HeaderChanges::new(head, Sent { route, media }, principal, &open.configuration)
    };
    let seen = || policy.reads(Variable::Request).then(|| head.for_conditions(arrival.peer));
    match route {
        Route::Body(method) => {
            let principal = caller(facts)?;
            let media = head.expect_body(settings)?;
            let changes = changes(Some(&media), Some(&principal));
            Ok(Arrived::Head { principal, changes, head: seen(), method, media })
        }
        Route::Url => {
            let principal = caller(facts)?;
            let seen = seen();
            let asker = open.asker(&principal, seen.as_ref(), Method::Get);
            let permit = asker.judge_url(head, facts)?;
            let changes = changes(None, Some(&principal));
            Ok(Arrived::Whole(changes.asking(head, &permit.into_bytes())))
        }
        Route::Other { unauthenticated } => {
            // A role for those without a token is one of the policy, which says nothing of this.
            let known = |principal: Rc<Principal>| match principal.claims {
                Some(_) => Ok(principal),
                None => Err(TurnedAway::from(Reason::Token(TokenError::Missing))),
            };
            let principal = match unauthenticated {
                true => None,
                false => Some(caller(facts).and_then(known)?),
            };
            facts.passed = Some(Passed::OtherPath);
            Ok(Arrived::Whole(changes(None, principal.as_deref())))
        }
        Route::Preflight => {
            facts.passed = Some(Passed::Preflight);
            Ok(Arrived::Whole(changes(None, None)))
        }
    }
}

impl AuditRecord {
    /// The record of a request that the client gave up while something was waited for.
    #[must_use]
    pub fn abandoned(mut self: Box<Self>) -> Box<Self> {
        self.conclude(Verdict::None(Reason::RequestIncomplete));
        self
    }

    /// The end of a request whose verdict could not be carried out: it is refused instead.
    #[must_use]
    pub fn overruled(mut self: Box<Self>, reason: Reason) -> Outcome {
        let reply = Reply::new(reason.into(), self.facts().answers);
        self.conclude(Verdict::Deny(reason));
        Outcome { effect: Effect::Reply(reply), audit: self }
    }
}

fn forward(permit: Permit, facts: Facts) -> Outcome {
    let audit = Box::new(AuditRecord::new(Verdict::Allow, facts));
    Outcome { effect: Effect::Forward(permit.into_bytes()), audit }
}

fn pass(changes: HeaderChanges, facts: Facts) -> Outcome {
    let audit = Box::new(AuditRecord::new(Verdict::Allow, facts));
    Outcome { effect: Effect::Pass(changes), audit }
}

fn refuse(refusal: impl Into<Refusal>, facts: Facts) -> Outcome {
    let refusal = refusal.into();
    let reply = Reply::new(refusal.clone(), facts.answers);
    let audit = Box::new(AuditRecord::new(Verdict::Deny(refusal.reason()), facts));
    Outcome { effect: Effect::Reply(reply), audit }
}
