//! Keys that the issuer publishes: waited for, rotated, withdrawn; and an issuer that is slow, away
//! or talks nonsense. No valid token is refused for a rotation, and no request hangs.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::client::{Answer, Client};
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::key_server::{Conduct, KeyServer, SigningKey};
use fieldgate_e2e::stage::{DENIED, GRANTED, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

type Here = Arc<Held<Stage>>;

/// Threads of Envoy that have an instance of the filter: two workers and the main thread.
const INSTANCES: usize = 3;
const REFETCH: u64 = 1;
const WAIT: u64 = 2;
/// A wait's end may be late by a tick, a second of the clock, and a busy machine.
const BOUND: Duration = Duration::from_secs(WAIT + 2);

fn main() -> ExitCode {
    Suite::new(|| Stage::new(Build::Plain))
        .test("the_first_request_waits_for_keys", the_first_request_waits_for_keys)
        .test("a_new_key_is_fetched_at_once", a_new_key_is_fetched_at_once)
        .test("a_key_without_a_name_is_fetched_too", a_key_without_a_name_is_fetched_too)
        .test("a_withdrawn_key_is_refused", a_withdrawn_key_is_refused)
        .test("an_unknown_key_is_refused_in_time", an_unknown_key_is_refused_in_time)
        .test("rotation_under_load_refuses_nobody", rotation_under_load_refuses_nobody)
        .test("an_outage_is_survived", an_outage_is_survived)
        .test("nonsense_is_no_key_set", nonsense_is_no_key_set)
        .test("keys_of_no_use_are_named", keys_of_no_use_are_named)
        .test("a_cluster_that_is_not_there", a_cluster_that_is_not_there)
        .test("bodies_come_while_keys_are_waited_for", bodies_come_while_keys_are_waited_for)
        .test("too_much_that_waits_is_refused_at_once", too_much_that_waits_is_refused_at_once)
        .test("clients_leave_while_they_wait", clients_leave_while_they_wait)
        .test("a_push_ends_the_wait", a_push_ends_the_wait)
        .test("discovery_names_the_keys", discovery_names_the_keys)
        .run()
}

/// An issuer that publishes keys, and an Envoy that trusts it, in both modes.
struct Scene {
    stage: Here,
    server: KeyServer,
    envoy: Envoy,
    listeners: Vec<Listener>,
}

fn remote(_: &Stage) -> Value {
    json!({ "remote_jwks": { "uri": "http://idp.test/keys", "cluster": "idp" } })
}

impl Scene {
    async fn new(stage: &Here, conduct: Conduct, keys: &[&SigningKey]) -> Result<Self> {
        Self::with(stage, conduct, keys, remote(stage)).await
    }

    async fn with(
        stage: &Here,
        conduct: Conduct,
        keys: &[&SigningKey],
        source: Value,
    ) -> Result<Self> {
        let server = KeyServer::start(&stage.bundle.audience.issuer).await?;
        server.publish(keys);
        server.conduct(conduct);
        let listeners = Template::ALL.map(|template| {
            let mut configuration = stage.bundle.configuration(template);
            let issuer = configuration["issuers"][0].as_object_mut().expect("an issuer");
            issuer.remove("jwks");
            issuer.insert("algorithms".to_owned(), json!(["EdDSA"]));
            for (name, source) in source.as_object().expect("a source") {
                let mut source = source.clone();
                for (name, usual) in
                    [("refetch_seconds", REFETCH), ("wait_seconds", WAIT), ("timeout_ms", 1000)]
                {
                    if source.get(name).is_none() {
                        source[name] = json!(usual);
                    }
                }
                issuer.insert(name.clone(), source);
            }
            Listener {
                configuration: Some(configuration.to_string()),
                clusters: vec![("idp".to_owned(), server.address)],
                ..stage.listener(template)
            }
        });
        let envoy = Envoy::start_with_lds(&listeners).await?;
        let stage = Arc::clone(stage);
        Ok(Self { stage, server, envoy, listeners: listeners.into() })
    }

    fn token(&self, key: &SigningKey) -> String {
        let audience = &self.stage.bundle.audience;
        key.mint(&audience.issuer, &audience.audience, &["customers"])
    }

    fn clients(&self) -> Vec<(String, Client)> {
        let mut clients = Vec::new();
        for mode in Template::ALL {
            let client = self.envoy.client(mode.name());
            clients.push((format!("{}-h1", mode.name()), client));
            clients.push((format!("{}-h2", mode.name()), client.http2()));
        }
        clients
    }

    async fn ask(&self, client: Client, tag: &str, token: &str) -> Result<Answer> {
        self.stage.ask_bare(client, tag, GRANTED).bearer(token).send().await
    }

    /// That every client is allowed with a key.
    async fn allowed(&self, what: &str, key: &SigningKey) -> Result<()> {
        for (name, client) in self.clients() {
            let tag = &format!("{what}-{name}");
            let answer = self.ask(client, tag, &self.token(key)).await?;
            self.stage.allowed(&self.envoy, tag, &answer).await?;
        }
        Ok(())
    }

    /// That every client is refused with a key, in time.
    async fn refused(&self, what: &str, key: &SigningKey, status: u16, reason: &str) -> Result<()> {
        for (name, client) in self.clients() {
            let tag = &format!("{what}-{name}");
            let begin = Instant::now();
            let answer = self.ask(client, tag, &self.token(key)).await?;
            ensure!(begin.elapsed() < BOUND, "{tag} waited {:?}", begin.elapsed());
            self.stage.refused(&self.envoy, tag, &answer, status, reason).await?;
            // A client that is told that its good token is invalid would throw it away.
            let challenged = answer.headers.contains_key("www-authenticate");
            ensure!(challenged == (status == 401), "{tag}: {:?}", answer.headers);
        }
        Ok(())
    }
}

async fn the_first_request_waits_for_keys(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let slow = Conduct::Slow(Duration::from_millis(700));
    let scene = Scene::new(&stage, slow, &[&key]).await?;
    let mut running = JoinSet::new();
    for (name, client) in scene.clients() {
        for at in 0..8 {
            let tag = format!("first-{at}-{name}");
            let asked = stage.ask_bare(client, &tag, GRANTED).bearer(&scene.token(&key));
            running.spawn(async move { Ok::<_, anyhow::Error>((tag, asked.send().await?)) });
        }
    }
    while let Some(done) = running.join_next().await {
        let (tag, answer) = done??;
        stage.allowed(&scene.envoy, &tag, &answer).await?;
    }
    // Two listeners, one fetch in each instance of each.
    let asked = scene.server.asked("/keys");
    ensure!(asked <= 2 * INSTANCES, "asked {asked} times");
    Ok(())
}

async fn a_new_key_is_fetched_at_once(stage: Here) -> Result<()> {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let scene = Scene::new(&stage, Conduct::Good, &[&old]).await?;
    scene.allowed("new-before", &old).await?;
    scene.server.publish(&[&old, &new]);
    sleep(Duration::from_secs(REFETCH + 1)).await;
    let begin = Instant::now();
    scene.allowed("new-after", &new).await?;
    println!("a new key: {:?} for four requests", begin.elapsed());
    scene.allowed("new-both", &old).await
}

async fn a_key_without_a_name_is_fetched_too(stage: Here) -> Result<()> {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let scene = Scene::new(&stage, Conduct::Good, &[&old]).await?;
    scene.allowed("unnamed-before", &old).await?;
    scene.server.publish(&[&new]);
    let audience = &stage.bundle.audience;
    let token = new.mint_unnamed(&audience.issuer, &audience.audience, &["customers"]);
    for (name, client) in scene.clients() {
        let tag = &format!("unnamed-{name}");
        let answer = scene.ask(client, tag, &token).await?;
        stage.allowed(&scene.envoy, tag, &answer).await?;
    }
    Ok(())
}

async fn a_withdrawn_key_is_refused(stage: Here) -> Result<()> {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let scene = Scene::new(&stage, Conduct::Good, &[&old]).await?;
    scene.allowed("withdrawn-before", &old).await?;
    scene.server.publish(&[&new]);
    // Every worker sees it, sooner or later: each fetches when it is asked about the new key.
    for round in 0..8 {
        scene.allowed(&format!("withdrawn-new-{round}"), &new).await?;
    }
    scene.refused("withdrawn-after", &old, 401, "token_key").await
}

async fn an_unknown_key_is_refused_in_time(stage: Here) -> Result<()> {
    let (key, stranger) = (SigningKey::new("a"), SigningKey::new("b"));
    let scene = Scene::new(&stage, Conduct::Good, &[&key]).await?;
    scene.allowed("unknown-before", &key).await?;
    let (begin, before) = (Instant::now(), scene.server.asked("/keys"));
    let mut running = JoinSet::new();
    for at in 0..200 {
        let (name, client) = scene.clients()[at % 4].clone();
        let tag = format!("unknown-{at}-{name}");
        let asked = stage.ask_bare(client, &tag, GRANTED).bearer(&scene.token(&stranger));
        running.spawn(async move { Ok::<_, anyhow::Error>((tag, asked.send().await?)) });
    }
    while let Some(done) = running.join_next().await {
        let (tag, answer) = done??;
        stage.refused(&scene.envoy, &tag, &answer, 401, "token_key").await?;
    }
    ensure!(begin.elapsed() < BOUND * 2, "{:?}", begin.elapsed());
    let asked = scene.server.asked("/keys") - before;
    let windows = usize::try_from(begin.elapsed().as_secs() / REFETCH + 2)?;
    println!("200 unknown keys: {asked} fetches by {} instances", 2 * INSTANCES);
    ensure!(asked <= windows * 2 * INSTANCES, "asked {asked} times");
    scene.allowed("unknown-after", &key).await
}

/// The old key is withdrawn at the moment in which the new one signs.
async fn rotation_under_load_refuses_nobody(stage: Here) -> Result<()> {
    let keys: Vec<SigningKey> = (0..5).map(|at| SigningKey::new(&format!("k{at}"))).collect();
    let scene = Arc::new(Scene::new(&stage, Conduct::Good, &[&keys[0]]).await?);
    scene.allowed("rotation-before", &keys[0]).await?;
    let (begin, before) = (Instant::now(), scene.server.asked("/keys"));
    let mut requests = 0;
    for (round, key) in keys.iter().enumerate() {
        scene.server.publish(&[key]);
        let mut running = JoinSet::new();
        for lane in 0..8 {
            let (scene, token) = (Arc::clone(&scene), scene.token(key));
            running.spawn(async move {
                let (name, client) = scene.clients()[lane % 4].clone();
                for at in 0..50 {
                    let tag = format!("rotation-{round}-{lane}-{at}-{name}");
                    let answer = scene.ask(client, &tag, &token).await?;
                    ensure!(answer.status == 200, "{tag}: {} {}", answer.status, answer.text());
                }
                Ok(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
            requests += 50;
        }
    }
    let asked = scene.server.asked("/keys") - before;
    let windows = usize::try_from(begin.elapsed().as_secs() / REFETCH + 2)?;
    println!("{requests} requests over {} keys: {asked} fetches", keys.len());
    ensure!(requests == 2000);
    ensure!(asked <= windows * 2 * INSTANCES, "asked {asked} times");
    Ok(())
}

async fn an_outage_is_survived(stage: Here) -> Result<()> {
    let (key, new) = (SigningKey::new("a"), SigningKey::new("b"));
    let scene = Scene::new(&stage, Conduct::Good, &[&key]).await?;
    scene.allowed("outage-before", &key).await?;
    for (at, conduct) in [Conduct::Silent, Conduct::Says(503, "down".into())].iter().enumerate() {
        scene.server.conduct(conduct.clone());
        scene.allowed(&format!("outage-{at}"), &key).await?;
        scene.refused(&format!("outage-unknown-{at}"), &new, 401, "token_key").await?;
    }
    scene.server.publish(&[&key, &new]);
    scene.server.conduct(Conduct::Good);
    sleep(Duration::from_secs(REFETCH + 1)).await;
    scene.allowed("outage-over", &new).await
}

async fn nonsense_is_no_key_set(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let nonsense = |status, text: &str| Conduct::Says(status, text.to_owned());
    let first = nonsense(200, "<html>welcome</html>");
    let scene = Scene::new(&stage, first, &[&key]).await?;
    let rows = [
        ("html", nonsense(200, "<html>welcome</html>")),
        ("empty", nonsense(200, "")),
        ("no-keys", nonsense(200, "{\"keys\":[]}")),
        ("status", nonsense(500, "{\"keys\":[]}")),
        ("redirect", nonsense(302, "")),
        ("huge", Conduct::Says(200, " ".repeat(2_000_000))),
    ];
    for (what, conduct) in rows {
        scene.server.conduct(conduct);
        let tag = &format!("nonsense-{what}");
        let begin = Instant::now();
        let answer = scene.ask(scene.envoy.client("hold"), tag, &scene.token(&key)).await?;
        ensure!(begin.elapsed() < BOUND, "{what}: {:?}", begin.elapsed());
        stage.refused(&scene.envoy, tag, &answer, 503, "keys_unavailable").await?;
    }
    let said = scene.envoy.said();
    ensure!(said.contains("the answer is not a key set"), "{said}");
    ensure!(said.contains("the answer has status 500"), "{said}");
    scene.server.conduct(Conduct::Good);
    sleep(Duration::from_secs(REFETCH + 1)).await;
    scene.allowed("nonsense-over", &key).await
}

/// Other keys beside those that sign: passed over, and named once.
async fn keys_of_no_use_are_named(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let scene = Scene::new(&stage, Conduct::Good, &[]).await?;
    let more = json!({ "kty": "EC", "crv": "secp256k1", "kid": "coin" });
    scene.server.conduct(Conduct::Says(200, json!({ "keys": [key.jwk(), more] }).to_string()));
    for round in 0..2 {
        scene.allowed(&format!("unused-{round}"), &key).await?;
        sleep(Duration::from_secs(REFETCH + 1)).await;
        // Another fetch, of the same keys.
        scene.refused(&format!("unknown-{round}"), &SigningKey::new("b"), 401, "token_key").await?;
    }
    let said = scene.envoy.said();
    let lines = said.lines().filter(|line| line.contains("unused key") && line.contains("coin"));
    let (lines, instances) = (lines.count(), INSTANCES * Template::ALL.len());
    ensure!((1..=instances).contains(&lines), "{lines} lines\n{said}");
    Ok(())
}

async fn a_cluster_that_is_not_there(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let source = json!({ "remote_jwks": { "uri": "http://idp.test/keys", "cluster": "nowhere" } });
    let scene = Scene::with(&stage, Conduct::Good, &[&key], source).await?;
    scene.refused("nowhere", &key, 503, "keys_unavailable").await?;
    let said = scene.envoy.said();
    ensure!(said.contains("the request cannot be sent"), "{said}");
    Ok(())
}

async fn bodies_come_while_keys_are_waited_for(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let slow = Conduct::Slow(Duration::from_millis(500));
    let rows =
        [(GRANTED, 10, true), (GRANTED, 400, false), (DENIED, 10, false), (DENIED, 400, true)];
    for (at, (query, pause, trailers)) in rows.into_iter().enumerate() {
        let scene = Scene::new(&stage, slow.clone(), &[&key]).await?;
        let mut running = JoinSet::new();
        for (name, client) in scene.clients() {
            let tag = format!("meanwhile-{at}-{name}");
            let text = body(query);
            let asked = stage.ask_bare(client, &tag, query).bearer(&scene.token(&key));
            let pieces = text.as_bytes().chunks(20);
            let asked = asked.pieces(Duration::from_millis(pause), pieces);
            let asked = if trailers { asked.trailers(&[("x-sum", "1")]) } else { asked };
            running.spawn(async move {
                let answer = asked.send().await.with_context(|| tag.clone())?;
                Ok::<_, anyhow::Error>((tag, answer))
            });
        }
        while let Some(done) = running.join_next().await {
            let (tag, answer) = done??;
            // A resumed request with trailers would lose its body in Envoy 1.40: it has to be tried
            // again. Only HTTP/2 carries trailers here.
            if trailers && tag.contains("stream-h2") {
                stage.refused(&scene.envoy, &tag, &answer, 503, "keys_unavailable").await?;
            } else if query == GRANTED {
                stage.allowed(&scene.envoy, &tag, &answer).await?;
                let seen = stage.backend.seen(&tag);
                ensure!(seen[0].json()["query"] == GRANTED, "{tag}: {seen:?}");
            } else {
                stage.refused(&scene.envoy, &tag, &answer, 403, "field_denied").await?;
            }
        }
    }
    // Too much of it is refused while it comes.
    let scene = Scene::new(&stage, slow, &[&key]).await?;
    let long = " ".repeat(70_000);
    let tag = "meanwhile-long";
    let asked = stage.ask_bare(scene.envoy.client("hold"), tag, GRANTED);
    let asked = asked.bearer(&scene.token(&key)).body(format!("{}{long}", body(GRANTED)));
    let answer = asked.send().await?;
    stage.refused(&scene.envoy, tag, &answer, 413, "body_too_large").await?;
    Ok(())
}

/// Nobody knows yet who sent what waits: so much of it is kept and no more, whoever floods.
async fn too_much_that_waits_is_refused_at_once(stage: Here) -> Result<()> {
    // Twice what two workers hold, in bodies just under the bundle's limit.
    const LENGTH: usize = 60_000;
    let count = 2 * 2 * fieldgate_core::limits::WAITING_BYTES / LENGTH;
    let key = SigningKey::new("a");
    // Long enough for all of them to have come, on a busy machine too.
    let wait = Duration::from_secs(6);
    let mut source = remote(&stage);
    source["remote_jwks"]["wait_seconds"] = json!(wait.as_secs());
    source["remote_jwks"]["timeout_ms"] = json!(wait.as_millis());
    let scene = Scene::with(&stage, Conduct::Silent, &[&key], source).await?;
    let client = scene.envoy.client("hold").http2();
    let text = format!("{}{}", body(GRANTED), " ".repeat(LENGTH - body(GRANTED).len()));
    let mut running = JoinSet::new();
    for at in 0..count {
        let tag = format!("flood-{at}");
        let asked = stage.ask_bare(client, &tag, GRANTED).bearer(&scene.token(&key));
        let asked = asked.body(text.clone());
        running.spawn(async move {
            let begin = Instant::now();
            let answer = asked.send().await.with_context(|| tag.clone())?;
            Ok::<_, anyhow::Error>((tag, answer, begin.elapsed()))
        });
    }
    let (mut at_once, mut later) = (0, 0);
    while let Some(done) = running.join_next().await {
        let (tag, answer, took) = done??;
        stage.refused(&scene.envoy, &tag, &answer, 503, "keys_unavailable").await?;
        if took < wait / 2 { at_once += 1 } else { later += 1 }
    }
    println!("{count} bodies of {LENGTH} bytes: {at_once} refused at once, {later} after a wait");
    ensure!(at_once > count / 20 && later > count / 4);
    // And nothing of it is held any more.
    scene.server.conduct(Conduct::Good);
    sleep(Duration::from_secs(REFETCH + 1)).await;
    scene.allowed("flood-over", &key).await
}

async fn clients_leave_while_they_wait(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let scene = Scene::new(&stage, Conduct::Slow(Duration::from_millis(900)), &[&key]).await?;
    for (name, client) in scene.clients() {
        let tag = &format!("left-{name}");
        let text = body(GRANTED);
        let half = &text.as_bytes()[..10];
        let asked = stage.ask_bare(client, tag, GRANTED).bearer(&scene.token(&key));
        let left = asked.pieces(Duration::ZERO, [half]).leave().send().await;
        ensure!(left.is_err(), "{left:?}");
        stage.unjudged(&scene.envoy, tag, "request_incomplete").await?;
    }
    sleep(Duration::from_secs(1)).await;
    scene.allowed("left-after", &key).await
}

/// Requests that wait under a configuration that is replaced are not left waiting for its keys.
async fn a_push_ends_the_wait(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let scene = Scene::new(&stage, Conduct::Silent, &[&key]).await?;
    let mut running = JoinSet::new();
    for (name, client) in scene.clients() {
        let tag = format!("replaced-{name}");
        let asked = stage.ask_bare(client, &tag, GRANTED).bearer(&scene.token(&key));
        running.spawn(async move { (tag, asked.send().await) });
    }
    sleep(Duration::from_millis(200)).await;
    let mut listeners = scene.listeners.clone();
    for listener in &mut listeners {
        let change = |text: String| text.replace("\"wait_seconds\":2", "\"wait_seconds\":3");
        listener.configuration = listener.configuration.take().map(change);
    }
    scene.envoy.push(&listeners).await?;
    let begin = Instant::now();
    while let Some(done) = running.join_next().await {
        match done? {
            (tag, Ok(answer)) => {
                stage.refused(&scene.envoy, &tag, &answer, 503, "keys_unavailable").await?;
            }
            // The old listener's time to drain is over before the wait is.
            (tag, Err(_)) => {
                stage.unjudged(&scene.envoy, &tag, "request_incomplete").await?;
            }
        }
    }
    ensure!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    Ok(())
}

async fn discovery_names_the_keys(stage: Here) -> Result<()> {
    let key = SigningKey::new("a");
    let path = "/.well-known/openid-configuration";
    let source = |path: &str| json!({ "discovery": { "uri": format!("http://idp.test{path}"), "cluster": "idp" } });
    let scene = Scene::with(&stage, Conduct::Good, &[&key], source(path)).await?;
    scene.allowed("discovery", &key).await?;
    ensure!(scene.server.asked(path) > 0 && scene.server.asked("/keys") > 0);
    // What is there is a key set, and no discovery document.
    let scene = Scene::with(&stage, Conduct::Good, &[&key], source("/other")).await?;
    scene.refused("discovery-none", &key, 503, "keys_unavailable").await?;
    ensure!(scene.envoy.said().contains("not a discovery document"));
    Ok(())
}
