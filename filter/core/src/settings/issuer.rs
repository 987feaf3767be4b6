//! One issuer as JSON has it -> [`IssuerRules`].

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ConfigurationError;
use super::claims::WireClaims;
use super::keys::Given;
use super::published::WirePublished;
use super::revoked::WireRevoked;
use super::trust::WireTrust;
use super::wire::{Object, value};
use crate::policy::rules::is_scope;
use crate::token::verify::{AuthenticationRules, Exp, IssuerRules, TimeRules};

/// RFC 7519 4.1.4 allows "no more than a few minutes".
const LEEWAY_SECONDS_MAX: u64 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireIssuer<'a> {
    issuer: Box<str>,
    audiences: Vec<Box<str>>,
    algorithms: Option<Vec<Box<str>>>,
    #[serde(borrow)]
    jwks: Option<&'a RawValue>,
    remote_jwks: Option<Object<WirePublished>>,
    discovery: Option<Object<WirePublished>>,
    trust: Option<Object<WireTrust>>,
    leeway_seconds: Option<u64>,
    max_lifetime_seconds: Option<u64>,
    exp: Option<Box<str>>,
    authentication: Option<Object<WireAuthentication>>,
    token_types: Option<Vec<Box<str>>>,
    #[serde(default)]
    claims: Object<WireClaims>,
    #[serde(default)]
    revoked: Object<WireRevoked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAuthentication {
    #[serde(default)]
    acr_values: Vec<Box<str>>,
    max_age_seconds: Option<u64>,
}

impl WireAuthentication {
    fn read(self, at: &str) -> Result<AuthenticationRules, ConfigurationError> {
        let Self { acr_values, max_age_seconds } = self;
        if acr_values.is_empty() && max_age_seconds.is_none() {
            return Err(value(at, "expected `acr_values`, `max_age_seconds` or both"));
        }
        // They go into a challenge, with blanks between them.
        if !acr_values.iter().all(|acr| is_scope(acr)) {
            let message = "expected visible ASCII characters, without `\"` and `\\`";
            return Err(value(&format!("{at}.acr_values"), message));
        }
        if max_age_seconds == Some(0) {
            return Err(value(&format!("{at}.max_age_seconds"), "expected a second at least"));
        }
        Ok(AuthenticationRules { acr_values, max_age: max_age_seconds })
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
            trust,
            leeway_seconds,
            max_lifetime_seconds,
            exp,
            authentication,
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
        let time = read_time(leeway_seconds, max_lifetime_seconds, exp.as_deref(), at)?;
        let authentication = match authentication {
            None => AuthenticationRules::default(),
            Some(asked) => asked.0.read(&format!("{at}.authentication"))?,
        };
        let claims = claims.0.read(&format!("{at}.claims"))?;
        let revoked = revoked.0.read(&format!("{at}.revoked"))?;
        if trust.is_some() && token_types.is_some() {
            let message = "a token that another filter verifies has no type here";
            return Err(value(&format!("{at}.token_types"), message));
        }
        let token_types = token_types.unwrap_or_else(|| vec!["JWT".into(), "at+jwt".into()]);
        let given = Given { algorithms, jwks, remote_jwks, discovery, trust };
        let (algorithms, keys) = given.read(&issuer, at)?;
        Ok(IssuerRules {
            issuer,
            audiences,
            algorithms,
            token_types,
            time,
            authentication,
            claims,
            revoked,
            keys,
        })
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
