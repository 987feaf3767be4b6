//! What the largest schema costs, natively and in release; a debug build measures nothing worth
//! knowing. Where the schema is not installed these tests say so and pass.

#![cfg(not(debug_assertions))]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldgate_core::settings::Configuration;
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::matrix::Matrix;
use fieldgate_policy::schema;
use fieldgate_policy::source::SourceFile;

const ROUNDS: usize = 51;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/github");
    if folder.join("node_modules").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: the schema of policies/github is not installed (`make node`)");
    None
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    rounds.sort();
    rounds.into_iter().nth(ROUNDS / 2).unwrap_or(Duration::MAX)
}

/// Whoever edits a policy builds it again and again.
#[test]
fn the_largest_bundle_is_built_in_two_seconds() {
    let Some(folder) = folder() else { return };
    let start = Instant::now();
    let bundle = Bundle::load(&folder, None);
    let elapsed = start.elapsed();
    println!("policies/github is built in {} ms", elapsed.as_millis());
    assert!(bundle.is_ok());
    assert!(elapsed <= Duration::from_secs(2), "{elapsed:?}");
}

/// The largest part of building it: 1.2 MB of SDL.
#[test]
fn the_largest_schema_is_read_in_half_a_second() {
    let Some(folder) = folder() else { return };
    let path = folder.join("node_modules/@octokit/graphql-schema/schema.graphql");
    let file = SourceFile::new("schema.graphql", std::fs::read_to_string(path).unwrap());
    let median = median(|| {
        let mut findings = Findings::default();
        assert!(black_box(schema::read(&file, &mut findings)).is_some());
    });
    println!("median of {ROUNDS} rounds: {} ms", median.as_millis());
    assert!(median <= Duration::from_millis(500), "{median:?}");
}

/// Beside the two seconds in which the bundle is built.
#[test]
fn the_largest_matrix_is_there_at_once() {
    let Some(folder) = folder() else { return };
    let bundle = Bundle::load(&folder, None).unwrap();
    let start = Instant::now();
    let matrix = Matrix::new(bundle.policy(), None);
    let elapsed = start.elapsed();
    println!("the matrix of policies/github is made in {} ms", elapsed.as_millis());
    assert!(matrix.is_ok());
    assert!(elapsed <= Duration::from_millis(250), "{elapsed:?}");
}

/// It runs on the event loop of every worker, where it may take 25 ms; in wasm it takes twice as
/// long as here.
#[test]
fn the_largest_configuration_is_read_in_five_milliseconds() {
    let Some(folder) = folder() else { return };
    let configuration = Bundle::load(&folder, None).unwrap().configuration();
    let median = median(|| {
        let read = Configuration::read(black_box(configuration.as_bytes()));
        assert!(black_box(read).is_ok());
    });
    println!("median of {ROUNDS} rounds: {} us", median.as_micros());
    assert!(median <= Duration::from_millis(5), "{median:?}");
}
