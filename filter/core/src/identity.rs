//! [`VerifiedClaims`] -> [`Principal`]: who asks, for whom, and with which roles.

use std::cell::OnceCell;
use std::rc::Rc;

pub mod headers;
pub mod known;
mod values;

pub use self::values::CallerValues;
use crate::audit::Caller;

use crate::http::Head;
use crate::json::Json;
use crate::policy::Policy;
use crate::policy::rules::{self, Party, RoleSet, ScopeSet};
use crate::settings::Anonymous;
use crate::token::source::AUTHORIZATION;
use crate::token::verify::{IssuerRules, VerifiedClaims};
use crate::token::{TokenError, UnixTime};

/// The roles that a request is decided with. All parties must grant: an agent never gets more than
/// the user it acts for, nor more than its own ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Whether there is a verified token.
    pub caller: rules::Caller,
    /// Its scopes, of those that requirements name.
    pub scopes: ScopeSet,
    /// The subject's roles.
    pub subject: RoleSet,
    /// Roles whose condition cannot be evaluated: they grant the subject nothing, and forbid.
    pub unclear: RoleSet,
    /// The roles of the token's actor (`act.sub`, RFC 8693 4.1): none if the policy does not know
    /// it.
    pub actor: Option<RoleSet>,
    /// The roles of the client, if the policy lists it as one that acts for users.
    pub client: Option<RoleSet>,
}

impl Authority {
    /// The roles that every party has: what the caller is for one who does not ask each of them.
    #[must_use]
    pub fn common(&self) -> RoleSet {
        self.parties().fold(self.subject, |common, party| common.intersection(party.held))
    }

    /// Each party that has to be granted. The token is that of all of them.
    pub fn parties(&self) -> impl Iterator<Item = Party<'_>> {
        let Self { caller, scopes, subject, unclear, actor, client } = self;
        let party = |held, unclear| Party { held, unclear, scopes, caller: *caller };
        let subject = party(*subject, *unclear);
        let acting = [*actor, *client].into_iter().flatten();
        std::iter::once(subject).chain(acting.map(move |held| party(held, RoleSet::EMPTY)))
    }
}

/// A known caller: one whose token was verified, or one without a token where that is allowed.
#[derive(Debug)]
pub struct Principal {
    /// What the token says; none for an anonymous caller.
    pub claims: Option<VerifiedClaims>,
    /// What that is worth under the policy.
    pub authority: Authority,
    /// The same for conditions; none where none of them looks at it.
    pub values: Option<Box<CallerValues>>,
    /// What records say of it, once that is known.
    pub(crate) noted: OnceCell<Rc<Caller>>,
}

impl Principal {
    /// Maps claims to roles. `said` is everything that the token says, which conditions may look at.
    #[must_use]
    pub fn new(
        claims: VerifiedClaims,
        said: Option<&Json<'_>>,
        issuers: &[IssuerRules],
        policy: &Policy,
    ) -> Self {
        let issuer = issuers.get(claims.issuer()).map_or("", |issuer| &issuer.issuer);
        let mut values = CallerValues::wanted(policy)
            .then(|| Box::new(CallerValues::of_token(&claims, said, issuer)));
        let conditions = policy.role_conditions(values.as_deref());
        let actor = claims.actor().map(|actor| actor.subject());
        let subject = policy
            .roles_of(claims.groups(), claims.scopes())
            .union(policy.roles_given(claims.roles(), claims.scopes()));
        let authority = Authority {
            caller: rules::Caller::Verified,
            scopes: policy.scopes_of(claims.scopes()),
            subject: subject.intersection(conditions.held),
            unclear: subject.intersection(conditions.unclear),
            actor: actor.map(|actor| policy.actor_roles(actor).unwrap_or(RoleSet::EMPTY)),
            client: claims.client().and_then(|client| policy.actor_roles(client)),
        };
        if let Some(values) = &mut values {
            values.set_roles(policy.role_names(authority.subject));
        }
        Self { claims: Some(claims), authority, values, noted: OnceCell::new() }
    }

    /// The authority that the token would give with these scopes.
    #[must_use]
    pub fn with_scopes(
        &self,
        claims: &VerifiedClaims,
        scopes: &[Box<str>],
        policy: &Policy,
    ) -> Authority {
        let conditions = policy.role_conditions(self.values.as_deref());
        let subject = policy.roles_of(claims.groups(), scopes);
        let subject = subject.union(policy.roles_given(claims.roles(), scopes));
        Authority {
            subject: subject.intersection(conditions.held),
            unclear: subject.intersection(conditions.unclear),
            scopes: policy.scopes_of(scopes),
            ..self.authority.clone()
        }
    }

    /// Whether the caller's token is still valid.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, now: UnixTime) -> Result<(), TokenError> {
        self.claims.as_ref().map_or(Ok(()), |claims| claims.window().check(now))
    }

    /// A caller without a token.
    ///
    /// # Errors
    /// `Missing`, where such a one is refused; `Scheme` for one with another credential.
    pub fn anonymous(
        rule: Anonymous,
        head: &Head<'_>,
        policy: &Policy,
    ) -> Result<Self, TokenError> {
        match rule {
            Anonymous::Deny => Err(TokenError::Missing),
            Anonymous::Role(_) if head.values(AUTHORIZATION).next().is_some() => {
                Err(TokenError::Scheme)
            }
            Anonymous::Role(subject) => {
                let (caller, scopes, unclear) =
                    (rules::Caller::Anyone, ScopeSet::default(), RoleSet::EMPTY);
                let (actor, client) = (None, None);
                let authority = Authority { caller, scopes, subject, unclear, actor, client };
                let values = CallerValues::wanted(policy).then(|| {
                    let mut values = Box::new(CallerValues::anonymous());
                    values.set_roles(policy.role_names(subject));
                    values
                });
                Ok(Self { claims: None, authority, values, noted: OnceCell::new() })
            }
        }
    }
}
