//! The host's cryptography beside the portable one: every vector that there is - Wycheproof's, the
//! RFCs', other implementations' - by both inside of Envoy, and by the portable one in this process.
//! What the vectors are to end in is for the tests of `filter/core`; here all have to agree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fieldgate_core::token::TokenError;
use fieldgate_core::token::bearer::{BEARER, RawToken};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::KeySet;
use fieldgate_core::token::signature::Portable;
use fieldgate_core::token::verify::signing_key;
use fieldgate_e2e::client::Client;
use fieldgate_e2e::envoy::{Envoy, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use fieldgate_e2e::stage::Stage;
use serde_json::{Value, json};

struct Vector {
    name: String,
    jwks: String,
    token: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verifier_says_the_same() {
    let stage = Stage::new(Build::Signatures).await.unwrap();
    let envoy = Envoy::start(&[stage.listener(Template::Hold)]).await.unwrap();
    let client = envoy.client(Template::Hold.name());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for vector in &vectors() {
        let here = outcome(&vector.jwks, &vector.token);
        // What cannot be sent is refused before any verifier is asked.
        if !vector.token.bytes().all(|byte| byte.is_ascii_graphic()) {
            assert!(matches!(here, "token_scheme" | "key_set"), "{}: {here}", vector.name);
            *counts.entry("not sent".to_owned()).or_default() += 1;
            continue;
        }
        let said = ask(client, vector).await;
        let [host, native, portable] = said.each_ref().map(String::as_str);
        let host_agrees = match host {
            "unanswered" => !is_for_the_host(&vector.token),
            host => host == here,
        };
        if !host_agrees || (native, portable) != (here, here) {
            differing.push(format!("{}: {said:?} in Envoy, {here} here", vector.name));
        }
        *counts.entry(format!("{here}, by the host {host}")).or_default() += 1;
    }
    counts.iter().for_each(|(what, count)| println!("{count:>4} {what}"));
    assert_eq!(differing, Vec::<String>::new());
    assert!(counts["ok, by the host ok"] > 6 && counts["ok, by the host unanswered"] > 6);
}

/// What the host, the filter's verifier and the portable one say.
async fn ask(client: Client, vector: &Vector) -> [String; 3] {
    let answer = client
        .post("/graphql")
        .header("x-fieldgate-test", "signature")
        .header("x-fieldgate-jwks", &vector.jwks)
        .bearer(&vector.token)
        .send()
        .await
        .unwrap();
    let text = answer.text();
    let said: Vec<String> = text.split(' ').map(str::to_owned).collect();
    said.try_into().unwrap_or_else(|_| panic!("{}: {} {text}", vector.name, answer.status))
}

/// What becomes of a vector in this process.
fn outcome(jwks: &str, token: &str) -> &'static str {
    let Ok(keys) = KeySet::read(jwks).or_else(|_| KeySet::read_secret(jwks)) else {
        return "key_set";
    };
    let value = format!("Bearer {token}");
    let judged = RawToken::read(value.as_bytes(), BEARER)
        .and_then(|raw| signing_key(&Jws::read(&raw)?, &keys, &Portable).map(|_| ()));
    judged.map_or_else(TokenError::code, |()| "ok")
}

/// Whether a token has one of the algorithms that the host does.
fn is_for_the_host(token: &str) -> bool {
    let value = format!("Bearer {token}");
    let raw = RawToken::read(value.as_bytes(), BEARER).unwrap();
    let algorithm = Jws::read(&raw).unwrap().algorithm().as_str();
    algorithm.starts_with("RS") || algorithm.starts_with("ES")
}

fn vectors() -> Vec<Vector> {
    let read = |file: &Path| -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let corpus = read(&repository().join("tests/corpus/jwt/vectors.json")).unwrap();
    let mut all: Vec<Vector> = Vec::new();
    for one in corpus.as_array().unwrap() {
        let jwks = one["jwks"].to_string();
        all.push(Vector { name: text(&one["name"]), jwks, token: text(&one["token"]) });
    }
    for name in ["json_web_signature.json", "json_web_key.json"] {
        let Some(file) = read(&repository().join("../shared/data/wycheproof").join(name)) else {
            println!("skipped: the Wycheproof vectors are not there");
            continue;
        };
        for group in file["testGroups"].as_array().unwrap() {
            let key = group.get("public").or_else(|| group.get("private")).unwrap();
            let jwks = if key.get("keys").is_some() { key } else { &json!({ "keys": [key] }) };
            for test in group["tests"].as_array().unwrap() {
                let name = format!("{name} {}", test["tcId"]);
                all.push(Vector { name, jwks: jwks.to_string(), token: text(&test["jws"]) });
            }
        }
    }
    all
}
