//! The document reader against graphql-js itself, on the sources of the corpus. Skipped, and said
//! so, where Node or the packages under `tests/interop` are not there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "document/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use fieldgate_core::document::{Document, DocumentErrorKind};

/// Where graphql-js reads otherwise, by title, and why. One that stops differing fails.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "strings: braced escape with more leading zeros than graphql-js reads",
    "the specification puts no bound on a braced escape's leading zeros, graphql-js does",
)];

#[test]
fn accepts_what_graphql_js_accepts() {
    let folder = corpus::root().join("tests/interop");
    if !folder.join("node_modules").is_dir() {
        println!("skipped: tests/interop has no packages; `make interop` installs them");
        return;
    }
    // Bounds are ours, and type system definitions are refused on purpose.
    let cases: Vec<_> = corpus::cases()
        .into_iter()
        .filter_map(|case| match Document::read(&case.source(), &case.bounds()) {
            Ok(_) => Some((case, true)),
            Err(error) => match error.kind {
                DocumentErrorKind::TokenLimit
                | DocumentErrorKind::NestingLimit
                | DocumentErrorKind::TypeSystemDefinition => None,
                _ => Some((case, false)),
            },
        })
        .collect();
    let sources: Vec<String> = cases.iter().map(|(case, _)| case.source()).collect();

    let mut node = Command::new("node");
    node.arg("parse.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let input = serde_json::to_vec(&sources).unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "graphql-js did not run");
    let theirs: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), cases.len());

    let pairs = cases.iter().zip(&theirs);
    let differing: BTreeSet<String> = pairs
        .filter(|((_, ours), theirs)| ours != *theirs)
        .map(|((case, _), _)| case.title())
        .collect();
    let excepted: BTreeSet<String> =
        EXCEPTIONS.iter().map(|(title, _)| (*title).to_owned()).collect();
    assert_eq!(differing, excepted);
    println!("{} documents read alike, {} excepted", cases.len() - excepted.len(), excepted.len());
}
