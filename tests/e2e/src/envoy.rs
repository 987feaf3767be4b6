//! A real Envoy that runs a shipped configuration, is asked through its admin interface, and ends
//! with the value. If it ends before, that is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::client::{Answer, Client, TIMEOUT};
use crate::cluster::Served;

mod channel;
mod log;
mod process;
mod ready;
mod template;

pub use channel::Channel;
pub use log::Entry;
pub use template::{Listener, Template, log_as_shipped};

use log::LogReader;
use process::{Process, binary, log_file, said};
use ready::{listeners, ready};
use template::Delivery;

/// Compiling the filter's code takes its time on a busy machine.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// An Envoy that runs until it is dropped.
pub struct Envoy {
    process: Mutex<Process>,
    directory: TempDir,
    admin: Client,
    listeners: Mutex<BTreeMap<String, SocketAddr>>,
    log: Mutex<LogReader>,
    version: Mutex<u32>,
}

/// How far a start has to come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// The admin interface answers.
    Running,
    /// Envoy says that it is live, and has so many listeners.
    Listening(usize),
}

/// What Envoy said to a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    Accepted,
    /// A NACK: the configuration in force stays.
    Rejected,
}

impl Envoy {
    /// Starts Envoy with its listeners in the bootstrap.
    ///
    /// # Errors
    /// There is no Envoy, or it does not start: its log is in the error.
    pub async fn start(listeners: &[Listener]) -> Result<Self> {
        Self::start_changed(listeners, |_| ()).await
    }

    /// The same with a change of the bootstrap.
    ///
    /// # Errors
    /// There is no Envoy, or it does not start: its log is in the error.
    pub async fn start_changed(
        listeners: &[Listener],
        change: impl FnOnce(&mut Value),
    ) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let access_log = directory.path().join("access.log");
        let mut bootstrap = template::bootstrap(listeners, Delivery::Bootstrap, &access_log)?;
        change(&mut bootstrap);
        Self::run(directory, &bootstrap, Until::Listening(listeners.len())).await
    }

    /// Starts Envoy with its listeners from a file, as LDS, so that they can be pushed anew.
    ///
    /// # Errors
    /// There is no Envoy, or it does not start: its log is in the error.
    pub async fn start_with_lds(listeners: &[Listener]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let access_log = directory.path().join("access.log");
        let file = lds_file(directory.path());
        fs::create_dir(file.parent().context("the file is in a folder")?)?;
        let first = template::discovery(listeners, 1, &access_log)?;
        fs::write(&file, first.to_string())?;
        let bootstrap = template::bootstrap(listeners, Delivery::File(&file), &access_log)?;
        Self::run(directory, &bootstrap, Until::Listening(listeners.len())).await
    }

    /// Starts Envoy with listeners that a control plane serves, in front of a backend. What it says
    /// to them in a trial run has to be nothing.
    ///
    /// # Errors
    /// There is no Envoy, or it does not start: its log is in the error.
    pub async fn start_served(served: &mut Served, upstream: SocketAddr) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path();
        served.settle(path)?;
        let bootstrap = template::around(served, upstream, &path.join("access.log"))?;
        fs::write(path.join("trial.json"), bootstrap.to_string())?;
        let said = Self::validate(path, "trial.json")?;
        ensure!(!said.contains("[warning]"), "{said}");
        Self::run(directory, &bootstrap, Until::Listening(1)).await
    }

    /// Starts Envoy in a folder and waits until it has come so far.
    pub(crate) async fn run(directory: TempDir, bootstrap: &Value, until: Until) -> Result<Self> {
        let path = directory.path();
        // Envoy reads JSON as it reads YAML.
        let config = path.join("envoy.json");
        fs::write(&config, serde_json::to_string_pretty(bootstrap)?)?;
        let admin_address = path.join("admin");
        let mut process = Process::start(path, &config, &admin_address)?;
        let admin = ready(&mut process, path, &admin_address, until).await;
        let admin = match admin {
            Ok(admin) => admin,
            Err(error) => {
                process.stop();
                return Err(error.context(said(path)));
            }
        };
        let envoy = Self {
            process: Mutex::new(process),
            admin,
            listeners: Mutex::default(),
            log: Mutex::new(LogReader::new(path.join("access.log"))),
            version: Mutex::new(1),
            directory,
        };
        envoy.listeners().await?;
        Ok(envoy)
    }

    /// Has Envoy read a configuration file in a folder, without serving it, and returns what it
    /// says.
    ///
    /// # Errors
    /// There is no Envoy, or it does not accept the file.
    pub fn validate(folder: &Path, file: &str) -> Result<String> {
        let output = Command::new(binary()?)
            .current_dir(folder)
            .args(["--mode", "validate", "--log-level", "warning", "--config-path", file])
            .output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if !output.status.success() {
            bail!("{said}");
        }
        Ok(said)
    }

    /// The version of the Envoy that is run.
    ///
    /// # Errors
    /// There is none.
    pub fn version() -> Result<String> {
        let output = Command::new(binary()?).arg("--version").output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_version = |part: &&str| {
            part.starts_with(|char: char| char.is_ascii_digit()) && part.contains('.')
        };
        let version = said.split('/').find(is_version).context("a version")?;
        Ok(version.to_owned())
    }

    /// A client of a listener.
    #[must_use]
    pub fn client(&self, listener: &str) -> Client {
        Client::new(self.address(listener))
    }

    /// Where a listener listens.
    #[must_use]
    pub fn address(&self, listener: &str) -> SocketAddr {
        let listeners = self.listeners.lock().expect("no panic while finding listeners");
        let known = listeners.get(listener);
        *known.unwrap_or_else(|| panic!("no listener `{listener}` in {listeners:?}"))
    }

    /// The access log's entries with a tag, as soon as there are so many.
    ///
    /// # Errors
    /// They do not come.
    pub async fn entries(&self, tag: &str, count: usize) -> Result<Vec<Entry>> {
        let begin = Instant::now();
        loop {
            let entries = self.log.lock().expect("the log is readable").entries(tag);
            if entries.len() >= count {
                return Ok(entries);
            }
            if begin.elapsed() > TIMEOUT {
                bail!("{} of {count} access log entries for `{tag}`", entries.len());
            }
            sleep(POLL).await;
        }
    }

    /// The only entry with a tag. Look again at the end of a test with [`Self::entry_count`]: a
    /// second one would come later.
    ///
    /// # Errors
    /// It does not come, or there are several.
    pub async fn entry(&self, tag: &str) -> Result<Entry> {
        let mut entries = self.entries(tag, 1).await?;
        match (entries.pop(), entries.len()) {
            (Some(entry), 0) => Ok(entry),
            (_, more) => bail!("{} access log entries for `{tag}`", more + 1),
        }
    }

    /// How many entries with a tag there are, flushed ones.
    #[must_use]
    pub fn entry_count(&self, tag: &str) -> usize {
        self.log.lock().expect("the log is readable").entries(tag).len()
    }

    /// All entries so far, flushed ones.
    #[must_use]
    pub fn logged(&self) -> Vec<Entry> {
        self.log.lock().expect("the log is readable").all()
    }

    /// Where the admin interface listens.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Asks the admin interface.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn admin(&self, path: &str) -> Result<Answer> {
        self.admin.request("GET", path).send().await
    }

    /// The counters and gauges whose names match a regular expression.
    ///
    /// # Errors
    /// The admin interface does not answer.
    pub async fn stats(&self, filter: &str) -> Result<BTreeMap<String, u64>> {
        let answer = self.admin(&format!("/stats?format=json&filter={filter}")).await?.json();
        let all = answer["stats"].as_array().context("stats are a list")?;
        let read = |one: &Value| Some((one["name"].as_str()?.to_owned(), one["value"].as_u64()?));
        Ok(all.iter().filter_map(read).collect())
    }

    /// Pushes listeners in place of all there are, and waits for what Envoy says.
    ///
    /// # Errors
    /// Envoy says nothing.
    pub async fn push(&self, listeners: &[Listener]) -> Result<Pushed> {
        let verdicts = || async {
            let stats = self.stats("listener_manager.lds.update_").await?;
            let of = |name: &str| {
                stats.get(&format!("listener_manager.lds.update_{name}")).copied().unwrap_or(0)
            };
            Ok::<_, anyhow::Error>((of("success"), of("rejected")))
        };
        let (success, rejected) = verdicts().await?;
        let version = {
            let mut version = self.version.lock().expect("no panic while counting");
            *version += 1;
            *version
        };
        let path = self.directory.path();
        let next = template::discovery(listeners, version, &path.join("access.log"))?;
        // Envoy looks when a file is moved into place, so that it never reads half a file.
        let half = path.join("lds.json.next");
        fs::write(&half, next.to_string())?;
        fs::rename(&half, lds_file(path))?;
        let begin = Instant::now();
        while begin.elapsed() < START {
            match verdicts().await? {
                (now, _) if now > success => {
                    self.listeners().await?;
                    return Ok(Pushed::Accepted);
                }
                (_, now) if now > rejected => return Ok(Pushed::Rejected),
                _ => sleep(POLL).await,
            }
        }
        bail!("no answer to a push\n{}", said(path))
    }

    /// The end of Envoy's own log so far.
    #[must_use]
    pub fn said(&self) -> String {
        said(self.directory.path())
    }

    /// The memory that Envoy has in use, in bytes.
    ///
    /// # Errors
    /// The system does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.lock().expect("no panic while stopping").resident_bytes()
    }

    /// The CPU time that all of its threads have had, in microseconds.
    ///
    /// # Errors
    /// The system does not say.
    pub fn cpu_microseconds(&self) -> Result<f64> {
        self.process.lock().expect("no panic while stopping").cpu_microseconds()
    }

    /// Envoy's own log so far.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(log_file(self.directory.path()))?)
    }

    /// The folder that Envoy runs in.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The listeners that Envoy has now, and where they are.
    ///
    /// # Errors
    /// The admin interface does not answer.
    pub async fn listeners(&self) -> Result<BTreeMap<String, SocketAddr>> {
        let found = listeners(&self.admin).await?;
        self.listeners.lock().expect("no panic while finding listeners").clone_from(&found);
        Ok(found)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let Ok(mut process) = self.process.lock() else { return };
        // A signal to the terminal reaches Envoy too: then it ends in peace.
        let ended = process.ended().ok().flatten().filter(|status| !status.success());
        process.stop();
        if let Some(status) = ended
            && !std::thread::panicking()
        {
            panic!("Envoy ended with {status}\n{}", said(self.directory.path()));
        }
    }
}

fn lds_file(directory: &Path) -> PathBuf {
    directory.join("lds/lds.json")
}
