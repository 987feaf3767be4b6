//! Rounds in which every row is asked in turn, and the CPU time that a request took.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::load::Connection;
use fieldgate_e2e::token::TokenRecipe;
use serde_json::json;
use tokio::task::JoinSet;

use crate::process::cpu_microseconds;
use crate::servers::Upstream;
use crate::way::{Server, Traffic, Way};

pub(crate) const CONNECTIONS: usize = 32;

/// So many requests of a round make it warm, for each connection.
const WARMING: usize = 2;

/// So long a processor that had nothing to do is slower than it will be.
const SETTLING: Duration = Duration::from_millis(400);

/// Requests for each row that is not asked less often.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Before the first round: what compiles its code while it runs has done so then.
    pub(crate) first: usize,
    pub(crate) rounds: usize,
    /// Of each round.
    pub(crate) requests: usize,
}

/// What a round gave for a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Microseconds of CPU for each request.
    pub(crate) cpu: f64,
    /// Requests in a second.
    pub(crate) rate: f64,
}

/// The samples by row and round.
pub(crate) async fn rounds(
    ways: &[Way],
    envoy: &Envoy,
    upstream: &Upstream,
    size: Size,
) -> Result<Vec<Vec<Sample>>> {
    for way in ways {
        let first = way.warming(size.first);
        ask(way, open(way, envoy).await?, requests_of(way, "first", 0..first)).await?;
    }
    let mut all: Vec<Vec<Sample>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..size.rounds {
        // Whatever has to be made is made before the round, so that rows follow one another at once.
        let asked: Vec<Asked> = ways.iter().map(|way| Asked::of(way, round, size)).collect();
        // The first rows would pay for the pause.
        let begin = Instant::now();
        while let Some(first) = ways.first()
            && begin.elapsed() < SETTLING
        {
            sample(first, envoy, upstream, Asked::of(first, round, size)).await?;
        }
        for ((way, asked), samples) in ways.iter().zip(asked).zip(&mut all) {
            samples.push(sample(way, envoy, upstream, asked).await?);
        }
        eprintln!("round {} of {}", round + 1, size.rounds);
    }
    Ok(all)
}

/// Token and body of requests, by connection.
type Requests = Vec<Vec<(String, String)>>;

/// What a row is asked in a round.
struct Asked {
    warming: Requests,
    counting: Requests,
}

impl Asked {
    fn of(way: &Way, round: usize, Size { requests, .. }: Size) -> Self {
        let requests = requests / way.part;
        let (warming, begin) = (WARMING * CONNECTIONS, round * requests);
        Self {
            warming: requests_of(way, &format!("warm{round}"), 0..warming),
            counting: requests_of(way, "round", begin..begin + requests),
        }
    }
}

async fn sample(way: &Way, envoy: &Envoy, upstream: &Upstream, asked: Asked) -> Result<Sample> {
    let Asked { warming, counting } = asked;
    let count: usize = counting.iter().map(Vec::len).sum();
    // What nobody reads is not to be written to a disk while others are measured.
    File::create(envoy.directory().join("access.log"))?;
    let connections = ask(way, open(way, envoy).await?, warming).await?;
    let (went, before, begin) = (upstream.asked(), spent(way, envoy)?, Instant::now());
    let connections = ask(way, connections, counting).await?;
    let (took, after) = (begin.elapsed().as_secs_f64(), spent(way, envoy)?);
    let went = upstream.asked() - went;
    drop(connections);
    let should = if way.goes_upstream { u64::try_from(count)? } else { 0 };
    ensure!(went == should, "{}: {went} of {count} requests went upstream", way.name);
    let count = f64::from(u32::try_from(count)?);
    Ok(Sample { cpu: (after - before) / count, rate: count / took })
}

fn spent(way: &Way, envoy: &Envoy) -> Result<f64> {
    let mut spent = match way.server {
        Server::Envoy(_) => envoy.cpu_microseconds()?,
        Server::Direct(_) => 0.0,
    };
    for process in &way.processes {
        spent += cpu_microseconds(*process)?;
    }
    Ok(spent)
}

fn requests_of(way: &Way, id: &str, numbers: Range<usize>) -> Requests {
    let mut all = vec![Vec::new(); CONNECTIONS];
    for nth in numbers {
        let (token, body) = (token(way, id, nth), body(way, &format!("{id}-{nth}")));
        all[nth % CONNECTIONS].push((token, body));
    }
    all
}

async fn open(way: &Way, envoy: &Envoy) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(way.address(envoy)).await.context(way.name)?);
    }
    Ok(connections)
}

/// Asks all of it at once, on as many connections.
async fn ask(
    way: &Way,
    connections: Vec<Connection>,
    requests: Requests,
) -> Result<Vec<Connection>> {
    let mut asking = JoinSet::new();
    for (mut open, requests) in connections.into_iter().zip(requests) {
        let (name, status) = (way.name, way.status);
        asking.spawn(async move {
            for (token, body) in requests {
                let asked = open.ask("", &token, &body).await.context(name)?;
                ensure!(asked.status == status, "{name}: {} {:?}", asked.status, asked.body);
            }
            Ok(open)
        });
    }
    let mut connections = Vec::new();
    while let Some(asked) = asking.join_next().await {
        connections.push(asked??);
    }
    Ok(connections)
}

/// RS256, with groups, which are scopes too for who asks for those.
fn token(way: &Way, id: &str, nth: usize) -> String {
    static KNOWN: Mutex<BTreeMap<(String, String), String>> = Mutex::new(BTreeMap::new());
    let known = |jti: String| {
        let mut known = KNOWN.lock().expect("no panic while minting");
        let key = (way.audience.issuer.clone(), format!("{jti} {:?}", way.groups));
        known.entry(key).or_insert_with(|| recipe(way, &jti).mint(&way.audience)).clone()
    };
    match way.traffic {
        Traffic::NewToken => recipe(way, &format!("{}-{id}-{nth}", way.name)).mint(&way.audience),
        Traffic::Tokens(count) => known(format!("{}", nth % count)),
        Traffic::Same | Traffic::NewDocument => known("same".to_owned()),
    }
}

pub(crate) fn recipe(way: &Way, jti: &str) -> TokenRecipe {
    let scope = way.groups.join(" ");
    TokenRecipe::claims(json!({
        "groups": way.groups, "scope": scope, "jti": jti, "exp": "now+7200",
    }))
}

/// A new document has another operation name.
fn body(way: &Way, id: &str) -> String {
    match way.traffic {
        Traffic::Same | Traffic::NewToken | Traffic::Tokens(_) => way.body.clone(),
        Traffic::NewDocument => {
            let name = format!("Q_{}", id.replace('-', "_"));
            way.body
                .replacen("query Q", &format!("query {name}"), 1)
                .replace("\"Q\"", &format!("\"{name}\""))
        }
    }
}
