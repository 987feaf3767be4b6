//! A route configuration -> its [`Routes`]: what each changes of the filters in front of it.
//!
//! A filter's configuration for a route is that of the most specific place that has one: a weighted
//! cluster, the route, its virtual host, the whole configuration. There it may switch the filter
//! off or on, or take the place of what the filter has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::dump::Any;

/// What switches a filter off or on.
const SWITCH: &str = "envoy.config.route.v3.FilterConfig";
/// What an `Any` without content is, where it has a type.
const EMPTY: &str = "google.protobuf.Empty";

/// Where a connection manager sends requests.
#[derive(Clone, Debug)]
pub(super) enum Routes {
    /// These, all of them.
    Known(Vec<Route>),
    /// The routes of this name, by discovery.
    Named(String),
    /// Routes that the configuration does not list.
    Unlisted,
}

/// A way to an upstream.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Its name, or else its number, behind its virtual host.
    pub(super) name: String,
    /// Configurations of filters, the most specific first.
    changes: Vec<Changes>,
}

/// What a route makes of a filter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    /// It is as the connection manager has it.
    None,
    Off,
    On,
    /// It has this configuration instead.
    Instead(&'a Value),
}

type Changes = BTreeMap<String, Value>;

impl Route {
    /// What it makes of a filter.
    pub(super) fn change(&self, filter: &str) -> Change<'_> {
        let change = self.changes.iter().find_map(|changes| changes.get(filter));
        change.map_or(Change::None, |value| match any(value) {
            Some(any) if any.kind() == SWITCH => switch(value),
            _ => Change::Instead(value),
        })
    }
}

fn switch(value: &Value) -> Change<'_> {
    if value.get("disabled") == Some(&Value::Bool(true)) {
        return Change::Off;
    }
    match value.get("config") {
        None | Some(Value::Null) => Change::On,
        Some(Value::Object(members)) if members.is_empty() => Change::On,
        Some(inner) if any(inner).is_some_and(|any| any.kind() == EMPTY) => Change::On,
        Some(inner) => Change::Instead(inner),
    }
}

/// A message with its type; none if it has none.
pub(super) fn any(value: &Value) -> Option<Any> {
    serde_json::from_value(value.clone()).ok()
}

/// A `RouteConfiguration`, as far as it changes filters.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WireRoutes {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    virtual_hosts: Vec<WireHost>,
    /// Virtual hosts that come when they are asked for.
    vhds: Option<Value>,
    #[serde(default)]
    typed_per_filter_config: Changes,
}

#[derive(Clone, Debug, Deserialize)]
struct WireHost {
    #[serde(default)]
    name: String,
    #[serde(default)]
    routes: Vec<WireRoute>,
    /// Routes in another form.
    matcher: Option<Value>,
    #[serde(default)]
    typed_per_filter_config: Changes,
}

#[derive(Clone, Debug, Deserialize)]
struct WireRoute {
    #[serde(default)]
    name: String,
    route: Option<WireAction>,
    redirect: Option<Value>,
    direct_response: Option<Value>,
    #[serde(default)]
    typed_per_filter_config: Changes,
}

#[derive(Clone, Debug, Deserialize)]
struct WireAction {
    weighted_clusters: Option<WireClusters>,
}

#[derive(Clone, Debug, Deserialize)]
struct WireClusters {
    #[serde(default)]
    clusters: Vec<WireCluster>,
}

#[derive(Clone, Debug, Deserialize)]
struct WireCluster {
    #[serde(default)]
    name: String,
    #[serde(default)]
    typed_per_filter_config: Changes,
}

impl WireRoutes {
    pub(super) fn routes(self) -> Routes {
        let Self { name: _, virtual_hosts, vhds, typed_per_filter_config: whole } = self;
        if vhds.is_some() || virtual_hosts.iter().any(|host| host.matcher.is_some()) {
            return Routes::Unlisted;
        }
        let mut all = Vec::new();
        for WireHost { name: host, routes, matcher: _, typed_per_filter_config } in virtual_hosts {
            let around = vec![typed_per_filter_config, whole.clone()];
            for (number, route) in (1..).map(|number: u32| number.to_string()).zip(routes) {
                all.extend(route.ways(&host, &number, &around));
            }
        }
        Routes::Known(all)
    }
}

impl WireRoute {
    fn ways(self, host: &str, number: &str, around: &[Changes]) -> Vec<Route> {
        let Self { name, route, redirect, direct_response, typed_per_filter_config: own } = self;
        // What Envoy answers itself reaches no server.
        if redirect.is_some() || direct_response.is_some() {
            return Vec::new();
        }
        let name = if name.is_empty() { format!("{host}/{number}") } else { name };
        let around = [&[own], around].concat();
        match route.and_then(|WireAction { weighted_clusters }| weighted_clusters) {
            None => vec![Route { name, changes: around }],
            Some(WireClusters { clusters }) => {
                let way = |WireCluster { name: cluster, typed_per_filter_config: own }| Route {
                    name: format!("{name}/{cluster}"),
                    changes: [&[own], around.as_slice()].concat(),
                };
                clusters.into_iter().map(way).collect()
            }
        }
    }
}
