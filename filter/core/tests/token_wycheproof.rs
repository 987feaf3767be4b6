//! Wycheproof's JWS and JWK vectors (C2SP/wycheproof, Apache-2.0) for the algorithms that exist
//! here: the set of keys, the parts and the signature. The payloads are no claims, so `verify` is
//! not asked. Vectors of other algorithms must be refused, whatever their label says.

use std::fs;
use std::path::Path;

use fieldgate_core::token::bearer::{BEARER, RawToken};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::KeySet;
use fieldgate_core::token::signature::{Portable, SignatureVerifier};
use serde_json::{Value, json};

/// Vectors whose label is not what must come out here, with the reason.
///
/// The label defects that are known in this file (346, 347, 350, 351, 367, 370, 372 and 373) are all
/// about PS256, ES512 or HS256, which do not exist here.
const EXCEPTIONS: [(u64, &str); 0] = [];

fn vectors(name: &str) -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let text = fs::read_to_string(root.join("shared/data/wycheproof").join(name)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether a set with these keys accepts the token, by `kid` and algorithm.
fn accepts(jwks: &str, token: &str) -> bool {
    let Ok(set) = KeySet::read(jwks) else {
        return false;
    };
    let value = format!("Bearer {token}");
    let Ok(raw) = RawToken::read(value.as_bytes(), BEARER) else {
        return false;
    };
    let Ok(jws) = Jws::read(&raw) else {
        return false;
    };
    set.keys()
        .iter()
        .filter(|key| key.algorithm() == jws.algorithm())
        .filter(|key| jws.kid().is_none_or(|kid| key.kid() == Some(kid)))
        .any(|key| Portable.verify(key, jws.signing_input(), jws.signature()).is_ok())
}

/// The set that a group publishes: its public part, or what it has instead.
fn jwks(group: &Value) -> Value {
    let key = group.get("public").or_else(|| group.get("private")).cloned().unwrap_or_default();
    if key.get("keys").is_some() { key } else { json!({ "keys": [key] }) }
}

/// Whether every key is one of ours by type and algorithm, be it good or bad.
fn is_ours(jwks: &Value) -> bool {
    let keys = jwks.get("keys").and_then(Value::as_array);
    keys.into_iter().flatten().all(|key| {
        let of = |name: &str| key.get(name).and_then(Value::as_str);
        match of("kty") {
            Some("RSA") => {
                !matches!(of("alg"), Some("RS384" | "RS512" | "PS256" | "PS384" | "PS512"))
            }
            Some("EC") => of("crv") == Some("P-256"),
            _ => false,
        }
    })
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    excepted: usize,
    other_algorithm: usize,
}

/// Runs a file; its faults are the vectors that come out wrong.
fn run(file: &Value, exceptions: &[(u64, &str)]) -> (Counts, Vec<String>) {
    let mut counts = Counts::default();
    let mut faults = Vec::new();
    for group in file.get("testGroups").and_then(Value::as_array).into_iter().flatten() {
        let jwks = jwks(group);
        let ours = is_ours(&jwks);
        for vector in group.get("tests").and_then(Value::as_array).into_iter().flatten() {
            let id = vector.get("tcId").and_then(Value::as_u64).unwrap_or_default();
            let token = vector.get("jws").and_then(Value::as_str).unwrap_or_default();
            let label = vector.get("result").and_then(Value::as_str) == Some("valid");
            let accepted = accepts(&jwks.to_string(), token);
            let excepted = exceptions.iter().any(|(exception, _)| *exception == id);
            match (ours, excepted, accepted == label) {
                (false, _, _) if accepted => faults.push(format!("{id}: accepted")),
                (false, _, _) => counts.other_algorithm += 1,
                (true, false, true) => counts.passed += 1,
                (true, true, false) => counts.excepted += 1,
                (true, true, true) => faults.push(format!("{id}: no exception any more")),
                (true, false, false) => faults.push(format!("{id}: {accepted}, labelled {label}")),
            }
        }
    }
    (counts, faults)
}

#[test]
fn json_web_signatures() {
    let Some(file) = vectors("json_web_signature.json") else {
        println!("skipped: the Wycheproof vectors are not there");
        return;
    };
    let (counts, faults) = run(&file, &EXCEPTIONS);
    println!("JWS: {counts:?}");
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(counts.passed + counts.excepted + counts.other_algorithm, 401);
}

#[test]
fn json_web_keys() {
    let Some(file) = vectors("json_web_key.json") else {
        println!("skipped: the Wycheproof vectors are not there");
        return;
    };
    let (counts, faults) = run(&file, &[]);
    println!("JWK: {counts:?}");
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(counts.passed + counts.excepted + counts.other_algorithm, 26);
}
