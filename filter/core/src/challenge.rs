//! What a refused caller could do about it -> [`Challenge`], the `www-authenticate` of its answer
//! (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9470 section 3).
//!
//! A challenge tells nothing that the status does not: no issuer, no key, no defect of a token. What
//! would do is told to those whose token is good otherwise: how to authenticate, and, only where the
//! configuration says so, which scopes are missing: that tells that there is such a field.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::decide::Question;
use crate::denial::Reason;
use crate::identity::Principal;
use crate::policy::rules::{Need, Role};
use crate::token::TokenError;
use crate::token::verify::{AuthenticationRules, IssuerRules, VerifiedClaims};

/// What a caller is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A token, from one who sent none.
    Token,
    /// Another token, from one whose token is not valid.
    ValidToken,
    /// A token of a subject that was authenticated like this.
    Authentication(AuthenticationRules),
    /// A token with these scopes too.
    Scopes(Vec<Box<str>>),
}

impl Challenge {
    /// What goes with a reason whatever else is known.
    #[must_use]
    pub fn of(reason: Reason) -> Option<Self> {
        match reason {
            Reason::Token(TokenError::Missing) => Some(Self::Token),
            // Whoever is told that a good token is invalid throws it away.
            Reason::Token(TokenError::KeysUnavailable) => None,
            Reason::Token(TokenError::Authentication) => {
                Some(Self::Authentication(AuthenticationRules::default()))
            }
            Reason::Token(_) => Some(Self::ValidToken),
            _ => None,
        }
    }

    /// What goes with the refusal of an issuer's token.
    #[must_use]
    pub fn by(reason: Reason, issuer: Option<&IssuerRules>) -> Option<Self> {
        match (reason, issuer) {
            (Reason::Token(TokenError::Authentication), Some(issuer)) => {
                Some(Self::Authentication(issuer.authentication.clone()))
            }
            (reason, _) => Self::of(reason),
        }
    }

    /// The header's value.
    #[must_use]
    pub fn header(&self) -> Cow<'static, str> {
        match self {
            Self::Token => "Bearer".into(),
            Self::ValidToken => "Bearer error=\"invalid_token\"".into(),
            Self::Authentication(AuthenticationRules { acr_values, max_age }) => {
                let mut header = "Bearer error=\"insufficient_user_authentication\"".to_owned();
                if !acr_values.is_empty() {
                    header.push_str(&format!(", acr_values=\"{}\"", acr_values.join(" ")));
                }
                if let Some(max_age) = max_age {
                    header.push_str(&format!(", max_age=\"{max_age}\""));
                }
                header.into()
            }
            Self::Scopes(scopes) => {
                format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scopes.join(" "))
                    .into()
            }
        }
    }
}

/// Whether a caller is told which scopes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeChallenge {
    /// Nothing is told.
    Off,
    /// They are named.
    On,
}

/// What a caller is asked for whose operation was denied.
#[must_use]
pub fn of_denial(
    principal: &Principal,
    question: &Question<'_>,
    scopes: ScopeChallenge,
) -> Option<Challenge> {
    match (&principal.claims, scopes) {
        (None, _) => Some(Challenge::Token),
        (Some(_), ScopeChallenge::Off) => None,
        (Some(claims), ScopeChallenge::On) => missing_scopes(claims, principal, question),
    }
}

/// Scopes that would have an operation allowed that was denied, none of which can be left out; none
/// if no scopes would. They are sought among those of the roles that the subject would hold with
/// them, and those that the schema requires: a token says who is in which group, and no scope
/// changes that.
fn missing_scopes(
    claims: &VerifiedClaims,
    principal: &Principal,
    question: &Question<'_>,
) -> Option<Challenge> {
    let policy = question.policy;
    let held = claims.scopes();
    let would = |role: &&Role| {
        let given = claims.roles().contains(&role.name);
        (given || role.admits(claims.groups())) && !role.is_in_scope(held)
    };
    let lacking = |scopes: &[Box<str>]| -> BTreeSet<Box<str>> {
        scopes.iter().filter(|scope| !held.contains(scope)).cloned().collect()
    };
    let roles = policy.parts().roles.iter().filter(would).map(|role| lacking(&role.scopes));
    let required = policy.parts().accesses.iter().flat_map(|access| &access.requires);
    let needs = required.flat_map(|requirement| &requirement.any);
    let needed = needs.map(|Need { scopes, .. }| {
        let names = scopes.iter().filter_map(|scope| policy.scope_name(*scope));
        lacking(&names.map(Box::from).collect::<Vec<Box<str>>>())
    });
    let mut sets: Vec<_> = roles.chain(needed).filter(|set| !set.is_empty()).collect();
    sets.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    sets.dedup();
    let union = |sets: &[BTreeSet<Box<str>>]| -> BTreeSet<Box<str>> {
        sets.iter().flatten().cloned().collect()
    };
    let suffice = |more: &BTreeSet<Box<str>>| {
        let scopes: Vec<Box<str>> = held.iter().chain(more).cloned().collect();
        let authority = principal.with_scopes(claims, &scopes, policy);
        Question { authority: &authority, ..*question }.allows()
    };
    // What no scope mends is found out first, before single ones are tried.
    if !suffice(&union(&sets)) {
        return None;
    }
    let missing = match sets.iter().find(|set| suffice(set)) {
        Some(one) => one.clone(),
        // Of all together as many as can be are left out, the longest first.
        None => {
            for at in (0..sets.len()).rev() {
                let set = sets.remove(at);
                if !suffice(&union(&sets)) {
                    sets.insert(at, set);
                }
            }
            union(&sets)
        }
    };
    Some(Challenge::Scopes(missing.into_iter().collect()))
}
