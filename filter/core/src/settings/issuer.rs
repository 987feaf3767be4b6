//! One issuer as JSON has it -> [`IssuerRules`].

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ConfigurationError;
use super::claims::WireClaims;
use super::published::WirePublished;
use super::revoked::WireRevoked;
use super::wire::{Object, value};
use crate::token::keys::{Algorithm, Key, KeySet, Secrecy, UnknownAlgorithm};
use crate::token::verify::{Exp, IssuerRules, KeySource, TimeRules};

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
    remote_jwks: Option<Object<WirePublished>>,
    discovery: Option<Object<WirePublished>>,
    leeway_seconds: Option<u64>,
    max_lifetime_seconds: Option<u64>,
    exp: Option<Box<str>>,
    token_types: Option<Vec<Box<str>>>,
    #[serde(default)]
    claims: Object<WireClaims>,
    #[serde(default)]
    revoked: Object<WireRevoked>,
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
            max_lifetime_seconds,
            exp,
            token_types,
            claims,
            revoked,
        } = self;
        if issuer.is_empty() {
            return Err(value(&format!("{at}.issuer"), "expected the `iss` of its tokens"));
        }
        if audiences.is_empty() || audiences.iter().any(|audience| audience.is_empty()) {
            return Err(value(&format!("{at}.audiences"), "expected at least one audience"));
        }
        let (algorithms, secrecy) = read_algorithms(&algorithms)
            .map_err(|message| value(&format!("{at}.algorithms"), message))?;
        let time = read_time(leeway_seconds, max_lifetime_seconds, exp.as_deref(), at)?;
        let token_types = token_types.unwrap_or_else(|| vec!["JWT".into(), "at+jwt".into()]);
        let claims = claims.0.read(&format!("{at}.claims"))?;
        let revoked = revoked.0.read(&format!("{at}.revoked"))?;
        let keys = match (jwks, remote_jwks, discovery) {
            (Some(jwks), None, None) => {
                let keys = match secrecy {
                    Secrecy::Public => KeySet::read(jwks.get()),
                    Secrecy::Secret => KeySet::read_secret(jwks.get()),
                };
                let keys = keys.map_err(|error| ConfigurationError::Keys {
                    path: format!("{at}.jwks"),
                    error,
                })?;
                let usable =
                    |key: &Key| key.algorithms().iter().any(|one| algorithms.contains(one));
                if !keys.keys().iter().any(usable) {
                    return Err(value(&format!("{at}.jwks"), "no key is for an allowed algorithm"));
                }
                KeySource::Inline(keys)
            }
            // Whoever can read a secret can sign: it is never published.
            (None, _, _) if secrecy == Secrecy::Secret => {
                let message = "expected keys in `jwks`, as those of HMAC are secret";
                return Err(value(at, message));
            }
            (None, Some(remote), None) => {
                KeySource::Published(remote.0.read_jwks(&format!("{at}.remote_jwks"))?)
            }
            (None, None, Some(discovery)) => KeySource::Published(
                discovery.0.read_discovery(&issuer, &format!("{at}.discovery"))?,
            ),
            _ => return Err(value(at, "expected one of `jwks`, `remote_jwks` and `discovery`")),
        };
        Ok(IssuerRules { issuer, audiences, algorithms, token_types, time, claims, revoked, keys })
    }
}

fn read_time(
    leeway: Option<u64>,
    max_lifetime: Option<u64>,
    exp: Option<&str>,
    at: &str,
) -> Result<TimeRules, ConfigurationError> {
    let default = TimeRules::default();
    let leeway = leeway.unwrap_or(default.leeway);
    if leeway > LEEWAY_SECONDS_MAX {
        return Err(value(&format!("{at}.leeway_seconds"), "expected at most 300 seconds"));
    }
    if max_lifetime == Some(0) {
        return Err(value(&format!("{at}.max_lifetime_seconds"), "expected a second at least"));
    }
    let exp = match (exp, max_lifetime) {
        (None | Some("required"), _) => Exp::Required,
        (Some("optional"), Some(_)) => Exp::Optional,
        (Some("optional"), None) => {
            let message = "`optional` needs `max_lifetime_seconds`: a token has to end some time";
            return Err(value(&format!("{at}.exp"), message));
        }
        (Some(_), _) => {
            return Err(value(&format!("{at}.exp"), "expected `required` or `optional`"));
        }
    };
    Ok(TimeRules { leeway, max_lifetime, exp })
}

/// The algorithms of an issuer, and whether its keys are public or secret: never both, so that a
/// public key cannot come to be taken for a secret that everybody knows (RFC 8725 section 2.1).
fn read_algorithms(names: &[Box<str>]) -> Result<(Vec<Algorithm>, Secrecy), &'static str> {
    let algorithms: Vec<Algorithm> =
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(
            |UnknownAlgorithm| {
                "expected any of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, \
             `ES384`, `ES512`, `EdDSA`, or `HS256`, `HS384`, `HS512`"
            },
        )?;
    let secrecy = algorithms.first().ok_or("expected at least one algorithm")?.secrecy();
    if algorithms.iter().any(|algorithm| algorithm.secrecy() != secrecy) {
        return Err("expected `HS256`, `HS384` and `HS512` alone or not at all");
    }
    Ok((algorithms, secrecy))
}
