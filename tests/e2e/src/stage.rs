//! What most tests need together: Envoy with some listeners in front of a backend over one
//! bundle, and the tokens to ask with.

use std::ops::Deref;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::backend::{Backend, TAG};
use crate::bundle::Guarded;
use crate::client::{Answer, Client, Exchange};
use crate::envoy::{Entry, Envoy, Listener, Template};
use crate::filter::Build;
use crate::token::TokenRecipe;

/// The bundle of the tests in this crate.
pub const BUNDLE: &str = "e2e/bundle";

/// What a customer of [`BUNDLE`] may ask.
pub const GRANTED: &str = "{ product(id: 1) { name } }";

/// What a customer of [`BUNDLE`] may not ask.
pub const DENIED: &str = "{ product(id: 1) { name cost } }";

/// A new instance is there after about a second.
const RELOAD: Duration = Duration::from_secs(20);

/// A backend over the bundle, and the means to make listeners in front of it.
pub struct Stage {
    pub backend: Backend,
    pub bundle: Guarded,
    pub wasm: String,
}

impl Stage {
    /// # Errors
    /// A part of it does not start.
    pub async fn new(build: Build) -> Result<Self> {
        let bundle = Guarded::load(BUNDLE)?;
        let backend = Backend::start(&bundle.folder).await?;
        let wasm = tokio::task::spawn_blocking(move || build.file()).await??;
        Ok(Self { backend, bundle, wasm })
    }

    /// A listener with a shipped configuration, named after it.
    #[must_use]
    pub fn listener(&self, template: Template) -> Listener {
        Listener {
            name: template.name().to_owned(),
            template,
            configuration: Some(self.bundle.configuration(template).to_string()),
            upstream: self.backend.address,
            wasm: self.wasm.clone(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: None,
            tls: None,
        }
    }

    /// A sound token of a customer.
    #[must_use]
    pub fn token(&self) -> String {
        let recipe = TokenRecipe::claims(json!({ "sub": "alice", "groups": ["customers"] }));
        recipe.mint(&self.bundle.audience)
    }

    /// A customer's request, under a tag.
    #[must_use]
    pub fn ask(&self, client: Client, tag: &str, query: &str) -> Exchange {
        self.ask_bare(client, tag, query).bearer(&self.token())
    }

    /// A request without a token, under a tag.
    #[must_use]
    pub fn ask_bare(&self, client: Client, tag: &str, query: &str) -> Exchange {
        client.post("/graphql").header(TAG, tag).body(body(query))
    }

    /// Asks until a VM that trapped has a new instance: the next request on its worker makes one, and
    /// it is for the system to say which worker a request meets. Whatever is answered meanwhile is an
    /// answer of a good filter or a refusal.
    ///
    /// # Errors
    /// There is none.
    pub async fn reloaded(&self, envoy: &Envoy, client: Client) -> Result<()> {
        const AT_ONCE: usize = 8;
        let begin = Instant::now();
        for round in 0.. {
            let asked: JoinSet<_> = (0..AT_ONCE)
                .map(|nth| self.ask(client, &format!("reload-{round}-{nth}"), GRANTED))
                .map(Exchange::send)
                .collect();
            let mut served = true;
            for answer in asked.join_all().await {
                let answer = answer?;
                ensure!(matches!(answer.status, 503 | 200), "{} {}", answer.status, answer.text());
                served &= answer.status == 200;
            }
            let reloads = envoy.stats("vm_reload_success").await?;
            if served && reloads.values().sum::<u64>() >= 1 {
                break;
            }
            if begin.elapsed() > RELOAD {
                bail!("the filter did not come back: {reloads:?}\n{}", envoy.said());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// That a request was refused so: the answer, the record, and that the upstream has nothing
    /// of it (in stream mode: no whole request).
    ///
    /// # Errors
    /// It was not.
    pub async fn refused(
        &self,
        envoy: &Envoy,
        tag: &str,
        answer: &Answer,
        status: u16,
        reason: &str,
    ) -> Result<Entry> {
        ensure!(answer.status == status, "{tag}: {} {}", answer.status, answer.text());
        let entry = envoy.entry(tag).await?;
        self.unforwarded(tag, &entry)?;
        let record = entry.record();
        ensure!(record["decision"] == "deny" && record["reason"] == reason, "{tag}: {record}");
        let details = format!("fieldgate_{reason}");
        ensure!(entry.details() == details, "{tag}: {}", entry.line);
        Ok(entry)
    }

    /// That a request was never judged, and its record says so.
    ///
    /// # Errors
    /// It was, or there is none.
    pub async fn unjudged(&self, envoy: &Envoy, tag: &str, reason: &str) -> Result<Entry> {
        let entry = envoy.entry(tag).await?;
        let record = entry.record();
        ensure!(record["decision"] == "none" && record["reason"] == reason, "{tag}: {record}");
        self.unforwarded(tag, &entry)?;
        Ok(entry)
    }

    fn unforwarded(&self, tag: &str, entry: &Entry) -> Result<()> {
        let seen = match entry.record()["mode"].as_str() {
            Some("stream") => self.backend.complete(tag),
            _ => self.backend.seen(tag),
        };
        ensure!(seen.is_empty(), "{tag}: the upstream saw {seen:?}");
        Ok(())
    }

    /// That a request was forwarded once and answered.
    ///
    /// # Errors
    /// It was not.
    pub async fn allowed(&self, envoy: &Envoy, tag: &str, answer: &Answer) -> Result<Entry> {
        ensure!(answer.status == 200, "{tag}: {} {}", answer.status, answer.text());
        ensure!(answer.json()["data"].is_object(), "{tag}: {}", answer.text());
        let entry = envoy.entry(tag).await?;
        ensure!(entry.record()["decision"] == "allow", "{tag}: {}", entry.line);
        let seen = self.backend.seen(tag);
        ensure!(seen.len() == 1, "{tag}: the upstream saw {seen:?}");
        let body = seen.first().and_then(|seen| seen.body.as_ref());
        ensure!(body.is_some(), "{tag}: the upstream did not get the whole body");
        Ok(entry)
    }
}

/// A stage with its Envoy.
pub struct Scene {
    stage: Stage,
    pub envoy: Envoy,
}

impl Deref for Scene {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Scene {
    /// # Errors
    /// Envoy does not start.
    pub async fn new(stage: Stage, listeners: &[Listener]) -> Result<Self> {
        Ok(Self { envoy: Envoy::start(listeners).await?, stage })
    }

    /// A client of each mode over each protocol, with a name.
    #[must_use]
    pub fn clients(&self) -> Vec<(String, Template, Client)> {
        let mut clients = Vec::new();
        for mode in Template::ALL {
            let client = self.envoy.client(mode.name());
            clients.push((format!("{}-h1", mode.name()), mode, client));
            clients.push((format!("{}-h2", mode.name()), mode, client.http2()));
        }
        clients
    }
}

/// A request body with only a document.
#[must_use]
pub fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

/// A member of a record that has to be there.
///
/// # Errors
/// It is not.
pub fn member<'v>(record: &'v Value, pointer: &str) -> Result<&'v Value> {
    record.pointer(pointer).with_context(|| format!("no `{pointer}` in {record}"))
}
