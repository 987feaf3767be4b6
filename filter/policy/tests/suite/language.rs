//! The page on the language: its examples are policies, of its schema, and nothing is found in them.

use std::fs;
use std::path::Path;

use fieldgate_core::policy::data::Data;
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::expand::Expansion;
use fieldgate_policy::explain::{Request, explain};
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{lower, schema, yaml};
use serde_json::json;
use serde_json::value::to_raw_value;

/// The blocks of code of the page, with what stands behind their first fence.
fn blocks() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/language.md");
    let page = fs::read_to_string(path).unwrap();
    let parts = page.split("\n```").skip(1).step_by(2);
    parts
        .map(|part| {
            let (info, text) = part.split_once('\n').unwrap();
            (info.to_owned(), text.to_owned())
        })
        .collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[test]
fn every_example_is_a_policy() {
    let blocks = blocks();
    let first = |info: &str| {
        let found = blocks.iter().find(|(of, _)| of == info);
        found.map(|(_, text)| text.as_str()).unwrap()
    };
    let sdl = first("graphql schema");
    let whole = first("yaml policy");
    let (head, rules) = whole.split_once("rules:\n").unwrap();
    let mut count = 0;
    for (info, text) in &blocks {
        let policy = match info.as_str() {
            "graphql schema" | "graphql operation" | "graphql expanded" => continue,
            "yaml policy" => text.clone(),
            "yaml rules" => format!("{head}rules:\n{}", indented(text)),
            "yaml types" => format!("{head}rules:\n{rules}\ntypes:\n{}", indented(text)),
            "yaml data" => format!("{head}rules:\n{rules}\ndata:\n{}", indented(text)),
            "yaml limits" | "yaml documents" => format!("{head}rules:\n{rules}\n{text}"),
            "yaml abstract" => format!("{head}rules:\n{rules}\nabstract:\n{}", indented(text)),
            "yaml floor" => format!("{head}rules:\n{rules}\nfloor:\n{}", indented(text)),
            other => panic!("what is `{other}`?"),
        };
        // Some rules look up tables: names are enough.
        let mut findings = Findings::default();
        let file = SourceFile::new("schema.graphql", sdl.to_owned());
        let schema = schema::read(&file, &mut findings).unwrap();
        let file = SourceFile::new("policy.yaml", policy.clone());
        let node = yaml::read(&file, &mut findings).unwrap();
        let source = PolicySource::read(&node, &mut findings);
        let conditions = lower::check(&source, &schema, &mut findings);
        let found = findings.into_sorted();
        assert!(found.is_empty(), "{found:#?}\n{policy}");
        let data = Data::default();
        assert!(lower::lower(&source, schema, (&conditions, data), None).is_ok(), "{policy}");
        count += 1;
    }
    assert!(count >= 5, "{count} examples");
}

/// The operation on the page becomes the other one, for an employee.
#[test]
fn the_expanded_operation_is_what_explain_shows() {
    let blocks = blocks();
    let block = |info: &str| {
        let found = blocks.iter().find(|(of, _)| of == info);
        found.map(|(_, text)| text.trim()).unwrap()
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("language");
    fs::create_dir_all(&folder).unwrap();
    for name in ["fieldgate.yaml", "jwks.json"] {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions").join(name);
        fs::copy(shared, folder.join(name)).unwrap();
    }
    let policy =
        format!("{}\nabstract:\n{}", block("yaml policy"), indented(block("yaml abstract")));
    fs::write(folder.join("policy.yaml"), policy).unwrap();
    fs::write(folder.join("schema.graphql"), block("graphql schema")).unwrap();
    let bundle = Bundle::load(&folder, None).unwrap();
    let claims = json!({ "sub": "a", "groups": ["employees"] }).as_object().cloned();
    let variables = Some(to_raw_value(&json!({ "id": "1" })).unwrap());
    let query = block("graphql operation").to_owned();
    let explanation = explain(&bundle, Request { claims, query, variables, operation: None });
    let expected = Expansion::Text(block("graphql expanded").to_owned());
    assert_eq!(explanation.unwrap().expansion, Some(expected));
}
