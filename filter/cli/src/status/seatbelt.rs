//! A filter's configuration in Envoy -> whether it is the seatbelt: Envoy's own RBAC filter that
//! lets only requests pass that fieldgate has marked.
//!
//! It is recognized in the form that `envoy/` ships, with whatever further conditions. Another form
//! may be as good; it is not taken for one.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Unreadable;
use super::dump::Any;

const RBAC: &str = "envoy.extensions.filters.http.rbac.v3.RBAC";
const RBAC_PER_ROUTE: &str = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";
/// What fieldgate sets, as other filters see it, and to what.
const MARK: (&str, &str) = ("wasm.fieldgate.verdict", "forward");

/// Whether nothing passes this filter without fieldgate's mark.
pub(super) fn demands_mark(any: &Any) -> Result<bool, Unreadable> {
    if any.kind() != RBAC {
        return Ok(false);
    }
    any.read().map(|wire: Wire| wire.demands_mark())
}

/// The same of what a route has instead. One without rules switches the filter off.
pub(super) fn demands_mark_on_route(any: &Any) -> Result<bool, Unreadable> {
    if any.kind() != RBAC_PER_ROUTE {
        return Ok(false);
    }
    let WirePerRoute { rbac } = any.read()?;
    Ok(rbac.is_some_and(|wire| wire.demands_mark()))
}

impl Wire {
    fn demands_mark(&self) -> bool {
        let Self { rules } = self;
        let Some(Rules { action, policies }) = rules else { return false };
        // One policy is enough to pass, and within it one principal.
        let demanded = |policy: &Policy| policy.principals.iter().all(Principal::demands_mark);
        matches!(action.as_deref(), None | Some("ALLOW")) && policies.values().all(demanded)
    }
}

impl Principal {
    fn demands_mark(&self) -> bool {
        let Self { filter_state, and_ids } = self;
        let (key, value) = MARK;
        let marked = filter_state.as_ref().is_some_and(|state| {
            state.key == key && state.string_match.exact.as_deref() == Some(value)
        });
        marked || and_ids.as_ref().is_some_and(|all| all.ids.iter().any(Self::demands_mark))
    }
}

#[derive(Deserialize)]
struct Wire {
    rules: Option<Rules>,
}

#[derive(Deserialize)]
struct WirePerRoute {
    rbac: Option<Wire>,
}

#[derive(Deserialize)]
struct Rules {
    /// Absent where it is the first of its kind: `ALLOW`.
    action: Option<String>,
    #[serde(default)]
    policies: BTreeMap<String, Policy>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(default)]
    principals: Vec<Principal>,
}

#[derive(Deserialize)]
struct Principal {
    #[serde(alias = "filterState")]
    filter_state: Option<FilterState>,
    #[serde(alias = "andIds")]
    and_ids: Option<Set>,
}

#[derive(Deserialize)]
struct Set {
    #[serde(default)]
    ids: Vec<Principal>,
}

#[derive(Deserialize)]
struct FilterState {
    #[serde(default)]
    key: String,
    #[serde(default, alias = "stringMatch")]
    string_match: StringMatch,
}

#[derive(Default, Deserialize)]
struct StringMatch {
    exact: Option<String>,
}
