//! `tests/corpus/conditions`: each row is what CEL says, here and with the `cel` crate; where the crate
//! differs there is an exception with a reason.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::oracle;
use crate::support::{compile, evaluate, scope};

fn rows(file: &str) -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/conditions");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn text(row: &Json) -> &str {
    row["if"].as_str().unwrap()
}

/// `true`, `false` or `error`, as rows have it.
fn said<E>(outcome: &Result<bool, E>) -> Json {
    outcome.as_ref().map_or(Json::from("error"), |value| Json::from(*value))
}

#[test]
fn every_row_is_as_expected() {
    let mut wrong = Vec::new();
    let rows = [rows("conformance.json"), rows("requests.json")].concat();
    for row in &rows {
        let (expression, findings) = compile(text(row), &scope());
        match expression.as_ref().map(evaluate) {
            Some(outcome) if said(&outcome) == row["expect"] => {}
            outcome => wrong.push(format!("{row}: {outcome:?} {findings:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_crate_differs_where_it_is_known_to() {
    let known = rows("exceptions/cel.json");
    let mut known: BTreeMap<&str, &Json> = known.iter().map(|row| (text(row), row)).collect();
    let mut wrong = Vec::new();
    let rows = [rows("conformance.json"), rows("requests.json")].concat();
    for row in &rows {
        let outcome = oracle::evaluate(text(row));
        let differs = said(&outcome) != row["expect"];
        match known.remove(text(row)) {
            None if differs => wrong.push(format!("{row}: {outcome:?}")),
            Some(known) if said(&outcome) != known["cel"] => {
                wrong.push(format!("{row}: {outcome:?}, the exception has {}", known["cel"]));
            }
            Some(_) if !differs => wrong.push(format!("{row}: no exception any more")),
            None | Some(_) => {}
        }
    }
    wrong.extend(known.keys().map(|text| format!("{text}: an exception without a row")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
