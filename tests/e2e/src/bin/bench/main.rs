//! `make bench`: what a request costs in Envoy with fieldgate, beside pass-through, Envoy's own filters
//! and a filter that does nothing, in one run; and by what the policy holds.

mod bundles;
mod measure;
mod report;
mod servers;
mod ways;

use std::process::ExitCode;

use anyhow::Result;
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::filter::{self, Build};

use crate::measure::Size;
use crate::report::Report;
use crate::servers::{AUTHORIZER, Authorizer};
use crate::ways::{PASS, Place};

const USAGE: &str = "\
Measures the CPU time of requests through Envoy, and writes tests/bench/RESULTS.md

Usage: bench [--quick | --only TEXT]

Options:
  --quick       Few requests: whether it works, not what comes out
  --only TEXT   The rows with TEXT in their names alone, beside pass-through, printed and not written
  --help        Print this

ENVOY_CPU names the processor that Envoy has for itself.
";

const WHOLE: Size = Size { rounds: 9, requests: 1_600 };
const QUICK: Size = Size { rounds: 1, requests: 160 };

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => run(WHOLE, None).await,
        ["--quick"] => run(QUICK, None).await,
        ["--only", text] => run(WHOLE, Some(text)).await,
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

async fn run(size: Size, only: Option<&str>) -> Result<()> {
    let authorizer = Authorizer::start()?;
    let place = Place {
        upstream: servers::upstream().await?,
        authorizer: authorizer.address,
        wasm: Build::Plain.file()?,
        idle: filter::idle()?,
    };
    let mut ways = place.ways()?;
    if let Some(text) = only {
        ways.retain(|way| way.name.starts_with(PASS) || way.name.contains(text));
    }
    let mut listeners: Vec<_> = ways.iter().map(|way| way.listener.clone()).collect();
    listeners.sort_by(|one, other| one.name.cmp(&other.name));
    listeners.dedup_by(|one, other| one.name == other.name);
    let envoy = Envoy::start(&listeners).await?;
    let rounds = measure::rounds(&ways, &envoy, &authorizer, size).await?;
    let version = Envoy::version()?;
    let report = Report::new(&ways, &rounds, size, version)?;
    println!("{}", report.page()?);
    if only.is_none() { report.write() } else { Ok(()) }
}
