//! What is known about the caller once the token holds: values that only `verify` can make.
//!
//! `Debug` shows none of the claims; whoever audits takes them one by one.

use std::fmt;

use super::Window;

/// What a verified token says. `verify` alone makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    pub(super) issuer: usize,
    pub(super) proof: Proof,
    pub(super) subject: Box<str>,
    pub(super) client: Option<Box<str>>,
    pub(super) actor: Option<Actor>,
    pub(super) groups: Vec<Box<str>>,
    pub(super) roles: Vec<Box<str>>,
    pub(super) scopes: Vec<Box<str>>,
    pub(super) jti: Option<Box<str>>,
    pub(super) window: Window,
}

/// What makes the claims verified ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A signature by the key of this `kid`, if it has one.
    Signature(Option<Box<str>>),
    /// The word of another filter.
    Attestation,
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

    /// The `kid` of the key that verified the token, if a key did and has one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match &self.proof {
            Proof::Signature(key) => key.as_deref(),
            Proof::Attestation => None,
        }
    }

    /// Whether another filter has verified the token, and not a signature here.
    #[must_use]
    pub fn is_attested(&self) -> bool {
        self.proof == Proof::Attestation
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

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        const EACH: usize = 4 * size_of::<usize>();
        let names = [&self.groups, &self.roles, &self.scopes].into_iter().flatten();
        let texts = names.map(AsRef::as_ref).chain(self.parties()).chain(self.jti());
        let sizes = texts.map(|text| text.len().saturating_add(EACH));
        sizes.fold(size_of::<Self>(), usize::saturating_add)
    }

    /// Everybody whom the token names: its subject, its client, who acts and who acted before.
    pub(super) fn parties(&self) -> impl Iterator<Item = &str> {
        let actors = self.actor().into_iter().flat_map(|actor| {
            std::iter::once(actor.subject()).chain(actor.chain().iter().map(AsRef::as_ref))
        });
        std::iter::once(self.subject()).chain(self.client()).chain(actors)
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

    /// When the token is valid.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }
}

impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("VerifiedClaims")
            .field("issuer", &self.issuer)
            .field("window", &self.window)
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
