//! A bundle -> Istio's resources.
//!
//! `EnvoyFilter` alone can set what holding request headers takes. `WasmPlugin`, and
//! `TrafficExtension` which supersedes it, stream them; beside them goes an `EnvoyFilter` with the
//! seatbelt. The seatbelt is put before the router and not behind the filter: by its name the filter
//! cannot be found in every version of Istio, and where there is no filter it has to be all the same.

use fieldgate_core::settings::RequestHeaders;
use serde_json::{Map, Value, json};

use super::kubernetes::reference::{Image, Label, Name, Target};
use super::kubernetes::{MANAGER, Manifests, Place, ROUTER, object, seatbelt, streaming};
use super::shipped::{at, put};
use super::{ManifestError, NAME, Plugin};
use crate::bundle::Bundle;
use crate::diagnostic::{Code, Diagnostic};

const ENVOY_FILTER: (&str, &str) = ("networking.istio.io/v1alpha3", "EnvoyFilter");
const WASM_PLUGIN: (&str, &str) = ("extensions.istio.io/v1alpha1", "WasmPlugin");
const TRAFFIC_EXTENSION: (&str, &str) = ("extensions.istio.io/v1alpha1", "TrafficExtension");

const WASM_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
/// What Istio's agent puts in place of a filter whose image it cannot get: a refusal of everything.
const RBAC_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

/// What the resources have beside the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IstioOptions {
    /// Where they are.
    pub place: Place,
    /// The filter's code.
    pub image: Image,
    /// The secret to pull it with. An `EnvoyFilter` cannot have one.
    pub pull_secret: Option<Name>,
    /// The proxies that they are for.
    pub proxies: Proxies,
}

/// Proxies of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxies {
    /// Gateways by their pods' labels.
    Gateway(Vec<Label>),
    /// The gateway of a `Gateway` resource.
    GatewayOf(Target),
    /// Sidecars by their pods' labels, inbound: on one port, or on all.
    Sidecar {
        /// The pods' labels.
        labels: Vec<Label>,
        /// The port of the container.
        port: Option<u16>,
    },
    /// A waypoint, or the part of it that is for one service.
    Waypoint(Target),
}

/// The filter in hold mode, and the seatbelt.
///
/// # Errors
/// The proxies are a waypoint; or by a defect of this program.
pub fn envoy_filter(bundle: &Bundle, options: &IstioOptions) -> Result<Manifests, ManifestError> {
    let IstioOptions { place, image, pull_secret: _, proxies } = options;
    if matches!(proxies, Proxies::Waypoint(_)) {
        return Err(ManifestError::Waypoint);
    }
    let plugin = Plugin::on(bundle, RequestHeaders::Hold);
    // Unique in the mesh: every proxy asks for it by this name.
    let extension = format!("{}.{}", place.namespace, place.name);
    // Istio's agent gets the image and puts its own file here. It does so for what comes by
    // extension config discovery, and only there.
    let mut remote = json!({
        "http_uri": { "uri": image.url(), "cluster": "_", "timeout": "30s" },
    });
    if let Some(sha256) = image.sha256() {
        put(&mut remote, "sha256", sha256)?;
    }
    let mut filter = plugin.filter(json!({ "remote": remote }))?;
    let configuration = format!("{:#}", plugin.configuration_value());
    *at(&mut filter, "/config/configuration/value")? = configuration.into();
    let patches = json!([
        {
            "applyTo": "EXTENSION_CONFIG",
            "patch": {
                "operation": "ADD",
                "value": { "name": extension, "typed_config": filter },
            },
        },
        before_router(proxies, json!({
            "name": extension,
            "config_discovery": {
                "config_source": {
                    "ads": {},
                    // Without a time-out: no request before there is a filter.
                    "initial_fetch_timeout": "0s",
                    "resource_api_version": "V3",
                },
                "type_urls": [WASM_TYPE, RBAC_TYPE],
            },
        })),
        before_router(proxies, seatbelt(&plugin)?),
    ]);
    let place = (&place.namespace, place.name.as_str());
    let filter = object(ENVOY_FILTER, place, &plugin, patched(proxies, patches));
    Ok(Manifests::new(vec![filter], image, unguarded(proxies).into_iter().collect()))
}

/// A `WasmPlugin` in stream mode, and the seatbelt.
///
/// # Errors
/// Only by a defect of this program.
pub fn wasm_plugin(bundle: &Bundle, options: &IstioOptions) -> Result<Manifests, ManifestError> {
    let (plugin, findings) = streaming(bundle, "an Istio WasmPlugin");
    let mut spec = attached(&options.proxies);
    spec.append(&mut wasm(&plugin, options));
    beside_seatbelt(WASM_PLUGIN, &plugin, options, spec, findings)
}

/// A `TrafficExtension` (Istio 1.30) in stream mode, and the seatbelt.
///
/// # Errors
/// Only by a defect of this program.
pub fn traffic_extension(
    bundle: &Bundle,
    options: &IstioOptions,
) -> Result<Manifests, ManifestError> {
    let (plugin, findings) = streaming(bundle, "an Istio TrafficExtension");
    let mut spec = attached(&options.proxies);
    spec.insert("wasm".to_owned(), wasm(&plugin, options).into());
    beside_seatbelt(TRAFFIC_EXTENSION, &plugin, options, spec, findings)
}

fn beside_seatbelt(
    kind: (&str, &str),
    plugin: &Plugin,
    options: &IstioOptions,
    spec: Map<String, Value>,
    mut findings: Vec<Diagnostic>,
) -> Result<Manifests, ManifestError> {
    let IstioOptions { place: Place { namespace, name }, image, pull_secret: _, proxies } = options;
    let patches = json!([before_router(proxies, seatbelt(plugin)?)]);
    let seatbelt = format!("{name}-seatbelt");
    let objects = vec![
        object(ENVOY_FILTER, (namespace, &seatbelt), plugin, patched(proxies, patches)),
        object(kind, (namespace, name.as_str()), plugin, spec.into()),
    ];
    findings.extend(unguarded(proxies));
    Ok(Manifests::new(objects, image, findings))
}

/// What stays open. Filter and seatbelt are HTTP filters, and of the port alone: they are in no
/// chain that Istio makes for TCP, and in none that takes what comes in on undeclared ports.
fn unguarded(proxies: &Proxies) -> Option<Diagnostic> {
    let message = match proxies {
        Proxies::Gateway(_) | Proxies::GatewayOf(_) | Proxies::Waypoint(_) => return None,
        Proxies::Sidecar { labels: _, port: Some(port) } => format!(
            "port {port} is guarded where Istio serves it as HTTP: it is open if no Service \
             declares it, or as TCP"
        ),
        Proxies::Sidecar { labels: _, port: None } => "a port is guarded where Istio serves it as \
             HTTP: it is open to what Istio takes for TCP"
            .to_owned(),
    };
    let help = "declare it in a Service with `appProtocol: http`, as detection leaves it open to what \
                does not look like HTTP, and see which chains have the filter: \
                `istioctl proxy-config listeners POD --port 15006 -o json`";
    Some(Diagnostic::warning_anywhere(Code::UnguardedPort, message).help(help))
}

/// What a `WasmPlugin` and the `wasm` of a `TrafficExtension` have in common.
fn wasm(plugin: &Plugin, options: &IstioOptions) -> Map<String, Value> {
    // From Envoy 1.39 on the environment is part of a VM's identity: a new policy, a fresh VM.
    let env = json!({ "name": "FIELDGATE_POLICY", "value": plugin.vm_id(), "valueFrom": "INLINE" });
    let secret = options.pull_secret.as_ref();
    let members = [
        ("url", Some(options.image.url().into())),
        ("imagePullSecret", secret.map(|name| name.as_str().into())),
        ("pluginName", Some(NAME.into())),
        ("type", Some("HTTP".into())),
        ("failStrategy", Some("FAIL_RELOAD".into())),
        ("vmConfig", Some(json!({ "env": [env] }))),
        ("pluginConfig", Some(plugin.configuration_value().clone())),
    ];
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

/// To which traffic a plugin is attached, and where in its way.
fn attached(proxies: &Proxies) -> Map<String, Value> {
    // Behind the mesh's own authentication, which refuses at less cost, and before its
    // authorization policies, which then have the last word.
    let mut spec = Map::from_iter([("phase".to_owned(), json!("AUTHZ"))]);
    let (member, value) = match proxies {
        Proxies::Gateway(labels) | Proxies::Sidecar { labels, port: _ } => {
            ("selector", json!({ "matchLabels": map(labels) }))
        }
        Proxies::GatewayOf(target) | Proxies::Waypoint(target) => {
            ("targetRefs", json!([reference(target)]))
        }
    };
    spec.insert(member.to_owned(), value);
    if let Proxies::Sidecar { port, .. } = proxies {
        let mut inbound = json!({ "mode": "SERVER" });
        if let (Some(port), Some(members)) = (port, inbound.as_object_mut()) {
            members.insert("ports".to_owned(), json!([{ "number": port }]));
        }
        spec.insert("match".to_owned(), json!([inbound]));
    }
    spec
}

/// The `spec` of an `EnvoyFilter`.
fn patched(proxies: &Proxies, patches: Value) -> Value {
    match proxies {
        Proxies::Gateway(labels) | Proxies::Sidecar { labels, port: _ } => {
            json!({ "workloadSelector": { "labels": map(labels) }, "configPatches": patches })
        }
        Proxies::GatewayOf(target) | Proxies::Waypoint(target) => {
            json!({ "targetRefs": [reference(target)], "configPatches": patches })
        }
    }
}

/// A patch that puts an HTTP filter before the router: behind what earlier patches put there.
fn before_router(proxies: &Proxies, filter: Value) -> Value {
    let router = json!({ "name": MANAGER, "subFilter": { "name": ROUTER } });
    let place = match proxies {
        Proxies::Gateway(_) | Proxies::GatewayOf(_) => {
            json!({ "context": "GATEWAY", "listener": { "filterChain": { "filter": router } } })
        }
        Proxies::Sidecar { labels: _, port: None } => json!({
            "context": "SIDECAR_INBOUND",
            "listener": { "filterChain": { "filter": router } },
        }),
        Proxies::Sidecar { labels: _, port: Some(port) } => json!({
            "context": "SIDECAR_INBOUND",
            "listener": { "portNumber": port, "filterChain": { "filter": router } },
        }),
        Proxies::Waypoint(_) => json!({ "context": "WAYPOINT", "waypoint": { "filter": router } }),
    };
    json!({
        "applyTo": "HTTP_FILTER",
        "match": place,
        "patch": { "operation": "INSERT_BEFORE", "value": filter },
    })
}

fn reference(target: &Target) -> Value {
    let Target { kind, name } = target;
    json!({ "group": kind.group(), "kind": kind.name(), "name": name.as_str() })
}

fn map(labels: &[Label]) -> Map<String, Value> {
    labels.iter().map(|Label { key, value }| (key.clone(), value.as_str().into())).collect()
}
