//! GraphQL servers with field rules that nobody here wrote, each a process of its own where Envoy
//! runs: those of `tests/bench/peers`, which answer the page's query by themselves from memory.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use anyhow::{Context, Result};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::repository;
use fieldgate_e2e::token::Keys;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::listeners::Parts;
use crate::process::{Process, beside_envoy};
use crate::way::{Refuses, Server, Table, Way};

/// Rows, and the programs behind them.
const NODE: [(&str, &str); 3] = [
    ("graphql-yoga with graphql-shield", "yoga-shield.mjs"),
    ("Apollo Server with graphql-shield", "apollo-shield.mjs"),
    ("graphql-yoga with generic-auth", "yoga-generic-auth.mjs"),
];

/// They are slow: so many times fewer requests.
pub(crate) const PART: usize = 4;

/// What there is of others here.
#[derive(Default)]
pub(crate) struct Peers {
    pub(crate) ways: Vec<Way>,
    /// Killed when they are dropped.
    pub(crate) processes: Vec<Process>,
    /// What they read, removed when it is dropped.
    pub(crate) folders: Vec<TempDir>,
    /// Who is not there, and why.
    pub(crate) skipped: Vec<String>,
}

impl Peers {
    /// Starts the servers in Node, if its packages are there.
    pub(crate) fn start_node(&mut self, parts: &Parts, portal: &Guarded) -> Result<()> {
        let folder = repository().join("tests/bench/peers");
        if !folder.join("node_modules").is_dir() {
            self.skipped.push(
                "Servers in Node: tests/bench/peers has no packages; `make peers` installs them"
                    .to_owned(),
            );
            return Ok(());
        }
        let trusts = json!({
            "issuer": portal.audience.issuer,
            "audience": portal.audience.audience,
            "jwks": Keys::published().jwks(),
        });
        for (name, program) in NODE {
            let mut command = beside_envoy("node");
            command.current_dir(&folder).arg(program).arg(trusts.to_string());
            let mut process = Process::start(command, Stdio::piped())?;
            let said: Value = serde_json::from_str(&process.line()?).context(name)?;
            let port = u16::try_from(said["port"].as_u64().context("a port")?)?;
            self.ways.push(Way {
                server: Server::Direct(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
                processes: vec![process.id()],
                goes_upstream: false,
                part: PART,
                ..Way::new(name, Table::Peers, parts.pass(), portal).refusing(Refuses::Fields)
            });
            self.processes.push(process);
        }
        Ok(())
    }
}

/// Whether a row is one of those in Node.
pub(crate) fn in_node(name: &str) -> bool {
    NODE.iter().any(|(row, _)| *row == name)
}
