//! Wycheproof's JWS and JWK vectors (C2SP/wycheproof, Apache-2.0), all of them. Their label is what
//! has to come out, but for the exceptions in `tests/corpus/jwt/exceptions/wycheproof.json`, each
//! with its reason; one that does not diverge any more is a fault too.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::outcome;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
}

/// The set that a group publishes: its public part, or what it has instead.
fn jwks(group: &Value) -> String {
    let key = group.get("public").or_else(|| group.get("private")).cloned().unwrap_or_default();
    if key.get("keys").is_some() { key.to_string() } else { json!({ "keys": [key] }).to_string() }
}

struct Vector {
    id: u64,
    jwks: String,
    token: String,
    label: &'static str,
}

fn vectors(file: &Value) -> Vec<Vector> {
    let mut all = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            all.push(Vector {
                id: test["tcId"].as_u64().unwrap(),
                jwks: jwks(group),
                token: test["jws"].as_str().unwrap().to_owned(),
                label: match test["result"].as_str() {
                    Some("valid") => "valid",
                    Some("invalid") => "invalid",
                    other => panic!("{other:?} is no label"),
                },
            });
        }
    }
    all
}

/// Runs a file and says how many vectors passed, how many are excepted, and what is wrong.
fn run(name: &str) -> Option<(usize, usize, Vec<String>)> {
    let file = read(&root().join("../shared/data/wycheproof").join(name))?;
    let exceptions = read(&root().join("tests/corpus/jwt/exceptions/wycheproof.json")).unwrap();
    let mut exceptions: BTreeMap<u64, &Value> = exceptions[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|exception| (exception["id"].as_u64().unwrap(), exception))
        .collect();
    let vectors = vectors(&file);
    let (mut passed, mut excepted, mut faults) = (0, 0, Vec::new());
    for Vector { id, jwks, token, label } in &vectors {
        let outcome = outcome(jwks, token);
        let actual = if outcome == "ok" { "valid" } else { "invalid" };
        match exceptions.remove(id) {
            None if actual == *label => passed += 1,
            None => faults.push(format!("{id}: {outcome}, labelled {label}")),
            Some(_) if actual == *label => faults.push(format!("{id}: no exception any more")),
            Some(exception) => {
                assert!(exception["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
                assert_eq!(
                    (&exception["expected"], &exception["actual"]),
                    (&json!(label), &json!(actual))
                );
                // Nothing is accepted for being excepted: only what a valid vector has as well.
                let twin = |other: &&Vector| {
                    (&other.jwks, &other.token, other.label) == (jwks, token, "valid")
                };
                if actual == "valid" && !vectors.iter().any(|other| twin(&other)) {
                    faults.push(format!("{id}: accepted, and no valid vector is the same"));
                }
                excepted += 1;
            }
        }
    }
    faults.extend(exceptions.keys().map(|id| format!("{id}: there is no such vector")));
    println!("{name}: {passed} passed, {excepted} excepted, {} not as they should", faults.len());
    Some((passed, excepted, faults))
}

#[test]
fn json_web_signatures() {
    let Some((passed, excepted, faults)) = run("json_web_signature.json") else {
        let _ = writeln!(std::io::stderr(), "skipped: the Wycheproof vectors are not there");
        return;
    };
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!((passed + excepted, excepted), (401, 8));
}

#[test]
fn json_web_keys() {
    let Some((passed, excepted, faults)) = run("json_web_key.json") else {
        let _ = writeln!(std::io::stderr(), "skipped: the Wycheproof vectors are not there");
        return;
    };
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!((passed + excepted, excepted), (26, 0));
}
