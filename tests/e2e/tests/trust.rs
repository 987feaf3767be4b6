//! A proxy in which Envoy's own `jwt_authn` verifies tokens, and fieldgate takes its word.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::client::Client;
use fieldgate_e2e::envoy::Template;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Scene, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_e2e::token::{Keys, TokenRecipe};
use serde_json::{Value, json};

type Here = Arc<Held<Scene>>;

fn main() -> ExitCode {
    Suite::new(start)
        .test("a_verified_caller", a_verified_caller)
        .test("nobody_verified", nobody_verified)
        .test("what_a_client_says_of_itself", what_a_client_says_of_itself)
        .run()
}

async fn start() -> Result<Scene> {
    let stage = Stage::new(Build::Plain).await?;
    let mut listeners = Vec::new();
    for template in Template::ALL {
        let mut configuration = stage.bundle.configuration(template);
        let issuer = &mut configuration["issuers"][0];
        *issuer = json!({
            "issuer": issuer["issuer"],
            "audiences": issuer["audiences"],
            "trust": { "metadata": { "key": "payload" } },
        });
        configuration["identity_headers"] = json!({ "send": ["subject", "groups"] });
        let mut listener = stage.listener(template).changed(verify_before);
        listener.configuration = Some(configuration.to_string());
        listeners.push(listener);
    }
    Scene::new(stage, &listeners).await
}

/// `jwt_authn` in front: a token that is not valid is refused there, one that is missing is not.
fn verify_before(manager: &mut Value) {
    let authn = json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {
                "idp": {
                    "local_jwks": { "inline_string": Keys::published().jwks().to_string() },
                    "payload_in_metadata": "payload",
                    "forward": true,
                },
            },
            "rules": [{
                "match": { "prefix": "/" },
                "requires": { "requires_any": { "requirements": [
                    { "provider_name": "idp" },
                    { "allow_missing": {} },
                ] } },
            }],
        },
    });
    if let Some(filters) = manager["http_filters"].as_array_mut() {
        filters.insert(0, authn);
    }
}

async fn ask(client: Client, tag: &str, token: &str, query: &str) -> Result<u16> {
    let asked = client.post("/graphql").header(TAG, tag).body(body(query));
    Ok(asked.bearer(token).send().await?.status)
}

async fn a_verified_caller(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("granted-{name}");
        let answer = here.ask(client, tag, GRANTED).send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
        let record = here.envoy.entry(tag).await?.record().clone();
        ensure!(record["attested"] == true && record["subject"] == "alice", "{record}");
        let seen = &here.backend.seen(tag)[0];
        let value = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok());
        ensure!(value("x-fieldgate-subject") == Some("alice"), "{:?}", seen.headers);
        ensure!(value("x-fieldgate-groups") == Some("\"customers\""), "{:?}", seen.headers);
        // The other filter passed it on; here is where it ends.
        ensure!(value("authorization").is_none(), "{:?}", seen.headers);

        let tag = &format!("denied-{name}");
        let status = ask(client, tag, &here.token(), DENIED).await?;
        ensure!(status == 403, "{status}");
        let record = here.envoy.entry(tag).await?.record().clone();
        ensure!(record["reason"] == "field_denied" && record["attested"] == true, "{record}");

        // The other filter was not told whom tokens are for, nor how long they may live.
        let other = TokenRecipe::claims(json!({ "aud": "elsewhere", "groups": ["customers"] }));
        let tag = &format!("audience-{name}");
        let status = ask(client, tag, &other.mint(&here.bundle.audience), GRANTED).await?;
        ensure!(status == 401, "{status}");
        let record = here.envoy.entry(tag).await?.record().clone();
        ensure!(record["reason"] == "token_audience", "{record}");
    }
    Ok(())
}

async fn nobody_verified(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("missing-{name}");
        let answer = here.ask_bare(client, tag, GRANTED).send().await?;
        ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
        let record = here.envoy.entry(tag).await?.record().clone();
        ensure!(record["reason"] == "token_missing", "{record}");

        // Refused before fieldgate has it.
        let tag = &format!("forged-{name}");
        let token = here.token();
        let (unsigned, _) = token.rsplit_once('.').context("a token has three parts")?;
        let status = ask(client, tag, &format!("{unsigned}.AAAA"), GRANTED).await?;
        ensure!(status == 401, "{status}");
        ensure!(here.backend.seen(tag).is_empty(), "{tag} reached the upstream");
    }
    Ok(())
}

/// Nothing that a client can send is metadata.
async fn what_a_client_says_of_itself(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let claims = json!({ "iss": here.bundle.audience.issuer, "sub": "alice" }).to_string();
        for header in ["payload", "x-jwt-payload", "x-envoy-peer-metadata"] {
            let tag = &format!("says-{header}-{name}");
            let asked = here.ask_bare(client, tag, GRANTED).header(header, &claims);
            let answer = asked.send().await?;
            ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
            ensure!(here.backend.seen(tag).is_empty(), "{tag} reached the upstream");
        }
    }
    Ok(())
}
