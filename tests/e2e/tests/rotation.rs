//! Providers that nobody here wrote issue the tokens, and their keys rotate while requests run: the
//! filter finds the keys by discovery, refuses no valid token, and does not ask too often.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fieldgate_e2e::client::TIMEOUT;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::glewlwyd::{self, Glewlwyd};
use fieldgate_e2e::load::{Asked, Connection, connections};
use fieldgate_e2e::oidc::{AUDIENCE, DISCOVERY, JWKS, Oidc, OldKeys};
use fieldgate_e2e::stage::{GRANTED, Stage, body};
use fieldgate_e2e::token::Algorithm;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Threads of Envoy that have an instance of the filter: two workers and the main thread; for each
/// of two listeners.
const INSTANCES: u64 = 2 * 3;

const REFETCH: u64 = 1;

/// Connections to each worker of each listener.
const EACH: usize = 2;

/// Before the first rotation, between two, and after the last, at least so many requests.
const BETWEEN: usize = 150;

/// A rotation, and the time in which it came into force.
struct Rotation {
    old: OldKeys,
    begin: Instant,
}

/// Tokens that the provider has just given, one for each of its algorithms.
#[derive(Clone)]
struct Tokens {
    /// How often the keys had been rotated.
    generation: usize,
    all: Arc<[String]>,
}

/// Clients that ask with the newest tokens, without a pause.
struct Clients {
    newest: watch::Sender<Tokens>,
    answered: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    running: JoinSet<Result<Vec<(usize, Asked)>>>,
}

impl Clients {
    fn begin(connections: Vec<Connection>, tokens: Tokens) -> Self {
        let (newest, _) = watch::channel(tokens);
        let (answered, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let mut clients = Self { newest, answered, stop, running: JoinSet::new() };
        for (number, mut connection) in connections.into_iter().enumerate() {
            let newest = clients.newest.subscribe();
            let (answered, stop) = (Arc::clone(&clients.answered), Arc::clone(&clients.stop));
            clients.running.spawn(async move {
                let (mut all, text) = (Vec::new(), body(GRANTED));
                while !stop.load(Ordering::Relaxed) {
                    let Tokens { generation, all: tokens } = newest.borrow().clone();
                    let (at, tag) = (all.len(), format!("rotation-{number}-{}", all.len()));
                    let token = &tokens[(number + at) % tokens.len()];
                    all.push((generation, connection.ask(&tag, token, &text).await?));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Ok(all)
            });
        }
        clients
    }

    /// Until so many more requests are answered.
    async fn go_on(&self, count: usize) -> Result<()> {
        let from = self.answered.load(Ordering::Relaxed);
        let wait = async {
            while self.answered.load(Ordering::Relaxed) < from + count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(2 * TIMEOUT, wait).await?;
        Ok(())
    }

    /// What was asked, with the generation of its token.
    async fn end(mut self) -> Result<Vec<(usize, Asked)>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(client) = self.running.join_next().await {
            all.extend(client??);
        }
        Ok(all)
    }
}

/// The shipped filter, in both modes, with an issuer whose keys are found by discovery.
async fn envoy(stage: &Stage, issuer: Value, provider: SocketAddr) -> Result<Envoy> {
    let listeners = Template::ALL.map(|template| {
        let mut configuration = stage.bundle.configuration(template);
        configuration["issuers"] = json!([issuer]);
        Listener {
            configuration: Some(configuration.to_string()),
            clusters: vec![("idp".to_owned(), provider)],
            ..stage.listener(template)
        }
    });
    Envoy::start(&listeners).await
}

async fn open(envoy: &Envoy) -> Result<Vec<Connection>> {
    let mut all = Vec::new();
    for template in Template::ALL {
        all.extend(connections(envoy, template.name(), EACH).await?);
    }
    Ok(all)
}

/// That every request was allowed whose key was published until it was answered. What was asked
/// under a key that was withdrawn meanwhile is allowed, or refused for its key: either is right.
fn judge(asked: &[(usize, Asked)], rotations: &[Rotation]) -> Result<()> {
    let mut valid = 0;
    for (generation, asked) in asked {
        let mut later = rotations[*generation..].iter();
        let withdrawn = later.find(|rotation| matches!(rotation.old, OldKeys::Withdraw));
        let text = String::from_utf8_lossy(&asked.body);
        let what = format!("{}: {} {text} after {:?}", asked.tag, asked.status, asked.took);
        if withdrawn.is_some_and(|rotation| asked.at + asked.took >= rotation.begin) {
            ensure!(asked.status == 200 || asked.status == 401, "{what}");
        } else {
            ensure!(asked.status == 200 && text.contains("\"data\""), "{what}");
            valid += 1;
        }
    }
    let longest = asked.iter().map(|(_, asked)| asked.took).max().unwrap_or_default();
    println!(
        "{} requests, {valid} of them under a valid token; the longest {longest:?}",
        asked.len()
    );
    // A few of each were under way when the next rotation began.
    ensure!(valid >= BETWEEN * rotations.len(), "{valid}");
    for generation in 0..=rotations.len() {
        ensure!(asked.iter().any(|(of, _)| *of == generation), "none of generation {generation}");
    }
    Ok(())
}

/// Each instance fetches once at the start, and once for each rotation; where a fetch came too early
/// for a new key, there is one more in each window.
fn most_fetches(rotations: &[Rotation], begin: Instant) -> u64 {
    let windows = begin.elapsed().as_secs() / REFETCH + 1;
    let rotations = u64::try_from(rotations.len()).expect("a few");
    INSTANCES * (1 + 2 * rotations).min(1 + windows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certified_provider_rotates_under_load() -> Result<()> {
    let Some(provider) = Oidc::start(&[("alice", &["customers"])]).await? else { return Ok(()) };
    let stage = Stage::new(Build::Plain).await?;
    let issuer = json!({
        "issuer": provider.issuer(), "audiences": [AUDIENCE], "algorithms": ["RS256", "ES256"],
        "discovery": { "cluster": "idp", "refetch_seconds": REFETCH },
    });
    let envoy = envoy(&stage, issuer, provider.address()).await?;
    let tokens = async |generation| {
        let [rsa, ec] = [Algorithm::RS256, Algorithm::ES256];
        let all = [provider.token("alice", rsa).await?, provider.token("alice", ec).await?].into();
        anyhow::Ok(Tokens { generation, all })
    };
    let begin = Instant::now();
    let first = tokens(0).await?;
    let discovered = provider.requests(DISCOVERY).await?;
    let clients = Clients::begin(open(&envoy).await?, first.clone());
    let mut rotations = Vec::new();
    for old in [OldKeys::Keep, OldKeys::Withdraw, OldKeys::Withdraw] {
        clients.go_on(BETWEEN).await?;
        rotations.push(Rotation { old, begin: Instant::now() });
        provider.rotate(old).await?;
        clients.newest.send_replace(tokens(rotations.len()).await?);
    }
    clients.go_on(BETWEEN).await?;
    judge(&clients.end().await?, &rotations)?;
    let (fetched, most) = (provider.requests(JWKS).await?, most_fetches(&rotations, begin));
    println!("the key set was asked for {fetched} times, of {most} at most");
    ensure!((1..=most).contains(&fetched), "{fetched} fetches of the key set");
    // The tokens themselves took some: two for each generation.
    let discovered = provider.requests(DISCOVERY).await? - discovered;
    ensure!(discovered > 0 && discovered <= most + 6, "{discovered} fetches of the document");
    refused(&stage, &envoy, &first.all[0]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_overlap_rotates_under_load() -> Result<()> {
    let Some(mut provider) = Glewlwyd::start().await? else { return Ok(()) };
    let stage = Stage::new(Build::Plain).await?;
    let document = format!("{}{}", provider.issuer(), glewlwyd::DISCOVERY);
    let issuer = json!({
        "issuer": provider.issuer(), "audiences": [glewlwyd::AUDIENCE], "algorithms": ["RS256"],
        "discovery": { "uri": document, "cluster": "idp", "refetch_seconds": REFETCH },
        "claims": { "groups": { "path": "groups", "split": "comma" } },
    });
    let envoy = envoy(&stage, issuer, provider.address()).await?;
    let first = Tokens { generation: 0, all: [provider.user_token().await?].into() };
    let clients = Clients::begin(open(&envoy).await?, first.clone());
    let mut rotations = Vec::new();
    for _ in 0..2 {
        clients.go_on(BETWEEN).await?;
        rotations.push(Rotation { old: OldKeys::Withdraw, begin: Instant::now() });
        provider.rotate().await?;
        let all = [provider.user_token().await?].into();
        clients.newest.send_replace(Tokens { generation: rotations.len(), all });
    }
    clients.go_on(BETWEEN).await?;
    judge(&clients.end().await?, &rotations)?;
    refused(&stage, &envoy, &first.all[0]).await
}

/// That a token of a withdrawn key is refused in both modes: the workers have met the newest.
async fn refused(stage: &Stage, envoy: &Envoy, token: &str) -> Result<()> {
    for template in Template::ALL {
        let tag = &format!("withdrawn-{}", template.name());
        let client = envoy.client(template.name());
        let answer = stage.ask_bare(client, tag, GRANTED).bearer(token).send().await?;
        stage.refused(envoy, tag, &answer, 401, "token_key").await?;
    }
    Ok(())
}
