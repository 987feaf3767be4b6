//! Generated resources: the bundle's values in the shipped configuration, and nothing else changed.

use std::path::Path;

use fieldgate_core::settings::{Configuration, RequestHeaders};
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::manifest::Plugin;
use fieldgate_policy::manifest::xds::{self, ListenerOptions};
use serde_json::Value;

fn bundle(name: &str) -> Bundle {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Bundle::load(&root.join(name), None).unwrap()
}

fn backstage() -> Bundle {
    bundle("../../policies/backstage")
}

const FILTER: &str = "/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config";

/// What differs, as pointers.
fn differences(a: &Value, b: &Value, at: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or_default()
                };
                differences(&of(a), &of(b), &format!("{at}/{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{at}/{place}"), found);
            }
        }
        (a, b) if a == b => {}
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn a_listener_is_the_shipped_one_with_the_bundle_in_it() {
    let text = include_str!("../../../../envoy/static/hold.yaml");
    let shipped: Value = serde_saphyr::from_str(text).unwrap();
    let shipped = &shipped["static_resources"]["listeners"][0];
    let plugin = Plugin::new(&backstage());
    let response = xds::lds(&plugin, "fieldgate.wasm", &ListenerOptions::default()).unwrap();
    let mut found = Vec::new();
    differences(shipped, &response["resources"][0], "", &mut found);
    let config = format!("{FILTER}/config");
    assert_eq!(
        found,
        [
            "/@type".to_owned(),
            format!("{config}/configuration/value"),
            format!("{config}/vm_config/vm_id")
        ]
    );
}

#[test]
fn options_are_where_they_belong() {
    let plugin = Plugin::new(&bundle("tests/bundles/minimal"));
    let options = ListenerOptions {
        name: "edge".to_owned(),
        listen: "[::1]:8080".parse().unwrap(),
        cluster: "portal".to_owned(),
    };
    let response = xds::lds(&plugin, "/lib/f.wasm", &options).unwrap();
    let text = response.to_string();
    for part in [
        r#""name":"edge""#,
        r#""address":"::1","port_value":8080"#,
        r#""cluster":"portal""#,
        r#""filename":"/lib/f.wasm""#,
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn the_filter_goes_with_its_mode() {
    for (mode, name, flag) in
        [(RequestHeaders::Hold, "hold", Some(true)), (RequestHeaders::Stream, "stream", None)]
    {
        let plugin = Plugin::on(&backstage(), mode);
        let response = xds::ecds(&plugin, "fieldgate.wasm").unwrap();
        let extension = &response["resources"][0];
        assert_eq!(extension["name"], "fieldgate");
        let config = &extension["typed_config"]["config"];
        assert_eq!(config["allow_on_headers_stop_iteration"].as_bool(), flag);
        assert_eq!(config["failure_policy"], "FAIL_RELOAD");
        let text = config["configuration"]["value"].as_str().unwrap();
        let configuration = Configuration::read(text.as_bytes()).unwrap();
        assert_eq!(configuration.settings.request_headers, mode);
        assert!(text.contains(&format!(r#""request_headers":"{name}""#)));
        let vm_id = format!("fieldgate-{}", configuration.digest.short());
        assert_eq!(config["vm_config"]["vm_id"], *vm_id);
    }
    // A bundle that names no mode streams.
    let plugin = Plugin::new(&bundle("tests/bundles/minimal"));
    assert_eq!(plugin.request_headers(), RequestHeaders::Stream);
}

#[test]
fn the_version_is_that_of_the_content() {
    let ecds = |bundle: &Bundle, wasm| xds::ecds(&Plugin::new(bundle), wasm).unwrap();
    let (a, b) = (backstage(), bundle("tests/bundles/minimal"));
    assert_eq!(ecds(&a, "f.wasm"), ecds(&backstage(), "f.wasm"));
    assert_ne!(ecds(&a, "f.wasm")["version_info"], ecds(&a, "g.wasm")["version_info"]);
    assert_ne!(ecds(&a, "f.wasm")["version_info"], ecds(&b, "f.wasm")["version_info"]);
}
