//! Who asks, where the proxy around the filter is set otherwise than it is shipped.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::envoy::Template;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Scene, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_e2e::token::TokenRecipe;
use serde_json::{Value, json};
use tokio::time::sleep;

type Here = Arc<Held<Scene>>;

fn main() -> ExitCode {
    Suite::new(start)
        .test("names_with_underscores", names_with_underscores)
        .test("tokens_in_logged_paths", tokens_in_logged_paths)
        .test("a_known_token_ends", a_known_token_ends)
        .run()
}

async fn start() -> Result<Scene> {
    let stage = Stage::new(Build::Plain).await?;
    let mut listeners = Vec::new();
    for template in Template::ALL {
        let mut configuration = stage.bundle.configuration(template);
        configuration["identity_headers"] = json!({ "send": ["subject", "roles"] });
        configuration["tokens"] =
            json!({ "sources": [{ "header": "authorization" }, { "query": "access_token" }] });
        configuration["issuers"][0]["leeway_seconds"] = json!(0);
        let mut listener = stage.listener(template).changed(log_and_allow);
        listener.configuration = Some(configuration.to_string());
        listeners.push(listener);
    }
    Scene::new(stage, &listeners).await
}

fn log_and_allow(manager: &mut Value) {
    let format = "/access_log/0/typed_config/log_format/json_format";
    if let Some(format) = manager.pointer_mut(format) {
        format["whole_path"] = json!("%REQ(:PATH)%");
    }
    manager["common_http_protocol_options"]["headers_with_underscores_action"] = json!("ALLOW");
}

/// A server behind a CGI-like interface reads `x_fieldgate_subject` as `x-fieldgate-subject`.
async fn names_with_underscores(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("underscores-{name}");
        let asked = here
            .ask(client, tag, GRANTED)
            .header("x_fieldgate_subject", "root")
            .header("x-fieldgate_roles", "manager")
            .header("x-fieldgate-subject", "root")
            .header("x_other", "stays");
        let answer = asked.send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
        let seen = &here.backend.seen(tag)[0];
        let value = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok());
        ensure!(value("x-fieldgate-subject") == Some("alice"), "{:?}", seen.headers);
        ensure!(value("x-fieldgate-roles") == Some("\"customer\""), "{:?}", seen.headers);
        ensure!(value("x_other") == Some("stays"), "{:?}", seen.headers);
        for gone in ["x_fieldgate_subject", "x-fieldgate_roles", "authorization"] {
            ensure!(value(gone).is_none(), "{gone}: {:?}", seen.headers);
        }
        let mine = seen.headers.keys().filter(|name| name.as_str().contains("fieldgate")).count();
        ensure!(mine == 2, "{:?}", seen.headers);

        // Such a name is refused where it could stand for the token or the body's type.
        let tag = &format!("disguised-{name}");
        let asked = client.post("/graphql").header(TAG, tag).header("content_type", "text/plain");
        let answer = asked.bearer(&here.token()).body(body(GRANTED)).send().await?;
        here.refused(&here.envoy, tag, &answer, 400, "head_malformed").await?;
    }
    Ok(())
}

/// A proxy that logs the whole path logs no token, whatever became of the request.
async fn tokens_in_logged_paths(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let token = here.token();
        for (what, query, text, status) in [
            ("allowed", String::new(), GRANTED, 200),
            ("denied", String::new(), DENIED, 403),
            ("another-parameter", "&page=2".to_owned(), GRANTED, 400),
            ("twice", format!("&access_token={token}"), GRANTED, 401),
        ] {
            let tag = &format!("path-{what}-{name}");
            let path = format!("/graphql?access_token={token}{query}");
            let answer = client.post(&path).header(TAG, tag).body(body(text)).send().await?;
            ensure!(answer.status == status, "{what}: {} {}", answer.status, answer.text());
            let entry = here.envoy.entry(tag).await?;
            ensure!(entry.line["whole_path"] == "/graphql", "{what}: {}", entry.line);
            ensure!(!entry.line.to_string().contains(&token), "{what}: {}", entry.line);
        }
    }
    Ok(())
}

/// Every worker has verified the token, and knows it until it ends.
async fn a_known_token_ends(here: Here) -> Result<()> {
    const SECONDS: u64 = 6;
    let claims = json!({ "groups": ["customers"], "exp": format!("now+{SECONDS}") });
    let token = TokenRecipe::claims(claims).mint(&here.bundle.audience);
    let minted = Instant::now();
    for (name, _, client) in here.clients() {
        for nth in 0..6 {
            let tag = &format!("known-{nth}-{name}");
            let answer = here.ask_bare(client, tag, GRANTED).bearer(&token).send().await?;
            here.allowed(&here.envoy, tag, &answer).await?;
        }
    }
    let asked = minted.elapsed();
    ensure!(asked < Duration::from_secs(SECONDS - 1), "too slow to tell: {asked:?}");
    // The second in which it was minted may have begun earlier.
    sleep(Duration::from_secs(SECONDS).saturating_sub(asked)).await;
    for (name, _, client) in here.clients() {
        for nth in 0..6 {
            let tag = &format!("ended-{nth}-{name}");
            let answer = here.ask_bare(client, tag, GRANTED).bearer(&token).send().await?;
            here.refused(&here.envoy, tag, &answer, 401, "token_expired").await?;
        }
    }
    Ok(())
}
