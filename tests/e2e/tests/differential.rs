//! Requests that servers read in different ways, through Envoy to GraphQL servers that nobody here
//! wrote: whatever a server makes of what reaches it, it executes nothing but what the audit record
//! says was allowed, and no secret at all.
//!
//! The same requests go to the servers directly first, where each server has to execute the secret
//! for a good part of them. `ROWS=text` runs only the rows with that text in their names, and says
//! of each what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::differential::{
    Allowed, BUNDLE, Exception, Kind, Row, Sent, load, secrets, send, violations,
};
use fieldgate_e2e::envoy::{Entry, Envoy, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use fieldgate_e2e::servers::{Executed, Log, Server};
use fieldgate_e2e::token::TokenRecipe;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Requests under way at one time.
const AT_ONCE: usize = 32;

/// How long the last of the log may take.
const SETTLE: Duration = Duration::from_secs(20);

/// For so many rows at least one server has to execute the secret when it is asked directly.
const HARMFUL: usize = 150;

/// And each server for so many.
const HARMFUL_EACH: usize = 60;

/// The servers that have a path of their own, and others beside it.
const AT_A_PATH: [&str; 3] = ["apollo", "mercurius", "yoga"];

/// A listener in front of a server.
#[derive(Clone)]
struct Lane {
    name: String,
    server: usize,
    kind: Kind,
    address: SocketAddr,
}

/// A row on its way to one place.
struct Trip {
    /// Its row, and its lane or server.
    row: usize,
    lane: usize,
    tag: String,
    sent: Sent,
}

struct Crew {
    rows: Vec<Row>,
    token: String,
    turns: Semaphore,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_execute_what_was_allowed_and_nothing_else() -> Result<()> {
    let bundle = Guarded::load(BUNDLE)?;
    let Some(servers) = Server::start_all(&bundle.folder.join("schema.graphql")).await? else {
        return Ok(());
    };
    let folder = repository().join("tests/corpus/differential");
    let (mut rows, exceptions) = (load(&folder)?, Exception::load(&folder)?);
    let chosen = std::env::var("ROWS").ok();
    if let Some(text) = &chosen {
        rows.retain(|row| row.name.contains(text));
    }
    let recipe = TokenRecipe::claims(json!({ "sub": "alice", "groups": ["users"] }));
    let token = recipe.mint(&bundle.audience);
    let crew = Arc::new(Crew { rows, token, turns: Semaphore::new(AT_ONCE) });

    let begin = Instant::now();
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let direct = crew.send_all("d", &addresses, false).await?;
    let harmful = harmful(&servers, &direct).await?;
    println!("{:?} for {} requests to the servers", begin.elapsed(), direct.len());

    let begin = Instant::now();
    let (envoy, lanes) = gates(&bundle, &servers).await?;
    println!("{:?} until Envoy is there with {} listeners", begin.elapsed(), lanes.len());
    let begin = Instant::now();
    let addresses: Vec<SocketAddr> = lanes.iter().map(|lane| lane.address).collect();
    let trips = crew.send_all("e", &addresses, true).await?;
    let entries = settled(&envoy, trips.len()).await;
    let logs = logs(&servers).await?;
    println!("{:?} for {} requests through Envoy", begin.elapsed(), trips.len());

    let mut failures = strays(&logs, &servers, &direct, &trips);
    let mut allowed = vec![0; lanes.len()];
    let mut excepted = vec![false; exceptions.len()];
    for trip in &trips {
        let (row, lane) = (&crew.rows[trip.row], &lanes[trip.lane]);
        let key = (lane.name.clone(), trip.sent.port);
        let entries = entries.get(&key).map(Vec::as_slice).unwrap_or_default();
        let mut judged = judge(row, lane, trip, &logs[lane.server], entries);
        judged.wrong.retain(|wrong| {
            let server = servers[lane.server].name;
            let at = exceptions.iter().position(|one| one.is_of(&row.name, server, wrong));
            at.map(|at| excepted[at] = true).is_none()
        });
        allowed[trip.lane] += usize::from(judged.allowed);
        let told = format!("{} at {}", row.name, lane.name);
        failures.extend(judged.wrong.iter().map(|wrong| format!("{told}: {wrong}")));
        if chosen.is_some() || !judged.wrong.is_empty() {
            println!("{told}: {}", judged.story);
        }
    }
    for (lane, allowed) in lanes.iter().zip(&allowed) {
        println!("{allowed:>4} of {:>4} rows allowed at {}", crew.rows.len(), lane.name);
    }
    if chosen.is_none() {
        let stale = exceptions.iter().zip(excepted).filter(|(_, met)| !met);
        failures.extend(stale.map(|(one, _)| format!("it is no exception any more: {one:?}")));
    }
    failures.sort();
    ensure!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    if chosen.is_none() {
        let rows: BTreeSet<usize> = harmful.values().flatten().copied().collect();
        ensure!(rows.len() >= HARMFUL, "only {} rows are harmful", rows.len());
        for (name, rows) in harmful {
            ensure!(rows.len() >= HARMFUL_EACH, "only {} are harmful at {name}", rows.len());
        }
    }
    Ok(())
}

/// An Envoy with a listener of each kind and mode in front of each server.
async fn gates(bundle: &Guarded, servers: &[Server]) -> Result<(Envoy, Vec<Lane>)> {
    let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
    let mut listeners = Vec::new();
    let mut lanes = Vec::new();
    for (at, server) in servers.iter().enumerate() {
        let beside = AT_A_PATH.contains(&server.name).then_some(Kind::Beside);
        for kind in [Kind::Closed, Kind::Open].into_iter().chain(beside) {
            for template in Template::ALL {
                let listener = kind.listener(bundle, template, server, &wasm)?;
                let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
                let name = listener.name.clone();
                lanes.push(Lane { name, server: at, kind, address: nowhere });
                listeners.push(listener);
            }
        }
    }
    let envoy = Envoy::start(&listeners).await?;
    for lane in &mut lanes {
        lane.address = envoy.address(&lane.name);
    }
    Ok((envoy, lanes))
}

impl Crew {
    /// Sends every row to every place, each over a connection of its own.
    async fn send_all(
        self: &Arc<Self>,
        phase: &str,
        places: &[SocketAddr],
        through_envoy: bool,
    ) -> Result<Vec<Trip>> {
        let mut used = BTreeSet::new();
        let mut sending = JoinSet::new();
        let mut trips = Vec::new();
        for row in 0..self.rows.len() {
            for (lane, address) in places.iter().copied().enumerate() {
                let crew = Arc::clone(self);
                let tag = format!("{phase}-{lane}-{row}");
                // A port tells the requests of a listener apart.
                let stream = loop {
                    let stream = TcpStream::connect(address).await?;
                    if used.insert((lane, stream.local_addr()?.port())) {
                        break stream;
                    }
                };
                while sending.len() >= AT_ONCE {
                    trips.push(sending.join_next().await.context("one is under way")???);
                }
                sending.spawn(async move {
                    let _turn = crew.turns.acquire().await?;
                    let sent = send(&crew.rows[row], stream, &tag, &crew.token, through_envoy);
                    let sent = sent.await.with_context(|| crew.rows[row].name.clone())?;
                    anyhow::Ok(Trip { row, lane, tag, sent })
                });
            }
        }
        while let Some(trip) = sending.join_next().await {
            trips.push(trip??);
        }
        Ok(trips)
    }
}

/// The rows for which a server executed a secret, by server.
async fn harmful(
    servers: &[Server],
    trips: &[Trip],
) -> Result<BTreeMap<&'static str, BTreeSet<usize>>> {
    let logs = logs(servers).await?;
    let mut harmful: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (server, log) in servers.iter().zip(&logs) {
        let rows = trips.iter().filter(|trip| servers[trip.lane].name == server.name);
        let rows = rows.filter(|trip| {
            of_tag(log, &trip.tag).any(|(_, executed)| secrets(executed).next().is_some())
        });
        let rows: BTreeSet<usize> = rows.map(|trip| trip.row).collect();
        println!("{:>4} rows make {} execute a secret", rows.len(), server.name);
        harmful.insert(server.name, rows);
    }
    let all: BTreeSet<usize> = harmful.values().flatten().copied().collect();
    println!("{:>4} rows make one of them execute a secret", all.len());
    Ok(harmful)
}

async fn logs(servers: &[Server]) -> Result<Vec<Log>> {
    let mut logs = Vec::new();
    for server in servers {
        logs.push(server.log().await?);
    }
    Ok(logs)
}

/// What was executed under a tag, and under those of further requests in the same bytes.
fn of_tag<'l>(log: &'l Log, tag: &'l str) -> impl Iterator<Item = (&'l str, &'l [Executed])> {
    let further = move |known: &str| {
        known.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = log.range(tag.to_owned()..).take_while(move |(known, _)| known.starts_with(tag));
    all.filter(move |(known, _)| further(known)).map(|(tag, all)| (tag.as_str(), all.as_slice()))
}

/// The access log, by listener and port, once it has an entry for each request or nothing new has
/// come for a while.
async fn settled(envoy: &Envoy, requests: usize) -> BTreeMap<(String, u16), Vec<Entry>> {
    let begin = Instant::now();
    loop {
        let mut entries: BTreeMap<(String, u16), Vec<Entry>> = BTreeMap::new();
        for entry in envoy.logged() {
            let port = &entry.line["port"];
            let text = port.as_str().and_then(|port| port.parse().ok());
            let port = text.or_else(|| u16::try_from(port.as_u64()?).ok()).unwrap_or_default();
            let listener = entry.line["listener"].as_str().unwrap_or_default().to_owned();
            entries.entry((listener, port)).or_default().push(entry);
        }
        if entries.len() >= requests || begin.elapsed() > SETTLE {
            return entries;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// What was executed for nobody's request.
fn strays(logs: &[Log], servers: &[Server], direct: &[Trip], trips: &[Trip]) -> Vec<String> {
    let tags: BTreeSet<&str> = direct.iter().chain(trips).map(|trip| trip.tag.as_str()).collect();
    let known = |tag: &str| tags.contains(tag.split('.').next().unwrap_or_default());
    let mut strays = Vec::new();
    for (server, log) in servers.iter().zip(logs) {
        let executed = log.iter().filter(|(_, executed)| !executed.is_empty());
        for (tag, executed) in executed.filter(|(tag, _)| !known(tag)) {
            strays.push(format!("{}: `{tag}` is no request's tag: {executed:?}", server.name));
        }
    }
    strays
}

struct Judged {
    wrong: Vec<String>,
    allowed: bool,
    /// For whoever reads a failure.
    story: String,
}

fn judge(row: &Row, lane: &Lane, trip: &Trip, log: &Log, entries: &[Entry]) -> Judged {
    let mut wrong = Vec::new();
    let least = usize::from(!row.may_vanish);
    if !(least..=row.requests).contains(&entries.len()) {
        wrong.push(format!("{} records for at most {} requests", entries.len(), row.requests));
    }
    for entry in entries {
        wrong.extend(unaccounted(entry));
    }
    let of = |tag: &str| {
        let same = entries.iter().filter(|entry| entry.line["tag"] == *tag);
        same.map(Entry::record).collect::<Vec<_>>()
    };
    let mut executed = Vec::new();
    for (tag, calls) in of_tag(log, &trip.tag) {
        wrong.extend(violations(calls, &of(tag)));
        executed.extend(calls.iter().map(|call| call.coordinate.as_str()));
    }
    let allowed = of(&trip.tag).iter().any(|record| record["decision"] == "allow");
    let must = match row.allowed {
        Some(Allowed::Always) => true,
        Some(Allowed::WhenOpen) => lane.kind != Kind::Closed,
        None => false,
    };
    if must && !allowed {
        wrong.push("it was not allowed".to_owned());
    }
    if row.allowed == Some(Allowed::Always) && executed.is_empty() {
        wrong.push("nothing was executed".to_owned());
    }
    let told = |entry: &Entry| {
        let record = entry.record();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text(&record["decision"]), text(&record["reason"]), entry.details())
    };
    let records: Vec<String> = entries.iter().map(told).collect();
    let answer: String = trip.sent.answer.chars().take(400).collect();
    let story = format!("[{}], executed {executed:?}, answered {answer:?}", records.join("; "));
    Judged { wrong, allowed, story }
}

/// Why an entry does not account for its request: without a record of the filter's it has to be
/// Envoy that refused.
fn unaccounted(entry: &Entry) -> Option<String> {
    let record = entry.record();
    let by_envoy = match record["decision"].as_str() {
        Some("allow" | "deny") => return None,
        Some("none") => {
            matches!(record["reason"].as_str(), Some("not_evaluated" | "request_incomplete"))
        }
        _ => false,
    };
    let reached = entry.details() == "via_upstream" || entry.details().is_empty();
    (!by_envoy || reached).then(|| format!("no verdict, and not refused by Envoy: {}", entry.line))
}
