//! `/stats` as JSON -> the counts that tell of pushes, of traps and of what the filter enforces.
//!
//! The filter's own metrics carry labels in their names, `<label>=.=<value>;.;` each. They are
//! there since the filter has them: an older one leaves everything here empty.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{InForce, Unreadable, parse};

const PATH: &str = "/stats";
const OURS: &str = "wasmcustom.fieldgate.";

/// The stats that are asked for.
#[derive(Debug)]
pub(super) struct Stats {
    numbers: BTreeMap<String, u64>,
    /// Every policy that the filter has told of, and whether some thread enforces it.
    told: Vec<(InForce, Enforced)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enforced {
    Now,
    Before,
}

/// How often a plugin was loaded anew, after a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reloads {
    pub(super) success: u64,
    pub(super) failure: u64,
    pub(super) backoff: u64,
}

impl Stats {
    pub(super) fn read(answer: &str) -> Result<Self, Unreadable> {
        let Wire { stats } = parse(PATH, answer)?;
        // Histograms and texts are none.
        let number = |one: WireStat| Some((one.name?, one.value?.as_u64()?));
        let numbers: BTreeMap<_, _> = stats.into_iter().filter_map(number).collect();
        let told = numbers.iter().filter_map(|(name, value)| {
            let (labels, metric) = labels(name)?;
            (metric == "policy_enforced").then_some(())?;
            let of = |name| labels.get(name).map(|value| (*value).to_owned());
            let in_force = InForce {
                policy: of("policy")?,
                revision: of("revision")?,
                digest: of("digest").filter(|digest| !digest.is_empty())?,
                mode: None,
            };
            Some((in_force, if *value > 0 { Enforced::Now } else { Enforced::Before }))
        });
        let told = told.collect();
        Ok(Self { numbers, told })
    }

    /// Whether the filter has metrics.
    pub(super) fn tell(&self) -> bool {
        self.numbers.keys().any(|name| name.starts_with(OURS))
    }

    /// Whether the filter has told of a policy that it does not enforce now.
    pub(super) fn some_taken_back(&self) -> bool {
        self.told.iter().any(|(_, enforced)| *enforced == Enforced::Before)
    }

    /// The policies that some thread enforces.
    pub(super) fn enforced(&self) -> impl Iterator<Item = &InForce> {
        let now = self.told.iter().filter(|(_, enforced)| *enforced == Enforced::Now);
        now.map(|(in_force, _)| in_force)
    }

    /// Whether some thread enforces this policy.
    pub(super) fn confirm(&self, policy: &InForce) -> bool {
        self.enforced().any(|told| same(told, policy))
    }

    /// Whether the filter tells what is enforced, and does not tell of this policy.
    pub(super) fn deny(&self, policy: &InForce) -> bool {
        !self.told.is_empty() && !self.confirm(policy)
    }

    /// Why the filter has refused configurations since the start, and how often.
    pub(super) fn reasons(&self) -> Option<String> {
        let counted = self.numbers.iter().filter_map(|(name, value)| {
            let (labels, metric) = labels(name)?;
            let counted = metric == "configurations_refused" && *value > 0;
            counted.then_some(format!("`{}` {value}", labels.get("reason")?))
        });
        let counted: Vec<String> = counted.collect();
        (!counted.is_empty()).then(|| counted.join(", "))
    }

    /// How many pushes of listeners Envoy has refused since the start.
    pub(super) fn refused_listeners(&self) -> Option<u64> {
        self.number("listener_manager.lds.update_rejected")
    }

    /// How many pushes of an extension Envoy has refused since the start.
    pub(super) fn refused_extensions(&self, name: &str) -> Option<u64> {
        self.number(&format!("extension_config_discovery.http_filter.{name}.update_rejected"))
    }

    /// When a push of an extension was accepted last, in milliseconds of Unix time; 0 for never.
    pub(super) fn extension_accepted(&self, name: &str) -> Option<u64> {
        self.number(&format!("extension_config_discovery.http_filter.{name}.update_time"))
    }

    pub(super) fn reloads(&self, plugin: &str) -> Reloads {
        let of = |what| self.number(&format!("wasm.{plugin}.vm_reload_{what}")).unwrap_or(0);
        Reloads { success: of("success"), failure: of("failure"), backoff: of("backoff") }
    }

    /// None where Envoy was told to leave it out, which a mesh does.
    fn number(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).copied()
    }
}

/// Whether two are one policy: metrics know the first digits of the digest.
pub(super) fn same(told: &InForce, policy: &InForce) -> bool {
    policy.digest.starts_with(&told.digest)
}

/// The labels in the name of one of our metrics, and the name without them.
fn labels(name: &str) -> Option<(BTreeMap<&str, &str>, &str)> {
    let mut rest = name.strip_prefix(OURS)?;
    let mut labels = BTreeMap::new();
    while let Some((label, after)) = rest.split_once("=.=") {
        let (value, after) = after.split_once(";.;")?;
        labels.insert(label, value);
        rest = after;
    }
    Some((labels, rest))
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    stats: Vec<WireStat>,
}

#[derive(Deserialize)]
struct WireStat {
    name: Option<String>,
    value: Option<Value>,
}
