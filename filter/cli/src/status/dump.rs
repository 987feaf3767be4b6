//! `/config_dump` -> listeners, refused pushes and extensions.
//!
//! Of all that Envoy shows, only what leads to an HTTP filter is read. The rest has no reader here
//! and may be anything.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::admin::DumpAnswers;
use super::routes::{Route, Routes, WireRoutes};
use super::timestamp::unix_millis;
use super::{Origin, State, Unreadable, parse};

const PATH: &str = "/config_dump";
const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const TYPED_STRUCTS: [&str; 2] = ["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"];

/// What Envoy was given.
#[derive(Debug)]
pub(super) struct Dump {
    pub(super) listeners: Vec<Listener>,
    pub(super) refused: Vec<Refused>,
    pub(super) extensions: BTreeMap<String, Extension>,
    /// What came by discovery of routes.
    routes: BTreeMap<String, Routes>,
}

/// One configuration of a listener: an update has another beside it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) origin: Origin,
    pub(super) chains: Vec<Chain>,
}

/// The HTTP filters of a filter chain.
#[derive(Debug)]
pub(super) struct Chain {
    /// Its name, or else its number.
    pub(super) name: String,
    pub(super) filters: Vec<HttpFilter>,
    /// Upgrades that have filters of their own.
    pub(super) upgrades: Vec<Upgrade>,
    pub(super) routes: Routes,
}

/// What serves a request for another protocol, in place of the filters of the chain.
#[derive(Debug, Deserialize)]
pub(super) struct Upgrade {
    #[serde(default, rename = "upgrade_type")]
    pub(super) protocol: String,
    #[serde(default)]
    pub(super) filters: Vec<HttpFilter>,
}

/// A push of a listener that was refused, and was the last one.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) listener: String,
    /// In Envoy's words.
    pub(super) details: String,
    pub(super) chains: Vec<Chain>,
}

/// The last configuration that came for a name by extension discovery, refused or not.
#[derive(Debug)]
pub(super) struct Extension {
    /// When it came, in milliseconds of Unix time.
    pub(super) came: Option<u64>,
    pub(super) configuration: Option<Any>,
}

/// A filter of a connection manager.
#[derive(Debug, Deserialize)]
pub(super) struct HttpFilter {
    #[serde(default)]
    pub(super) name: String,
    pub(super) typed_config: Option<Any>,
    pub(super) config_discovery: Option<Discovery>,
    /// Off unless a route switches it on.
    #[serde(default)]
    pub(super) disabled: bool,
}

/// A filter whose configuration comes by extension discovery.
#[derive(Debug, Deserialize)]
pub(super) struct Discovery {
    /// What may come.
    #[serde(default)]
    pub(super) type_urls: Vec<String>,
    /// In force until another one comes.
    pub(super) default_config: Option<Any>,
}

/// A message with its type.
#[derive(Debug, Deserialize)]
pub(super) struct Any {
    #[serde(rename = "@type")]
    url: String,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Any {
    /// The name of its type.
    pub(super) fn kind(&self) -> &str {
        let url = if self.is_typed_struct() {
            self.members.get("type_url").and_then(Value::as_str).unwrap_or_default()
        } else {
            &self.url
        };
        type_name(url)
    }

    /// The message as `T`, which is that of its type.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let nothing = Value::Object(Map::new());
        let message = if self.is_typed_struct() {
            self.members.get("value").unwrap_or(&nothing).clone()
        } else {
            Value::Object(self.members.clone())
        };
        let why = |error: serde_json::Error| format!("a `{}`: {error}", self.kind());
        serde_json::from_value(message).map_err(|e| Unreadable { path: PATH, why: why(e) })
    }

    fn is_typed_struct(&self) -> bool {
        TYPED_STRUCTS.contains(&type_name(&self.url))
    }
}

pub(super) fn type_name(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

impl Dump {
    pub(super) fn read(answers: &DumpAnswers) -> Result<Self, Unreadable> {
        let DumpAnswers { bootstrap, dynamic, ecds, routes } = answers;
        let mut dump = Self {
            listeners: Vec::new(),
            refused: Vec::new(),
            extensions: BTreeMap::new(),
            routes: BTreeMap::new(),
        };
        for WireStatic { listener } in parts(bootstrap.as_deref())? {
            dump.add(listener, State::Active, Origin::Bootstrap)?;
        }
        for wire in parts(dynamic.as_deref())? {
            dump.add_dynamic(wire)?;
        }
        for WireExtension { last_updated, ecds_filter } in parts(ecds.as_deref())? {
            // The name is that of the resource; without one nothing can refer to it.
            let Some(WireTyped { name, typed_config: configuration }) = ecds_filter else {
                continue;
            };
            let came = unix_millis(&last_updated);
            dump.extensions.insert(name, Extension { came, configuration });
        }
        for WireDynamicRoutes { route_config } in parts(routes.as_deref())? {
            let Some(routes) = route_config else { continue };
            dump.routes.insert(routes.name.clone(), routes.routes());
        }
        Ok(dump)
    }

    /// The routes of a filter chain; none if they are not known.
    pub(super) fn routes<'a>(&'a self, chain: &'a Chain) -> Option<&'a [Route]> {
        let routes = match &chain.routes {
            Routes::Named(name) => self.routes.get(name)?,
            here => here,
        };
        match routes {
            Routes::Known(routes) => Some(routes),
            Routes::Named(_) | Routes::Unlisted => None,
        }
    }

    /// The configuration of a filter that is its own, or came last by extension discovery.
    pub(super) fn configuration<'a>(&'a self, filter: &'a HttpFilter) -> Option<&'a Any> {
        let discovery = filter.config_discovery.as_ref();
        filter.typed_config.as_ref().or_else(|| {
            let came = self.extensions.get(&filter.name).and_then(|one| one.configuration.as_ref());
            came.or(discovery?.default_config.as_ref())
        })
    }

    fn add(&mut self, wire: WireListener, state: State, origin: Origin) -> Result<(), Unreadable> {
        let chains = wire.chains()?;
        self.listeners.push(Listener { name: wire.name, state, origin, chains });
        Ok(())
    }

    fn add_dynamic(&mut self, wire: WireDynamic) -> Result<(), Unreadable> {
        let WireDynamic { name, warming_state, active_state, draining_state, error_state } = wire;
        let states = [
            (State::Warming, warming_state),
            (State::Active, active_state),
            (State::Draining, draining_state),
        ];
        for (state, wire) in states {
            let Some(mut listener) = wire.and_then(|WireState { listener }| listener) else {
                continue;
            };
            // Envoy makes up a name for a listener that was sent without one.
            if listener.name.is_empty() {
                listener.name.clone_from(&name);
            }
            self.add(listener, state, Origin::Lds)?;
        }
        let Some(WireError { failed_configuration, details }) = error_state else { return Ok(()) };
        // One refusal stands there twice: under its listener, and in the sum of the last push.
        let failed = failed_configuration.as_ref();
        let listener = match failed {
            Some(failed) if name.is_empty() => failed.name.clone(),
            _ => name,
        };
        if !self.refused.iter().any(|other| other.listener == listener) {
            let chains = failed.map_or(Ok(Vec::new()), WireListener::chains)?;
            self.refused.push(Refused { listener, details, chains });
        }
        Ok(())
    }
}

fn parts<T: DeserializeOwned>(answer: Option<&str>) -> Result<Vec<T>, Unreadable> {
    let Some(answer) = answer else { return Ok(Vec::new()) };
    parse::<Parts<T>>(PATH, answer).map(|parts| parts.configs)
}

#[derive(Deserialize)]
struct Parts<T> {
    #[serde(default = "Vec::new")]
    configs: Vec<T>,
}

#[derive(Deserialize)]
struct WireStatic {
    listener: WireListener,
}

#[derive(Deserialize)]
struct WireDynamic {
    #[serde(default)]
    name: String,
    warming_state: Option<WireState>,
    active_state: Option<WireState>,
    draining_state: Option<WireState>,
    error_state: Option<WireError>,
}

#[derive(Deserialize)]
struct WireState {
    listener: Option<WireListener>,
}

#[derive(Deserialize)]
struct WireError {
    failed_configuration: Option<WireListener>,
    #[serde(default)]
    details: String,
}

#[derive(Deserialize)]
struct WireExtension {
    #[serde(default)]
    last_updated: String,
    ecds_filter: Option<WireTyped>,
}

#[derive(Deserialize)]
struct WireDynamicRoutes {
    route_config: Option<WireRoutes>,
}

#[derive(Deserialize)]
struct WireTyped {
    #[serde(default)]
    name: String,
    typed_config: Option<Any>,
}

#[derive(Deserialize)]
struct WireListener {
    #[serde(default)]
    name: String,
    #[serde(default)]
    filter_chains: Vec<WireChain>,
    default_filter_chain: Option<WireChain>,
}

#[derive(Deserialize)]
struct WireChain {
    #[serde(default)]
    name: String,
    #[serde(default)]
    filters: Vec<WireTyped>,
}

#[derive(Deserialize)]
struct WireManager {
    #[serde(default)]
    http_filters: Vec<HttpFilter>,
    #[serde(default)]
    upgrade_configs: Vec<Upgrade>,
    route_config: Option<WireRoutes>,
    rds: Option<WireRds>,
    scoped_routes: Option<Value>,
}

#[derive(Deserialize)]
struct WireRds {
    #[serde(default)]
    route_config_name: String,
}

impl WireListener {
    /// The filter chains that have a connection manager.
    fn chains(&self) -> Result<Vec<Chain>, Unreadable> {
        let mut chains = Vec::new();
        let numbered = (1..).map(|number: u32| number.to_string()).zip(&self.filter_chains);
        let default = self.default_filter_chain.iter().map(|chain| ("default".to_owned(), chain));
        for (number, WireChain { name, filters }) in numbered.chain(default) {
            let configurations = filters.iter().filter_map(|filter| filter.typed_config.as_ref());
            for manager in configurations.filter(|any| any.kind() == MANAGER) {
                let manager: WireManager = manager.read()?;
                let name = if name.is_empty() { number.clone() } else { name.clone() };
                chains.push(manager.chain(name));
            }
        }
        Ok(chains)
    }
}

impl WireManager {
    fn chain(self, name: String) -> Chain {
        let Self { http_filters, upgrade_configs, route_config, rds, scoped_routes } = self;
        let mut upgrades = upgrade_configs;
        upgrades.retain(|upgrade| !upgrade.filters.is_empty());
        let routes = match (route_config, rds, scoped_routes) {
            (_, _, Some(_)) => Routes::Unlisted,
            (_, Some(WireRds { route_config_name }), None) => Routes::Named(route_config_name),
            (Some(routes), None, None) => routes.routes(),
            (None, None, None) => Routes::Known(Vec::new()),
        };
        Chain { name, filters: http_filters, upgrades, routes }
    }
}
