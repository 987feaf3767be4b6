//! Latency at a fixed rate: requests have times at which they are due, whatever became of those
//! before, and what is measured is the time from there to the whole answer. So a server that stalls
//! is charged for everybody who has to wait for it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::Envoy;

use crate::measure::recipe;
use crate::results::Spread;
use crate::way::{PASS, Way};

/// Enough that a request which is due finds one free, unless the server is late.
const CONNECTIONS: usize = 32;

/// How much is asked.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rounds: usize,
    /// Of each row in each round, and of what finds the rate.
    pub(crate) time: Duration,
}

/// What came out.
pub(crate) struct Latency {
    /// Requests a second that pass-through did without a pause.
    pub(crate) most: Spread,
    /// How much of its processor Envoy had meanwhile.
    pub(crate) busy: Spread,
    pub(crate) rows: Vec<LatencyRow>,
    pub(crate) size: Size,
}

pub(crate) struct LatencyRow {
    pub(crate) name: &'static str,
    /// By round: the latencies' quantiles, in milliseconds.
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl LatencyRow {
    pub(crate) fn p50(&self) -> Spread {
        Spread::of(self.p50.iter().copied())
    }

    pub(crate) fn p99(&self) -> Spread {
        Spread::of(self.p99.iter().copied())
    }
}

impl Latency {
    /// How a row's p99 compares to pass-through's in the same round.
    pub(crate) fn p99_over_pass(&self, name: &str) -> Option<Spread> {
        let of = |name: &str| self.rows.iter().find(|row| row.name == name);
        let (row, pass) = (of(name)?, of(PASS)?);
        Some(Spread::of(row.p99.iter().zip(&pass.p99).map(|(one, pass)| one / pass)))
    }
}

/// Measures some rows, in turn.
pub(crate) async fn measure(ways: &[&Way], envoy: &Envoy, size: Size) -> Result<Latency> {
    // A thread is woken when it wants to be, not when it suits the system. Threads inherit it.
    let slack = std::fs::write("/proc/self/timerslack_ns", "1");
    if let Err(error) = slack {
        eprintln!("the system rounds the times at which requests are sent: {error}");
    }
    let pass = ways.iter().find(|way| way.name == PASS).context("pass-through")?;
    let row = |way: &&Way| LatencyRow { name: way.name, p50: Vec::new(), p99: Vec::new() };
    let mut rows: Vec<LatencyRow> = ways.iter().map(row).collect();
    let (mut most, mut busy) = (Vec::new(), Vec::new());
    for round in 0..size.rounds {
        File::create(envoy.directory().join("access.log"))?;
        run(pass, envoy, None, size.time / 4).await?;
        let (before, begin) = (envoy.cpu_microseconds()?, Instant::now());
        let done = run(pass, envoy, None, size.time).await?;
        busy.push((envoy.cpu_microseconds()? - before) / 1e6 / begin.elapsed().as_secs_f64());
        let rate = f64::from(u32::try_from(done.len())?) / size.time.as_secs_f64();
        most.push(rate);
        for (way, row) in ways.iter().zip(&mut rows) {
            File::create(envoy.directory().join("access.log"))?;
            run(way, envoy, Some(rate / 2.0), size.time / 8).await?;
            let mut took = run(way, envoy, Some(rate / 2.0), size.time).await?;
            took.sort_unstable();
            let at = |hundredth: usize| {
                took.get(took.len() * hundredth / 100)
                    .map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
            };
            row.p50.push(at(50));
            row.p99.push(at(99));
        }
        eprintln!("latency: round {} of {}", round + 1, size.rounds);
    }
    Ok(Latency { most: Spread::of(most), busy: Spread::of(busy), rows, size })
}

/// Asks for so long, at a rate or without a pause, from threads of its own; how long each took.
async fn run(way: &Way, envoy: &Envoy, rate: Option<f64>, time: Duration) -> Result<Vec<Duration>> {
    let token = recipe(way, "latency").mint(&way.audience);
    let request = Arc::new(request(&token, &way.body));
    let (address, name) = (way.address(envoy), way.name);
    let turn = Arc::new(AtomicU64::new(0));
    let begin = Instant::now() + Duration::from_millis(20);
    let asking: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (request, turn) = (Arc::clone(&request), Arc::clone(&turn));
            thread::spawn(move || connection(address, &request, &turn, begin, rate, time))
        })
        .collect();
    // The upstream is served by this thread meanwhile.
    let joined = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        for asking in asking {
            let took = asking.join().ok().context("a connection's thread")?;
            all.extend(took.context(name)?);
        }
        Ok(all)
    });
    joined.await?
}

/// Asks on one connection whatever is due next, until the time is over.
fn connection(
    address: SocketAddr,
    request: &[u8],
    turn: &AtomicU64,
    begin: Instant,
    rate: Option<f64>,
    time: Duration,
) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut took = Vec::new();
    let mut buffer = Vec::new();
    loop {
        let due = match rate {
            None => Instant::now().max(begin),
            Some(rate) => {
                let turn = u32::try_from(turn.fetch_add(1, Ordering::Relaxed))?;
                begin + Duration::from_secs_f64(f64::from(turn) / rate)
            }
        };
        if due >= begin + time {
            return Ok(took);
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(request)?;
        answer(&mut stream, &mut buffer)?;
        took.push(due.elapsed());
    }
}

fn request(token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: graphql.example.com\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads an answer of status 200 to its end.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk)?;
        ensure!(read > 0, "the connection ends within an answer");
        buffer.extend(chunk.get(..read).unwrap_or_default());
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?;
        ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let length: usize = value.trim().parse().ok()?;
            name.eq_ignore_ascii_case("content-length").then_some(length)
        });
        if buffer.len() >= head + 4 + length.context("content-length")? {
            return Ok(());
        }
    }
}
