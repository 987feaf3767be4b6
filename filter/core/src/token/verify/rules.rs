//! What is accepted from an issuer: a configuration's rules as the verifier reads them.

use super::{AuthenticationRules, ClaimPath, NamesRule, TimeRules};
use crate::token::attested::Trust;
use crate::token::keys::{Algorithm, KeySet};
use crate::token::remote::RemoteKeys;
use crate::token::revocation::Revocations;

/// What is accepted from one issuer.
#[derive(Clone, Debug)]
pub struct IssuerRules {
    /// The exact value of `iss`.
    pub issuer: Box<str>,
    /// Our names: one of them has to be in `aud`.
    pub audiences: Vec<Box<str>>,
    /// The algorithms that this issuer may use (RFC 8725 section 3.1).
    pub algorithms: Vec<Algorithm>,
    /// The values of `typ` that are accepted, if there is one (RFC 8725 section 3.11).
    pub token_types: Vec<Box<str>>,
    /// When its tokens are valid.
    pub time: TimeRules,
    /// How its subjects have to be authenticated.
    pub authentication: AuthenticationRules,
    /// Where its claims are.
    pub claims: ClaimRules,
    /// What is worth nothing any more.
    pub revoked: Revocations,
    /// The keys of this issuer, and of no other.
    pub keys: KeySource,
}

/// Where the keys of an issuer come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The configuration has them.
    Inline(KeySet),
    /// The issuer publishes them: a [`KeyStore`](crate::token::remote::KeyStore) has what was fetched.
    Published(RemoteKeys),
    /// None here: another filter verifies the issuer's tokens, and leaves their claims in a place.
    Attested(Trust),
}

/// Where the claims of an issuer are that have no fixed place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimRules {
    /// The caller's groups.
    pub groups: Vec<NamesRule>,
    /// The names of roles that the issuer gives by itself.
    pub roles: Vec<NamesRule>,
    /// What the token may be used for (RFC 6749 section 3.3).
    pub scopes: Vec<NamesRule>,
    /// The client. Without a path, or without that claim: `azp`, or else `client_id`.
    pub client: Option<ClaimPath>,
}
