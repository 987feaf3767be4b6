//! Partially granted operations: what would be asked for in their place.
//!
//! `operations.yaml` says it for some, and `random` for thousands: what is written is valid, is
//! allowed, and touches what the operation touches that is granted, at each place, and nothing else.

mod naive;
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::cases::Verdict;
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::expand::Expansion;
use fieldgate_policy::explain::{Explanation, Request, explain};
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::yaml;
use serde_json::json;
use serde_json::value::to_raw_value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions")
}

fn bundle() -> Bundle {
    Bundle::load(&folder(), None).unwrap()
}

/// What becomes of an operation of somebody in this group.
fn asked(bundle: &Bundle, group: &str, query: &str, variables: &serde_json::Value) -> Explanation {
    let claims = json!({ "sub": "somebody", "groups": [group] }).as_object().cloned();
    let variables = Some(to_raw_value(variables).unwrap());
    let request = Request { claims, query: query.to_owned(), variables, operation: None };
    explain(bundle, request).unwrap()
}

#[test]
fn expansions_are_as_they_are_written_down() {
    let path = folder().join("operations.yaml");
    let file = SourceFile::new("operations.yaml", fs::read_to_string(path).unwrap());
    let mut findings = Findings::default();
    let rows = yaml::read(&file, &mut findings).unwrap().to_json();
    assert!(!findings.has_errors());
    let bundle = bundle();
    let mut failed = Vec::new();
    let rows = rows.as_array().unwrap();
    for row in rows {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let (name, query) = (text("name").unwrap(), text("query").unwrap());
        let group = text("group").unwrap_or_else(|| "users".to_owned());
        let variables = row.get("variables").cloned().unwrap_or_else(|| json!({}));
        let explanation = asked(&bundle, &group, &query, &variables);
        let mut found = BTreeMap::new();
        match &explanation.expansion {
            None => drop(found.insert("verdict", format!("{}", explanation.verdict))),
            Some(Expansion::Text(text)) => drop(found.insert("text", text.clone())),
            Some(Expansion::Shapes(keys)) => drop(found.insert("shapes", keys.clone())),
            Some(Expansion::Refused(reason)) => {
                drop(found.insert("refused", reason.code().to_owned()));
            }
        }
        let expected = ["verdict", "text", "shapes", "refused"];
        let expected = expected.into_iter().filter_map(|key| Some((key, text(key)?)));
        let expected: BTreeMap<&str, String> = expected.collect();
        if found != expected {
            failed.push(format!("{name}:\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    assert!(rows.len() >= 20, "{} rows", rows.len());
}

/// What a client is told of a partial denial is what it is told of any.
#[test]
fn the_answer_is_that_of_any_denial() {
    let bundle = bundle();
    let told = |query: &str| {
        let explanation = asked(&bundle, "users", query, &json!({}));
        assert!(matches!(explanation.verdict, Verdict::Deny(_)), "{query}");
        let refusal = explanation.refusal.unwrap();
        (refusal.reason.code(), (refusal.reason.answer(), refusal.status, refusal.code, refusal.at))
    };
    let (partial, answer) = told("{asset{title}}");
    let (whole, same) = told("{named{name }}");
    assert_eq!((partial, whole), ("partially_granted", "field_denied"));
    assert_eq!(answer, same);
}
