//! `tests/scan/server.py`: a GraphQL server that answers what is wrong as graphql-js does.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};
use fieldgate_e2e::repository;
use serde::Deserialize;

/// A request that it got.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) tag: Option<String>,
    pub(crate) body: String,
    /// `Type.field` of every field executed.
    pub(crate) executed: Vec<String>,
    /// What it said was wrong.
    pub(crate) errors: Vec<String>,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    child: Child,
}

impl Server {
    pub(crate) fn start(python: &Path, schema: &Path) -> Result<Self> {
        let mut child = Command::new(python)
            .arg(repository().join("tests/scan/server.py"))
            .arg(schema)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server does not start")?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let address = lines.next().context("the server says nothing")??.parse()?;
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let written = Arc::clone(&asked);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let one = serde_json::from_str(&line).expect("the server writes what it was asked");
                written.lock().expect("no panic while recording").push(one);
            }
        });
        Ok(Self { address, asked, child })
    }

    /// Every request with a tag.
    pub(crate) fn asked(&self, tag: &str) -> Vec<Asked> {
        let asked = self.asked.lock().expect("no panic while recording");
        asked.iter().filter(|one| one.tag.as_deref() == Some(tag)).cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
