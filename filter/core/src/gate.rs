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
use crate::http::{Head, HeaderChanges, HeaderPairs, Media, Method, Route, Sent, UrlRequest};
use crate::identity::Principal;
use crate::identity::known::Known;
use crate::limits::OPERATION_STEPS;
use crate::policy::condition::{Value, Variable};
use crate::reply::{Refusal, Reply};
use crate::settings::{Configuration, ConfigurationError, Settings};
use crate::token::compact::Jws;
use crate::token::remote::KeyStore;
use crate::token::verify::{KeySource, VerifiedClaims, said, take, verify};
use crate::token::{TokenError, UnixTime, attested};

mod arrival;
mod case;
mod facts;
mod permit;
mod prepared;
mod text;

pub use arrival::Arrival;
use arrival::Refused;
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
    method: Method,
    media: Media,
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
        let Configuration { settings, policy, .. } = &open.configuration;
        let route = match head.route(settings, arrival.ends) {
            Ok(route) => route,
            Err(reason) => return Step::Settle(refuse(open.unrouted(reason), facts)),
        };
        let principal = match route {
            Route::Preflight | Route::Other { unauthenticated: true } => Ok(None),
            Route::Body(_) | Route::Url => {
                authenticate(&open, &head, &mut facts, arrival).map(Some)
            }
            Route::Other { unauthenticated: false } => {
                authenticate(&open, &head, &mut facts, arrival).and_then(arrival::known)
            }
        };
        let principal = match principal {
            Ok(principal) => principal,
            Err(Refused { reason, awaits, issuer }) => {
                let outcome = refuse(open.refusal(reason, issuer), facts);
                return match awaits {
                    None => Step::Settle(outcome),
                    Some(issuer) => Step::AwaitKeys { issuer, otherwise: outcome },
                };
            }
        };
        let media = match route {
            Route::Body(_) => head.expect_body(settings).map(Some),
            Route::Url | Route::Preflight | Route::Other { .. } => Ok(None),
        };
        let media = match media {
            Ok(media) => media,
            Err(reason) => return Step::Settle(refuse(reason, facts)),
        };
        let sent = Sent { route, media: media.as_ref() };
        let changes = HeaderChanges::new(&head, sent, principal.as_deref(), &open.configuration);
        let asked = policy.reads(Variable::Request);
        let seen = asked.then(|| head.for_conditions(arrival.peer));
        Step::Settle(match (route, principal, media) {
            (Route::Body(method), Some(principal), Some(media)) => {
                let head = seen;
                let pending = Pending { open, principal, changes, head, method, media, facts };
                return Step::AwaitBody(Box::new(pending));
            }
            (Route::Url, Some(principal), _) => {
                let asker = open.asker(&principal, seen.as_ref(), Method::Get);
                match judge_url(&asker, &head, &mut facts) {
                    Ok(permit) => pass(changes.asking(&head, &permit.into_bytes()), facts),
                    Err(refusal) => refuse(refusal, facts),
                }
            }
            (Route::Body(_) | Route::Url, ..) => refuse(Reason::Internal, facts),
            (Route::Preflight, ..) => {
                pass(changes, Facts { passed: Some(Passed::Preflight), ..facts })
            }
            (Route::Other { .. }, ..) => {
                pass(changes, Facts { passed: Some(Passed::OtherPath), ..facts })
            }
        })
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

    /// The refusal of what is no request for us.
    fn unrouted(&self, reason: Reason) -> Refusal {
        match reason {
            Reason::MethodNotAllowed => {
                Refusal::from(reason).allowing(self.configuration.settings.endpoint.methods)
            }
            reason => reason.into(),
        }
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
    pub fn finish(mut self, body: &[u8], now: UnixTime) -> Box<Outcome> {
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

fn judge_url(asker: &Asker<'_>, head: &Head<'_>, facts: &mut Facts) -> Result<Permit, Refusal> {
    let Settings { tokens, limits, .. } = asker.settings;
    head.expect_no_forgery(asker.settings)?;
    let query = head.query().unwrap_or_default();
    let url = UrlRequest::read(query, tokens, limits.url_query_bytes)?;
    let request = url.request(limits.variables_depth)?;
    asker.judge_one(&request, query.len(), facts)
}

fn forward(permit: Permit, facts: Facts) -> Box<Outcome> {
    let audit = AuditRecord::new(Verdict::Allow, facts);
    Box::new(Outcome { effect: Effect::Forward(permit.into_bytes()), audit })
}

fn pass(changes: HeaderChanges, facts: Facts) -> Box<Outcome> {
    let audit = AuditRecord::new(Verdict::Allow, facts);
    Box::new(Outcome { effect: Effect::Pass(changes), audit })
}

fn refuse(refusal: impl Into<Refusal>, facts: Facts) -> Box<Outcome> {
    let refusal = refusal.into();
    let reply = Reply::new(refusal.clone(), facts.answers);
    let audit = AuditRecord::new(Verdict::Deny(refusal.reason()), facts);
    Box::new(Outcome { effect: Effect::Reply(reply), audit })
}
