//! A real Envoy with a shipped configuration that gets its policy while it runs, and the source that
//! it gets it from: a watched file, or a management server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::client::{Client, TIMEOUT};
use crate::envoy::{Channel, Envoy, Until};
use crate::management::ManagementServer;
use crate::resource::protobuf;

/// The name of the shipped listener.
pub const LISTENER: &str = "graphql";

const POLL: Duration = Duration::from_millis(5);

/// What Envoy says to a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// ACK: it is in force, or on its way there.
    Accepted,
    /// NACK, and why: what was in force stays.
    Rejected(String),
}

/// What is there when Envoy starts.
#[derive(Clone, Copy, Debug)]
pub enum First<'a> {
    /// This resource, and with it a listener.
    Resource(&'a Value),
    /// This resource, which cannot be enforced.
    Unusable(&'a Value),
    /// A response without a resource in the file; a management server that says nothing.
    Nothing,
    /// Not even a file.
    NoFile,
}

/// An Envoy and its source.
pub struct Subscriber {
    pub envoy: Envoy,
    channel: Channel,
    server: Mutex<Option<ManagementServer>>,
}

impl Subscriber {
    /// Starts both, and waits until Envoy is live; without a first resource, until it runs.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn start(channel: Channel, upstream: SocketAddr, first: First<'_>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let log = access_log(directory.path());
        let server = match channel {
            Channel::File | Channel::FileListener => None,
            Channel::Ads | Channel::DeltaAds => Some(ManagementServer::start().await?),
        };
        if let Some(watched) = channel.watched() {
            let file = directory.path().join(watched);
            fs::create_dir(file.parent().context("the file is in a folder")?)?;
            let response = match first {
                First::Resource(resource) | First::Unusable(resource) => {
                    Some(channel.fitted(resource, &log))
                }
                First::Nothing => Some(json!({ "version_info": "0", "resources": [] })),
                First::NoFile => None,
            };
            if let Some(response) = response {
                fs::write(file, response.to_string())?;
            }
        }
        match (&server, first) {
            (Some(server), First::Resource(resource) | First::Unusable(resource)) => {
                server.offer(protobuf(resource)?);
            }
            (Some(_), First::Nothing | First::NoFile) | (None, _) => {}
        }
        let management = server.as_ref().map(|server| server.address);
        let bootstrap = channel.bootstrap(upstream, management, &log)?;
        let until = match first {
            First::Resource(_) => Until::Listening(1),
            First::Unusable(_) => Until::Listening(0),
            First::Nothing | First::NoFile => Until::Running,
        };
        let envoy = Envoy::run(directory, &bootstrap, until).await?;
        Ok(Self { envoy, channel, server: Mutex::new(server) })
    }

    /// A client of the listener.
    #[must_use]
    pub fn client(&self) -> Client {
        self.envoy.client(LISTENER)
    }

    /// Pushes a resource in place of what there is, and waits for what Envoy says.
    ///
    /// # Errors
    /// Envoy says nothing.
    pub async fn push(&self, resource: &Value) -> Result<Verdict> {
        match self.channel.watched() {
            Some(watched) => self.replace(watched, resource).await,
            None => self.with_server(async |server| server.push(protobuf(resource)?).await).await,
        }
    }

    /// Has the management server take the resource away, and waits for what Envoy says.
    ///
    /// # Errors
    /// Envoy says nothing.
    pub async fn withdraw(&self) -> Result<Verdict> {
        self.with_server(async |server| server.withdraw().await).await
    }

    /// What Envoy said to what the management server offers now.
    ///
    /// # Errors
    /// It says nothing.
    pub async fn verdict(&self) -> Result<Verdict> {
        self.with_server(async |server| server.verdict_so_far().await).await
    }

    /// Ends the management server, which returns with [`Self::server_returns`].
    ///
    /// # Errors
    /// There is none.
    pub async fn server_leaves(&self) -> Result<SocketAddr> {
        let server = self.server.lock().await.take();
        Ok(server.context("there is a management server")?.address)
    }

    /// A management server where the last one was, that offers this: what Envoy says.
    ///
    /// # Errors
    /// It does not start, or Envoy says nothing.
    pub async fn server_returns(&self, address: SocketAddr, resource: &Value) -> Result<Verdict> {
        let server = ManagementServer::start_at(address).await?;
        server.offer(protobuf(resource)?);
        let verdict = server.verdict_so_far().await;
        *self.server.lock().await = Some(server);
        verdict
    }

    /// Envoy's counters for pushes, by their last name.
    ///
    /// # Errors
    /// The admin interface does not answer.
    pub async fn counted(&self, name: &str) -> Result<u64> {
        let name = format!("{}.{name}", self.channel.counters());
        let stats = self.envoy.stats(&name).await?;
        stats.get(&name).copied().with_context(|| format!("Envoy counts no `{name}`"))
    }

    /// The file that is watched.
    ///
    /// # Errors
    /// The source is a management server.
    pub fn file(&self) -> Result<PathBuf> {
        let watched = self.channel.watched().context("a file is watched")?;
        Ok(self.envoy.directory().join(watched))
    }

    /// Moves a file into place, and waits until Envoy has counted it.
    async fn replace(&self, watched: &str, resource: &Value) -> Result<Verdict> {
        let folder = self.envoy.directory();
        let resource = self.channel.fitted(resource, &access_log(folder));
        let half = folder.join("next.json");
        fs::write(&half, resource.to_string())?;
        self.counting(|| Ok(fs::rename(&half, folder.join(watched))?)).await
    }

    /// Does something that makes Envoy read its file, and waits until it has counted it.
    ///
    /// # Errors
    /// It does not count.
    pub async fn counting(&self, act: impl FnOnce() -> Result<()>) -> Result<Verdict> {
        let counters = self.channel.counters();
        let counts = async || {
            let stats = self.envoy.stats(&format!("{counters}.update_")).await?;
            let of = |name: &str| stats.get(&format!("{counters}.{name}")).copied().unwrap_or(0);
            Ok::<_, anyhow::Error>((of("update_success"), of("update_rejected")))
        };
        let (accepted, rejected) = counts().await?;
        act()?;
        let begin = Instant::now();
        while begin.elapsed() < TIMEOUT {
            match counts().await? {
                (now, _) if now > accepted => {
                    self.envoy.listeners().await?;
                    return Ok(Verdict::Accepted);
                }
                (_, now) if now > rejected => return Ok(Verdict::Rejected(self.envoy.said())),
                _ => sleep(POLL).await,
            }
        }
        bail!("Envoy says nothing to a push\n{}", self.envoy.said())
    }

    async fn with_server<R>(
        &self,
        act: impl AsyncFnOnce(&ManagementServer) -> Result<R>,
    ) -> Result<R> {
        let server = self.server.lock().await;
        act(server.as_ref().context("there is a management server")?).await
    }
}

fn access_log(folder: &Path) -> PathBuf {
    folder.join("access.log")
}
