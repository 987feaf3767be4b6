//! The filter's code as a file: the one that is given in `$FIELDGATE_WASM`, or built here.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::repository;

const FILTER: &str = "fieldgate-filter";

/// Which build of the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// What is shipped.
    Plain,
    /// Traps on `x-fieldgate-test: trap`.
    Trap,
    /// Fails to configure on all threads but the one that Envoy asks first.
    FailWorkers,
    /// Answers `x-fieldgate-test: signature` with what each verifier says.
    Signatures,
}

impl Build {
    fn feature(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Trap => Some("test-trap"),
            Self::FailWorkers => Some("test-fail-workers"),
            Self::Signatures => Some("test-signatures"),
        }
    }

    /// The file with the code.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn file(self) -> Result<String> {
        // One at a time: each waits for the other's lock anyway.
        static BUILDING: Mutex<()> = Mutex::new(());
        let _alone = BUILDING.lock().ok().context("an earlier build of the filter failed")?;
        match (self.feature(), std::env::var("FIELDGATE_WASM")) {
            (None, Ok(given)) => Ok(given),
            (None, Err(_)) => build(FILTER, "wasm-dev", &[]),
            // Elsewhere than the plain build, which must never be taken for one of these.
            (Some(feature), _) => {
                let folder = repository().join("target").join(feature);
                let folder = folder.as_os_str();
                build(
                    FILTER,
                    "wasm-dev",
                    &["--features".as_ref(), feature.as_ref(), "--target-dir".as_ref(), folder],
                )
            }
        }
    }
}

/// The filter that does nothing, as a file, and as fast as the filter that is shipped.
///
/// # Errors
/// It cannot be built.
pub fn idle() -> Result<String> {
    build("fieldgate-idle", "wasm", &[])
}

fn build(package: &str, profile: &str, further: &[&OsStr]) -> Result<String> {
    let arguments = ["--target", "wasm32-wasip1", "--profile", profile].map(AsRef::as_ref);
    let messages = cargo_build(package, &[&arguments, further].concat())?;
    let file = messages.iter().rev().find_map(|message| {
        let files = message["filenames"].as_array()?;
        let file = files.iter().find_map(|file| file.as_str()?.strip_suffix(".wasm"))?;
        Some(PathBuf::from(format!("{file}.wasm")))
    });
    let file = file.context("cargo names no wasm file")?;
    Ok(file.to_str().context("a path in UTF-8")?.to_owned())
}

/// Builds a package of this repository; what cargo says of it, as JSON.
pub(crate) fn cargo_build(package: &str, further: &[&OsStr]) -> Result<Vec<Value>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(repository())
        .args(["build", "--package", package, "--message-format", "json-render-diagnostics"])
        .args(further)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("`{package}` does not build");
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
