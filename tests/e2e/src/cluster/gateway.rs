//! Envoy Gateway: a filter of an `EnvoyExtensionPolicy` is off in the connection manager and on
//! where the policy is attached; then an `EnvoyPatchPolicy` changes what came out.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Served, fixture, jsonpath, localize, managers};

const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const ROUTES: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

/// What the Envoy of a Gateway gets of these resources, and how many patches found nothing.
///
/// # Errors
/// They have what this does not know.
pub fn serve(objects: &[Value], wasm: &str) -> Result<(Served, usize)> {
    let mut fixture = fixture("envoy-gateway.yaml")?;
    let (mut listener, mut routes) = (fixture["listener"].take(), fixture["routes"].take());
    let of = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
    for policy in of("EnvoyExtensionPolicy") {
        extend(policy, wasm, &mut listener, &mut routes)?;
    }
    let mut idle = 0;
    for policy in of("EnvoyPatchPolicy") {
        ensure!(policy["spec"]["type"] == "JSONPatch");
        for patch in policy["spec"]["jsonPatches"].as_array().context("patches")? {
            let resource = match patch["type"].as_str() {
                Some(LISTENER) => &mut listener,
                Some(ROUTES) => &mut routes,
                other => bail!("a resource that this does not know: {other:?}"),
            };
            ensure!(resource["name"] == patch["name"], "no {} is there", patch["name"]);
            // A patch that finds nothing is skipped, and said in the policy's status.
            idle += usize::from(jsonpath::apply(resource, &patch["operation"])? == 0);
        }
    }
    routes["@type"] = json!(ROUTES);
    Ok((Served { listener, discovered: vec![routes] }, idle))
}

fn extend(policy: &Value, wasm: &str, listener: &mut Value, routes: &mut Value) -> Result<()> {
    let (metadata, spec) = (&policy["metadata"], &policy["spec"]);
    let namespace = metadata["namespace"].as_str().context("a namespace")?;
    let name = metadata["name"].as_str().context("a name")?;
    for (at, entry) in spec["wasm"].as_array().context("filters")?.iter().enumerate() {
        ensure!(entry["failOpen"] == false && entry["code"]["type"] == "Image", "{entry}");
        let vm = format!("envoyextensionpolicy/{namespace}/{name}/wasm/{at}");
        let filter_name = format!("envoy.filters.http.wasm/{vm}");
        let mut filter = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": entry["name"],
                "root_id": entry["rootID"],
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": entry["config"].to_string(),
                },
                "vm_config": {
                    "vm_id": vm,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "remote": { "http_uri": {
                        "uri": "https://envoy-gateway:18002/fieldgate.wasm",
                        "cluster": "wasm_cluster",
                        "timeout": "10s",
                    } } },
                },
            },
        });
        localize(&mut filter, wasm)?;
        for manager in managers(listener)? {
            let filters = manager["http_filters"].as_array_mut().context("filters")?;
            // Before authorization by Envoy Gateway, which is before the router.
            filters.insert(
                0,
                json!({ "name": filter_name, "disabled": true, "typed_config": filter.clone() }),
            );
        }
        for target in spec["targetRefs"].as_array().context("targets")? {
            enable(target, namespace, &filter_name, routes)?;
        }
    }
    Ok(())
}

/// Switches a filter on where a policy is attached.
fn enable(target: &Value, namespace: &str, filter: &str, routes: &mut Value) -> Result<()> {
    let on =
        json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
    let name = target["name"].as_str().context("a target has a name")?;
    for host in routes["virtual_hosts"].as_array_mut().context("hosts")? {
        match target["kind"].as_str() {
            Some("Gateway") => host["typed_per_filter_config"][filter] = on.clone(),
            Some("HTTPRoute") => {
                let prefix = format!("httproute/{namespace}/{name}/");
                for route in host["routes"].as_array_mut().context("routes")? {
                    if route["name"].as_str().is_some_and(|name| name.starts_with(&prefix)) {
                        route["typed_per_filter_config"][filter] = on.clone();
                    }
                }
            }
            other => bail!("a target that this does not know: {other:?}"),
        }
    }
    Ok(())
}
