//! Generated Kubernetes resources: what they have to have, whatever the options.

use std::path::{Path, PathBuf};

use fieldgate_core::settings::{Configuration, RequestHeaders};
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::{Code, Severity};
use fieldgate_policy::manifest::gateway::{GatewayOptions, envoy_gateway};
use fieldgate_policy::manifest::istio::{self, IstioOptions, Proxies};
use fieldgate_policy::manifest::kubernetes::{Manifests, Place, SEATBELT};
use fieldgate_policy::manifest::{ManifestError, Plugin};
use serde_json::{Value, json};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn backstage() -> Bundle {
    Bundle::load(&root().join("policies/backstage"), None).unwrap()
}

const PINNED: &str = "oci://registry.example/fieldgate@sha256:\
                      0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn place() -> Place {
    Place { namespace: "portal".parse().unwrap(), name: "fieldgate".parse().unwrap() }
}

fn istio_options(proxies: Proxies) -> IstioOptions {
    let pull_secret = Some("registry".parse().unwrap());
    IstioOptions { place: place(), image: PINNED.parse().unwrap(), pull_secret, proxies }
}

fn gateway_options(route: Option<&str>) -> GatewayOptions {
    GatewayOptions {
        place: place(),
        image: PINNED.parse().unwrap(),
        pull_secret: Some("registry".parse().unwrap()),
        listener: "portal/eg/http".parse().unwrap(),
        route: route.map(|name| name.parse().unwrap()),
    }
}

fn every_proxies() -> Vec<(&'static str, Proxies)> {
    let labels = || vec!["app=portal".parse().unwrap(), "tier=api".parse().unwrap()];
    vec![
        ("gateway by labels", Proxies::Gateway(labels())),
        ("gateway by reference", Proxies::GatewayOf("Gateway/portal".parse().unwrap())),
        ("sidecar", Proxies::Sidecar { labels: labels(), port: None }),
        ("sidecar on a port", Proxies::Sidecar { labels: labels(), port: Some(8080) }),
        ("waypoint", Proxies::Waypoint("Gateway/waypoint".parse().unwrap())),
        ("waypoint for a service", Proxies::Waypoint("Service/portal".parse().unwrap())),
        ("waypoint for an entry", Proxies::Waypoint("ServiceEntry/portal".parse().unwrap())),
    ]
}

/// Every form with every kind of options.
pub(crate) fn every_manifest() -> Vec<(String, Manifests)> {
    let bundle = backstage();
    let mut all = Vec::new();
    for (what, proxies) in every_proxies() {
        let waypoint = matches!(proxies, Proxies::Waypoint(_));
        let options = istio_options(proxies);
        match istio::envoy_filter(&bundle, &options) {
            Ok(manifests) => all.push((format!("istio, {what}"), manifests)),
            Err(error) => assert!(waypoint && error == ManifestError::Waypoint),
        }
        let plugin = istio::wasm_plugin(&bundle, &options).unwrap();
        all.push((format!("istio-wasmplugin, {what}"), plugin));
        let extension = istio::traffic_extension(&bundle, &options).unwrap();
        all.push((format!("istio-trafficextension, {what}"), extension));
    }
    for route in [None, Some("portal")] {
        let manifests = envoy_gateway(&bundle, &gateway_options(route)).unwrap();
        all.push((format!("envoy-gateway, {route:?}"), manifests));
    }
    all
}

fn contains(value: &Value, what: &str) -> usize {
    value.to_string().matches(what).count()
}

#[test]
fn each_has_one_seatbelt_before_the_router_and_never_opens() {
    let all = every_manifest();
    assert_eq!(all.len(), 20);
    for (what, manifests) in all {
        let belts: usize = manifests
            .objects()
            .iter()
            .map(|object| contains(object, &format!(r#""name":"{SEATBELT}""#)))
            .sum();
        assert_eq!(belts, 1, "{what}");
        let first = &manifests.objects()[0];
        assert!(contains(first, SEATBELT) > 0, "{what}: closed before it is open");
        assert!(contains(first, "envoy.filters.http.router") > 0, "{what}");
        let text = manifests.text().unwrap();
        assert!(!text.contains("FAIL_OPEN") && !text.contains("fail_open"), "{what}");
        assert!(!text.contains("failOpen: true"), "{what}");
        let mut known = manifests.findings().iter().map(|one| one.code);
        let known = known.all(|code| matches!(code, Code::HeadersNotHeld | Code::UnguardedPort));
        assert!(known, "{what}");
    }
}

/// What Istio does not serve as HTTP has no HTTP filters: at a sidecar alone it reaches the server.
#[test]
fn a_sidecar_says_what_it_leaves_open() {
    let of_port = |port| {
        let labels = vec!["app=portal".parse().unwrap()];
        let options = istio_options(Proxies::Sidecar { labels, port });
        let manifests = istio::envoy_filter(&backstage(), &options).unwrap();
        let [finding] = manifests.findings() else { panic!("{:?}", manifests.findings()) };
        assert_eq!((finding.code, finding.severity), (Code::UnguardedPort, Severity::Warning));
        assert!(finding.help.as_ref().unwrap().contains("`appProtocol: http`"), "{finding:?}");
        finding.message.clone()
    };
    assert_eq!(
        of_port(Some(8080)),
        "port 8080 is guarded where Istio serves it as HTTP: it is open if no Service declares it, \
         or as TCP"
    );
    assert_eq!(
        of_port(None),
        "a port is guarded where Istio serves it as HTTP: it is open to what Istio takes for TCP"
    );
    for (what, manifests) in every_manifest() {
        let told = manifests.findings().iter().filter(|one| one.code == Code::UnguardedPort);
        assert_eq!(told.count(), usize::from(what.contains("sidecar")), "{what}");
    }
}

#[test]
fn each_object_says_what_it_carries() {
    let bundle = backstage();
    for (what, manifests) in every_manifest() {
        for object in manifests.objects() {
            let metadata = &object["metadata"];
            assert_eq!(metadata["namespace"], "portal", "{what}");
            assert_eq!(metadata["labels"]["app.kubernetes.io/name"], "fieldgate", "{what}");
            let annotations = &metadata["annotations"];
            assert_eq!(annotations["fieldgate-policy"], "backstage", "{what}");
            assert_eq!(annotations["fieldgate-revision"], *bundle.revision(), "{what}");
            assert_eq!(annotations["fieldgate-digest"], *bundle.digest().to_string(), "{what}");
        }
    }
}

/// What the text says is what was meant, and the same bundle gives the same text.
#[test]
fn the_text_is_the_objects() {
    for ((what, manifests), (_, again)) in every_manifest().into_iter().zip(every_manifest()) {
        let text = manifests.text().unwrap();
        assert_eq!(text, again.text().unwrap(), "{what}");
        let read: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        assert_eq!(read, manifests.objects(), "{what}");
        assert!(text.lines().filter(|line| *line == "---").count() + 1 == read.len(), "{what}");
    }
}

/// How Istio passes a `Struct` on: numbers were doubles, the order of members is another, and the
/// white space is not to be relied on.
fn as_protojson(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev();
            let members = members.map(|(name, value)| format!("{name:?}: {}", as_protojson(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(as_protojson).collect();
            format!("[{}]", all.join(", "))
        }
        // A double without a fraction is printed without one, below 1e21.
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    }
}

#[test]
fn a_configuration_survives_the_way_through_a_struct() {
    let text = std::fs::read_to_string(root().join("policies/backstage/fieldgate.yaml")).unwrap();
    assert!(text.contains("leeway_seconds: 60"), "numbers are what this is about");
    let mut configuration = backstage().configuration_value().clone();
    configuration["limits"] = json!({ "body_bytes": 1_048_576, "tokens": 500 });
    let passed_on = as_protojson(&configuration);
    assert_ne!(passed_on, configuration.to_string());
    let read = Configuration::read(passed_on.as_bytes()).unwrap();
    let meant = Configuration::read(configuration.to_string().as_bytes()).unwrap();
    assert_eq!(read.digest, meant.digest);
    assert_eq!(read.settings.limits.body_bytes, 1_048_576);
    assert_eq!(format!("{:?}", read.settings), format!("{:?}", meant.settings));
}

#[test]
fn each_plugin_has_the_mode_of_its_platform() {
    let mode = |configuration: &str| {
        Configuration::read(configuration.as_bytes()).unwrap().settings.request_headers
    };
    let bundle = backstage();
    assert_eq!(Plugin::new(&bundle).request_headers(), RequestHeaders::Hold);
    for (what, manifests) in every_manifest() {
        let objects = manifests.objects();
        let last = objects.last().unwrap();
        let (configuration, expected) = match last["kind"].as_str().unwrap() {
            "EnvoyFilter" => {
                let filter = &last["spec"]["configPatches"][0]["patch"]["value"]["typed_config"];
                let config = &filter["config"];
                assert_eq!(config["allow_on_headers_stop_iteration"], true, "{what}");
                assert_eq!(config["failure_policy"], "FAIL_RELOAD", "{what}");
                let text = config["configuration"]["value"].as_str().unwrap();
                (text.to_owned(), RequestHeaders::Hold)
            }
            "WasmPlugin" => {
                assert_eq!(last["spec"]["failStrategy"], "FAIL_RELOAD", "{what}");
                (last["spec"]["pluginConfig"].to_string(), RequestHeaders::Stream)
            }
            "TrafficExtension" => {
                assert_eq!(last["spec"]["wasm"]["failStrategy"], "FAIL_RELOAD", "{what}");
                (last["spec"]["wasm"]["pluginConfig"].to_string(), RequestHeaders::Stream)
            }
            _ => {
                let patches = objects[0]["spec"]["jsonPatches"].to_string();
                assert!(patches.contains("/allow_on_headers_stop_iteration"), "{what}");
                assert!(patches.contains("FAIL_RELOAD"), "{what}");
                (last["spec"]["wasm"][0]["config"].to_string(), RequestHeaders::Hold)
            }
        };
        assert_eq!(mode(&configuration), expected, "{what}");
        let streams = expected == RequestHeaders::Stream;
        let told = usize::from(streams) + usize::from(what.contains("sidecar"));
        assert_eq!(manifests.findings().len(), told, "{what}");
    }
}

#[test]
fn an_image_without_its_digest_is_a_warning() {
    let options = IstioOptions {
        image: "oci://registry.example/fieldgate:1.0".parse().unwrap(),
        ..istio_options(Proxies::GatewayOf("Gateway/portal".parse().unwrap()))
    };
    let manifests = istio::envoy_filter(&backstage(), &options).unwrap();
    let codes: Vec<Code> = manifests.findings().iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::UnpinnedImage]);
    let remote = "/spec/configPatches/0/patch/value/typed_config/config/vm_config/code/remote";
    let of = |manifests: &Manifests| manifests.objects()[0].pointer(remote).unwrap().clone();
    assert_eq!(of(&manifests)["sha256"], Value::Null);
    let pinned = istio_options(Proxies::GatewayOf("Gateway/portal".parse().unwrap()));
    let pinned = istio::envoy_filter(&backstage(), &pinned).unwrap();
    assert_eq!(of(&pinned)["sha256"].as_str().unwrap().len(), 64);
}

/// Nothing in a patch depends on where in a list something is.
#[test]
fn patches_find_their_places_by_name() {
    for route in [None, Some("portal")] {
        let manifests = envoy_gateway(&backstage(), &gateway_options(route)).unwrap();
        let patches = manifests.objects()[0]["spec"]["jsonPatches"].as_array().unwrap().clone();
        assert_eq!(patches.len(), if route.is_some() { 6 } else { 5 });
        for patch in patches {
            let operation = &patch["operation"];
            let place = format!("{}{}", operation["jsonPath"], operation["path"]);
            assert!(!place.contains("/0") || place.contains("/wasm/0'"), "{place}");
            assert!(operation["jsonPath"].as_str().unwrap().contains("[?("), "{place}");
        }
    }
}
