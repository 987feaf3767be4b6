//! Rounds in which every row is asked in turn, and the CPU time that a request took.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Mutex;
use std::time::Instant;

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

/// Requests a round, for each row that is not asked less often.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rounds: usize,
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
    // What compiles its code while it runs has a round for that.
    for way in ways.iter().filter(|way| way.part > 1) {
        ask(way, envoy, requests_of(way, "first", size.requests)).await?;
    }
    let mut all: Vec<Vec<Sample>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..size.rounds {
        for (way, samples) in ways.iter().zip(&mut all) {
            samples.push(sample(way, envoy, upstream, round, size.requests / way.part).await?);
        }
        eprintln!("round {} of {}", round + 1, size.rounds);
    }
    Ok(all)
}

async fn sample(
    way: &Way,
    envoy: &Envoy,
    upstream: &Upstream,
    round: usize,
    requests: usize,
) -> Result<Sample> {
    let warming = requests_of(way, &format!("{round}-warm"), way.warming(requests));
    // Whatever has to be made is made before anything is measured.
    let counting = requests_of(way, &format!("{round}"), requests);
    let count: usize = counting.iter().map(Vec::len).sum();
    // What nobody reads is not to be written to a disk while others are measured.
    File::create(envoy.directory().join("access.log"))?;
    ask(way, envoy, warming).await?;
    let (asked, before, begin) = (upstream.asked(), spent(way, envoy)?, Instant::now());
    ask(way, envoy, counting).await?;
    let (took, after) = (begin.elapsed().as_secs_f64(), spent(way, envoy)?);
    let went = upstream.asked() - asked;
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

/// Token and body of as many requests, by connection.
fn requests_of(way: &Way, id: &str, requests: usize) -> Vec<Vec<(String, String)>> {
    let mut all = vec![Vec::new(); CONNECTIONS];
    for nth in 0..requests {
        let (token, body) = (token(way, id, nth), body(way, &format!("{id}-{nth}")));
        all[nth % CONNECTIONS].push((token, body));
    }
    all
}

/// Asks all of it, over one connection each.
async fn ask(way: &Way, envoy: &Envoy, requests: Vec<Vec<(String, String)>>) -> Result<()> {
    let mut asking = JoinSet::new();
    for requests in requests {
        let (address, name, status) = (way.address(envoy), way.name, way.status);
        asking.spawn(async move {
            let mut open = Connection::open(address).await?;
            for (token, body) in requests {
                let asked = open.ask("", &token, &body).await.context(name)?;
                ensure!(asked.status == status, "{name}: {} {:?}", asked.status, asked.body);
            }
            Ok(())
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked??;
    }
    Ok(())
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
