//! What the filter says in Envoy's stats, below `wasmcustom.fieldgate.`. Labels are part of a stat's
//! name, in Istio's convention (`label=.=value;.;`): `stats_tags` in the bootstrap make tags of them.

use fieldgate_core::audit::Enforced;
use fieldgate_core::settings::ConfigurationError;

use crate::host::metric::Metric;
use crate::host::{self, HostError, LogLevel};

/// Digits of a digest that a label has.
const DIGEST_DIGITS: usize = 12;

/// The gauge `policy_enforced` of one policy: 1 while any thread of the proxy enforces it.
///
/// All threads write the same stat. Whoever stops enforcing writes 0, and whoever still does writes
/// 1 again at the next call of the host, within a second: so it is right whatever comes and goes, a trap included, without
/// anybody counting.
#[derive(Clone, Copy)]
pub(crate) struct InForce(Metric);

impl InForce {
    pub(crate) fn begin(enforced: &Enforced) -> Result<Self, HostError> {
        let Enforced { policy, revision, digest, .. } = enforced;
        let digest = digest.get(..DIGEST_DIGITS).unwrap_or(digest);
        let labels =
            label("policy", policy) + &label("revision", revision) + &label("digest", digest);
        let gauge = Metric::gauge(&format!("fieldgate.{labels}policy_enforced"))?;
        gauge.record(1)?;
        Ok(Self(gauge))
    }

    pub(crate) fn confirm(self) {
        self.record(1);
    }

    pub(crate) fn end(self) {
        self.record(0);
    }

    fn record(self, value: u64) {
        if let Err(error) = self.0.record(value) {
            host::log(LogLevel::Error, &format!("stat of the policy: {error}"));
        }
    }
}

/// Counts a refused configuration by what was wrong. The log has the details.
pub(crate) fn refused(error: &ConfigurationError) {
    let name = format!("fieldgate.{}configurations_refused", label("reason", error.code()));
    if let Err(error) = Metric::counter(&name).and_then(Metric::increment) {
        host::log(LogLevel::Error, &format!("stat of refused configurations: {error}"));
    }
}

/// Counts a fetch of published keys by what came of it.
pub(crate) fn fetched(result: &str) {
    let name = format!("fieldgate.{}key_fetches", label("result", result));
    if let Err(error) = Metric::counter(&name).and_then(Metric::increment) {
        host::log(LogLevel::Error, &format!("stat of key fetches: {error}"));
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{name}=.={value};.;")
}
