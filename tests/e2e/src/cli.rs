//! The command line, as it is built from this repository.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result};

use crate::filter::cargo_build;

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `fieldgate` to its end.
///
/// # Errors
/// It does not build, or a signal has ended it.
pub async fn fieldgate(words: Vec<String>) -> Result<Ran> {
    tokio::task::spawn_blocking(move || {
        let output = Command::new(program()?).args(words).env_clear().output()?;
        Ok(Ran {
            exit: output.status.code().context("it ends by itself")?,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    })
    .await?
}

/// The program, built when it is first needed.
///
/// # Errors
/// It does not build.
pub fn program() -> Result<PathBuf> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut built = BUILT.lock().ok().context("an earlier build failed")?;
    if let Some(file) = built.as_ref() {
        return Ok(file.clone());
    }
    let messages = cargo_build("fieldgate", &[])?;
    let file = messages.iter().rev().find_map(|message| message["executable"].as_str());
    Ok(built.insert(file.context("cargo names no program")?.into()).clone())
}
