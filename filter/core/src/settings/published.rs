//! `remote_jwks` and `discovery` of an issuer as JSON has them -> [`RemoteKeys`].

use serde::Deserialize;

use super::ConfigurationError;
use super::wire::value;
use crate::token::remote::{Location, REFRESH_MAX, REFRESH_MIN, RemoteKeys, Url};

/// The longest time for one answer, in milliseconds.
const TIMEOUT_MS_MAX: u32 = 30_000;
const TIMEOUT_MS_DEFAULT: u32 = 5_000;
const REFRESH_SECONDS_DEFAULT: u64 = 300;
/// A day: an outage of the identity provider over night takes nobody down.
const MAX_STALE_SECONDS_DEFAULT: u64 = 86_400;
const MAX_STALE_SECONDS_MAX: u64 = 30 * 86_400;
const REFETCH_SECONDS_DEFAULT: u64 = 5;
/// A little above the time between two fetches, so that a key that has just been published is
/// waited for even where somebody keeps asking for keys that there are not.
const WAIT_SECONDS_DEFAULT: u64 = 6;
const WAIT_SECONDS_MAX: u64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRemoteJwks {
    uri: Box<str>,
    cluster: Box<str>,
    timeout_ms: Option<u32>,
    refresh_seconds: Option<u64>,
    max_stale_seconds: Option<u64>,
    refetch_seconds: Option<u64>,
    wait_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireDiscovery {
    uri: Option<Box<str>>,
    cluster: Box<str>,
    jwks_cluster: Option<Box<str>>,
    timeout_ms: Option<u32>,
    refresh_seconds: Option<u64>,
    max_stale_seconds: Option<u64>,
    refetch_seconds: Option<u64>,
    wait_seconds: Option<u64>,
}

/// The times that both have; serde's `flatten` would lose track of unknown keys.
struct Times {
    timeout_ms: Option<u32>,
    refresh: Option<u64>,
    max_stale: Option<u64>,
    refetch: Option<u64>,
    wait: Option<u64>,
}

const URL: &str = "expected an absolute `https` or `http` URL, without user and fragment";

impl WireRemoteJwks {
    pub(super) fn read(self, at: &str) -> Result<RemoteKeys, ConfigurationError> {
        let Self {
            uri,
            cluster,
            timeout_ms,
            refresh_seconds: refresh,
            max_stale_seconds: max_stale,
            refetch_seconds: refetch,
            wait_seconds: wait,
        } = self;
        let url = Url::read(&uri).ok_or_else(|| value(&format!("{at}.uri"), URL))?;
        let times = Times { timeout_ms, refresh, max_stale, refetch, wait };
        times.read(Location::Jwks(url), cluster, at)
    }
}

impl WireDiscovery {
    pub(super) fn read(self, issuer: &str, at: &str) -> Result<RemoteKeys, ConfigurationError> {
        let Self {
            uri,
            cluster,
            jwks_cluster,
            timeout_ms,
            refresh_seconds: refresh,
            max_stale_seconds: max_stale,
            refetch_seconds: refetch,
            wait_seconds: wait,
        } = self;
        let document = match uri {
            Some(uri) => Url::read(&uri).ok_or_else(|| value(&format!("{at}.uri"), URL))?,
            None => Url::discovery_of(issuer).ok_or_else(|| {
                value(at, "expected a `uri`, as the issuer is not a URL to look below")
            })?,
        };
        if jwks_cluster.as_ref().is_some_and(|name| name.is_empty()) {
            return Err(value(&format!("{at}.jwks_cluster"), "expected the name of a cluster"));
        }
        let times = Times { timeout_ms, refresh, max_stale, refetch, wait };
        times.read(
            Location::Discovery { document, issuer: issuer.into(), jwks_cluster },
            cluster,
            at,
        )
    }
}

impl Times {
    fn read(
        self,
        location: Location,
        cluster: Box<str>,
        at: &str,
    ) -> Result<RemoteKeys, ConfigurationError> {
        let Self { timeout_ms, refresh, max_stale, refetch, wait } = self;
        let within = |name: &str, given: Option<u64>, default, range: (u64, u64), message| {
            let given = given.unwrap_or(default);
            let fits = (range.0..=range.1).contains(&given);
            fits.then_some(given).ok_or_else(|| value(&format!("{at}.{name}"), message))
        };
        if cluster.is_empty() {
            return Err(value(&format!("{at}.cluster"), "expected the name of a cluster"));
        }
        let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            let message = "expected 1 to 30000 milliseconds";
            return Err(value(&format!("{at}.timeout_ms"), message));
        }
        let refresh = within(
            "refresh_seconds",
            refresh,
            REFRESH_SECONDS_DEFAULT,
            (REFRESH_MIN, REFRESH_MAX),
            "expected 60 to 86400 seconds",
        )?;
        let max_stale = within(
            "max_stale_seconds",
            max_stale,
            MAX_STALE_SECONDS_DEFAULT,
            (REFRESH_MIN, MAX_STALE_SECONDS_MAX),
            "expected 60 to 2592000 seconds",
        )?;
        let refetch = within(
            "refetch_seconds",
            refetch,
            REFETCH_SECONDS_DEFAULT,
            (1, REFRESH_MIN),
            "expected 1 to 60 seconds",
        )?;
        let wait = within(
            "wait_seconds",
            wait,
            WAIT_SECONDS_DEFAULT,
            (1, WAIT_SECONDS_MAX),
            "expected 1 to 30 seconds",
        )?;
        Ok(RemoteKeys { location, cluster, timeout_ms, refresh, max_stale, refetch, wait })
    }
}
