//! Requests that are refused for what their head says, by the filter or by others, and what the
//! records say of them; in both modes, over HTTP/1.1 and HTTP/2.

use std::ops::Deref;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::{Backend, TAG};
use fieldgate_e2e::envoy::{Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Scene, Stage, body, member};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::{Value, json};

/// The shipped listeners, and some changed ones.
struct Shared {
    scene: Scene,
    /// The upstream of one listener alone.
    quiet: Backend,
}

impl Deref for Shared {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

type Here = Arc<Held<Shared>>;

const HOLD_IN_STREAM: &str = "hold in stream.yaml";
const STREAM_IN_HOLD: &str = "stream in hold.yaml";
const QUIET: &str = "a backend of its own";
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    Suite::new(start)
        .test("methods", methods)
        .test("content_types", content_types)
        .test("upgrades", upgrades)
        .test("reset_by_envoy", reset_by_envoy)
        .test("bytes_that_are_not_text", bytes_that_are_not_text)
        .test("held_refusals_do_not_even_connect", held_refusals_do_not_even_connect)
        .test("refused_by_another_filter", refused_by_another_filter)
        .test("refused_by_envoy", refused_by_envoy)
        .test("upstream_down", upstream_down)
        .test("modes_that_do_not_match", modes_that_do_not_match)
        .test("records_name_what_happened", records_name_what_happened)
        .run()
}

async fn start() -> Result<Shared> {
    let stage = Stage::new(Build::Plain).await?;
    let mut listeners: Vec<Listener> = Template::ALL.map(|one| stage.listener(one)).into();
    let mut behind = stage.listener(Template::Hold).changed(|manager| {
        let filters = manager["http_filters"].as_array_mut().expect("filters");
        filters.insert(
            0,
            json!({
                "name": "envoy.filters.http.rbac.before",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
                    "rules": { "action": "ALLOW" },
                },
            }),
        );
    });
    behind.name = "behind a closed door".to_owned();
    listeners.push(behind);
    let mut down = stage.listener(Template::Hold);
    down.name = "upstream down".to_owned();
    // The discard port: nothing listens there.
    down.upstream.set_port(9);
    listeners.push(down);
    for mode in Template::ALL {
        listeners.push(Listener { name: untagged(mode), ..stage.listener(mode) });
    }
    for (name, template, setting) in [
        (HOLD_IN_STREAM, Template::Stream, Template::Hold),
        (STREAM_IN_HOLD, Template::Hold, Template::Stream),
    ] {
        listeners.push(Listener {
            name: name.to_owned(),
            configuration: Some(stage.bundle.configuration(setting).to_string()),
            ..stage.listener(template)
        });
    }
    let quiet = Backend::start(&stage.bundle.folder).await?;
    listeners.push(Listener {
        name: QUIET.to_owned(),
        upstream: quiet.address,
        ..stage.listener(Template::Hold)
    });
    let scene = Scene::new(stage, &listeners).await?;
    Ok(Shared { scene, quiet })
}

/// The name of a listener for requests whose log entries have no tag to find them by.
fn untagged(mode: Template) -> String {
    format!("untagged {}", mode.name())
}

async fn methods(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let tag = &format!("{method}-{name}");
            let asked = client.request(method, "/graphql").header(TAG, tag).bearer(&here.token());
            let answer = asked.send().await?;
            let entry = here.refused(&here.envoy, tag, &answer, 405, "method_not_allowed").await?;
            ensure!(entry.line["method"] == method, "{}", entry.line);
            ensure!(answer.headers["allow"] == "POST", "{:?}", answer.headers);
        }
    }
    // HTTP/2 has no grammar for methods, and some servers compare them without regard to case.
    for mode in Template::ALL {
        for method in ["post", "QUERY", "FOO"] {
            let tag = &format!("{method}-{}", mode.name());
            let client = here.envoy.client(mode.name()).http2();
            let asked = client.request(method, "/graphql").header(TAG, tag).bearer(&here.token());
            let asked = asked.header("content-type", "application/json").body(body(GRANTED));
            let answer = asked.send().await?;
            here.refused(&here.envoy, tag, &answer, 405, "method_not_allowed").await?;
        }
    }
    Ok(())
}

async fn content_types(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        for (at, media) in ["text/plain", "application/graphql", "multipart/form-data; boundary=x"]
            .iter()
            .enumerate()
        {
            let tag = &format!("media-{at}-{name}");
            let asked = here.ask(client, tag, GRANTED).instead("content-type", Some(media));
            let answer = asked.send().await?;
            let reason = "content_type_not_supported";
            here.refused(&here.envoy, tag, &answer, 415, reason).await?;
        }
        let tag = &format!("media-twice-{name}");
        let asked = here.ask(client, tag, GRANTED).header("content-type", "application/json");
        let answer = asked.send().await?;
        here.refused(&here.envoy, tag, &answer, 415, "content_type_not_supported").await?;
    }
    Ok(())
}

async fn upgrades(here: Here) -> Result<()> {
    for mode in Template::ALL {
        for method in ["GET", "POST"] {
            let tag = &format!("upgrade-{method}-{}", mode.name());
            let head = format!(
                "{method} /graphql HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n\
                 upgrade: websocket\r\nsec-websocket-version: 13\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{TAG}: {tag}\r\n\
                 authorization: Bearer {}\r\n\r\n",
                here.token()
            );
            let answer = here.envoy.client(mode.name()).raw(head.as_bytes(), PATIENCE).await?;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            ensure!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
            here.unjudged(&here.envoy, tag, "not_evaluated").await?;
        }
    }
    Ok(())
}

/// What Envoy itself does not take over HTTP/2: it ends the stream or the connection, and no filter
/// has to know of it.
async fn reset_by_envoy(here: Here) -> Result<()> {
    for mode in Template::ALL {
        let client = here.envoy.client(mode.name()).http2();
        let tag = |name: &str| format!("reset-{name}-{}", mode.name());
        let ask = |name: &str| here.ask(client, &tag(name), GRANTED);
        let connect = client.request("CONNECT", "/graphql").protocol("websocket");
        let requests = [
            ("protocol", ask("protocol").protocol("websocket")),
            ("connect", connect.header(TAG, tag("connect")).bearer(&here.token())),
            ("short", ask("short").header("content-length", "1")),
            ("underscore", ask("underscore").header("content_type", "text/plain")),
        ];
        for (name, request) in requests {
            let said = match request.send().await {
                Ok(answer) => format!("{} {}", answer.status, answer.text()),
                Err(error) => format!("{error:#}"),
            };
            // And not the library, before it sent anything.
            let by_envoy = ["stream error received", "connection error"];
            ensure!(by_envoy.iter().any(|error| said.contains(error)), "{name}: {said}");
            let tag = tag(name);
            ensure!(here.backend.complete(&tag).is_empty(), "{tag}");
            ensure!(mode == Template::Stream || here.backend.seen(&tag).is_empty(), "{tag}");
        }
        let star = client.request("POST", "*").header(TAG, tag("star")).bearer(&here.token());
        ensure!(star.body(body(GRANTED)).send().await.is_err());
        ensure!(here.backend.seen(&tag("star")).is_empty());
        // The same without anything odd in it.
        let tag = tag("none");
        here.allowed(&here.envoy, &tag, &here.ask(client, &tag, GRANTED).send().await?).await?;
    }
    Ok(())
}

/// The stock SDK panics on such headers: one request would stop the filter for all.
async fn bytes_that_are_not_text(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let odd: &[u8] = &[b'B', b'e', 0xff, 0xfe, b' ', 0x80];
        let tag = &format!("odd-other-{name}");
        let answer = here.ask(client, tag, GRANTED).header("x-other", odd).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;

        let tag = &format!("odd-token-{name}");
        let asked = here.ask_bare(client, tag, GRANTED).header("authorization", odd);
        let answer = asked.send().await?;
        ensure!(answer.status == 401, "{}", answer.text());
        here.envoy.entry(tag).await?;

        let tag = &format!("odd-media-{name}");
        let asked = here.ask(client, tag, GRANTED).instead("content-type", None);
        let answer = asked.header("content-type", odd).send().await?;
        here.refused(&here.envoy, tag, &answer, 415, "content_type_not_supported").await?;

        let tag = &format!("odd-body-{name}");
        let answer = here.ask(client, tag, GRANTED).body(odd.to_vec()).send().await?;
        here.refused(&here.envoy, tag, &answer, 400, "body_malformed").await?;

        let tag = &format!("odd-after-{name}");
        let answer = here.ask(client, tag, GRANTED).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
    }
    Ok(())
}

async fn held_refusals_do_not_even_connect(here: Here) -> Result<()> {
    for client in [here.envoy.client(QUIET), here.envoy.client(QUIET).http2()] {
        let answer = here.ask(client, "", DENIED).send().await?;
        ensure!(answer.status == 403, "{}", answer.text());
        let answer = here.ask_bare(client, "", GRANTED).send().await?;
        ensure!(answer.status == 401, "{}", answer.text());
        let answer = client.request("GET", "/other").send().await?;
        ensure!(answer.status == 404, "{}", answer.text());
    }
    ensure!(here.quiet.connections() == 0);
    // And it would have seen them:
    let answer = here.ask(here.envoy.client(QUIET), "quiet", GRANTED).send().await?;
    ensure!(answer.status == 200, "{}", answer.text());
    ensure!(here.quiet.connections() == 1 && here.quiet.requests() == 1);
    Ok(())
}

async fn refused_by_another_filter(here: Here) -> Result<()> {
    let client = here.envoy.client("behind a closed door");
    let tag = "behind";
    let answer = here.ask(client, tag, GRANTED).send().await?;
    ensure!(answer.status == 403, "{}", answer.text());
    let entry = here.unjudged(&here.envoy, tag, "not_evaluated").await?;
    ensure!(*member(entry.record(), "/response/status")? == json!(403), "{}", entry.line);
    Ok(())
}

async fn refused_by_envoy(here: Here) -> Result<()> {
    let text = body(GRANTED);
    let length = text.len();
    let heads = [
        ("no-host", "POST /graphql HTTP/1.1\r\n".to_owned()),
        ("slashes", "POST /graphql%2F HTTP/1.1\r\nhost: a\r\n".to_owned()),
    ];
    for mode in Template::ALL {
        for (name, head) in &heads {
            let tag = &format!("{name}-{}", mode.name());
            let bytes = format!("{head}{TAG}: {tag}\r\ncontent-length: 0\r\n\r\n");
            let answer = here.envoy.client(mode.name()).raw(bytes.as_bytes(), PATIENCE).await?;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            ensure!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
            here.unjudged(&here.envoy, tag, "not_evaluated").await?;
        }
    }
    // These are refused while their headers are read, so that the log has no tag of theirs.
    let heads = [
        "host: a\r\ncontent_length: 3\r\n".to_owned(),
        // Two lengths of one body: the classic of request smuggling.
        format!("host: a\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n"),
    ];
    for mode in Template::ALL {
        let listener = untagged(mode);
        for head in &heads {
            let bytes = format!("POST /graphql HTTP/1.1\r\n{head}\r\n{text}");
            let answer = here.envoy.client(&listener).raw(bytes.as_bytes(), PATIENCE).await?;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            ensure!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
        }
        let mut entries = Vec::new();
        for round in 1.. {
            entries = here.envoy.entries("", round).await?;
            entries.retain(|entry| entry.line["listener"] == *listener);
            if entries.len() >= heads.len() {
                break;
            }
        }
        ensure!(entries.len() == heads.len(), "{entries:#?}");
        for entry in entries {
            ensure!(entry.record()["reason"] == "not_evaluated", "{}", entry.line);
        }
    }
    ensure!(here.backend.seen("").is_empty());
    Ok(())
}

async fn upstream_down(here: Here) -> Result<()> {
    let tag = "down";
    let answer = here.ask(here.envoy.client("upstream down"), tag, GRANTED).send().await?;
    ensure!(answer.status == 503, "{}", answer.text());
    let entry = here.envoy.entry(tag).await?;
    ensure!(entry.record()["decision"] == "allow", "{}", entry.line);
    ensure!(*member(entry.record(), "/response/status")? == json!(503), "{}", entry.line);
    Ok(())
}

/// The setting says one thing and Envoy does the other: nothing opens.
async fn modes_that_do_not_match(here: Here) -> Result<()> {
    // Held headers that Envoy does not hold: the body never comes, and nothing goes upstream.
    let tag = "held-in-vain";
    let text = body(GRANTED);
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\n{TAG}: {tag}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        here.token(),
        text.len(),
    );
    let client = here.envoy.client(HOLD_IN_STREAM);
    let answer = client.raw(head.as_bytes(), PATIENCE).await?;
    ensure!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    here.unjudged(&here.envoy, tag, "request_incomplete").await?;

    let client = here.envoy.client(STREAM_IN_HOLD);
    let answer = here.ask(client, "streamed-allow", GRANTED).send().await?;
    here.allowed(&here.envoy, "streamed-allow", &answer).await?;
    let answer = here.ask(client, "streamed-deny", DENIED).send().await?;
    here.refused(&here.envoy, "streamed-deny", &answer, 403, "field_denied").await?;
    Ok(())
}

async fn records_name_what_happened(here: Here) -> Result<()> {
    for (name, mode, client) in here.clients() {
        let tag = &format!("record-{name}");
        let text = json!({ "query": format!("query Look {DENIED}"), "operationName": "Look" });
        let answer = here.ask(client, tag, "").body(text.to_string()).send().await?;
        let entry = here.refused(&here.envoy, tag, &answer, 403, "field_denied").await?;
        let record = entry.record();
        let expected: [(&str, Value); 9] = [
            ("/mode", json!(mode.name())),
            ("/subject", json!("alice")),
            ("/issuer", json!("https://idp.shop.test")),
            ("/roles", json!(["customer"])),
            ("/operation/name", json!("Look")),
            ("/operation/type", json!("query")),
            ("/policy/name", json!("shop")),
            ("/request/path", json!("/graphql")),
            ("/denied/0/rules", json!(["cost-is-internal"])),
        ];
        for (pointer, value) in expected {
            ensure!(*member(record, pointer)? == value, "{pointer}: {record}");
        }
        ensure!(member(record, "/operation/sha256")?.as_str().is_some_and(|hex| hex.len() == 64));
        ensure!(member(record, "/policy/digest")?.as_str().is_some_and(|hex| hex.len() == 64));
        let text = entry.text_record();
        ensure!(text["denied"] == record["denied"], "{text}");
        // Nothing of the caller's own words beyond the operation's name.
        let line = entry.line.to_string();
        ensure!(!line.contains("cost }") && !line.contains(&here.token()[..40]), "{line}");
    }
    Ok(())
}
