//! Processes beside Envoy that have a part in a row: they run where Envoy runs, say in one line where
//! they listen, and are killed when they are dropped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

pub(crate) struct Process(Child);

impl Process {
    /// Starts it. Its stdin ends with this value.
    pub(crate) fn start(mut command: Command, stdout: Stdio) -> Result<Self> {
        let program = format!("{command:?}");
        let child = command
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        Ok(Self(child))
    }

    /// The first line that it says into a pipe.
    pub(crate) fn line(&mut self) -> Result<String> {
        let stdout = self.0.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A program on the processor that Envoy has for itself, if it has one.
pub(crate) fn beside_envoy(program: &str) -> Command {
    let Some(cpu) = std::env::var_os("ENVOY_CPU") else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(cpu).arg(program);
    command
}

/// The CPU time that all threads of a process have had, in microseconds.
pub(crate) fn cpu_microseconds(process: u32) -> Result<f64> {
    let mut spent = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanoseconds = text.split_whitespace().next().context("schedstat")?;
        spent += nanoseconds.parse::<f64>()? / 1e3;
    }
    Ok(spent)
}
