//! How a request arrives at the gate, and how its caller may be refused there.

use std::rc::Rc;

use super::Gate;
use crate::denial::Reason;
use crate::http::{HeaderPairs, Peer};
use crate::identity::Principal;
use crate::policy::condition::Variable;
use crate::token::remote::KeyStore;
use crate::token::signature::SignatureVerifier;
use crate::token::verify::Unverified;
use crate::token::{TokenError, UnixTime};

/// The head of a request as the host has it, and what its token is judged by.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The headers.
    pub headers: &'a HeaderPairs,
    /// Whether that is all: there is no body.
    pub ends: bool,
    /// The host's metadata of the request, an `envoy.config.core.v3.Metadata` in bytes, where
    /// [`Settings::reads_metadata`](crate::settings::Settings::reads_metadata); empty elsewhere.
    pub metadata: &'a [u8],
    /// The peer by its TLS certificate, where [`Gate::reads_peer`]; nobody
    /// elsewhere, and where the host has not verified it.
    pub peer: Peer<'a>,
    /// The keys that issuers publish.
    pub published: &'a KeyStore,
    /// Who checks signatures.
    pub verifier: &'a dyn SignatureVerifier,
    /// The time.
    pub now: UnixTime,
}

impl Gate {
    /// Whether a condition can look at who the peer is by its TLS certificate.
    #[must_use]
    pub fn reads_peer(&self) -> bool {
        self.open.as_ref().is_ok_and(|open| open.configuration.policy.reads(Variable::Request))
    }
}

/// A caller with a token: a role for those without one is one of the policy, which says nothing of
/// what passes beside the endpoint.
pub(super) fn known(principal: Rc<Principal>) -> Result<Option<Rc<Principal>>, Refused> {
    match principal.claims {
        Some(_) => Ok(Some(principal)),
        None => Err(TokenError::Missing.into()),
    }
}

/// A refusal of a caller.
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// The issuer whose new keys could undo it.
    pub(super) awaits: Option<usize>,
    /// The issuer whose token it is, where that is proven.
    pub(super) issuer: Option<usize>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, awaits: None, issuer: None }
    }
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Reason::Token(error).into()
    }
}

impl From<Unverified> for Refused {
    fn from(Unverified { error, awaits, issuer }: Unverified) -> Self {
        Self { reason: Reason::Token(error), awaits, issuer }
    }
}
