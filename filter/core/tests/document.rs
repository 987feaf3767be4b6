//! The document reader against its corpus, and against the inputs of graphql-js's parser tests.
//!
//! `UPDATE_EXPECT=1` writes what came out into the corpus; review the difference.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "document/corpus.rs"]
mod corpus;
#[path = "document/dump.rs"]
mod dump;

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::{env, fs, thread};

use fieldgate_core::document::{Bounds, Document, DocumentError, DocumentErrorKind, Expected};
use serde_json::{Value, json};

use crate::corpus::Case;

/// What a case states or what came of it: the members behind its source.
fn outcome(case: &Case) -> Value {
    match Document::read(&case.source(), &case.bounds()) {
        Ok(document) => json!({"accept": dump::document(&document)}),
        Err(error) => json!({"reject": format!("{:?}", error.kind), "at": error.at}),
    }
}

/// A case as the corpus has it: one line, and in ASCII, so that whoever reads it sees every
/// character.
fn line(case: &Case, outcome: &Value) -> String {
    let mut line = String::from("  {");
    for (name, value) in ["name", "source", "bounds"].map(|name| (name, case.row.get(name))) {
        line += &value.map_or(String::new(), |value| format!("{}:{value},", json!(name)));
    }
    for (name, value) in ["accept", "reject", "at"].map(|name| (name, outcome.get(name))) {
        line += &value.map_or(String::new(), |value| format!("{}:{value},", json!(name)));
    }
    let line = line.trim_end_matches(',').encode_utf16();
    let ascii = line.map(|unit| match u8::try_from(unit) {
        Ok(byte @ b' '..=b'~') => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    ascii.collect::<String>() + "}"
}

#[test]
fn every_case_of_the_corpus_comes_out_as_stated() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let mut titles = HashSet::new();
    let mut failures = Vec::new();
    let mut files: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for case in corpus::cases() {
        let Value::Object(mut stated) = case.row.clone() else { panic!("no case: {}", case.row) };
        for member in ["name", "source", "bounds"] {
            stated.remove(member);
        }
        let outcome = outcome(&case);
        if outcome != Value::Object(stated.clone()) {
            failures.push(format!("{}\n  stated {stated:?}\n  came   {outcome}", case.title()));
        }
        assert!(titles.insert(case.title()), "two cases are called {}", case.title());
        files.entry(case.file.clone()).or_default().push(line(&case, &outcome));
    }
    for (file, lines) in files.iter().filter(|_| update) {
        fs::write(file, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    assert!(titles.len() > 500, "only {} cases were found", titles.len());
    assert!(update || failures.is_empty(), "{}", failures.join("\n"));
}

/// What a row of graphql-js's tests is called in the list of exceptions.
fn verdict(outcome: &Result<Document<'_>, DocumentError>) -> String {
    match outcome {
        Ok(_) => "accept".to_owned(),
        Err(error) => format!("{:?}", error.kind),
    }
}

#[test]
fn graphql_js_inputs_come_out_the_same_but_for_the_listed_ones() {
    let file = corpus::root().join("../shared/data/graphql-js/parse_inputs.json");
    if !file.exists() {
        let _ =
            writeln!(std::io::stderr(), "skipped: the inputs of graphql-js's tests are not here");
        return;
    }
    let exceptions = corpus::root().join("tests/corpus/graphql/exceptions/graphql_js.json");
    let mut exceptions: BTreeMap<u64, String> = corpus::rows(&exceptions)
        .iter()
        .map(|row| {
            assert!(!row["reason"].as_str().unwrap().is_empty());
            (row["row"].as_u64().unwrap(), row["ours"].as_str().unwrap().to_owned())
        })
        .collect();
    let (mut same, mut type_systems) = (0, 0);
    let mut unexplained = Vec::new();
    for (number, row) in (0..).zip(&corpus::rows(&file)) {
        let max_tokens = row["opt"]["maxTokens"].as_u64().unwrap_or(100_000);
        let bounds = Bounds { tokens: u32::try_from(max_tokens).unwrap(), nesting: 200 };
        let outcome = Document::read(row["src"].as_str().unwrap(), &bounds);
        let theirs_accepts = row["r"] == "ok";
        match &outcome {
            Ok(_) if theirs_accepts => same += 1,
            Err(_) if !theirs_accepts => same += 1,
            // Not an executable document: its rows are for whoever reads schemas.
            Err(DocumentError { kind: DocumentErrorKind::TypeSystemDefinition, .. }) => {
                type_systems += 1;
            }
            Ok(_) | Err(_) => {
                let verdict = verdict(&outcome);
                if exceptions.remove(&number).as_ref() != Some(&verdict) {
                    unexplained.push(format!("row {number}: {verdict}, theirs {row}"));
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert!(exceptions.is_empty(), "these diverge no more: {:?}", exceptions.keys());
    println!("{same} rows come out the same, {type_systems} define types");
    assert!(same > 200, "only {same} rows were compared");
}

#[test]
fn a_location_counts_lines_and_characters_from_one() {
    let at = |source: &str, line, column| {
        let error = Document::read(source, &Bounds { tokens: 100, nesting: 10 }).unwrap_err();
        assert_eq!(error.location(source), (line, column), "{source:?}: {error}");
    };
    at("%", 1, 1);
    at("{a\n%", 2, 1);
    at("{a\r\n  %", 2, 3);
    at("{a\r  %", 2, 3);
    at("{a\n\r%", 3, 1);
    at("{a#\u{2028}\u{85}\u{b}%\n%", 2, 1);
    at("{a(b:\"é\u{1F600}\"%", 1, 10);
    at("{a", 1, 3);
    at("{a\n", 2, 1);
    at("{a(b:\"x\r\n", 1, 8);
}

#[test]
fn errors_say_what_and_where() {
    let error = Document::read("{a(b:)}", &Bounds { tokens: 100, nesting: 10 }).unwrap_err();
    assert_eq!(error.kind, DocumentErrorKind::Expected(Expected::Value));
    assert_eq!(error.to_string(), "expected a value at byte 5");
    let error = Document::read("{a", &Bounds { tokens: 1, nesting: 10 }).unwrap_err();
    assert_eq!(error.to_string(), "too many tokens at byte 1");
}

#[test]
fn the_deepest_documents_fit_a_small_stack() {
    let bounds = Bounds { tokens: 15_000, nesting: 200 };
    let around = |open: &str, core: &str, close: &str, depth| {
        format!("{}{core}{}", open.repeat(depth), close.repeat(depth))
    };
    let sources = [
        around("{a", "", "}", 200),
        format!("{{{}}}", around("...{", "a", "}", 199)),
        format!("{{a(b:{})}}", around("[", "", "]", 198)),
        format!("{{a(b:{})}}", around("{k:", "1", "}", 198)),
        format!("query($a:{}){{b}}", around("[", "A", "]", 199)),
    ];
    // Half of the 1 MiB that WebAssembly gives the whole filter.
    let stack = 512 * 1024;
    let deepest = move || {
        for source in sources {
            let document = Document::read(&source, &bounds).unwrap();
            assert_eq!(document.nesting, 200, "{source}");
            assert_eq!(document.clone(), document);
        }
    };
    thread::Builder::new().stack_size(stack).spawn(deepest).unwrap().join().unwrap();
}

#[test]
fn a_literal_is_never_converted() {
    let source = "{a(b:[-0 1.50e+01 99999999999999999999999])}";
    let document = Document::read(source, &Bounds { tokens: 100, nesting: 10 }).unwrap();
    let dump = dump::document(&document);
    assert!(dump.contains("(int@6-8) (float@9-17) (int@18-41)"), "{dump}");
}
