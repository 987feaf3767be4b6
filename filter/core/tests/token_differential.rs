//! More than twenty thousand tokens, sound and not, read here and by npm `jose` with strict options.
//! What is accepted here is accepted there, and says the same. Skipped, and said so, where Node or
//! the packages under `tests/interop/jose` are not there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use fieldgate_mutants as mutants;
use fieldgate_mutants::difference::{Reading, Verdict, compare, exceptions};
use fieldgate_mutants::{Clock, ISSUERS, Issuer, Mutants, ours};
use serde::Deserialize;
use serde_json::{Value, json};

#[test]
fn accepts_only_what_jose_accepts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/jose");
    if !folder.join("node_modules").is_dir() {
        println!("skipped: tests/interop/jose has no packages; `make interop` installs them");
        return;
    }
    let clock = Clock { now: 1_700_000_000, distance: 1 };
    let mutants = mutants::generate(clock);
    assert!(mutants.all.len() >= 20_000);
    let (ours, theirs) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| ask_jose(&folder, &mutants, clock.now));
        (ours::verdicts(&mutants, clock.now), theirs.join().unwrap())
    });
    compare(&mutants, &ours, &theirs, &exceptions("jose.json"));
}

/// A line of its answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Accepted(Reading),
    Refused { refused: String },
}

/// What `jose` says to each token.
fn ask_jose(folder: &Path, mutants: &Mutants, now: u64) -> Vec<Verdict> {
    let tokens =
        mutants.all.iter().map(|mutant| json!({ "token": mutant.token, "set": mutant.set }));
    let lines = [setting(mutants, now)].into_iter().chain(tokens);
    let input: String = lines.map(|line| format!("{line}\n")).collect();

    let mut node = Command::new("node");
    node.arg("verify.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "jose did not run");
    let read = |line: &str| match serde_json::from_str(line) {
        Ok(Line::Accepted(reading)) => Verdict::Accepted(Some(reading)),
        Ok(Line::Refused { refused }) => Verdict::Refused(refused),
        Err(error) => panic!("{error}: {line}"),
    };
    String::from_utf8(output.stdout).unwrap().lines().map(read).collect()
}

fn setting(mutants: &Mutants, now: u64) -> Value {
    let issuer = |issuer: &'static Issuer| {
        let algorithms: Vec<&str> = issuer.algorithm_names().collect();
        json!({
            "issuer": issuer.name, "audience": mutants::AUDIENCE, "algorithms": algorithms,
            "secret": issuer.secret, "jwks": issuer.sound_set(),
        })
    };
    let sets = mutants.sets.iter().map(|set| json!({ "issuer": set.issuer, "jwks": set.text }));
    json!({
        "issuers": ISSUERS.each_ref().map(issuer), "sets": sets.collect::<Vec<_>>(),
        "types": mutants::TYPES, "leeway": mutants::LEEWAY, "now": now,
    })
}
