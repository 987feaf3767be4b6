//! The scanners: how each is called, within a bound, and what it reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::repository;
use serde_json::Value;

/// No scanner has longer than this, whatever it was told.
const PATIENCE: Duration = Duration::from_secs(150);
/// The seed of what schemathesis makes up.
const SEED: &str = "1";

/// The programs of the virtual environment.
pub(crate) struct Tools {
    programs: PathBuf,
    /// Where they write.
    folder: PathBuf,
}

/// Whom a scanner speaks to, and as whom.
pub(crate) struct Target<'a> {
    pub(crate) address: SocketAddr,
    /// In each of its requests.
    pub(crate) tag: &'a str,
    pub(crate) token: Option<&'a str>,
}

/// What schemathesis reports.
#[derive(Debug)]
pub(crate) struct Tested {
    pub(crate) requests: usize,
    /// How many failures of each kind, by its name.
    pub(crate) failures: BTreeMap<String, u64>,
    /// How many answers of each status.
    pub(crate) statuses: BTreeMap<u64, usize>,
    pub(crate) errors: Vec<Value>,
    /// What the server said of requests that came so far, with their bodies.
    pub(crate) said: Vec<(String, String)>,
}

impl Tools {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let environment = std::env::var_os("SCAN_VENV").context("SCAN_VENV names no folder")?;
        Ok(Self { programs: PathBuf::from(environment).join("bin"), folder: folder.to_owned() })
    }

    /// The interpreter that has the scanners.
    pub(crate) fn python(&self) -> PathBuf {
        self.programs.join("python")
    }

    /// Makes up operations of a schema, as they should be, for so many seconds.
    pub(crate) fn schemathesis(
        &self,
        schema: &Path,
        target: &Target<'_>,
        seconds: u32,
    ) -> Result<Tested> {
        let [report, traffic] =
            ["json", "har"].map(|kind| self.folder.join(format!("{}.{kind}", target.tag)));
        let mut command = Command::new(self.programs.join("schemathesis"));
        command
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", repository().join("tests/scan"));
        command.arg("run").arg(schema).arg("--url").arg(endpoint(target.address));
        command.args(["--continue-on-failure", "--no-color", "--seed", SEED, "--max-time"]);
        command.arg(seconds.to_string());
        command.args(["--generation-database", "none", "--report", "json,har"]);
        command.arg("--report-json-path").arg(&report).arg("--report-har-path").arg(&traffic);
        headers(&mut command, target);
        // Its exit code says whether it has found something, which the report does too.
        self.run(command, target.tag)?;
        let (report, traffic) = (read(&report)?, read(&traffic)?);
        let failures = report["failures"].as_array().into_iter().flatten();
        let failures = failures.map(|one| {
            let kind = one["type"].as_str().unwrap_or_default().to_owned();
            (kind, one["count"].as_u64().unwrap_or_default())
        });
        let entries = traffic["log"]["entries"].as_array().context("no traffic")?;
        let (mut statuses, mut said) = (BTreeMap::new(), Vec::new());
        for entry in entries {
            let status = entry["response"]["status"].as_u64().unwrap_or_default();
            *statuses.entry(status).or_default() += 1;
            let text = |pointer| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let answer: Value =
                serde_json::from_str(text("/response/content/text")).unwrap_or_default();
            let errors = answer["errors"].as_array().into_iter().flatten();
            for error in errors.filter(|_| status == 200) {
                let message = error["message"].as_str().unwrap_or_default().to_owned();
                said.push((text("/request/postData/text").to_owned(), message));
            }
        }
        Ok(Tested {
            requests: entries.len(),
            failures: failures.collect(),
            statuses,
            said,
            errors: report["errors"].as_array().cloned().unwrap_or_default(),
        })
    }

    /// Recovers a schema from what the server says of wrong operations: `Type.field`.
    pub(crate) fn clairvoyance(
        &self,
        words: &Path,
        target: &Target<'_>,
        document: &str,
    ) -> Result<BTreeSet<String>> {
        let output = self.folder.join(format!("{}.json", target.tag));
        let mut command = Command::new(self.programs.join("clairvoyance"));
        command.arg("-w").arg(words).arg("-o").arg(&output).args(["-d", document]);
        headers(&mut command, target);
        command.arg(endpoint(target.address));
        self.run(command, target.tag)?;
        // It writes what it has after each round, and ends with an error where it learns nothing.
        let Ok(schema) = read(&output) else { return Ok(BTreeSet::new()) };
        let mut recovered = BTreeSet::new();
        for of in schema["data"]["__schema"]["types"].as_array().into_iter().flatten() {
            let fields = of["fields"].as_array().into_iter().flatten();
            // `dummy` is its own word for a type of which it has no field.
            let names = fields.filter_map(|field| field["name"].as_str());
            let type_name = of["name"].as_str().unwrap_or_default();
            recovered.extend(
                names.filter(|name| *name != "dummy").map(|name| format!("{type_name}.{name}")),
            );
        }
        Ok(recovered)
    }

    /// Runs a program to its end, which is not later than [`PATIENCE`].
    fn run(&self, mut command: Command, name: &str) -> Result<()> {
        let log = self.folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        command.current_dir(&self.folder).stdout(file.try_clone()?).stderr(file);
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let begin = Instant::now();
        while child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!("{name} does not end within {PATIENCE:?}\n{said}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}/graphql")
}

fn headers(command: &mut Command, target: &Target<'_>) {
    command.args(["-H", &format!("{TAG}: {}", target.tag)]);
    if let Some(token) = target.token {
        command.args(["-H", &format!("authorization: Bearer {token}")]);
    }
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_slice(&text)?)
}
