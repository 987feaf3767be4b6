//! What the filter says in Envoy's stats, below `wasmcustom.fieldgate.`. Labels are part of a stat's
//! name, in Istio's convention (`label=.=value;.;`): `stats_tags` in the bootstrap make tags of them.

use fieldgate_core::audit::Enforced;
use fieldgate_core::settings::ConfigurationError;

use crate::host::{self, HostError, LogLevel, Metric};

/// How often a policy in force is confirmed, in milliseconds.
const CONFIRM: u32 = 1000;

/// Digits of a digest that a label has.
const DIGEST_DIGITS: usize = 12;

/// The gauge `policy_enforced` of one policy: 1 while any thread of the proxy enforces it.
///
/// All threads write the same stat. Whoever stops enforcing writes 0, and whoever still does writes
/// 1 again within [`CONFIRM`]: so it is right whatever comes and goes, a trap included, without
/// anybody counting.
pub(crate) struct InForce(Metric);

impl InForce {
    pub(crate) fn begin(enforced: &Enforced) -> Result<Self, HostError> {
        let Enforced { policy, revision, digest, .. } = enforced;
        let digest = digest.get(..DIGEST_DIGITS).unwrap_or(digest);
        let labels =
            label("policy", policy) + &label("revision", revision) + &label("digest", digest);
        let gauge = Metric::gauge(&format!("fieldgate.{labels}policy_enforced"))?;
        gauge.record(1)?;
        host::tick_every(CONFIRM)?;
        Ok(Self(gauge))
    }

    pub(crate) fn confirm(&self) {
        self.record(1);
    }

    pub(crate) fn end(self) {
        self.record(0);
    }

    fn record(&self, value: u64) {
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

fn label(name: &str, value: &str) -> String {
    format!("{name}=.={value};.;")
}
