//! A place where keys are published, and where everything can go wrong that does: it is slow, away,
//! answers nonsense; keys come and go. It counts who asks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::token::now;

/// The server, until it is dropped.
pub struct KeyServer {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

struct Shared {
    published: Vec<Value>,
    conduct: Conduct,
    asked: BTreeMap<String, usize>,
    issuer: String,
    address: SocketAddr,
}

/// How the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// At once, with what is published.
    Good,
    /// The same, after a pause.
    Slow(Duration),
    /// Never within the time of a test.
    Silent,
    /// With another status and body.
    Says(u16, String),
}

/// A key of the issuer.
#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    pair: KeyPair,
}

impl SigningKey {
    #[must_use]
    pub fn new(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: KeyPair::from_seed(Seed::generate()) }
    }

    /// As it is published.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.pk.as_slice());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": self.kid, "x": x })
    }

    /// A sound token of an issuer, for a subject of some groups.
    #[must_use]
    pub fn mint(&self, issuer: &str, audience: &str, groups: &[&str]) -> String {
        self.mint_with(json!({ "alg": "EdDSA", "kid": self.kid }), issuer, audience, groups)
    }

    /// The same, with a header that does not name the key.
    #[must_use]
    pub fn mint_unnamed(&self, issuer: &str, audience: &str, groups: &[&str]) -> String {
        self.mint_with(json!({ "alg": "EdDSA" }), issuer, audience, groups)
    }

    fn mint_with(&self, header: Value, issuer: &str, audience: &str, groups: &[&str]) -> String {
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": "alice", "groups": groups,
            "iat": now(), "exp": now() + 300,
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.pair.sk.sign(input.as_bytes(), None);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_slice()))
    }
}

impl KeyServer {
    /// Starts a server on a free port of the loopback, for an issuer of that name.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(issuer: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for keys")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared {
            published: Vec::new(),
            conduct: Conduct::Good,
            asked: BTreeMap::new(),
            issuer: issuer.to_owned(),
            address,
        }));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("the key server serves");
        });
        Ok(Self { address, shared, task })
    }

    /// Publishes these keys and no others.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.lock().published = keys.iter().map(|key| key.jwk()).collect();
    }

    pub fn conduct(&self, conduct: Conduct) {
        self.lock().conduct = conduct;
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn asked(&self, path: &str) -> usize {
        self.lock().asked.get(path).copied().unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().expect("no panic while answering")
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let conduct = {
        let mut shared = shared.lock().expect("no panic while answering");
        *shared.asked.entry(path.clone()).or_default() += 1;
        shared.conduct.clone()
    };
    let (status, text) = match conduct {
        Conduct::Good => (200, body(&shared, &path)),
        Conduct::Slow(pause) => {
            // What is answered is what is published when the pause begins, as with a slow network.
            let text = body(&shared, &path);
            sleep(pause).await;
            (200, text)
        }
        Conduct::Silent => {
            sleep(Duration::from_secs(60)).await;
            (200, String::new())
        }
        Conduct::Says(status, text) => (status, text),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
    response
}

fn body(shared: &Mutex<Shared>, path: &str) -> String {
    let shared = shared.lock().expect("no panic while answering");
    let body = match path {
        "/.well-known/openid-configuration" => json!({
            "issuer": shared.issuer,
            "jwks_uri": format!("http://{}/keys", shared.address),
        }),
        _ => json!({ "keys": shared.published }),
    };
    body.to_string()
}
