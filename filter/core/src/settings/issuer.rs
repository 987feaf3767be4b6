//! One issuer as JSON has it -> [`IssuerRules`].

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ConfigurationError;
use super::published::{WireDiscovery, WireRemoteJwks};
use super::wire::{Object, value};
use crate::token::keys::{Algorithm, KeySet};
use crate::token::verify::{IssuerRules, KeySource};

const LEEWAY_SECONDS_DEFAULT: u64 = 60;
/// RFC 7519 4.1.4 allows "no more than a few minutes".
const LEEWAY_SECONDS_MAX: u64 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireIssuer<'a> {
    issuer: Box<str>,
    audiences: Vec<Box<str>>,
    algorithms: Vec<Box<str>>,
    #[serde(borrow)]
    jwks: Option<&'a RawValue>,
    remote_jwks: Option<Object<WireRemoteJwks>>,
    discovery: Option<Object<WireDiscovery>>,
    leeway_seconds: Option<u64>,
    token_types: Option<Vec<Box<str>>>,
    #[serde(default)]
    claims: Object<WireClaims>,
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

pub(super) fn read_issuers(
    wires: Vec<Object<WireIssuer<'_>>>,
) -> Result<Vec<IssuerRules>, ConfigurationError> {
    if wires.is_empty() {
        return Err(value("issuers", "expected at least one issuer"));
    }
    let mut issuers: Vec<IssuerRules> = Vec::with_capacity(wires.len());
    for (at, wire) in wires.into_iter().enumerate() {
        let rules = wire.0.read(&format!("issuers[{at}]"))?;
        if issuers.iter().any(|other| other.issuer == rules.issuer) {
            return Err(value(&format!("issuers[{at}].issuer"), "this issuer is listed twice"));
        }
        issuers.push(rules);
    }
    Ok(issuers)
}

impl WireIssuer<'_> {
    fn read(self, at: &str) -> Result<IssuerRules, ConfigurationError> {
        let Self {
            issuer,
            audiences,
            algorithms,
            jwks,
            remote_jwks,
            discovery,
            leeway_seconds,
            token_types,
            claims,
        } = self;
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
        let groups_claim: Vec<Box<str>> = claims.0.groups.split('.').map(Box::from).collect();
        if groups_claim.iter().any(|name| name.is_empty()) {
            return Err(value(&format!("{at}.claims.groups"), "expected a path like `a.b`"));
        }
        let keys = match (jwks, remote_jwks, discovery) {
            (Some(jwks), None, None) => {
                let keys = KeySet::read(jwks.get()).map_err(|error| ConfigurationError::Keys {
                    path: format!("{at}.jwks"),
                    error,
                })?;
                if !keys.keys().iter().any(|key| algorithms.contains(&key.algorithm())) {
                    return Err(value(&format!("{at}.jwks"), "no key is for an allowed algorithm"));
                }
                KeySource::Inline(keys)
            }
            (None, Some(remote), None) => {
                KeySource::Published(remote.0.read(&format!("{at}.remote_jwks"))?)
            }
            (None, None, Some(discovery)) => {
                KeySource::Published(discovery.0.read(&issuer, &format!("{at}.discovery"))?)
            }
            _ => return Err(value(at, "expected one of `jwks`, `remote_jwks` and `discovery`")),
        };
        Ok(IssuerRules { issuer, audiences, algorithms, token_types, leeway, groups_claim, keys })
    }
}
