//! The bundle of the tests in as many revisions as a test pushes, which tell themselves apart in
//! every answer: an odd one grants [`DENIED`](crate::stage::DENIED) to a customer, an even one does
//! not.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::manifest::Plugin;
use serde_json::Value;
use tempfile::TempDir;

use crate::envoy::{Channel, Template};
use crate::repository;
use crate::stage::BUNDLE;
use crate::token::Keys;

/// The bundle's two variants, as folders.
pub struct Revisions {
    grants: TempDir,
    denies: TempDir,
}

/// One of them, built.
#[derive(Clone, Debug)]
pub struct Revision {
    /// As records show it.
    pub name: String,
    /// The policy's identity.
    pub digest: String,
    /// Whether a customer may ask [`DENIED`](crate::stage::DENIED).
    pub grants: bool,
    plugin: Plugin,
}

impl Revisions {
    /// # Errors
    /// The bundle of the tests is not what it was.
    pub fn new(mode: Template) -> Result<Self> {
        let (before, after) = ("    allow: [clerk, manager]\n", "    allow: [customer, clerk]\n");
        Ok(Self {
            denies: variant(mode, |policy| policy)?,
            grants: variant(mode, |policy| policy.replacen(before, after, 1))?,
        })
    }

    /// Builds a revision.
    ///
    /// # Errors
    /// It does not build.
    pub fn build(&self, number: usize) -> Result<Revision> {
        let name = format!("r{number}");
        let grants = number % 2 == 1;
        let folder = if grants { &self.grants } else { &self.denies };
        match Bundle::load(folder.path(), Some(&name)) {
            Ok(bundle) => Ok(Revision {
                name,
                digest: bundle.digest().to_string(),
                grants,
                plugin: Plugin::new(&bundle),
            }),
            Err(findings) => bail!("{findings:?}"),
        }
    }

    /// Builds the revisions from one to another.
    ///
    /// # Errors
    /// One does not build.
    pub fn range(&self, numbers: std::ops::RangeInclusive<usize>) -> Result<Vec<Revision>> {
        numbers.map(|number| self.build(number)).collect()
    }

    /// A folder of the bundle, as an author has it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.denies.path()
    }
}

impl Revision {
    /// The resource that carries it, in a VM of its own, as it is built to be.
    ///
    /// # Errors
    /// Only by a defect of the builder.
    pub fn resource(&self, channel: Channel, wasm: &str) -> Result<Value> {
        channel.resource(&self.plugin, wasm)
    }

    /// The plugin configuration.
    #[must_use]
    pub fn configuration(&self) -> Value {
        serde_json::from_str(&self.plugin.configuration()).expect("the configuration is JSON")
    }
}

/// The bundle with the test's keys, in a mode, and its policy changed.
fn variant(mode: Template, change: impl FnOnce(String) -> String) -> Result<TempDir> {
    let source = repository().join("tests").join(BUNDLE);
    let folder = tempfile::tempdir()?;
    let read = |name: &str| fs::read_to_string(source.join(name));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    write("schema.graphql", &read("schema.graphql")?)?;
    write("jwks.json", &Keys::published().jwks().to_string())?;
    let settings = read("fieldgate.yaml")?;
    ensure!(!settings.contains("request_headers:"), "the bundle has a mode: {settings}");
    write("fieldgate.yaml", &format!("{settings}request_headers: {}\n", mode.name()))?;
    write("policy.yaml", &change(read("policy.yaml")?))?;
    Ok(folder)
}
