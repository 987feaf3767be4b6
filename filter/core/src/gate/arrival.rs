//! How a request arrives at the gate, what the host has to know for that, and how a caller may be
//! refused there.

use super::Gate;
use crate::denial::Reason;
use crate::http::{Head, Headers, Peer};
use crate::policy::condition::Variable;
use crate::reply::Refusal;
use crate::token::remote::KeyStore;
use crate::token::signature::SignatureVerifier;
use crate::token::verify::{KeySource, Unverified};
use crate::token::{TokenError, UnixTime};

/// The head of a request as the host has it, and what its token is judged by.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The headers.
    pub headers: &'a Headers,
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

    /// The path of a request as it may be logged, if that is not how it came: without a URL query
    /// where tokens may be in one, and where the gate is closed, which does not know.
    #[must_use]
    pub fn loggable_path<'h>(&self, headers: &'h Headers) -> Option<&'h [u8]> {
        let queried = self.settings().is_none_or(|settings| settings.tokens.may_be_in_query());
        let path = queried.then(|| Head::read(headers).path_without_query()).flatten()?;
        // A host may not take an empty path for one.
        Some(if path.is_empty() { b"/" } else { path })
    }
}

/// What is refused by its head.
pub(super) struct TurnedAway {
    pub(super) refusal: Refusal,
    /// The issuer whose new keys could undo it.
    pub(super) awaits: Option<usize>,
}

impl From<Refusal> for TurnedAway {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, awaits: None }
    }
}

impl From<Reason> for TurnedAway {
    fn from(reason: Reason) -> Self {
        Refusal::from(reason).into()
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
