//! A bundle -> Envoy Gateway's resources: an `EnvoyExtensionPolicy` that brings the filter, and an
//! `EnvoyPatchPolicy` for what it cannot say.
//!
//! The patches find their places by name and not by index: filters come and go with other policies.
//! Envoy Gateway skips a patch that finds nothing and applies the rest, so the seatbelt is put before
//! the router, which is always there, and does not depend on the filter.

use fieldgate_core::settings::RequestHeaders;
use serde_json::{Value, json};

use super::kubernetes::reference::{GatewayListener, Image, Kind, Name};
use super::kubernetes::{Manifests, Place, ROUTER, SEATBELT, object, seatbelt};
use super::shipped::{at, put};
use super::{ManifestError, NAME, Plugin};
use crate::bundle::Bundle;

const API_VERSION: &str = "gateway.envoyproxy.io/v1alpha1";
const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const ROUTES: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

/// What the resources have beside the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Where the policy is: in the namespace of what it is attached to.
    pub place: Place,
    /// The filter's code.
    pub image: Image,
    /// The secret to pull it with.
    pub pull_secret: Option<Name>,
    /// The listener in front of the GraphQL server.
    pub listener: GatewayListener,
    /// The `HTTPRoute` that alone is guarded; without it all routes of the listener are.
    pub route: Option<Name>,
}

/// The filter in hold mode, and the seatbelt.
///
/// # Errors
/// Only by a defect of this program.
pub fn envoy_gateway(
    bundle: &Bundle,
    options: &GatewayOptions,
) -> Result<Manifests, ManifestError> {
    let GatewayOptions { place: Place { namespace, name }, image, listener, .. } = options;
    let plugin = Plugin::on(bundle, RequestHeaders::Hold);
    let patch = json!({
        "targetRef": reference(Kind::Gateway, &listener.gateway),
        "type": "JSONPatch",
        "jsonPatches": patches(&plugin, options)?,
    });
    let extension =
        json!({ "targetRefs": [attached(options)?], "wasm": [wasm(&plugin, options)?] });
    // The patch goes where the Gateway is, which other namespaces may share.
    let patch_namespace = listener.namespace.as_ref().unwrap_or(namespace);
    let objects = vec![
        object((API_VERSION, "EnvoyPatchPolicy"), (patch_namespace, name.as_str()), &plugin, patch),
        object(
            (API_VERSION, "EnvoyExtensionPolicy"),
            (namespace, name.as_str()),
            &plugin,
            extension,
        ),
    ];
    Ok(Manifests::new(objects, image, Vec::new()))
}

/// The one entry of the policy's `wasm`.
fn wasm(plugin: &Plugin, options: &GatewayOptions) -> Result<Value, ManifestError> {
    let mut image = json!({ "url": options.image.reference() });
    if let Some(secret) = &options.pull_secret {
        put(&mut image, "pullSecretRef", json!({ "kind": "Secret", "name": secret.as_str() }))?;
    }
    Ok(json!({
        "name": NAME,
        "rootID": NAME,
        "failOpen": false,
        "code": { "type": "Image", "image": image },
        "config": plugin.configuration_value(),
    }))
}

/// What the policy is attached to.
fn attached(options: &GatewayOptions) -> Result<Value, ManifestError> {
    let GatewayOptions { listener: GatewayListener { gateway, listener, .. }, route, .. } = options;
    if let Some(route) = route {
        return Ok(reference(Kind::HttpRoute, route));
    }
    let mut target = reference(Kind::Gateway, gateway);
    put(&mut target, "sectionName", listener.as_str())?;
    Ok(target)
}

fn patches(plugin: &Plugin, options: &GatewayOptions) -> Result<Value, ManifestError> {
    let GatewayOptions { place: Place { namespace, name }, listener, route, .. } = options;
    let GatewayListener { namespace: at_gateway, gateway, listener } = listener;
    // The name of the listener and of its routes, as Envoy Gateway gives it.
    let resource = format!("{}/{gateway}/{listener}", at_gateway.as_ref().unwrap_or(namespace));
    let on = |kind: &str, operation: Value| json!({ "type": kind, "name": resource, "operation": operation });

    let mut belt = seatbelt(plugin)?;
    if route.is_some() {
        // Other routes share the listener: off, and on where the route is.
        put(&mut belt, "disabled", true)?;
    }
    let router = format!(
        "$..filters[?(@.typed_config.rds.route_config_name == '{resource}')]\
         .typed_config.http_filters[?(@.name == '{ROUTER}')]"
    );
    let mut patches = vec![on(LISTENER, json!({ "op": "add", "jsonPath": router, "value": belt }))];
    if let Some(route) = route {
        let routes = format!("$..routes[?(@.name =~ '^httproute/{namespace}/{route}/')]");
        let enabled = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
        let place = format!("/typed_per_filter_config/{SEATBELT}");
        let operation = json!({ "op": "add", "jsonPath": routes, "path": place, "value": enabled });
        patches.push(on(ROUTES, operation));
    }

    let filter = format!("envoy.filters.http.wasm/envoyextensionpolicy/{namespace}/{name}/wasm/0");
    let plugin_path = format!("$..http_filters[?(@.name == '{filter}')].typed_config.config");
    // As the shipped configuration has it, so that the two cannot drift apart.
    let mut shipped = plugin.filter(Value::Null)?;
    for member in
        ["allow_on_headers_stop_iteration", "failure_policy", "reload_config", "vm_config/vm_id"]
    {
        let value = at(&mut shipped, &format!("/config/{member}"))?.take();
        let place = format!("/{member}");
        let operation =
            json!({ "op": "add", "jsonPath": plugin_path, "path": place, "value": value });
        patches.push(on(LISTENER, operation));
    }
    Ok(patches.into())
}

fn reference(kind: Kind, name: &Name) -> Value {
    json!({ "group": kind.group(), "kind": kind.name(), "name": name.as_str() })
}
