//! Plugin configuration bytes -> [`Configuration`]: what to enforce and how.
//!
//! The configuration is JSON, because that is what every control plane can carry. An unknown key,
//! a key given twice or a value out of range is an error that names its place; nothing falls back
//! to a default that was not asked for. Reading is pure: the same bytes give the same answer in
//! every VM, which is what makes it safe to refuse a push.

mod anonymous;
mod claims;
mod endpoint;
mod error;
mod identity;
mod issuer;
mod keys;
mod published;
mod revoked;
mod tokens;
mod trust;
mod usage;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use self::error::ConfigurationError;
use self::issuer::read_issuers;
use self::wire::{Object, Wire, plain, read_mode, value};
use crate::challenge::ScopeChallenge;
use crate::http::Endpoint;
use crate::identity::headers::IdentityHeaders;
use crate::limits::Limits;
use crate::policy::Policy;
use crate::policy::blob::{self, Digest};
use crate::policy::ceiling::Counter;
use crate::policy::rules::RoleSet;
use crate::token::keys::IgnoredKey;
use crate::token::source::TokenRules;
use crate::token::verify::{IssuerRules, KeySource};

/// The version of the configuration format.
pub const VERSION: u32 = 1;

/// When the request headers go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestHeaders {
    /// With the body, after the verdict. Needs `allow_on_headers_stop_iteration` in the host.
    Hold,
    /// When they arrive; the body follows after the verdict.
    Stream,
}

/// In which forms the audit record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditForm {
    /// As JSON text.
    Text,
    /// As JSON text, and as a `google.protobuf.Struct` for access logs that nest JSON.
    TextAndStruct,
}

/// What is written of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The record's forms.
    pub form: AuditForm,
    /// Whether records have what the client got. The host has to be asked for it, which costs as much
    /// as all the rest of a record, and its access logs have it in columns of their own.
    pub response: bool,
}

/// What becomes of a request without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// It is refused.
    Deny,
    /// Its caller holds this role and no other.
    Role(RoleSet),
}

/// How requests are read and principals made.
#[derive(Debug)]
pub struct Settings {
    /// Hold or stream.
    pub request_headers: RequestHeaders,
    /// How the endpoint is asked.
    pub endpoint: Endpoint,
    /// Where tokens are, and where they end.
    pub tokens: TokenRules,
    /// Callers without a token.
    pub anonymous: Anonymous,
    /// What the server is told of the caller.
    pub identity_headers: IdentityHeaders,
    /// Who may issue tokens.
    pub issuers: Vec<IssuerRules>,
    /// The bounds.
    pub limits: Limits,
    /// What of an operation other filters are told, each once.
    pub exported: Vec<Counter>,
    /// The record.
    pub audit: Audit,
    /// Whether missing scopes are told.
    pub scope_challenge: ScopeChallenge,
}

impl Settings {
    /// The keys that nothing here can use, each with its place: for whoever configures it.
    pub fn ignored_keys(&self) -> impl Iterator<Item = (String, &IgnoredKey)> {
        self.issuers.iter().enumerate().flat_map(|(at, issuer)| {
            let ignored = match &issuer.keys {
                KeySource::Inline(keys) => keys.ignored(),
                KeySource::Published(_) | KeySource::Attested(_) => &[],
            };
            ignored.iter().map(move |key| (format!("issuers[{at}].jwks"), key))
        })
    }

    /// Whether the host's metadata is needed to know who asks.
    #[must_use]
    pub fn reads_metadata(&self) -> bool {
        self.issuers.iter().any(|issuer| matches!(issuer.keys, KeySource::Attested(_)))
    }
}

/// A whole, valid plugin configuration.
#[derive(Debug)]
pub struct Configuration {
    /// The settings.
    pub settings: Settings,
    /// The policy in force under them.
    pub policy: Policy,
    /// The policy's identity.
    pub digest: Digest,
}

impl Configuration {
    /// Reads a configuration.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing is half applied.
    pub fn read(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        if bytes.is_empty() {
            return Err(ConfigurationError::Empty);
        }
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let Object(wire): Object<Wire<'_>> = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| {
                let path = error.path().to_string();
                ConfigurationError::Shape { path, message: plain(error.inner()) }
            })?;
        deserializer.end().map_err(|error| ConfigurationError::Shape {
            path: ".".to_owned(),
            message: plain(&error),
        })?;
        let Wire {
            version,
            request_headers,
            endpoint,
            tokens,
            anonymous,
            identity_headers,
            issuers,
            limits,
            usage,
            audit,
            challenges,
            policy,
        } = wire;
        if version != VERSION {
            return Err(ConfigurationError::Version(version));
        }
        let blob = STANDARD
            .decode(policy.as_bytes())
            .map_err(|_| value("policy", "expected a policy blob in base64"))?;
        let (policy, digest) = blob::decode(&blob).map_err(ConfigurationError::Policy)?;
        let issuers = read_issuers(issuers)?;
        let incremental = endpoint.0.incremental;
        let settings = Settings {
            request_headers: read_mode(request_headers.as_deref())?,
            endpoint: endpoint.0.read()?,
            tokens: tokens.0.read(&issuers)?,
            anonymous: anonymous.read(&policy)?,
            identity_headers: identity_headers.0.read()?,
            issuers,
            limits: Limits { incremental, ..limits.0.read()? },
            exported: usage.0.read(&policy)?,
            audit: audit.0.read(),
            scope_challenge: challenges.0.read(),
        };
        Ok(Self { settings, policy, digest })
    }
}
