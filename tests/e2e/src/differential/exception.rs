//! What is known of servers: where they do not do what the GraphQL specification says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    exceptions: Vec<Exception>,
}

/// What one server makes of one row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub row: String,
    pub server: String,
    /// As the test says it.
    pub wrong: String,
    reason: String,
}

impl Exception {
    /// Reads the list in a folder of rows.
    ///
    /// # Errors
    /// It is not readable, or one has no reason.
    pub fn load(folder: &Path) -> Result<Vec<Self>> {
        let file = folder.join("exceptions/servers.yaml");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let File { version, exceptions } = serde_saphyr::from_str(&text)?;
        ensure!(version == 1, "version {version}");
        ensure!(exceptions.iter().all(|one| !one.reason.is_empty()), "one has no reason");
        Ok(exceptions)
    }

    #[must_use]
    pub fn is_of(&self, row: &str, server: &str, wrong: &str) -> bool {
        self.row == row && self.server == server && self.wrong == wrong
    }
}
