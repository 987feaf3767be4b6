//! More than twenty thousand tokens, sound and not, read by fieldgate's verifier and by Envoy's own
//! `jwt_authn`: what is accepted here is accepted there.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use fieldgate_e2e::client::TIMEOUT;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::token::now;
use fieldgate_mutants as mutants;
use fieldgate_mutants::difference::{Verdict, compare, exceptions};
use fieldgate_mutants::{Clock, ISSUERS, Issuer, Mutant, Mutants, ours};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Envoy reads the real clock: no token is nearer to an edge than this, in seconds.
const DISTANCE: u64 = 600;

const CONNECTIONS: usize = 4;

/// The cluster that the key sets come from.
const PUBLISHER: &str = "publisher";

/// Those that can be asked over HTTP. A configuration's change is a plain function, so they are
/// here.
static MUTANTS: LazyLock<Mutants> = LazyLock::new(|| {
    let mut mutants = mutants::generate(Clock { now: now(), distance: DISTANCE });
    mutants.all.retain(|mutant| is_header(&mutant.token));
    mutants
});

/// Whether a field value carries the text unchanged.
fn is_header(token: &str) -> bool {
    token.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && token.trim() == token
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_only_what_jwt_authn_accepts() -> Result<()> {
    let begin = Instant::now();
    ensure!(MUTANTS.all.len() >= 20_000, "{} tokens", MUTANTS.all.len());
    let mut ours = ours::verdicts(&MUTANTS, now());
    // Envoy does not start with a defect in a set of its configuration: it fetches them all.
    let sets = TcpListener::bind("127.0.0.1:0").await?;
    let address = sets.local_addr()?;
    let publisher = tokio::spawn(async move { axum::serve(sets, publisher()).await });
    let listener = Listener {
        name: "jwt_authn".to_owned(),
        template: Template::Hold,
        configuration: None,
        upstream: address,
        wasm: String::new(),
        grpc: Vec::new(),
        clusters: vec![(PUBLISHER.to_owned(), address)],
        change: Some(jwt_authn),
        tls: None,
    };
    let envoy = Arc::new(Envoy::start(&[listener]).await?);
    println!("{:?} until Envoy is there", begin.elapsed());

    let share = MUTANTS.all.len().div_ceil(CONNECTIONS);
    let mut asking = JoinSet::new();
    for (at, share) in MUTANTS.all.chunks(share).enumerate() {
        let envoy = Arc::clone(&envoy);
        asking.spawn(async move { Ok::<_, anyhow::Error>((at, ask(&envoy, share).await?)) });
    }
    let mut shares = Vec::new();
    while let Some(done) = asking.join_next().await {
        shares.push(done??);
    }
    shares.sort_by_key(|(at, _)| *at);
    let theirs: Vec<_> = shares.into_iter().flat_map(|(_, verdicts)| verdicts).collect();
    println!("{:?} until Envoy has answered", begin.elapsed());

    publisher.abort();
    again(&mut ours, &theirs);
    compare(&MUTANTS, &ours, &theirs, &exceptions("jwt_authn.json"));
    ensure!(begin.elapsed() < Duration::from_secs(DISTANCE), "too slow for the clock");
    Ok(())
}

/// An edited date may have come in the meantime: where the two differ, ours is looked at again.
fn again(ours: &mut [Verdict], theirs: &[Verdict]) {
    let accepts = |verdict: &Verdict| matches!(verdict, Verdict::Accepted(_));
    let differing: Vec<usize> =
        (0..ours.len()).filter(|at| accepts(&ours[*at]) != accepts(&theirs[*at])).collect();
    let all = differing.iter().map(|at| MUTANTS.all[*at].clone()).collect();
    let later = ours::verdicts(&Mutants { sets: MUTANTS.sets.clone(), all }, now());
    for (at, later) in differing.into_iter().zip(later) {
        ours[at] = later;
    }
}

/// Each key set under its name.
fn publisher() -> Router {
    let find = |name: &str| {
        let (kind, at) = name.split_once('-')?;
        let at: usize = at.parse().ok()?;
        match kind {
            "sound" => ISSUERS.get(at).map(Issuer::sound_set),
            _ => MUTANTS.sets.get(at).map(|set| set.text.clone()),
        }
    };
    let answer = move |Path(name): Path<String>| async move { find(&name).unwrap_or_default() };
    Router::new().route("/{name}", get(answer))
}

/// In place of what is shipped: `jwt_authn`, with a path for each key set, and an answer.
fn jwt_authn(manager: &mut Value) {
    let provider = |issuer: usize, name: &str| {
        json!({
            "issuer": ISSUERS[issuer].name, "audiences": [mutants::AUDIENCE],
            "remote_jwks": {
                "http_uri": {
                    "uri": format!("http://keys/{name}"), "cluster": PUBLISHER, "timeout": "5s",
                },
                "cache_duration": "600s",
            },
            "clock_skew_seconds": mutants::LEEWAY, "require_expiration": true,
        })
    };
    let sound = |issuer: usize| format!("sound-{issuer}");
    let mut providers = json!({});
    for issuer in 0..ISSUERS.len() {
        providers[sound(issuer)] = provider(issuer, &sound(issuer));
    }
    let mut rules = Vec::new();
    for (at, set) in MUTANTS.sets.iter().enumerate() {
        let name = set_name(at);
        providers[&name] = provider(set.issuer, &name);
        let others = (0..ISSUERS.len()).filter(|other| *other != set.issuer).map(sound);
        let any = [name.clone()].into_iter().chain(others);
        let any: Vec<_> = any.map(|provider| json!({ "provider_name": provider })).collect();
        rules.push(json!({
            "match": { "path": format!("/{name}") },
            "requires": { "requires_any": { "requirements": any } },
        }));
    }
    let filter = |name: &str, kind: &str, mut configuration: Value| {
        configuration["@type"] = json!(format!("type.googleapis.com/{kind}"));
        json!({ "name": name, "typed_config": configuration })
    };
    manager["http_filters"] = json!([
        filter(
            "envoy.filters.http.jwt_authn",
            "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            json!({ "providers": providers, "rules": rules }),
        ),
        filter(
            "envoy.filters.http.router",
            "envoy.extensions.filters.http.router.v3.Router",
            json!({}),
        ),
    ]);
    manager["access_log"] = json!([]);
    manager["route_config"] = json!({ "virtual_hosts": [{
        "name": "all", "domains": ["*"],
        "routes": [{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }],
    }] });
}

fn set_name(set: usize) -> String {
    format!("set-{set}")
}

/// What Envoy says to these tokens, over one connection.
async fn ask(envoy: &Envoy, mutants: &[Mutant]) -> Result<Vec<Verdict>> {
    let stream = TcpStream::connect(envoy.address("jwt_authn")).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut verdicts = Vec::with_capacity(mutants.len());
    for mutant in mutants {
        let request = Request::get(format!("/{}", set_name(mutant.set)))
            .header("host", "graphql.example.com")
            .header("authorization", format!("Bearer {}", mutant.token))
            .body(Empty::<Bytes>::new())?;
        let exchange = async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        let answered = timeout(TIMEOUT, exchange).await;
        let (status, body) = answered.with_context(|| format!("no answer to {mutant:?}"))??;
        verdicts.push(match status {
            200 => Verdict::Accepted(None),
            401 | 403 => Verdict::Refused(String::from_utf8_lossy(&body).into_owned()),
            _ => bail!("{status} to {mutant:?}"),
        });
    }
    connection.abort();
    Ok(verdicts)
}
