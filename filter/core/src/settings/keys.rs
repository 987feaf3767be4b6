//! What an issuer's configuration says of its keys -> algorithms and [`KeySource`]: keys in one of
//! three places with the algorithms they are used with, or trust in another filter without either.

use serde_json::value::RawValue;

use super::ConfigurationError;
use super::published::WirePublished;
use super::trust::WireTrust;
use super::wire::{Object, value};
use crate::token::keys::{Algorithm, Key, KeySet, Secrecy, UnknownAlgorithm};
use crate::token::verify::KeySource;

/// The members of an issuer that are about its keys.
pub(super) struct Given<'a> {
    pub(super) algorithms: Option<Vec<Box<str>>>,
    pub(super) jwks: Option<&'a RawValue>,
    pub(super) remote_jwks: Option<Object<WirePublished>>,
    pub(super) discovery: Option<Object<WirePublished>>,
    pub(super) trust: Option<Object<WireTrust>>,
}

impl Given<'_> {
    pub(super) fn read(
        self,
        issuer: &str,
        at: &str,
    ) -> Result<(Vec<Algorithm>, KeySource), ConfigurationError> {
        let Self { algorithms, jwks, remote_jwks, discovery, trust } = self;
        if let Some(trust) = trust {
            if algorithms.is_some()
                || jwks.is_some()
                || remote_jwks.is_some()
                || discovery.is_some()
            {
                let message = "an issuer whose tokens another filter verifies has no keys and \
                               algorithms here";
                return Err(value(&format!("{at}.trust"), message));
            }
            let trust = trust.0.read(&format!("{at}.trust"))?;
            return Ok((Vec::new(), KeySource::Attested(trust)));
        }
        let algorithms = algorithms.ok_or_else(|| ConfigurationError::Shape {
            path: at.to_owned(),
            message: "missing field `algorithms`".to_owned(),
        })?;
        let (algorithms, secrecy) = read_algorithms(&algorithms)
            .map_err(|message| value(&format!("{at}.algorithms"), message))?;
        let keys = match (jwks, remote_jwks, discovery) {
            (Some(jwks), None, None) => {
                KeySource::Inline(read_inline(jwks, &algorithms, secrecy, &format!("{at}.jwks"))?)
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
                discovery.0.read_discovery(issuer, &format!("{at}.discovery"))?,
            ),
            _ => return Err(value(at, "expected one of `jwks`, `remote_jwks` and `discovery`")),
        };
        Ok((algorithms, keys))
    }
}

fn read_inline(
    jwks: &RawValue,
    algorithms: &[Algorithm],
    secrecy: Secrecy,
    at: &str,
) -> Result<KeySet, ConfigurationError> {
    let keys = match secrecy {
        Secrecy::Public => KeySet::read(jwks.get()),
        Secrecy::Secret => KeySet::read_secret(jwks.get()),
    };
    let keys = keys.map_err(|error| ConfigurationError::Keys { path: at.to_owned(), error })?;
    let usable = |key: &Key| key.algorithms().iter().any(|one| algorithms.contains(one));
    if !keys.keys().iter().any(usable) {
        return Err(value(at, "no key is for an allowed algorithm"));
    }
    Ok(keys)
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
