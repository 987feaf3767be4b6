//! Connections that are kept, on which one request follows the other; and some that are given up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::load::Connection;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::kinds::{Asking, Kind, Mix};

const CONNECTIONS: usize = 16;

/// What runs.
pub(crate) struct Loads {
    shared: Arc<Shared>,
    requests: u64,
    running: JoinSet<Result<Done>>,
}

struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
}

/// Which requests were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done(BTreeMap<Kind, Sum>);

/// Requests of a kind, as a sum of which none can be missing or twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    numbers: u64,
    squares: u64,
}

impl Done {
    pub(crate) fn note(&mut self, kind: Kind, number: u64) {
        let Sum { count, numbers, squares } = self.0.entry(kind).or_default();
        *count += 1;
        *numbers = numbers.wrapping_add(number);
        *squares = squares.wrapping_add(number.wrapping_mul(number));
    }

    fn add(&mut self, other: &Self) {
        for (kind, sum) in &other.0 {
            let Sum { count, numbers, squares } = self.0.entry(*kind).or_default();
            *count += sum.count;
            *numbers = numbers.wrapping_add(sum.numbers);
            *squares = squares.wrapping_add(sum.squares);
        }
    }

    pub(crate) fn by_kind(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.0.iter().map(|(kind, sum)| (*kind, sum.count))
    }

    pub(crate) fn all(&self) -> u64 {
        self.by_kind().map(|(_, count)| count).sum()
    }
}

impl Loads {
    /// Begins to make so many requests.
    pub(crate) fn begin(address: SocketAddr, mix: &Arc<Mix>, requests: u64) -> Self {
        let shared = Arc::new(Shared { next: AtomicU64::new(0), stop: AtomicBool::new(false) });
        let mut running = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (shared, mix) = (Arc::clone(&shared), Arc::clone(mix));
            running.spawn(async move {
                let done = ask(address, &mix, &shared, requests).await;
                // One that went wrong is enough.
                if done.is_err() {
                    shared.stop.store(true, Ordering::Relaxed);
                }
                done
            });
        }
        Self { shared, requests, running }
    }

    pub(crate) fn asked(&self) -> u64 {
        self.shared.next.load(Ordering::Relaxed).min(self.requests)
    }

    pub(crate) fn are_done(&self) -> bool {
        self.asked() == self.requests || self.shared.stop.load(Ordering::Relaxed)
    }

    /// Ends them: what was asked.
    pub(crate) async fn end(mut self) -> Result<Done> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Done::default();
        while let Some(done) = self.running.join_next().await {
            all.add(&done??);
        }
        Ok(all)
    }
}

async fn ask(address: SocketAddr, mix: &Mix, shared: &Shared, requests: u64) -> Result<Done> {
    let mut done = Done::default();
    let mut connection = Connection::open(address).await?;
    while !shared.stop.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            break;
        }
        let asking = mix.request(number);
        let Asking { kind, tag, token, body } = &asking;
        let expected = kind.expected().status;
        if *kind == Kind::Aborted {
            give_up(address, &asking).await?;
        } else {
            let answer = connection.ask(tag, token, body).await?;
            let text = String::from_utf8_lossy(&answer.body);
            ensure!(
                answer.status == expected,
                "{tag}: {} and not {expected}: {text}",
                answer.status
            );
            let is_data = text.starts_with("{\"data\":");
            ensure!(is_data == (expected == 200), "{tag}: {text}");
        }
        if matches!(kind, Kind::Malformed | Kind::BadSignature | Kind::TooLarge) {
            // Envoy closes a connection behind a 400, and where it answers before the whole body came.
            connection = Connection::open(address).await?;
        }
        done.note(*kind, number);
    }
    Ok(done)
}

/// A head and half of the body, and nothing more.
async fn give_up(address: SocketAddr, asking: &Asking) -> Result<()> {
    let Asking { tag, token, body, .. } = asking;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: graphql.example.com\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\n{TAG}: {tag}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{head}{half}").as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}
