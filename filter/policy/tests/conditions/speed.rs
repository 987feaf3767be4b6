//! What conditions and lookups cost, natively and in release; a debug build measures nothing worth
//! knowing. In wasm they take about twice as long.

#![cfg(not(debug_assertions))]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fieldgate_core::policy::condition::{Value, Variables};
use fieldgate_core::policy::data::{Data, DataParts};

use crate::oracle::Prepared;
use crate::support::{compile, data, scope, world};

const CONDITIONS: [&str; 5] = [
    "subject.actor != null",
    "args.env in ['dev', 'staging', 'prod'] && claims.age >= 18",
    "owner(args.component) in subject.groups",
    "subject.groups.exists(g, g.startsWith('group:default/') && g.endsWith('-a'))",
    "request.path.matches('^/graphql(/[a-z]+)?$')",
];

/// The median of rounds, for one run.
fn median(mut run: impl FnMut()) -> Duration {
    const RUNS: u32 = 2_000;
    let mut rounds: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            (0..RUNS).for_each(|_| run());
            start.elapsed() / RUNS
        })
        .collect();
    rounds.sort();
    rounds[rounds.len() / 2]
}

/// In Envoy a condition may take six microseconds.
#[test]
fn a_condition_takes_two_microseconds() {
    let (world, data) = (world(), data());
    let values = ["claims", "subject", "args", "operation", "request"];
    let [claims, subject, args, operation, request] = &values.map(|name| Value::from(&world[name]));
    let variables = Variables {
        claims: Some(claims),
        subject: Some(subject),
        args: Some(args),
        operation: Some(operation),
        request: Some(request),
    };
    for text in CONDITIONS {
        let expression = compile(text, &scope()).0.unwrap();
        let taken = median(|| {
            assert!(black_box(expression.evaluate(black_box(&variables), &data)).is_ok());
        });
        let prepared = Prepared::read(text).unwrap();
        let crates = median(|| assert!(black_box(prepared.evaluate()).is_ok()));
        println!("{text}: {} ns; the cel crate: {} ns", taken.as_nanos(), crates.as_nanos());
        assert!(taken <= Duration::from_micros(2), "{text}: {taken:?}");
    }
}

fn owners(entities: u32) -> Data {
    let teams = (0..500).map(|team| Value::String(format!("group:default/team-{team}").into()));
    let mut owners: Vec<(Box<str>, u32)> = (0..entities)
        .map(|at| (format!("component:default/service-{at}").into(), at % 500))
        .collect();
    owners.sort();
    let values = teams.map(|team| Value::List(vec![team])).collect();
    Data::new(DataParts { owners, tables: Vec::new(), values }).unwrap()
}

/// Ownership of a hundred thousand entities may take a microsecond more than that of a hundred.
#[test]
fn ownership_does_not_depend_on_how_many_there_are() {
    let taken = [100_u32, 10_000, 100_000].map(|entities| {
        let data = owners(entities);
        // In an order in which no cache has the next.
        let ask = (0..1024_u32).map(|at| at.wrapping_mul(2_654_435_761) % entities);
        let ask: Vec<String> = ask.map(|at| format!("component:default/service-{at}")).collect();
        let mut at = 0;
        let taken = median(|| {
            at = (at + 1) % ask.len();
            assert!(black_box(data.owner(black_box(&ask[at]))).is_some());
        });
        let none = median(|| assert!(data.owner(black_box("component:default/none")).is_none()));
        println!(
            "{entities} entities: {} ns; one that is not there: {} ns",
            taken.as_nanos(),
            none.as_nanos()
        );
        taken
    });
    assert!(taken[2] <= taken[0] + Duration::from_micros(1), "{taken:?}");
}

/// It runs on the event loop of every worker.
#[test]
fn a_hundred_thousand_entities_are_ready_in_fifty_milliseconds() {
    let data = owners(100_000);
    let parts = || {
        let entries =
            data.owner_table().keys().zip(0_u32..).map(|(key, at)| (key.into(), at % 500));
        let team =
            |team: u32| Value::List(vec![Value::String(format!("group:default/{team}").into())]);
        DataParts {
            owners: entries.collect(),
            tables: Vec::new(),
            values: (0..500).map(team).collect(),
        }
    };
    let mut taken: Vec<Duration> = (0..11)
        .map(|_| {
            let parts = parts();
            let start = Instant::now();
            assert!(black_box(Data::new(parts)).is_ok());
            start.elapsed()
        })
        .collect();
    taken.sort();
    println!("ready in {} us", taken[5].as_micros());
    assert!(taken[5] <= Duration::from_millis(50), "{taken:?}");
}
