//! An OpenID provider that nobody here wrote: npm `oidc-provider` in a process of its own, with
//! tokens from its token endpoint, keys that rotate, and defects on demand. See
//! `tests/interop/oidc`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::peer::Peer;
use crate::repository;
use crate::token::Algorithm;

/// Where the provider has its discovery document (OpenID Connect Discovery section 4).
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Where the provider has its key set.
pub const JWKS: &str = "/jwks";

/// What the provider's tokens have as `aud`.
pub const AUDIENCE: &str = "api";

/// A provider that runs until it is dropped.
pub struct Oidc {
    /// Ends with the value.
    _process: Peer,
    ready: Ready,
}

/// What the provider's process says when it is ready.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    issuer: String,
    port: u16,
    control: u16,
    secret: String,
}

/// What becomes of the keys so far when there are new ones. These sign from then on.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OldKeys {
    /// Still in the key set.
    Keep,
    /// Gone at once.
    Withdraw,
}

/// What the provider says on a path; the default is what is proper.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Said {
    /// In place of the provider's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Added to whichever answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<&'static str, String>,
    /// With a status.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// In place of the body: so many blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler: Option<usize>,
    /// Before whichever answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
}

impl Said {
    /// The proper answer with this `Cache-Control`.
    #[must_use]
    pub fn cache_control(value: &str) -> Self {
        Self { headers: [("cache-control", value.to_owned())].into(), ..Self::default() }
    }

    /// A body of this type in place of the proper answer.
    #[must_use]
    pub fn instead(status: u16, media_type: &str, body: &str) -> Self {
        Self {
            status: Some(status),
            headers: [("content-type", media_type.to_owned())].into(),
            body: body.to_owned(),
            ..Self::default()
        }
    }
}

impl Oidc {
    /// Starts a provider with these clients, each with its groups. None, and said so, where Node or
    /// the packages under `tests/interop/oidc` are not there.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(clients: &[(&str, &[&str])]) -> Result<Option<Self>> {
        let folder = repository().join("tests/interop/oidc");
        if !folder.join("node_modules").is_dir() {
            println!("skipped: tests/interop/oidc has no packages; `make interop` installs them");
            return Ok(None);
        }
        let clients: BTreeMap<_, _> =
            clients.iter().map(|(client, groups)| (client, json!({ "groups": groups }))).collect();
        let mut command = Command::new("node");
        command.arg("provider.mjs").arg(serde_json::to_string(&clients)?).current_dir(folder);
        let (process, ready) = Peer::start(command).await?;
        Ok(Some(Self { _process: process, ready }))
    }

    /// What its tokens have as `iss`; the address of the provider as a URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.ready.issuer
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ready.port).into()
    }

    /// Asks a path of the provider.
    ///
    /// # Errors
    /// It does not answer, or with another status than 200.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = Client::new(self.address())
            .request("GET", path)
            .header("host", self.address().to_string())
            .send()
            .await?;
        read(path, &answer)
    }

    /// A token of a client, from the token endpoint, signed with the newest key of this algorithm.
    ///
    /// # Errors
    /// The provider gives none.
    pub async fn token(&self, client: &str, algorithm: Algorithm) -> Result<String> {
        let discovery = self.get(DISCOVERY).await?;
        let endpoint = discovery["token_endpoint"].as_str().context("a token endpoint")?;
        let path = endpoint.strip_prefix(self.issuer()).context("an endpoint of the issuer")?;
        let credentials = STANDARD.encode(format!("{client}:{}", self.ready.secret));
        // RFC 6749 section 4.4.2, with the resource of RFC 8707 section 2.
        let form = format!(
            "grant_type=client_credentials&scope=catalog:read&resource=https://api.example.com/{}",
            algorithm.name()
        );
        let answer = Client::new(self.address())
            .request("POST", path)
            .header("host", self.address().to_string())
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await?;
        let token = read(path, &answer)?;
        Ok(token["access_token"].as_str().context("an access token")?.to_owned())
    }

    /// Makes new keys; the names of all that are published then, the newest first.
    ///
    /// # Errors
    /// The provider does not follow.
    pub async fn rotate(&self, old: OldKeys) -> Result<Vec<String>> {
        let done = self.order("POST", "/rotate", json!({ "old": old })).await?;
        Ok(serde_json::from_value(done["kids"].clone())?)
    }

    /// Closes the provider's port: connections are refused, open ones end.
    ///
    /// # Errors
    /// The provider does not follow.
    pub async fn go_down(&self) -> Result<()> {
        self.listen(false).await
    }

    /// Opens the same port again.
    ///
    /// # Errors
    /// The provider does not follow.
    pub async fn come_back(&self) -> Result<()> {
        self.listen(true).await
    }

    /// Has a path say this from now on.
    ///
    /// # Errors
    /// The provider does not follow.
    pub async fn say(&self, path: &str, said: Said) -> Result<()> {
        let mut order = serde_json::to_value(said)?;
        order["path"] = json!(path);
        self.order("POST", "/answers", order).await.map(|_| ())
    }

    /// How often a path was asked.
    ///
    /// # Errors
    /// The provider does not say.
    pub async fn requests(&self, path: &str) -> Result<u64> {
        let counts = self.order("GET", "/requests", Value::Null).await?;
        Ok(counts[path].as_u64().unwrap_or(0))
    }

    async fn listen(&self, up: bool) -> Result<()> {
        let done = self.order("POST", "/listener", json!({ "up": up })).await?;
        ensure!(done["up"] == up, "the provider's port is still as it was");
        Ok(())
    }

    async fn order(&self, method: &str, path: &str, order: Value) -> Result<Value> {
        let control = Client::new((Ipv4Addr::LOCALHOST, self.ready.control).into());
        let order = if order.is_null() { String::new() } else { order.to_string() };
        let answer = control.request(method, path).body(order).send().await?;
        read(path, &answer)
    }
}

fn read(path: &str, answer: &Answer) -> Result<Value> {
    ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    serde_json::from_slice(&answer.body).with_context(|| format!("{path}: {}", answer.text()))
}
