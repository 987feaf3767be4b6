//! Requests without a pause over connections that are kept, while something else happens; and what
//! the access log has of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::backend::TAG;
use crate::client::TIMEOUT;
use crate::envoy::Envoy;

/// A minute's log takes its time to read.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection over HTTP/1.1 that is kept: one worker of Envoy serves it, one request after the
/// other.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

/// An answered request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub tag: String,
    pub status: u16,
    pub body: Bytes,
    /// When it was sent.
    pub at: Instant,
    /// Until the whole answer was there.
    pub took: Duration,
}

impl Connection {
    /// # Errors
    /// The connection cannot be made.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            // What is wrong is seen by the request.
            let _ended = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Asks under a tag, or under none where it is empty.
    ///
    /// # Errors
    /// There is no whole answer on this connection.
    pub async fn ask(&mut self, tag: &str, token: &str, body: &str) -> Result<Asked> {
        let mut request = Request::post("/graphql")
            .header("host", "graphql.example.com")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        if !tag.is_empty() {
            request = request.header(TAG, tag);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
        let at = Instant::now();
        let exchange = async {
            self.sender.ready().await?;
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            Ok::<_, hyper::Error>((head.status.as_u16(), body.collect().await?.to_bytes()))
        };
        let answered = timeout(TIMEOUT, exchange).await;
        let (status, body) = answered
            .with_context(|| format!("no answer to {tag} within {TIMEOUT:?}"))?
            .with_context(|| format!("no answer to {tag}"))?;
        Ok(Asked { tag: tag.to_owned(), status, body, at, took: at.elapsed() })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Requests on several connections, without a pause, until it is ended.
pub struct Load {
    stop: Arc<AtomicBool>,
    connections: JoinSet<Result<Vec<Asked>>>,
}

impl Load {
    /// Begins to ask the same on all of these connections.
    #[must_use]
    pub fn begin(connections: Vec<Connection>, token: &str, body: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for (number, mut connection) in connections.into_iter().enumerate() {
            let (stop, token, body) = (Arc::clone(&stop), token.to_owned(), body.to_owned());
            running.spawn(async move {
                let mut all = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let tag = format!("load-{number}-{}", all.len());
                    all.push(connection.ask(&tag, &token, &body).await?);
                }
                Ok(all)
            });
        }
        Self { stop, connections: running }
    }

    /// Ends it: what was asked on each connection, in order.
    ///
    /// # Errors
    /// A request was not answered.
    pub async fn end(mut self) -> Result<Vec<Vec<Asked>>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(connection) = self.connections.join_next().await {
            all.push(connection??);
        }
        Ok(all)
    }
}

/// Opens connections until each of Envoy's two workers has so many: the system chooses which worker
/// gets one.
///
/// # Errors
/// They all go to one.
pub async fn connections(envoy: &Envoy, listener: &str, each: usize) -> Result<Vec<Connection>> {
    let accepted = async || envoy.stats("worker_.*downstream_cx_total").await;
    let mut workers: BTreeMap<String, Vec<Connection>> = BTreeMap::new();
    let mut before = accepted().await?;
    for _ in 0..100 {
        let connection = Connection::open(envoy.address(listener)).await?;
        let begin = Instant::now();
        let worker = loop {
            let now = accepted().await?;
            let more = now.iter().find(|(worker, count)| before.get(*worker) != Some(count));
            if let Some((worker, _)) = more {
                break worker.clone();
            }
            ensure!(begin.elapsed() < TIMEOUT, "no worker has the connection");
            sleep(Duration::from_millis(5)).await;
        };
        before = accepted().await?;
        let of_worker = workers.entry(worker).or_default();
        if of_worker.len() < each {
            of_worker.push(connection);
        }
        if workers.len() == 2 && workers.values().all(|open| open.len() == each) {
            return Ok(workers.into_values().flatten().collect());
        }
    }
    bail!("a worker gets no connections")
}

/// What the access log has of a request, as far as a load needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub status: u16,
    pub decision: String,
    pub revision: String,
}

/// The access log by tag, as soon as it has so many lines with one that begins so.
///
/// # Errors
/// It has not.
pub async fn lines(
    envoy: &Envoy,
    prefix: &str,
    count: usize,
) -> Result<BTreeMap<String, Vec<Line>>> {
    let mut log = BufReader::new(File::open(envoy.directory().join("access.log"))?);
    let mut found: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    let (mut number, mut line) = (0, String::new());
    let begin = Instant::now();
    loop {
        log.read_line(&mut line)?;
        if line.ends_with('\n') {
            let (tag, read) = Line::read(&line)?;
            if tag.starts_with(prefix) {
                found.entry(tag).or_default().push(read);
                number += 1;
            }
            line.clear();
        } else if number >= count {
            return Ok(found);
        } else if begin.elapsed() > PATIENCE {
            bail!("{number} of {count} lines in the access log");
        } else {
            // The rest of the line comes with the next flush.
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Line {
    fn read(line: &str) -> Result<(String, Self)> {
        #[derive(Deserialize)]
        struct Columns {
            tag: Option<String>,
            status: u16,
            fieldgate: Option<Record>,
        }
        #[derive(Default, Deserialize)]
        struct Record {
            decision: String,
            #[serde(default)]
            policy: Policy,
        }
        #[derive(Default, Deserialize)]
        struct Policy {
            revision: String,
        }
        let Columns { tag, status, fieldgate } = serde_json::from_str(line)?;
        let Record { decision, policy } = fieldgate.unwrap_or_default();
        let line = Self { status, decision, revision: policy.revision };
        Ok((tag.unwrap_or_default(), line))
    }
}
