//! A shipped configuration file -> the bootstrap that a test runs: the same structure, with the
//! addresses, paths and plugin configuration of the test in it.
//!
//! Nothing is written from scratch: a listener here is the shipped listener, so that what is
//! tested is what is shipped.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::backend::TAG;
use crate::cluster::Served;
use crate::repository;

/// Which of the shipped configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    Hold,
    Stream,
}

impl Template {
    pub const ALL: [Self; 2] = [Self::Hold, Self::Stream];

    /// As in the setting `request_headers`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Stream => "stream",
        }
    }

    fn read(self) -> Result<Value> {
        read(&format!("static/{}.yaml", self.name()))
    }
}

/// One listener of a test.
#[derive(Clone, Debug)]
pub struct Listener {
    pub name: String,
    pub template: Template,
    /// The plugin configuration; without one the shipped placeholder stays.
    pub configuration: Option<String>,
    /// Where the backend is.
    pub upstream: SocketAddr,
    /// The filter's code.
    pub wasm: String,
    /// Further clusters, by name, with where they are: of all listeners together.
    pub clusters: Vec<(String, SocketAddr)>,
    /// The same for those that speak gRPC.
    pub grpc: Vec<(String, SocketAddr)>,
    /// Further changes, to the connection manager's configuration.
    pub change: Option<fn(&mut Value)>,
    /// The `DownstreamTlsContext`, without its type; plain text without one.
    pub tls: Option<Value>,
}

/// The place of the connection manager in a listener.
const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";
/// The place of the wasm filter's plugin in a connection manager.
const PLUGIN: &str = "/http_filters/0/typed_config/config";

impl Listener {
    #[must_use]
    pub fn changed(self, change: fn(&mut Value)) -> Self {
        Self { change: Some(change), ..self }
    }

    fn cluster(&self) -> String {
        format!("graphql-{}", self.upstream.port())
    }

    /// What the plugin configuration says of the endpoint; null if nothing.
    fn endpoint(&self) -> Value {
        let configuration = self.configuration.as_deref().unwrap_or_default();
        let configuration: Value = serde_json::from_str(configuration).unwrap_or_default();
        configuration["endpoint"].clone()
    }

    /// The shipped listener with this test's values.
    pub(super) fn configuration(&self, access_log: &Path) -> Result<Value> {
        let mut bootstrap = self.template.read()?;
        let mut listener = at(&mut bootstrap, "/static_resources/listeners/0").take();
        listener["name"] = json!(self.name);
        fit(&mut listener, access_log);
        if let Some(context) = &self.tls {
            at(&mut listener, "/filter_chains/0")["transport_socket"] = over_tls(context);
        }
        let manager = at(&mut listener, MANAGER);
        manager["stat_prefix"] = json!(self.name);
        let routes = at(manager, "/route_config/virtual_hosts/0/routes");
        routes[0]["route"]["cluster"] = json!(self.cluster());
        let endpoint = self.endpoint();
        if endpoint["other_paths"] == "allow" {
            routes[0]["match"] = json!({ "prefix": "/" });
        } else if let Some(paths) = endpoint["paths"].as_array() {
            let route = |path: &Value| {
                let mut route = routes[0].clone();
                route["match"]["path"] = path.clone();
                route
            };
            *routes = paths.iter().map(route).collect();
        }
        let plugin = at(manager, PLUGIN);
        *at(plugin, "/vm_config/code/local/filename") = json!(self.wasm);
        if let Some(configuration) = &self.configuration {
            *at(plugin, "/configuration/value") = json!(configuration);
        }
        if let Some(change) = self.change {
            change(manager);
        }
        Ok(listener)
    }
}

/// Has the shipped access log written where the tests read it.
fn log_to(manager: &mut Value, access_log: &Path, listener: &str) {
    let log = at(manager, "/access_log/0/typed_config");
    log["path"] = json!(access_log);
    let format = at(log, "/log_format/json_format");
    format["tag"] = json!(format!("%REQ({})%", TAG.to_uppercase()));
    format["listener"] = json!(listener);
    // As it is shipped, and in the form that nests.
    format["text"] = format["fieldgate"].take();
    format["fieldgate"] = json!("%TYPED_CEL(filter_state['wasm.fieldgate.audit_struct'])%");
}

/// Takes back what tests ask of the record in the access log, for a change of a listener.
pub fn log_as_shipped(manager: &mut Value) {
    let format = at(manager, "/access_log/0/typed_config/log_format/json_format");
    format["fieldgate"] = format["text"].take();
    format.as_object_mut().map(|format| format.remove("text"));
}

/// The bootstrap around a listener that a control plane serves, with the shipped access log in it.
pub(super) fn around(
    served: &mut Served,
    upstream: SocketAddr,
    access_log: &Path,
) -> Result<Value> {
    let mut bootstrap = Template::Hold.read()?;
    let shipped = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/access_log";
    let logs = at(&mut bootstrap, shipped).take();
    let name = served.listener["name"].as_str().unwrap_or_default().to_owned();
    for manager in served.managers()? {
        manager["access_log"] = logs.clone();
        log_to(manager, access_log, &name);
    }
    *at(&mut bootstrap, "/admin/address/socket_address/port_value") = json!(0);
    *at(&mut bootstrap, "/static_resources/listeners") = json!([served.listener]);
    direct(at(&mut bootstrap, "/static_resources/clusters/0"), upstream);
    bootstrap["node"] = json!({ "id": "e2e", "cluster": "e2e" });
    Ok(bootstrap)
}

/// Where the listeners come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delivery<'a> {
    Bootstrap,
    /// From this file, as LDS.
    File(&'a Path),
}

fn over_tls(context: &Value) -> Value {
    let mut context = context.clone();
    let kind = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
    context["@type"] = json!(format!("type.googleapis.com/{kind}"));
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

/// What gRPC asks of a cluster.
fn http2() -> Value {
    let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    json!({ options: {
        "@type": format!("type.googleapis.com/{options}"),
        "explicit_http_config": { "http2_protocol_options": {} },
    } })
}

/// The whole bootstrap for some listeners.
pub(super) fn bootstrap(
    listeners: &[Listener],
    delivery: Delivery<'_>,
    access_log: &Path,
) -> Result<Value> {
    let mut bootstrap = Template::Hold.read()?;
    *at(&mut bootstrap, "/admin/address/socket_address/port_value") = json!(0);
    let shipped = at(&mut bootstrap, "/static_resources/clusters/0").take();
    let mut clusters: Vec<Value> = Vec::new();
    let all = listeners.iter().flat_map(|listener| {
        let upstream = (listener.cluster(), listener.upstream);
        let plain = std::iter::once(upstream).chain(listener.clusters.iter().cloned());
        let grpc = listener.grpc.iter().cloned().map(|one| (one, true));
        plain.map(|one| (one, false)).chain(grpc)
    });
    for ((name, address), grpc) in all {
        if clusters.iter().any(|cluster| cluster["name"] == *name) {
            continue;
        }
        let mut cluster = shipped.clone();
        cluster["name"] = json!(name);
        cluster["load_assignment"]["cluster_name"] = json!(name);
        direct(&mut cluster, address);
        if grpc {
            cluster["typed_extension_protocol_options"] = http2();
        }
        clusters.push(cluster);
    }
    let resources = at(&mut bootstrap, "/static_resources");
    resources["clusters"] = json!(clusters);
    match delivery {
        Delivery::Bootstrap => {
            let all = listeners.iter().map(|one| one.configuration(access_log));
            resources["listeners"] = json!(all.collect::<Result<Vec<_>>>()?);
        }
        Delivery::File(file) => {
            resources["listeners"] = json!([]);
            bootstrap["node"] = json!({ "id": "e2e", "cluster": "e2e" });
            bootstrap["dynamic_resources"] = json!({ "lds_config": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": file,
                    "watched_directory": { "path": file.parent() },
                },
            } });
        }
    }
    Ok(bootstrap)
}

/// A discovery response with these listeners.
pub(super) fn discovery(listeners: &[Listener], version: u32, access_log: &Path) -> Result<Value> {
    let mut resources = Vec::new();
    for listener in listeners {
        let mut resource = listener.configuration(access_log)?;
        resource["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
        resources.push(resource);
    }
    Ok(json!({ "version_info": version.to_string(), "resources": resources }))
}

/// Makes a shipped listener one of a test: a port of its own, and the log where the test reads it.
pub(super) fn fit(listener: &mut Value, access_log: &Path) {
    *at(listener, "/address/socket_address") = json!({ "address": "127.0.0.1", "port_value": 0 });
    let name = listener["name"].as_str().unwrap_or_default().to_owned();
    log_to(at(listener, MANAGER), access_log, &name);
}

/// Gives a shipped cluster another address.
pub(super) fn direct(cluster: &mut Value, upstream: SocketAddr) {
    let endpoint = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
    *at(cluster, endpoint) =
        json!({ "address": upstream.ip().to_string(), "port_value": upstream.port() });
}

/// Reads one of the shipped files, named from `envoy/`.
pub(super) fn read(name: &str) -> Result<Value> {
    let file = repository().join("envoy").join(name);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    serde_saphyr::from_str(&text).with_context(|| file.display().to_string())
}

/// The value at a place that the shipped files have.
pub(super) fn at<'v>(value: &'v mut Value, pointer: &str) -> &'v mut Value {
    value
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the shipped configuration has no `{pointer}`"))
}
