//! A body from its first byte to the verdict: in pieces, slow, too long, cut off, with trailers, many
//! at once; in both modes, over HTTP/1.1 and HTTP/2.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::client::Client;
use fieldgate_e2e::envoy::{Envoy, Listener, Template, log_as_shipped};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Scene, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

type Here = Arc<Held<Scene>>;

const SHORT: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    Suite::new(start)
        .test("allow_and_deny", allow_and_deny)
        .test("the_record_as_it_is_shipped", the_record_as_it_is_shipped)
        .test("trailers_end_a_body", trailers_end_a_body)
        .test("large_bodies", large_bodies)
        .test("bodies_in_pieces", bodies_in_pieces)
        .test("slow_bodies_are_held", slow_bodies_are_held)
        .test("empty_bodies", empty_bodies)
        .test("clients_that_leave", clients_that_leave)
        .test("pipelined_requests_do_not_bleed", pipelined_requests_do_not_bleed)
        .test("shorter_bodies_leave_nothing_behind", shorter_bodies_leave_nothing_behind)
        .test("expect_continue", expect_continue)
        .test("two_hundred_at_once", two_hundred_at_once)
        .test("no_client_is_internal", no_client_is_internal)
        .run()
}

async fn start() -> Result<Scene> {
    let stage = Stage::new(Build::Plain).await?;
    let listeners = Template::ALL.map(|template| stage.listener(template));
    Scene::new(stage, &listeners).await
}

/// Without settings of the record, it is the text that the shipped access log has.
async fn the_record_as_it_is_shipped(here: Here) -> Result<()> {
    for template in Template::ALL {
        let configuration = Some(here.bundle.shipped(template).to_string());
        let listener = Listener { configuration, ..here.listener(template) };
        let listener = listener.changed(log_as_shipped);
        let envoy = Envoy::start(std::slice::from_ref(&listener)).await?;
        let client = Client::new(envoy.address(&listener.name));
        for (query, decision, status) in [(GRANTED, "allow", 200), (DENIED, "deny", 403)] {
            let tag = format!("shipped-{decision}-{}", template.name());
            let answer = here.ask(client, &tag, query).send().await?;
            let entry = envoy.entry(&tag).await?;
            ensure!(answer.status == status && entry.line["status"] == status, "{}", entry.line);
            ensure!(entry.line["text"].is_string() && !entry.nests, "{}", entry.line);
            ensure!(entry.record()["decision"] == decision, "{}", entry.line);
            ensure!(entry.record()["subject"] == "alice", "{}", entry.line);
            ensure!(entry.record()["response"].is_null(), "{}", entry.line);
        }
    }
    Ok(())
}

/// Envoy takes orders from requests of what it holds for an internal network: how long to wait for the
/// server, and how often to ask it again.
async fn no_client_is_internal(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("internal-{name}");
        let mut asked = here.ask(client, tag, GRANTED);
        for (header, value) in [
            ("x-envoy-internal", "true"),
            ("x-envoy-upstream-rq-timeout-ms", "60000"),
            ("x-envoy-retry-on", "5xx"),
            ("x-envoy-max-retries", "5"),
            ("x-envoy-original-path", "/other"),
        ] {
            asked = asked.header(header, value);
        }
        here.allowed(&here.envoy, tag, &asked.send().await?).await?;
        let headers = here.backend.seen(tag)[0].headers.clone();
        for absent in ["x-envoy-internal", "x-envoy-original-path"] {
            ensure!(!headers.contains_key(absent), "{absent}: {headers:?}");
        }
        // The route's own.
        ensure!(headers["x-envoy-expected-rq-timeout-ms"] == "30000", "{headers:?}");
    }
    Ok(())
}

async fn allow_and_deny(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("allow-{name}");
        let answer = here.ask(client, tag, GRANTED).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
        let executed = &here.backend.seen(tag)[0].executed;
        ensure!(executed == &["Query.product", "Product.name"], "{executed:?}");

        let tag = &format!("deny-{name}");
        let answer = here.ask(client, tag, DENIED).send().await?;
        let entry = here.refused(&here.envoy, tag, &answer, 403, "field_denied").await?;
        ensure!(entry.record()["denied"][0]["coordinate"] == "Product.cost", "{}", entry.line);

        let tag = &format!("bare-{name}");
        let answer = here.ask_bare(client, tag, GRANTED).send().await?;
        here.refused(&here.envoy, tag, &answer, 401, "token_missing").await?;
        ensure!(answer.headers["www-authenticate"] == "Bearer", "{:?}", answer.headers);
    }
    Ok(())
}

/// With trailers the last of the body does not say that it is the last: a filter that judges only
/// there lets it through.
async fn trailers_end_a_body(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("trailers-deny-{name}");
        let trailers = [("x-checksum", "1")];
        let answer = here.ask(client, tag, DENIED).trailers(&trailers).send().await?;
        here.refused(&here.envoy, tag, &answer, 403, "field_denied").await?;

        let tag = &format!("trailers-allow-{name}");
        let answer = here.ask(client, tag, GRANTED).trailers(&trailers).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
        let seen = here.backend.seen(tag);
        ensure!(seen[0].json()["query"] == GRANTED, "{seen:?}");
    }
    Ok(())
}

async fn large_bodies(here: Here) -> Result<()> {
    // The bundle's limit is 64 KiB; Envoy's buffer, 2 MiB.
    let padded = |length: usize| {
        let mut text = body(GRANTED);
        text.extend(std::iter::repeat_n(' ', length - text.len()));
        text
    };
    for (name, _, client) in here.clients() {
        let tag = &format!("at-limit-{name}");
        let answer = here.ask(client, tag, GRANTED).body(padded(65_536)).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;

        let tag = &format!("announced-{name}");
        let answer = here.ask(client, tag, GRANTED).body(padded(65_537)).send().await?;
        here.refused(&here.envoy, tag, &answer, 413, "body_too_large").await?;

        for length in [65_537, 3_000_000] {
            let tag = &format!("unannounced-{length}-{name}");
            let text = padded(length);
            let pieces = text.as_bytes().chunks(16_384);
            let asked = here.ask(client, tag, GRANTED).pieces(Duration::ZERO, pieces);
            let answer = asked.send().await?;
            here.refused(&here.envoy, tag, &answer, 413, "body_too_large").await?;
        }
    }
    Ok(())
}

async fn bodies_in_pieces(here: Here) -> Result<()> {
    for (name, mode, client) in here.clients() {
        for (query, verdict) in [(GRANTED, "allow"), (DENIED, "deny")] {
            let tag = &format!("pieces-{verdict}-{name}");
            let text = body(query);
            let asked = here.ask(client, tag, query).pieces(SHORT, text.as_bytes().chunks(7));
            let answer = asked.send().await?;
            if verdict == "deny" {
                here.refused(&here.envoy, tag, &answer, 403, "field_denied").await?;
                continue;
            }
            here.allowed(&here.envoy, tag, &answer).await?;
            let seen = &here.backend.seen(tag)[0];
            let length = seen.headers.get("content-length").map(|value| value.to_str());
            let expected = seen.body.as_ref().map(|body| body.len().to_string());
            match mode {
                Template::Hold => ensure!(
                    length.transpose()? == expected.as_deref(),
                    "a held request states its length: {seen:?}"
                ),
                Template::Stream => ensure!(length.is_none(), "{seen:?}"),
            }
        }
    }
    Ok(())
}

async fn slow_bodies_are_held(here: Here) -> Result<()> {
    for (name, mode, client) in here.clients() {
        let tag = format!("slow-{name}");
        let text = body(GRANTED);
        let (first, rest) = text.as_bytes().split_at(10);
        let pause = Duration::from_millis(400);
        let asked = here.ask(client, &tag, GRANTED).pieces(pause, [first, rest]);
        let asked = tokio::spawn(asked.send());
        sleep(pause + pause / 2).await;
        let early = here.backend.seen(&tag);
        match mode {
            Template::Hold => ensure!(early.is_empty(), "before the verdict: {early:?}"),
            Template::Stream => ensure!(
                early.iter().all(|seen| seen.body.is_none()),
                "before the verdict: {early:?}"
            ),
        }
        let answer = asked.await??;
        here.allowed(&here.envoy, &tag, &answer).await?;
    }
    Ok(())
}

async fn empty_bodies(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("empty-{name}");
        let answer = here.ask(client, tag, GRANTED).body("").send().await?;
        here.refused(&here.envoy, tag, &answer, 400, "body_empty").await?;

        // A body that turns out to be empty: the end comes by itself.
        let tag = &format!("empty-later-{name}");
        let asked = here.ask(client, tag, GRANTED).pieces(SHORT, [b"".as_slice()]);
        let answer = asked.send().await?;
        here.refused(&here.envoy, tag, &answer, 400, "body_empty").await?;
    }
    Ok(())
}

async fn clients_that_leave(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("leave-{name}");
        let half = body(GRANTED);
        let half = &half.as_bytes()[..10];
        let left = here.ask(client, tag, GRANTED).pieces(SHORT, [half]).leave().send().await;
        ensure!(left.is_err(), "{left:?}");
        let entry = here.unjudged(&here.envoy, tag, "request_incomplete").await?;
        ensure!(entry.record()["subject"] == "alice", "{}", entry.line);
    }
    Ok(())
}

/// Each request is judged by its own token and body. A refusal may close the connection: what is
/// not answered then was not taken up either.
async fn pipelined_requests_do_not_bleed(here: Here) -> Result<()> {
    let token = here.token();
    let sound = Some(token.as_str());
    let rows = [
        [(sound, GRANTED, "200"), (sound, GRANTED, "200"), (sound, DENIED, "403")],
        [(sound, DENIED, "403"), (sound, GRANTED, "200"), (None, GRANTED, "401")],
        [(sound, GRANTED, "200"), (None, GRANTED, "401"), (sound, GRANTED, "200")],
    ];
    for mode in Template::ALL {
        for (at, row) in rows.iter().enumerate() {
            let tag = |place: usize| format!("pipe-{at}-{place}-{}", mode.name());
            let request = |(place, (token, query, _)): (usize, &(Option<&str>, &str, &str))| {
                let text = body(query);
                let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
                format!(
                    "POST /graphql HTTP/1.1\r\nhost: a\r\n{TAG}: {}\r\n{}\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
                    tag(place),
                    token.unwrap_or_default(),
                    text.len(),
                )
            };
            let bytes: String = row.iter().enumerate().map(request).collect();
            let answer = here.envoy.client(mode.name()).raw(bytes.as_bytes(), PATIENCE).await?;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let statuses = answer.split("HTTP/1.1 ").skip(1);
            let statuses: Vec<_> = statuses.filter_map(|one| one.split(' ').next()).collect();
            ensure!(statuses.len() >= 2, "{statuses:?}\n{answer}");
            for (place, (_, _, status)) in row.iter().enumerate() {
                let whole = here.backend.complete(&tag(place)).len();
                match statuses.get(place) {
                    None => ensure!(whole == 0, "{}: not answered, yet forwarded", tag(place)),
                    Some(found) => {
                        ensure!(found == status, "{}: {found}\n{answer}", tag(place));
                        ensure!(whole == usize::from(*status == "200"), "{}: {whole}", tag(place));
                        here.envoy.entry(&tag(place)).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Where the client's length stayed on a body that became shorter or longer, the rest would be the
/// beginning of the next request on the upstream's connection.
async fn shorter_bodies_leave_nothing_behind(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        for round in 0..5 {
            let padding = "x".repeat(round * 997);
            let text = json!({ "query": GRANTED, "extensions": { "padding": padding } });
            let tag = &format!("shorter-{round}-{name}");
            let answer = here.ask(client, tag, GRANTED).body(text.to_string()).send().await?;
            here.allowed(&here.envoy, tag, &answer).await?;
            let seen = here.backend.seen(tag);
            ensure!(seen[0].body.as_deref() == Some(body(GRANTED).as_bytes()), "{seen:?}");
            ensure!(seen[0].headers["content-type"] == "application/json", "{seen:?}");
        }
    }
    Ok(())
}

async fn expect_continue(here: Here) -> Result<()> {
    for mode in Template::ALL {
        let tag = &format!("expect-{}", mode.name());
        let client = here.envoy.client(mode.name());
        let answer = here.ask(client, tag, DENIED).header("expect", "100-continue").send().await?;
        here.refused(&here.envoy, tag, &answer, 403, "field_denied").await?;
    }
    Ok(())
}

async fn two_hundred_at_once(here: Here) -> Result<()> {
    let mut running = JoinSet::new();
    let clients = here.clients();
    for at in 0..200 {
        let here = Arc::clone(&here);
        let (name, _, client) = clients[at % clients.len()].clone();
        running.spawn(async move {
            let tag = format!("many-{at}-{name}");
            match at % 3 {
                0 => {
                    let answer = here.ask(client, &tag, GRANTED).send().await?;
                    here.allowed(&here.envoy, &tag, &answer).await?;
                }
                1 => {
                    let answer = here.ask(client, &tag, DENIED).send().await?;
                    here.refused(&here.envoy, &tag, &answer, 403, "field_denied").await?;
                }
                _ => {
                    let answer = here.ask_bare(client, &tag, GRANTED).send().await?;
                    here.refused(&here.envoy, &tag, &answer, 401, "token_missing").await?;
                }
            }
            Ok::<_, anyhow::Error>(tag)
        });
    }
    let mut tags = Vec::new();
    while let Some(done) = running.join_next().await {
        tags.push(done??);
    }
    sleep(Duration::from_millis(200)).await;
    for tag in &tags {
        ensure!(here.envoy.entry_count(tag) == 1, "{tag} has more than one record");
    }
    ensure!(tags.len() == 200);
    Ok(())
}
