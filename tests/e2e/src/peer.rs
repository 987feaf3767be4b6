//! A program that nobody here wrote, as a process of its own: it says one JSON line when it is
//! ready, and ends when its stdin does.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// Making keys and loading packages take their time on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A process that is killed when this is dropped.
pub(crate) struct Peer(Child);

impl Peer {
    /// Starts it, and waits for its line.
    pub(crate) async fn start<T>(mut command: Command) -> Result<(Self, T)>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            // It ends when this end of the pipe does, however that comes about.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let mut peer = Self(child);
        let stdout = peer.0.stdout.take().context("stdout is a pipe")?;
        let reading = tokio::task::spawn_blocking(move || ready(stdout));
        let ready = timeout(START, reading).await;
        let ready = ready.with_context(|| format!("{program} does not come up"))???;
        Ok((peer, ready))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn ready<T: DeserializeOwned>(stdout: ChildStdout) -> Result<T> {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    serde_json::from_str(&line).with_context(|| format!("a peer says `{line}`"))
}
