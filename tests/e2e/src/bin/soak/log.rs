//! The access log, which is read as it grows and deleted behind: whether each request has its one
//! record, and the one that it has to have.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::client::Client;
use fieldgate_e2e::envoy::Envoy;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::asking::Done;
use crate::kinds::{Expected, Kind};

/// How long the file gets before another one is begun.
const LONGEST: u64 = 32 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// What is read of it.
pub(crate) struct Log {
    path: PathBuf,
    reader: BufReader<File>,
    /// Of a line whose end is not there yet.
    part: String,
    seen: Done,
}

impl Log {
    pub(crate) fn open(envoy: &Envoy) -> Result<Self> {
        let path = envoy.directory().join("access.log");
        let reader = BufReader::new(File::open(&path)?);
        Ok(Self { path, reader, part: String::new(), seen: Done::default() })
    }

    /// How many records there are.
    pub(crate) fn lines(&self) -> u64 {
        self.seen.all()
    }

    /// Reads on, and has Envoy begin another file where this one is long.
    pub(crate) async fn follow(&mut self, envoy: &Envoy) -> Result<()> {
        self.read()?;
        if fs::metadata(&self.path)?.len() < LONGEST {
            return Ok(());
        }
        let before = self.path.with_extension("before");
        fs::rename(&self.path, &before)?;
        let admin = Client::new(envoy.admin_address());
        let answer = admin.request("POST", "/reopen_logs").send().await?;
        ensure!(answer.status == 200, "/reopen_logs: {}", answer.status);
        // It does so with the next line; then all lines before are in the old file.
        let begin = Instant::now();
        while !self.path.exists() {
            ensure!(begin.elapsed() < PATIENCE, "Envoy begins no other access log");
            sleep(Duration::from_millis(20)).await;
        }
        self.read()?;
        ensure!(self.part.is_empty(), "the access log ends within a line: {}", self.part);
        self.reader = BufReader::new(File::open(&self.path)?);
        Ok(fs::remove_file(before)?)
    }

    /// Waits until it has a record of all that was asked, and sees that there are no others.
    pub(crate) async fn finish(&mut self, done: &Done) -> Result<()> {
        let begin = Instant::now();
        while self.lines() < done.all() && begin.elapsed() < PATIENCE {
            self.read_later().await?;
        }
        // One too many would come now.
        self.read_later().await?;
        ensure!(self.seen == *done, "asked: {done:?}, in the log: {:?}", self.seen);
        Ok(())
    }

    async fn read_later(&mut self) -> Result<()> {
        sleep(Duration::from_millis(200)).await;
        self.read()
    }

    fn read(&mut self) -> Result<()> {
        while self.reader.read_line(&mut self.part)? > 0 {
            if !self.part.ends_with('\n') {
                // The rest comes with the next flush.
                break;
            }
            let (kind, number) = check(&self.part)?;
            self.seen.note(kind, number);
            self.part.clear();
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Columns {
    tag: String,
    status: u16,
    /// The record, where it nests or as its text.
    fieldgate: Option<Value>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    decision: String,
    reason: Option<String>,
}

/// Whose record a line is, if it says what it should.
fn check(line: &str) -> Result<(Kind, u64)> {
    let columns = serde_json::from_str(line).with_context(|| line.to_owned())?;
    let Columns { tag, status, fieldgate, text } = columns;
    let record = match (fieldgate, text) {
        (Some(Value::String(text)), _) | (None, Some(text)) => serde_json::from_str(&text),
        (fieldgate, _) => serde_json::from_value(fieldgate.unwrap_or_default()),
    };
    let Record { decision, reason } = record.with_context(|| line.to_owned())?;
    let (name, number) = tag.split_once('.').with_context(|| line.to_owned())?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.with_context(|| line.to_owned())?;
    let Expected { status: expected, decision: decided, reason: because } = kind.expected();
    ensure!(status == expected && decision == decided && reason.as_deref() == because, "{line}");
    Ok((kind, number.parse()?))
}
