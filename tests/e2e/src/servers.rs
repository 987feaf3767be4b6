//! GraphQL servers that nobody here wrote, over one schema and with everything on that they have,
//! each of which tells what it executed. See `tests/interop/servers`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::backend::Backend;
use crate::client::Client;
use crate::peer::Peer;
use crate::repository;

/// The servers in Node, each a program of `tests/interop/servers`.
const NODE: [&str; 6] =
    ["yoga", "apollo", "apollo-standalone", "mercurius", "graphql-http", "express-graphql"];

/// The servers in Python, by their names in `server.py`.
const PYTHON: [&str; 2] = ["ariadne", "strawberry"];

/// A server that runs until it is dropped.
pub struct Server {
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    place: Place,
}

enum Place {
    /// In a process of its own, which tells its log on another port.
    Process { _peer: Peer, log: SocketAddr },
    /// async-graphql in this one.
    Here(Backend),
}

/// A field that a server executed.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Executed {
    /// `Type.field`
    pub coordinate: String,
    pub arguments: Value,
}

/// What was executed, by the requests' tags.
pub type Log = BTreeMap<String, Vec<Executed>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    port: u16,
    log: u16,
}

impl Server {
    /// Starts all that there are here over a schema. None, and said so, without Node or the
    /// packages; those in Python are left out, and that is said, where theirs are not there.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn start_all(schema: &Path) -> Result<Option<Vec<Self>>> {
        if !has_node() {
            return Ok(None);
        }
        let sdl = std::fs::read_to_string(schema)?;
        let backend = Backend::permissive(&sdl).await?;
        let address = backend.address;
        let here = Self { name: "async-graphql", address, place: Place::Here(backend) };
        let mut starting = JoinSet::new();
        for name in NODE {
            let mut command = Command::new("node");
            command.arg(format!("{name}.mjs")).arg(schema);
            starting.spawn(Self::start(name, command));
        }
        match python() {
            Some(python) => {
                for name in PYTHON {
                    let mut command = Command::new(&python);
                    command.arg("server.py").arg(name).arg(schema);
                    starting.spawn(Self::start(name, command));
                }
            }
            None => println!("skipped: {PYTHON:?}, as .venv has no packages; `make python`"),
        }
        let mut servers = vec![here];
        while let Some(started) = starting.join_next().await {
            servers.push(started??);
        }
        servers.sort_by_key(|server| server.name);
        Ok(Some(servers))
    }

    /// Starts one of those in Node over a schema. None, and said so, without Node or the packages.
    ///
    /// # Errors
    /// There is none of this name, or it does not start.
    pub async fn start_one(name: &str, schema: &Path) -> Result<Option<Self>> {
        if !has_node() {
            return Ok(None);
        }
        let name = NODE.into_iter().find(|known| *known == name).context("a server's name")?;
        let mut command = Command::new("node");
        command.arg(format!("{name}.mjs")).arg(schema);
        Self::start(name, command).await.map(Some)
    }

    async fn start(name: &'static str, mut command: Command) -> Result<Self> {
        command.current_dir(folder());
        let (peer, ready) = Peer::start(command).await.context(name)?;
        let Ready { port, log } = ready;
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { name, address: at(port), place: Place::Process { _peer: peer, log: at(log) } })
    }

    /// Everything that was executed so far.
    ///
    /// # Errors
    /// The server is not there any more.
    pub async fn log(&self) -> Result<Log> {
        let log = match &self.place {
            Place::Here(backend) => return Ok(of_backend(backend)),
            Place::Process { log, .. } => *log,
        };
        let answer = Client::new(log).request("GET", "/").send().await.context(self.name)?;
        ensure!(answer.status == 200, "{}: {}", self.name, answer.text());
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

fn of_backend(backend: &Backend) -> Log {
    let mut log = Log::new();
    for seen in backend.all() {
        let calls = seen.executed.into_iter().zip(seen.arguments);
        let calls = calls.map(|(coordinate, arguments)| Executed { coordinate, arguments });
        log.entry(seen.tag).or_default().extend(calls);
    }
    log
}

/// Where the programs are.
#[must_use]
pub fn folder() -> PathBuf {
    repository().join("tests/interop/servers")
}

/// Whether the packages are there; says so if not.
#[must_use]
pub fn has_node() -> bool {
    let there = folder().join("node_modules").is_dir();
    if !there {
        println!("skipped: tests/interop/servers has no packages; `make node` installs them");
    }
    there
}

/// The interpreter that has the packages.
fn python() -> Option<PathBuf> {
    let python = repository().join(".venv/bin/python");
    let mut command = Command::new(&python);
    let has = command.args(["-c", "import ariadne, strawberry, uvicorn"]).output();
    has.is_ok_and(|output| output.status.success()).then_some(python)
}
