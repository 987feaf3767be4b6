//! What is known about the caller once the token holds: values that only `verify` can make.
//!
//! `Debug` shows none of the claims; whoever audits takes them one by one.

use std::fmt;

use crate::token::UnixTime;

/// What a verified token says. `verify` alone makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    pub(super) issuer: usize,
    pub(super) key: Option<Box<str>>,
    pub(super) subject: Box<str>,
    pub(super) client: Option<Box<str>>,
    pub(super) actor: Option<Actor>,
    pub(super) groups: Vec<Box<str>>,
    pub(super) roles: Vec<Box<str>>,
    pub(super) scopes: Vec<Box<str>>,
    pub(super) jti: Option<Box<str>>,
    pub(super) expires: UnixTime,
}

/// Who acts for the subject (RFC 8693 section 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Actor {
    pub(super) subject: Box<str>,
    pub(super) chain: Vec<Box<str>>,
}

impl VerifiedClaims {
    /// The position of the issuer among the rules.
    #[must_use]
    pub const fn issuer(&self) -> usize {
        self.issuer
    }

    /// The `kid` of the key that verified the token, if that key has one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// `sub`: 1 to [`SUBJECT_BYTES`](crate::limits::SUBJECT_BYTES) bytes.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client: `azp`, else `client_id`, or what is configured.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Who acts for the subject.
    #[must_use]
    pub const fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// The groups, at most [`GROUPS`](crate::limits::GROUPS), none of them twice.
    #[must_use]
    pub fn groups(&self) -> &[Box<str>] {
        &self.groups
    }

    /// The names of roles that the issuer gives by itself, likewise.
    #[must_use]
    pub fn roles(&self) -> &[Box<str>] {
        &self.roles
    }

    /// What the token may be used for, likewise.
    #[must_use]
    pub fn scopes(&self) -> &[Box<str>] {
        &self.scopes
    }

    /// The name of the token.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.jti.as_deref()
    }

    /// `exp`, without leeway.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }
}

impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("VerifiedClaims")
            .field("issuer", &self.issuer)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Actor {
    /// The current actor.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The prior actors, outermost (latest) first, at most [`PRIOR_ACTORS`](crate::limits::PRIOR_ACTORS). RFC 8693 section
    /// 4.1: they are information, not to be considered in access control.
    #[must_use]
    pub fn chain(&self) -> &[Box<str>] {
        &self.chain
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Actor(_)")
    }
}
