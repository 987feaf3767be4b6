//! Envoy as a process in a folder of its own, where it also leaves its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::repository;

/// An Envoy that is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    /// Whether its end is expected.
    stopped: bool,
}

impl Process {
    /// Starts it with a configuration. It writes the address of its admin interface to a file.
    pub(super) fn start(folder: &Path, config: &Path, admin_address: &Path) -> Result<Self> {
        let log = File::create(log_file(folder))?;
        let (mut command, workers) = command()?;
        let child = command
            .current_dir(folder)
            .arg("--config-path")
            .arg(config)
            .arg("--admin-address-path")
            .arg(admin_address)
            // Hot restart would leave shared memory behind when the process is killed.
            .arg("--disable-hot-restart")
            .args(["--concurrency", workers, "--file-flush-interval-msec", "50"])
            .args(["--drain-time-s", "1", "--log-level", "warning"])
            .args(["--component-log-level", "wasm:info,upstream:error"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("Envoy cannot be started")?;
        Ok(Self { child, stopped: false })
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    pub(super) fn stop(&mut self) {
        if !self.stopped {
            self.stopped = true;
            // It may have ended by itself: then there is nothing to do.
            let _ended = self.child.kill();
            let _status = self.child.wait();
        }
    }

    /// The memory that it has in use, in bytes.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }

    /// The CPU time that all of its threads have had, in microseconds.
    pub(super) fn cpu_microseconds(&self) -> Result<f64> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let spent = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = spent.split_whitespace().next().context("schedstat")?;
            nanoseconds += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How it is run, and with how many workers: two, or one on the processor that `$ENVOY_CPU` names.
fn command() -> Result<(Command, &'static str)> {
    let Some(cpu) = std::env::var_os("ENVOY_CPU") else {
        return Ok((Command::new(binary()?), "2"));
    };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(cpu).arg(binary()?);
    Ok((command, "1"))
}

/// The Envoy to run: `$ENVOY`, or what `make envoy` installs.
pub(super) fn binary() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("ENVOY") {
        return Ok(given.into());
    }
    let installed = repository().join(".venv/bin/envoy");
    if !installed.is_file() {
        bail!("no Envoy at {}: run `make envoy`, or set ENVOY to one", installed.display());
    }
    Ok(installed)
}

/// The end of the log.
pub(super) fn said(folder: &Path) -> String {
    let log = fs::read_to_string(log_file(folder)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines[lines.len().saturating_sub(40)..].join("\n");
    format!("Envoy's log:\n{tail}")
}

/// Where the log is.
pub(super) fn log_file(folder: &Path) -> PathBuf {
    folder.join("envoy.log")
}
