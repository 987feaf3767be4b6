//! Istio: `istiod` applies `EnvoyFilter`s and makes a filter of a `WasmPlugin` or
//! `TrafficExtension`; the agent beside Envoy brings the image.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::{Served, fixture, localize};

const EXTENSION: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

/// A proxy for which a configuration is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    Gateway,
    Sidecar,
    Waypoint,
}

impl Proxy {
    /// As in the match of an `EnvoyFilter`.
    fn context(self) -> &'static str {
        match self {
            Self::Gateway => "GATEWAY",
            Self::Sidecar => "SIDECAR_INBOUND",
            Self::Waypoint => "WAYPOINT",
        }
    }

    /// As in the match of a plugin.
    fn mode(self) -> &'static str {
        match self {
            Self::Gateway => "CLIENT",
            Self::Sidecar | Self::Waypoint => "SERVER",
        }
    }
}

/// Whether the agent gets the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    Good,
    Failed,
}

/// What a proxy gets of these resources.
///
/// # Errors
/// They have what this does not know.
pub fn serve(proxy: Proxy, objects: &[Value], wasm: &str, fetch: Fetch) -> Result<Served> {
    let mut served = Served { listener: fixture("istio.yaml")?, discovered: Vec::new() };
    // Plugins are in the listener when it is patched.
    for object in objects {
        match object["kind"].as_str() {
            Some("WasmPlugin") => plugin(proxy, object, &object["spec"], &mut served)?,
            Some("TrafficExtension") => {
                plugin(proxy, object, &object["spec"]["wasm"], &mut served)?
            }
            Some("EnvoyFilter") => {}
            _ => bail!("Istio does not know {object}"),
        }
    }
    for object in objects.iter().filter(|object| object["kind"] == "EnvoyFilter") {
        for patch in object["spec"]["configPatches"].as_array().context("patches")? {
            apply(proxy, patch, &mut served)?;
        }
    }
    for extension in &mut served.discovered {
        agent(extension, wasm, fetch)?;
    }
    Ok(served)
}

/// One patch of an `EnvoyFilter`.
fn apply(proxy: Proxy, patch: &Value, served: &mut Served) -> Result<()> {
    let value = &patch["patch"]["value"];
    match (patch["applyTo"].as_str(), patch["patch"]["operation"].as_str()) {
        (Some("EXTENSION_CONFIG"), Some("ADD")) => {
            ensure!(proxy != Proxy::Waypoint, "not supported for a waypoint");
            let mut extension = value.clone();
            extension["@type"] = json!(EXTENSION);
            served.discovered.push(extension);
            Ok(())
        }
        (Some("HTTP_FILTER"), Some("INSERT_BEFORE")) => {
            insert(proxy, &patch["match"], value, served)
        }
        other => bail!("a patch that this does not know: {other:?}"),
    }
}

fn insert(proxy: Proxy, place: &Value, filter: &Value, served: &mut Served) -> Result<()> {
    if place["context"] != proxy.context() {
        return Ok(());
    }
    let (wanted, port) = match proxy {
        Proxy::Waypoint => (&place["waypoint"]["filter"], &Value::Null),
        Proxy::Gateway | Proxy::Sidecar => {
            (&place["listener"]["filterChain"]["filter"], &place["listener"]["portNumber"])
        }
    };
    let before = wanted["subFilter"]["name"].as_str().context("a filter to be before")?;
    let chains = served.listener["filter_chains"].as_array_mut().context("chains")?;
    for chain in chains {
        if !port.is_null() && chain["filter_chain_match"]["destination_port"] != *port {
            continue;
        }
        for network in chain["filters"].as_array_mut().context("filters")? {
            if network["name"] != wanted["name"] {
                continue;
            }
            let filters = &mut network["typed_config"]["http_filters"];
            let filters = filters.as_array_mut().context("HTTP filters")?;
            let found = filters.iter().position(|one| one["name"] == before);
            if let Some(at) = found {
                filters.insert(at, filter.clone());
            }
        }
    }
    Ok(())
}

/// The filter of a `WasmPlugin` or a `TrafficExtension`: behind authentication, for phase AUTHZ.
fn plugin(proxy: Proxy, object: &Value, wasm: &Value, served: &mut Served) -> Result<()> {
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    ensure!(spec["phase"] == "AUTHZ", "another phase: {spec}");
    let name = format!(
        "{}.{}",
        metadata["namespace"].as_str().context("a namespace")?,
        metadata["name"].as_str().context("a name")?,
    );
    let resource = format!("extensions.istio.io/trafficextension/{name}");
    let mut environment = Map::new();
    environment.insert("ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION".to_owned(), json!("4711"));
    for variable in wasm["vmConfig"]["env"].as_array().into_iter().flatten() {
        ensure!(variable["valueFrom"] == "INLINE", "{variable}");
        let name = variable["name"].as_str().context("a variable has a name")?;
        environment.insert(name.to_owned(), variable["value"].clone());
    }
    let policy = match wasm["failStrategy"].as_str() {
        Some("FAIL_RELOAD") => "FAIL_RELOAD",
        other => bail!("another strategy: {other:?}"),
    };
    served.discovered.push(json!({
        "@type": EXTENSION,
        "name": resource,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "root_id": wasm["pluginName"],
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": protojson(&wasm["pluginConfig"]),
                },
                "failure_policy": policy,
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "remote": {
                        "http_uri": { "uri": wasm["url"], "timeout": "30s", "cluster": "_" },
                    } },
                    "environment_variables": { "key_values": environment },
                },
            },
        },
    }));
    let discovery = json!({
        "name": resource,
        "config_discovery": {
            "config_source": {
                "ads": {},
                "initial_fetch_timeout": "0s",
                "resource_api_version": "V3",
            },
            "type_urls": [
                "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            ],
        },
    });
    let criteria = spec["match"].as_array().cloned().unwrap_or_default();
    for chain in served.listener["filter_chains"].as_array_mut().context("chains")? {
        let port = &chain["filter_chain_match"]["destination_port"];
        let met = |one: &Value| {
            let ports = one["ports"].as_array();
            let mode = one["mode"].is_null() || one["mode"] == proxy.mode();
            mode && ports.is_none_or(|ports| ports.iter().any(|one| one["number"] == *port))
        };
        if !criteria.is_empty() && !criteria.iter().any(met) {
            continue;
        }
        // A chain for TCP has none.
        let Some(filters) = chain.pointer_mut("/filters/0/typed_config/http_filters") else {
            continue;
        };
        filters.as_array_mut().context("HTTP filters")?.insert(0, discovery.clone());
    }
    Ok(())
}

/// A `Struct` as Istio prints it: numbers were doubles, and white space is not to be relied on.
fn protojson(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let one = |(name, value): (&String, &Value)| format!("{name:?}: {}", protojson(value));
            format!("{{{}}}", members.iter().map(one).collect::<Vec<_>>().join(","))
        }
        Value::Array(all) => {
            format!("[{}]", all.iter().map(protojson).collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

/// The agent beside Envoy: it puts its own file in place of the image, and a refusal of everything
/// in place of a filter whose image it cannot get.
fn agent(extension: &mut Value, wasm: &str, fetch: Fetch) -> Result<()> {
    if fetch == Fetch::Failed {
        extension["typed_config"] = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": {},
            "rules_stat_prefix": "wasm-default-deny",
        });
        return Ok(());
    }
    let filter = &mut extension["typed_config"];
    localize(filter, wasm)?;
    let environment = filter.pointer_mut("/config/vm_config/environment_variables/key_values");
    if let Some(variables) = environment.and_then(Value::as_object_mut) {
        variables.retain(|name, _| !name.starts_with("ISTIO_META"));
    }
    Ok(())
}
