//! `make bench`: what a request costs in Envoy with fieldgate, beside pass-through, Envoy's own filters,
//! a filter that does nothing, and routers and servers with field rules, in one run.

mod bundles;
mod calm;
mod check;
mod goals;
mod hive;
mod hostcalls;
mod latency;
mod listeners;
mod measure;
mod page;
mod peers;
mod plot;
mod process;
mod results;
mod rows;
mod servers;
mod way;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Envoy, Listener};
use fieldgate_e2e::filter::{self, Build};

use crate::listeners::Parts;
use crate::measure::Size;
use crate::peers::Peers;
use crate::results::{Results, Row};
use crate::servers::{AUTHORIZER, Authorizer, Upstream};
use crate::way::{PASS, Server, Way};

const USAGE: &str = "\
Measures the CPU time and latency of requests through Envoy, beside others, and writes RESULTS.md,
results.json and results.svg to tests/bench

Usage: bench [--quick] [--only TEXT]

Options:
  --quick       Few requests: whether it works, not what comes out. Written to target/bench
  --only TEXT   The rows with TEXT in their names alone (`latency`: the latencies), beside those that they
                are compared with. Written to target/bench
  --help        Print this

Environment:
  ENVOY_CPU    The processor that Envoy and its peers have for themselves; have `taskset` run this on another
  HIVE_ROUTER  The binary of Hive Router, to measure it too
";

const LATENCY: &str = "latency";

/// Where results go that are not those of the repository.
const ASIDE: &str = "target/bench";

/// How much of everything.
#[derive(Clone, Copy)]
struct Sizes {
    cpu: Size,
    latency: latency::Size,
}

const WHOLE: Sizes = Sizes {
    cpu: Size { first: 1_600, rounds: 54, requests: 192 },
    latency: latency::Size { rounds: 18, time: Duration::from_secs(1) },
};
const QUICK: Sizes = Sizes {
    cpu: Size { first: 192, rounds: 1, requests: 192 },
    latency: latency::Size { rounds: 1, time: Duration::from_millis(400) },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => run(WHOLE, None, "tests/bench").await,
        ["--quick"] => run(QUICK, None, ASIDE).await,
        ["--only", text] => run(WHOLE, Some(text), ASIDE).await,
        ["--quick", "--only", text] => run(QUICK, Some(text), ASIDE).await,
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [AUTHORIZER] => servers::authorize().await,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(sizes: Sizes, only: Option<&str>, folder: &str) -> Result<()> {
    let (authorizer, upstream) = (Authorizer::start()?, Upstream::start().await?);
    let parts = Parts {
        upstream: upstream.address,
        authorizer: authorizer.address,
        wasm: Build::Plain.file()?,
        idle: filter::idle()?,
    };
    let portal = Guarded::load("policies/backstage")?;
    let mut ways = rows::ways(&parts, authorizer.process.id(), &portal)?;
    let mut peers = Peers::default();
    peers.start_node(&parts, &portal)?;
    hive::start(&mut peers, &parts, &portal).await?;
    ways.append(&mut peers.ways);
    if !rows::has_github() {
        peers.skipped.push("GitHub's schema: `make peers` installs it".to_owned());
    }
    if let Some(text) = only {
        ways = narrowed(ways, text);
    }
    let closing = |bootstrap: &mut _| hive::close_idle(bootstrap, &ways);
    let envoy = Envoy::start_changed(&listeners(&ways), closing).await?;
    for way in &ways {
        check::check(way, &envoy).await?;
    }
    let samples = measure::rounds(&ways, &envoy, &upstream, sizes.cpu).await?;
    let latency = match only {
        Some(text) if !LATENCY.contains(text) => None,
        Some(_) | None => {
            let asked: Vec<&Way> = ways
                .iter()
                .filter(|way| [PASS, rows::JWT, rows::WARM].contains(&way.name))
                .collect();
            Some(latency::measure(&asked, &envoy, sizes.latency).await?)
        }
    };
    let results = Results {
        size: sizes.cpu,
        envoy: Envoy::version()?,
        rows: Row::all(&ways, &calm::of(samples)),
        latency,
        skipped: peers.skipped,
    };
    println!("{}", page::page(&results)?);
    page::write(&results, folder)
}

/// The rows with a text in their names, and those that they are compared with.
fn narrowed(ways: Vec<Way>, text: &str) -> Vec<Way> {
    let latency = LATENCY.contains(text);
    let wanted = |way: &Way| {
        way.name.contains(text) || latency && [rows::JWT, rows::WARM].contains(&way.name)
    };
    let over: Vec<&str> =
        ways.iter().filter(|way| wanted(way)).filter_map(|way| way.over).collect();
    ways.iter()
        .filter(|way| way.name == PASS || wanted(way) || over.contains(&way.name))
        .cloned()
        .collect()
}

/// Each once, though several rows ask it.
fn listeners(ways: &[Way]) -> Vec<Listener> {
    let listener = |way: &Way| match &way.server {
        Server::Envoy(listener) => Some(listener.clone()),
        Server::Direct(_) => None,
    };
    let mut all: Vec<_> = ways.iter().filter_map(listener).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all.dedup_by(|one, other| one.name == other.name);
    all
}
