//! Rounds in which every way is asked in turn, and the CPU time that a request took.

use anyhow::{Result, ensure};
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::load::Connection;
use fieldgate_e2e::token::TokenRecipe;
use serde_json::json;
use tokio::task::JoinSet;

use crate::servers::Authorizer;
use crate::ways::{Traffic, Way};

const CONNECTIONS: usize = 8;

/// Requests a round, for each way; as many before that do not count, up to a tenth.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rounds: usize,
    pub(crate) requests: usize,
}

/// Microseconds of CPU for each request, by way and round.
pub(crate) async fn rounds(
    ways: &[Way],
    envoy: &Envoy,
    authorizer: &Authorizer,
    size: Size,
) -> Result<Vec<Vec<f64>>> {
    let mut all: Vec<Vec<f64>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..size.rounds {
        for (way, rows) in ways.iter().zip(&mut all) {
            ask(way, envoy, round, true, size.requests / 10).await?;
            let before = spent(way, envoy, authorizer)?;
            ask(way, envoy, round, false, size.requests).await?;
            let after = spent(way, envoy, authorizer)?;
            rows.push((after - before) / f64::from(u32::try_from(size.requests)?));
        }
        eprintln!("round {} of {}", round + 1, size.rounds);
    }
    Ok(all)
}

fn spent(way: &Way, envoy: &Envoy, authorizer: &Authorizer) -> Result<f64> {
    let beside = if way.authorizer { authorizer.cpu_microseconds()? } else { 0.0 };
    Ok(envoy.cpu_microseconds()? + beside)
}

/// Asks so often, over some connections.
async fn ask(way: &Way, envoy: &Envoy, round: usize, warm: bool, requests: usize) -> Result<()> {
    let mut asking = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let mut requests = Vec::with_capacity(requests / CONNECTIONS);
        for nth in 0..requests.capacity() {
            let id = format!("{}-{round}-{warm}-{connection}-{nth}", way.listener.name);
            requests.push((token(way, &id), body(way, &id)));
        }
        let (address, name) = (envoy.address(&way.listener.name), way.name);
        asking.spawn(async move {
            let mut open = Connection::open(address).await?;
            for (token, body) in requests {
                let asked = open.ask("bench", &token, &body).await?;
                ensure!(asked.status == 200, "{name}: {} {:?}", asked.status, asked.body);
            }
            Ok(())
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked??;
    }
    Ok(())
}

/// RS256, with groups.
fn token(way: &Way, id: &str) -> String {
    thread_local! {
        static KNOWN: std::cell::RefCell<std::collections::BTreeMap<String, String>> =
            std::cell::RefCell::default();
    }
    let mint = |jti: &str| {
        let groups = ["employees", "sre", "platform", "group:default/team-7"];
        let claims = json!({ "groups": groups, "jti": jti, "exp": "now+7200" });
        TokenRecipe::claims(claims).mint(&way.audience)
    };
    match way.traffic {
        Traffic::NewToken => mint(id),
        Traffic::Same | Traffic::NewDocument => KNOWN.with_borrow_mut(|known| {
            known.entry(way.audience.issuer.clone()).or_insert_with(|| mint("same")).clone()
        }),
    }
}

/// A new document has another operation name.
fn body(way: &Way, id: &str) -> String {
    match way.traffic {
        Traffic::Same | Traffic::NewToken => way.body.clone(),
        Traffic::NewDocument => {
            let name = format!("Q_{}", id.replace('-', "_"));
            way.body
                .replace("query Q(", &format!("query {name}("))
                .replace("\"Q\"", &format!("\"{name}\""))
        }
    }
}
