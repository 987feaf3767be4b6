//! `tests/corpus/jwt/vectors.json`: what each vector has to end in is written there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::outcome;

#[test]
fn vectors_of_the_corpus() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/jwt/vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let outcome = outcome(&vector["jwks"].to_string(), text("token"));
        *counts.entry(outcome).or_default() += 1;
        if outcome != text("expect") {
            faults.push(format!("{}: {outcome}, not {}", text("name"), text("expect")));
        }
    }
    println!("corpus: {counts:?}");
    assert_eq!(faults, Vec::<String>::new());
    // Each algorithm has to be seen at work.
    assert!(counts["ok"] > 13 && counts["token_signature"] > 0, "{counts:?}");
}
