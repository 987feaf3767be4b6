//! A bundle folder -> the plugin configuration that trusts the test's identity provider.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fieldgate_policy::bundle::Bundle;
use serde_json::{Value, json};

use crate::envoy::Template;
use crate::repository;
use crate::token::{Audience, Keys};

/// A built bundle, its first issuer's keys replaced by the provider's.
#[derive(Clone, Debug)]
pub struct Guarded {
    pub folder: PathBuf,
    /// What the first issuer's tokens claim.
    pub audience: Audience,
    configuration: Value,
}

impl Guarded {
    /// Builds a bundle: a folder of `policies/`, or else of `tests/`.
    ///
    /// # Errors
    /// It does not build: everything that is wrong with it.
    pub fn load(name: &str) -> Result<Self> {
        let root = repository();
        let root = if name.starts_with("policies/") { root } else { root.join("tests") };
        Self::load_folder(&root.join(name))
    }

    /// Builds a bundle anywhere.
    ///
    /// # Errors
    /// It does not build: everything that is wrong with it.
    pub fn load_folder(folder: &Path) -> Result<Self> {
        let bundle = match Bundle::load(folder, None) {
            Ok(bundle) => bundle,
            Err(findings) => {
                let findings: Vec<_> = findings.iter().map(|one| format!("  {one}")).collect();
                bail!("{} does not build:\n{}", folder.display(), findings.join("\n"));
            }
        };
        let mut configuration = bundle.configuration_value().clone();
        let issuer = configuration.pointer_mut("/issuers/0").context("a bundle has an issuer")?;
        if issuer.get("trust").is_none() {
            issuer["jwks"] = Keys::published().jwks();
        }
        let audience = Audience {
            issuer: issuer["issuer"].as_str().context("an issuer has a name")?.to_owned(),
            audience: issuer["audiences"][0].as_str().context("an audience")?.to_owned(),
        };
        Ok(Self { folder: folder.to_owned(), audience, configuration })
    }

    /// The plugin configuration for a mode, with all that a record can have, in both of its forms.
    #[must_use]
    pub fn configuration(&self, mode: Template) -> Value {
        let mut configuration = self.shipped(mode);
        configuration["audit"] = json!({ "nested": true, "response": true });
        configuration
    }

    /// The plugin configuration for a mode, otherwise as the bundle has it.
    #[must_use]
    pub fn shipped(&self, mode: Template) -> Value {
        let mut configuration = self.configuration.clone();
        configuration["request_headers"] = json!(mode.name());
        configuration
    }
}
