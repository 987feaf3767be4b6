//! What reading costs, natively and in release; a debug build measures nothing worth knowing.

#![cfg(not(debug_assertions))]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::limits::{Limits, NESTING};

/// The query that the benchmarks send.
const QUERY: &str = "query Q($ref: String!, $n: Int = 10) { entity(ref: $ref) { name owner { name \
                     members(first: $n) { email name groups } } ... on Component { secrets { name \
                     value } annotations dependsOn { name kind owner { name } } apis { name \
                     definition } } } viewer { name email } }";

/// How often the query is read in one round, so that the clock's own cost and grain vanish.
const READS: u32 = 100;

/// Rounds: the median is not moved by the ones that something else interrupted.
const ROUNDS: usize = 501;

fn median(mut read: impl FnMut()) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..READS {
                read();
            }
            start.elapsed() / READS
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}

#[test]
fn the_benchmark_query_is_read_in_four_microseconds() {
    assert_eq!(QUERY.len(), 265);
    let bounds = Bounds { tokens: Limits::DEFAULT.tokens, nesting: NESTING };
    assert!(Document::read(QUERY, &bounds).is_ok());
    let median = median(|| {
        black_box(Document::read(black_box(QUERY), &bounds).unwrap());
    });
    println!("median of {ROUNDS} rounds: {} ns", median.as_nanos());
    assert!(median <= Duration::from_micros(4), "{median:?}");
}

#[test]
fn a_mebibyte_of_anything_costs_milliseconds_under_the_usual_bounds() {
    let bounds = Bounds { tokens: Limits::DEFAULT.tokens, nesting: NESTING };
    let of = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let sources = [
        of(","),
        of("#\n"),
        of("{"),
        of("{a"),
        of("{a}"),
        of("\u{feff}"),
        format!("{{a(b:\"{}", of("x")),
        format!("{{a(b:\"{}", of("\\u0041")),
        format!("{{a(b:\"{}", of("\\uD83D\\uDE00")),
        format!("{{a(b:\"\\u{{{}", of("0")),
        format!("{{a(b:\"\"\"{}", of("\"\"x")),
        format!("{{a(b:\"\"\"{}", of("\\")),
        format!("{{a(b:[{}", of("\"\" ")),
        format!("{{{}", of("x:a ")),
        format!("{{a(b:{}", of("1")),
        of("a"),
    ];
    for source in sources {
        let start = Instant::now();
        let outcome = Document::read(black_box(&source), &bounds).is_ok();
        let elapsed = start.elapsed();
        let begin: String = source.chars().take(16).collect();
        println!("{} us for {begin:?}.. (read: {outcome})", elapsed.as_micros());
        assert!(elapsed <= Duration::from_millis(20), "{elapsed:?} for {begin:?}");
    }
}
