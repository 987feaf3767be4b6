//! Plugin configuration bytes -> [`Configuration`]: what to enforce and how.
//!
//! The configuration is JSON, because that is what every control plane can carry. An unknown key,
//! a key given twice or a value out of range is an error that names its place; nothing falls back
//! to a default that was not asked for. Reading is pure: the same bytes give the same answer in
//! every VM, which is what makes it safe to refuse a push.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::policy::Policy;
use crate::policy::blob::{self, BlobError, Digest};
use crate::token::keys::{Algorithm, KeySet, KeySetError};
use crate::token::verify::IssuerRules;

/// The version of the configuration format.
pub const VERSION: u32 = 1;

const LEEWAY_SECONDS_DEFAULT: u64 = 60;
/// RFC 7519 4.1.4 allows "no more than a few minutes".
const LEEWAY_SECONDS_MAX: u64 = 300;

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

/// How requests are read and principals made.
#[derive(Debug)]
pub struct Settings {
    /// Hold or stream.
    pub request_headers: RequestHeaders,
    /// The one path that is served, compared exactly.
    pub path: Box<str>,
    /// Who may issue tokens.
    pub issuers: Vec<IssuerRules>,
    /// The bounds.
    pub limits: Limits,
    /// The record's forms.
    pub audit: AuditForm,
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

/// Why bytes are not a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationError {
    /// There are none.
    Empty,
    /// Not JSON, an unknown or repeated key, or a value of another type. The path is like
    /// `issuers[0].leeway_seconds`, and `.` at the top.
    Shape {
        /// Where.
        path: String,
        /// What.
        message: String,
    },
    /// A version of the format that is not [`VERSION`].
    Version(u32),
    /// A value that has the right type and no meaning.
    Value {
        /// Where.
        path: String,
        /// What would have been right.
        message: &'static str,
    },
    /// An issuer's keys cannot be used.
    Keys {
        /// Where.
        path: String,
        /// Why.
        error: KeySetError,
    },
    /// The policy cannot be used.
    Policy(BlobError),
}

impl ConfigurationError {
    /// Where in the configuration, as a path of keys and indices.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Empty => ".",
            Self::Shape { path, .. } | Self::Value { path, .. } | Self::Keys { path, .. } => path,
            Self::Version(_) => "version",
            Self::Policy(_) => "policy",
        }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the configuration is empty"),
            Self::Shape { path, message } => write!(f, "`{path}`: {message}"),
            Self::Version(found) => {
                write!(f, "`version`: configuration has version {found}, expected {VERSION}")
            }
            Self::Value { path, message } => write!(f, "`{path}`: {message}"),
            Self::Keys { path, error } => write!(f, "`{path}`: {error}"),
            Self::Policy(error) => write!(f, "`policy`: {error}"),
        }
    }
}

impl std::error::Error for ConfigurationError {}

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
        let wire: Wire<'_> =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let path = error.path().to_string();
                ConfigurationError::Shape { path, message: plain(error.inner()) }
            })?;
        deserializer.end().map_err(|error| ConfigurationError::Shape {
            path: ".".to_owned(),
            message: plain(&error),
        })?;
        let Wire { version, request_headers, endpoint, issuers, limits, audit, policy } = wire;
        if version != VERSION {
            return Err(ConfigurationError::Version(version));
        }
        let settings = Settings {
            request_headers: match request_headers {
                WireHeaders::Hold => RequestHeaders::Hold,
                WireHeaders::Stream => RequestHeaders::Stream,
            },
            path: endpoint.read()?,
            issuers: read_issuers(issuers)?,
            limits: limits.read()?,
            audit: if audit.nested { AuditForm::TextAndStruct } else { AuditForm::Text },
        };
        let blob = STANDARD
            .decode(policy.as_bytes())
            .map_err(|_| value("policy", "expected a policy blob in base64"))?;
        let (policy, digest) = blob::decode(&blob).map_err(ConfigurationError::Policy)?;
        Ok(Self { settings, policy, digest })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    version: u32,
    #[serde(default)]
    request_headers: WireHeaders,
    #[serde(default)]
    endpoint: WireEndpoint,
    #[serde(borrow)]
    issuers: Vec<WireIssuer<'a>>,
    #[serde(default)]
    limits: WireLimits,
    #[serde(default)]
    audit: WireAudit,
    policy: Box<str>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum WireHeaders {
    Hold,
    #[default]
    Stream,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEndpoint {
    path: Box<str>,
}

impl Default for WireEndpoint {
    fn default() -> Self {
        Self { path: "/graphql".into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireIssuer<'a> {
    issuer: Box<str>,
    audiences: Vec<Box<str>>,
    algorithms: Vec<Box<str>>,
    #[serde(borrow)]
    jwks: &'a RawValue,
    leeway_seconds: Option<u64>,
    token_types: Option<Vec<Box<str>>>,
    #[serde(default)]
    claims: WireClaims,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireClaims {
    groups: Box<str>,
}

impl Default for WireClaims {
    fn default() -> Self {
        Self { groups: "groups".into() }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WireLimits {
    body_bytes: Option<u32>,
    tokens: Option<u32>,
    depth: Option<u32>,
    root_fields: Option<u32>,
    aliases: Option<u32>,
    directives: Option<u32>,
    expanded_fields: Option<u32>,
    variables_depth: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WireAudit {
    #[serde(default)]
    nested: bool,
}

impl WireEndpoint {
    fn read(self) -> Result<Box<str>, ConfigurationError> {
        let Self { path } = self;
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
        if path.starts_with('/') && path.bytes().all(plain) {
            return Ok(path);
        }
        Err(value("endpoint.path", "expected a path that begins with `/`, without `?` or `#`"))
    }
}

impl WireLimits {
    fn read(self) -> Result<Limits, ConfigurationError> {
        let Self {
            body_bytes,
            tokens,
            depth,
            root_fields,
            aliases,
            directives,
            expanded_fields,
            variables_depth,
        } = self;
        let (default, cap) = (Limits::DEFAULT, Limits::CAP);
        let bounded = |name: &str, given: Option<u32>, default: u32, cap: u32| match given {
            None => Ok(default),
            Some(limit) if limit <= cap => Ok(limit),
            Some(_) => Err(value(&format!("limits.{name}"), "above the cap for this limit")),
        };
        Ok(Limits {
            body_bytes: bounded("body_bytes", body_bytes, default.body_bytes, cap.body_bytes)?,
            tokens: bounded("tokens", tokens, default.tokens, cap.tokens)?,
            depth: bounded("depth", depth, default.depth, cap.depth)?,
            root_fields: bounded("root_fields", root_fields, default.root_fields, cap.root_fields)?,
            aliases: bounded("aliases", aliases, default.aliases, cap.aliases)?,
            directives: bounded("directives", directives, default.directives, cap.directives)?,
            expanded_fields: bounded(
                "expanded_fields",
                expanded_fields,
                default.expanded_fields,
                cap.expanded_fields,
            )?,
            variables_depth: bounded(
                "variables_depth",
                variables_depth,
                default.variables_depth,
                cap.variables_depth,
            )?,
        })
    }
}

fn read_issuers(wires: Vec<WireIssuer<'_>>) -> Result<Vec<IssuerRules>, ConfigurationError> {
    if wires.is_empty() {
        return Err(value("issuers", "expected at least one issuer"));
    }
    let mut issuers: Vec<IssuerRules> = Vec::with_capacity(wires.len());
    for (at, wire) in wires.into_iter().enumerate() {
        let rules = wire.read(&format!("issuers[{at}]"))?;
        if issuers.iter().any(|other| other.issuer == rules.issuer) {
            return Err(value(&format!("issuers[{at}].issuer"), "this issuer is listed twice"));
        }
        issuers.push(rules);
    }
    Ok(issuers)
}

impl WireIssuer<'_> {
    fn read(self, at: &str) -> Result<IssuerRules, ConfigurationError> {
        let Self { issuer, audiences, algorithms, jwks, leeway_seconds, token_types, claims } =
            self;
        if issuer.is_empty() {
            return Err(value(&format!("{at}.issuer"), "expected the `iss` of its tokens"));
        }
        if audiences.is_empty() || audiences.iter().any(|audience| audience.is_empty()) {
            return Err(value(&format!("{at}.audiences"), "expected at least one audience"));
        }
        let named = |name: &str| {
            name.parse::<Algorithm>().map_err(|_| {
                value(&format!("{at}.algorithms"), "expected any of `RS256`, `ES256`, `EdDSA`")
            })
        };
        let algorithms: Vec<Algorithm> =
            algorithms.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
        if algorithms.is_empty() {
            return Err(value(&format!("{at}.algorithms"), "expected at least one algorithm"));
        }
        let leeway = leeway_seconds.unwrap_or(LEEWAY_SECONDS_DEFAULT);
        if leeway > LEEWAY_SECONDS_MAX {
            return Err(value(&format!("{at}.leeway_seconds"), "expected at most 300 seconds"));
        }
        let token_types = token_types.unwrap_or_else(|| vec!["JWT".into(), "at+jwt".into()]);
        let groups_claim: Vec<Box<str>> = claims.groups.split('.').map(Box::from).collect();
        if groups_claim.iter().any(|name| name.is_empty()) {
            return Err(value(&format!("{at}.claims.groups"), "expected a path like `a.b`"));
        }
        let keys = KeySet::read(jwks.get())
            .map_err(|error| ConfigurationError::Keys { path: format!("{at}.jwks"), error })?;
        if !keys.keys().iter().any(|key| algorithms.contains(&key.algorithm())) {
            return Err(value(&format!("{at}.jwks"), "no key is for an allowed algorithm"));
        }
        Ok(IssuerRules { issuer, audiences, algorithms, token_types, leeway, groups_claim, keys })
    }
}

fn value(path: &str, message: &'static str) -> ConfigurationError {
    ConfigurationError::Value { path: path.to_owned(), message }
}

/// serde_json's message in the grammar of ours: the place is already in the path.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.split_once(" at line ") {
        Some((head, _)) => head.to_owned(),
        None => message,
    }
}
