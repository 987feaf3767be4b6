//! Generated and shipped resources against the schemas that a cluster judges them by: the custom
//! resource definitions of Istio and Envoy Gateway, where they are at hand.
//!
//! What a schema does not know is an error here, as for a server that is asked to be strict. The
//! rules in CEL (`x-kubernetes-validations`) are not evaluated: they were read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::kubernetes::{every_manifest, root};

/// Schemas by `apiVersion` and `kind`.
struct Definitions(BTreeMap<(String, String), Validator>);

impl Definitions {
    /// None where they are not at hand.
    fn load() -> Option<Self> {
        let folder = root().join("../shared/data/crds");
        let Ok(files) = folder.read_dir() else {
            let _ = writeln!(
                std::io::stderr(),
                "skipped: there are no custom resource definitions in {}",
                folder.display()
            );
            return None;
        };
        let mut all = BTreeMap::new();
        for file in files.map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let definition: Value = read(&file).remove(0);
            let spec = &definition["spec"];
            let (group, kind) = (spec["group"].as_str().unwrap(), &spec["names"]["kind"]);
            for version in spec["versions"].as_array().unwrap() {
                let mut schema = version["schema"]["openAPIV3Schema"].clone();
                for member in ["apiVersion", "kind", "metadata"] {
                    schema["properties"][member] = json!(true);
                }
                close(&mut schema);
                let version = format!("{group}/{}", version["name"].as_str().unwrap());
                let validator = jsonschema::validator_for(&schema).unwrap();
                all.insert((version, kind.as_str().unwrap().to_owned()), validator);
            }
        }
        assert!(all.len() >= 8, "only {} definitions", all.len());
        Some(Self(all))
    }

    /// What is wrong with an object.
    fn errors(&self, object: &Value) -> Vec<String> {
        let text = |member: &str| object[member].as_str().unwrap_or_default().to_owned();
        let Some(validator) = self.0.get(&(text("apiVersion"), text("kind"))) else {
            return vec![format!("nobody knows {} {}", text("apiVersion"), text("kind"))];
        };
        let errors = validator.iter_errors(object);
        errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

/// OpenAPI's dialect as JSON Schema, and objects without what their schema does not know.
fn close(schema: &mut Value) {
    if schema["nullable"] == true {
        schema["type"] = json!([schema["type"], "null"]);
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    match schema {
        Value::Object(members) => {
            let listed = members.get("properties").is_some_and(Value::is_object);
            if listed && !open && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("properties", Value::Object(all)) => all.values_mut().for_each(close),
                    (_, member) => close(member),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(close),
        _ => {}
    }
}

fn read(file: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

#[test]
fn generated_resources_are_valid() {
    let Some(definitions) = Definitions::load() else { return };
    for (what, manifests) in every_manifest() {
        for object in manifests.objects() {
            let errors = definitions.errors(object);
            assert!(errors.is_empty(), "{what}: {errors:#?}\n{object:#}");
        }
    }
}

#[test]
fn shipped_resources_are_valid() {
    let Some(definitions) = Definitions::load() else { return };
    let mut count = 0;
    for folder in ["envoy/istio", "envoy/envoy-gateway"] {
        for file in root().join(folder).read_dir().unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            for object in read(&file) {
                let errors = definitions.errors(&object);
                assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
                count += 1;
            }
        }
    }
    assert!(count >= 2, "only {count} resources");
}

/// That the schemas refuse at all: each of these is one step from what is valid.
#[test]
fn invalid_resources_are_not() {
    let Some(definitions) = Definitions::load() else { return };
    let changes: [(&str, &str, Value); 8] = [
        ("EnvoyFilter", "/spec/configPatches/0/applyTo", json!("HTTP_FILTERS")),
        ("EnvoyFilter", "/spec/configPatches/0/match/context", json!("INBOUND")),
        ("WasmPlugin", "/spec/failStrategy", json!("FAIL_RELAOD")),
        ("WasmPlugin", "/spec/vmConfig/env/0/value", json!("x".repeat(2049))),
        ("TrafficExtension", "/spec/wasm/pluginConfig", json!("text")),
        ("EnvoyExtensionPolicy", "/spec/wasm/0/code/type", json!("OCI")),
        ("EnvoyPatchPolicy", "/spec/jsonPatches/0/operation/op", json!("insert")),
        ("EnvoyPatchPolicy", "/spec/jsonPatches/0/type", json!("Listener")),
    ];
    let all: Vec<Value> =
        every_manifest().into_iter().flat_map(|(_, all)| all.objects().to_vec()).collect();
    for (kind, pointer, value) in changes {
        let of_kind = |object: &&Value| object["kind"] == kind && object.pointer(pointer).is_some();
        let mut object = all.iter().find(of_kind).unwrap().clone();
        *object.pointer_mut(pointer).unwrap() = value;
        assert!(!definitions.errors(&object).is_empty(), "{kind} {pointer}");
        object["spec"]["unknown"] = json!(true);
        *object.pointer_mut(pointer).unwrap() = Value::Null;
        let unknown = definitions.errors(&object).into_iter().any(|one| one.contains("unknown"));
        assert!(unknown, "{kind} takes a member that nobody knows");
    }
}
