//! One worker of Envoy under millions of requests of all kinds: each is answered as it should be and
//! leaves one audit record, and memory stays what it is once all that is kept is there. `make soak`;
//! tests/bench/MEMORY.md says what it is to find.

mod asking;
mod kinds;
mod log;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use asking::{Done, Loads};
use axum::Router;
use axum::routing::any;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::BUNDLE;
use kinds::Mix;
use log::Log;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Requests, if `$REQUESTS` does not say.
const REQUESTS: u64 = 10_000_000;
/// Minutes, if `$MINUTES` does not say: whatever was asked by then is judged.
const MINUTES: u64 = 120;

/// Requests until all that is kept is there: new tokens and documents are one of twenty each, and a
/// thousand of each is kept.
const WARM_UP: u64 = 40_000;
/// How much more memory Envoy may have at any time after that.
const MARGIN_KIB: u64 = 16 << 10;

/// How often memory and log are looked at.
const LOOK: Duration = Duration::from_millis(500);
const TELL: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match soak().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: FAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn number(variable: &str, default: u64) -> Result<u64> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => {
            text.parse().with_context(|| format!("${variable}: `{text}`"))
        }
        Ok(_) | Err(_) => Ok(default),
    }
}

async fn soak() -> Result<()> {
    let (requests, minutes) = (number("REQUESTS", REQUESTS)?, number("MINUTES", MINUTES)?);
    let bundle = Guarded::load(BUNDLE)?;
    let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
    let listener = Listener {
        name: "soak".to_owned(),
        template: Template::Hold,
        configuration: Some(bundle.configuration(Template::Hold).to_string()),
        upstream: upstream().await?,
        wasm,
        clusters: Vec::new(),
        grpc: Vec::new(),
        change: None,
        tls: None,
    };
    let envoy = Envoy::start(&[listener]).await?;
    let mut log = Log::open(&envoy)?;
    let mix = Arc::new(Mix::new(bundle.audience));
    let loads = Loads::begin(envoy.address("soak"), &mix, requests);
    let watched = watch(&envoy, &loads, &mut log, Duration::from_secs(minutes * 60)).await;
    let done = loads.end().await?;
    let memory = watched?;
    log.finish(&done).await?;
    judge(&done, memory, log.lines())
}

/// Memory in KiB: when all that is kept was there, and the most after that.
#[derive(Clone, Copy, Debug)]
struct Memory {
    warm: u64,
    most: u64,
    last: u64,
}

/// Looks at memory and log until all is asked, or the time is over.
async fn watch(
    envoy: &Envoy,
    loads: &Loads,
    log: &mut Log,
    time: Duration,
) -> Result<Option<Memory>> {
    let (begin, mut told) = (Instant::now(), Instant::now());
    let mut memory: Option<Memory> = None;
    while !loads.are_done() && begin.elapsed() < time {
        sleep(LOOK).await;
        let (asked, now) = (loads.asked(), envoy.resident_bytes()? >> 10);
        log.follow(envoy).await?;
        memory = match memory {
            None if asked < WARM_UP => None,
            None => Some(Memory { warm: now, most: now, last: now }),
            Some(Memory { warm, most, last: _ }) => {
                Some(Memory { warm, most: most.max(now), last: now })
            }
        };
        if told.elapsed() >= TELL {
            told = Instant::now();
            let (seconds, records) = (begin.elapsed().as_secs(), log.lines());
            println!("{seconds:>6} s  {asked:>9} requests  {records:>9} records  {now:>7} KiB");
        }
        if let Some(Memory { warm, most, .. }) = memory {
            ensure!(most <= warm + MARGIN_KIB, "memory grows: {warm} KiB, later {most} KiB");
        }
    }
    Ok(memory)
}

fn judge(done: &Done, memory: Option<Memory>, records: u64) -> Result<()> {
    for (kind, asked) in done.by_kind() {
        println!("{:<28} {asked:>9}", kind.name());
    }
    let all = done.all();
    ensure!(records == all, "{records} records of {all} requests");
    println!("{all} requests, each answered as it should be and with its one record");
    match memory {
        None => println!("memory not judged: it takes {WARM_UP} requests until all is kept"),
        Some(Memory { warm, most, last }) => println!(
            "memory: {warm} KiB when warm, {most} KiB at most, {last} KiB at the end (bound: {MARGIN_KIB} KiB more)"
        ),
    }
    println!("soak: passed");
    Ok(())
}

/// An upstream that reads the request and has one answer.
async fn upstream() -> Result<std::net::SocketAddr> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let answer = |_: axum::body::Bytes| async {
        ([("content-type", "application/json")], "{\"data\":{\"viewer\":{\"name\":\"Ann\"}}}")
    };
    let router = Router::new().route("/graphql", any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
