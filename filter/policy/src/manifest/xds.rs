//! Resources for Envoy's own discovery: a `DiscoveryResponse` as a file (`path_config_source`) has
//! it, with the one resource that a management server would send.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use super::shipped::{MANAGER, at, listener, put};
use super::{ManifestError, NAME, Plugin};

/// What a listener has beside the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerOptions {
    /// The listener's name.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The cluster of the GraphQL server.
    pub cluster: String,
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self {
            name: "graphql".to_owned(),
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 10000)),
            cluster: "graphql".to_owned(),
        }
    }
}

/// Envoy buffers at least so much of a request, in bytes: see `envoy/static`.
const BUFFER_BYTES: u64 = 2 << 20;

/// The filter for an extension config discovery (ECDS): a `TypedExtensionConfig` named
/// [`NAME`]. `wasm` is the file of the filter's code on Envoy's machine.
///
/// # Errors
/// Only by a defect of this program.
pub fn ecds(plugin: &Plugin, wasm: &str) -> Result<Value, ManifestError> {
    let extension = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": NAME,
        "typed_config": plugin.filter(local(wasm))?,
    });
    Ok(response(extension))
}

/// The whole listener for listener discovery (LDS), with its route to one cluster.
///
/// # Errors
/// Only by a defect of this program.
pub fn lds(plugin: &Plugin, wasm: &str, options: &ListenerOptions) -> Result<Value, ManifestError> {
    let ListenerOptions { name, listen, cluster } = options;
    let mut resource = listener(plugin.request_headers())?;
    put(&mut resource, "@type", "type.googleapis.com/envoy.config.listener.v3.Listener")?;
    put(&mut resource, "name", name.as_str())?;
    *at(&mut resource, "/address/socket_address")? =
        json!({ "address": listen.ip().to_string(), "port_value": listen.port() });
    let buffer = plugin.body_bytes().map_or(0, |bytes| bytes.saturating_mul(2)).max(BUFFER_BYTES);
    put(&mut resource, "per_connection_buffer_limit_bytes", buffer)?;
    let manager = at(&mut resource, MANAGER)?;
    put(manager, "stat_prefix", name.as_str())?;
    let http2 = at(manager, "/http2_protocol_options")?;
    put(http2, "initial_stream_window_size", buffer)?;
    put(http2, "initial_connection_window_size", buffer.saturating_mul(2))?;
    *at(manager, "/http_filters/0/typed_config")? = plugin.filter(local(wasm))?;
    let routes = at(manager, "/route_config/virtual_hosts/0/routes")?;
    let mut route = at(routes, "/0")?.take();
    *at(&mut route, "/route/cluster")? = cluster.as_str().into();
    let routed = plugin.routed().into_iter().map(|matched| {
        let mut route = route.clone();
        *at(&mut route, "/match")? = matched;
        Ok(route)
    });
    *routes = routed.collect::<Result<Value, ManifestError>>()?;
    Ok(response(resource))
}

fn local(wasm: &str) -> Value {
    json!({ "local": { "filename": wasm } })
}

/// The version is that of the content: a push that changes nothing has the version in force.
fn response(resource: Value) -> Value {
    let digest = hmac_sha256::Hash::hash(resource.to_string().as_bytes());
    let version: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    json!({ "version_info": version, "resources": [resource] })
}
