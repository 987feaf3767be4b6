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

/// Either of the two: what only one of them has is optional here, and judged by how it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WirePublished {
    uri: Option<Box<str>>,
    cluster: Box<str>,
    jwks_cluster: Option<Box<str>>,
    timeout_ms: Option<u32>,
    refresh_seconds: Option<u64>,
    max_stale_seconds: Option<u64>,
    refetch_seconds: Option<u64>,
    wait_seconds: Option<u64>,
}

impl WirePublished {
    /// Reads it as `remote_jwks`.
    pub(super) fn read_jwks(self, at: &str) -> Result<RemoteKeys, ConfigurationError> {
        if self.jwks_cluster.is_some() {
            let message = "this is for `discovery`: here `cluster` is the one that has the keys";
            return Err(value(&format!("{at}.jwks_cluster"), message));
        }
        match self.url(at)? {
            Some(url) => self.read(Location::Jwks(url), at),
            None => Err(value(at, "expected the `uri` of the keys")),
        }
    }

    /// Reads it as `discovery` of an issuer.
    pub(super) fn read_discovery(
        self,
        issuer: &str,
        at: &str,
    ) -> Result<RemoteKeys, ConfigurationError> {
        let jwks_cluster = self.jwks_cluster.clone();
        if jwks_cluster.as_ref().is_some_and(|name| name.is_empty()) {
            return Err(value(&format!("{at}.jwks_cluster"), CLUSTER));
        }
        let document = self.url(at)?.or_else(|| Url::discovery_of(issuer)).ok_or_else(|| {
            value(at, "expected a `uri`, as the issuer is not a URL to look below")
        })?;
        self.read(Location::Discovery { document, issuer: issuer.into(), jwks_cluster }, at)
    }

    fn url(&self, at: &str) -> Result<Option<Url>, ConfigurationError> {
        let message = "expected an absolute `https` or `http` URL, without user and fragment";
        let read = |uri| Url::read(uri).ok_or_else(|| value(&format!("{at}.uri"), message));
        self.uri.as_deref().map(read).transpose()
    }

    fn read(self, location: Location, at: &str) -> Result<RemoteKeys, ConfigurationError> {
        let Self {
            uri: _,
            cluster,
            jwks_cluster: _,
            timeout_ms,
            refresh_seconds,
            max_stale_seconds,
            refetch_seconds,
            wait_seconds,
        } = self;
        let within = |name: &str, given: Option<u64>, default, range: (u64, u64), message| {
            let given = given.unwrap_or(default);
            let fits = (range.0..=range.1).contains(&given);
            fits.then_some(given).ok_or_else(|| value(&format!("{at}.{name}"), message))
        };
        if cluster.is_empty() {
            return Err(value(&format!("{at}.cluster"), CLUSTER));
        }
        let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            let message = "expected 1 to 30000 milliseconds";
            return Err(value(&format!("{at}.timeout_ms"), message));
        }
        let refresh = within(
            "refresh_seconds",
            refresh_seconds,
            REFRESH_SECONDS_DEFAULT,
            (REFRESH_MIN, REFRESH_MAX),
            "expected 60 to 86400 seconds",
        )?;
        let max_stale = within(
            "max_stale_seconds",
            max_stale_seconds,
            MAX_STALE_SECONDS_DEFAULT,
            (REFRESH_MIN, MAX_STALE_SECONDS_MAX),
            "expected 60 to 2592000 seconds",
        )?;
        let refetch = within(
            "refetch_seconds",
            refetch_seconds,
            REFETCH_SECONDS_DEFAULT,
            (1, REFRESH_MIN),
            "expected 1 to 60 seconds",
        )?;
        let wait = within(
            "wait_seconds",
            wait_seconds,
            WAIT_SECONDS_DEFAULT,
            (1, WAIT_SECONDS_MAX),
            "expected 1 to 30 seconds",
        )?;
        if max_stale < refresh.saturating_mul(2) {
            let message = "expected at least twice `refresh_seconds`, to bridge a fetch that fails";
            return Err(value(&format!("{at}.max_stale_seconds"), message));
        }
        if wait < refetch {
            let message = "expected at least `refetch_seconds`, or a new key is not waited for";
            return Err(value(&format!("{at}.wait_seconds"), message));
        }
        Ok(RemoteKeys { location, cluster, timeout_ms, refresh, max_stale, refetch, wait })
    }
}

const CLUSTER: &str = "expected the name of a cluster";
