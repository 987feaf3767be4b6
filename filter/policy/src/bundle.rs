//! A bundle's folder -> [`Bundle`]: the policy, its blob and the plugin configuration; or
//! everything that is wrong with it.

use std::path::Path;

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::blob::{self, Digest};
use fieldgate_core::policy::data::Data;
use fieldgate_core::settings::Configuration;
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::documents::Documents;
use crate::folder::Folder;
use crate::lint::{Tagged, fetched};
use crate::lower::Conditions;
use crate::policy::PolicySource;
use crate::schema::SchemaSource;
use crate::settings::{FileName, SettingsSource};
use crate::{cases, lint, lower, policy, schema, yaml};

/// The file that makes a folder a bundle.
pub const SETTINGS_FILE: &str = "fieldgate.yaml";

/// A bundle without errors.
#[derive(Clone, Debug)]
pub struct Bundle {
    folder: Folder,
    policy: Policy,
    digest: Digest,
    blob_bytes: usize,
    configuration: Value,
    conditions: Vec<String>,
    warnings: Vec<Diagnostic>,
}

impl Bundle {
    /// Loads a bundle. A `revision` given here replaces the author's.
    ///
    /// # Errors
    /// Everything that is wrong, warnings too.
    pub fn load(folder: &Path, revision: Option<&str>) -> Result<Self, Vec<Diagnostic>> {
        let folder = Folder::new(folder);
        let mut findings = Findings::default();
        let sources = Sources::read(&folder, &mut findings);
        if let Some(revision) = revision.filter(|revision| !policy::is_name(revision)) {
            let message = format!("`{}` cannot be used as a revision", revision.escape_debug());
            findings.add(Diagnostic::anywhere(Code::InvalidName, message));
        }
        let built = match sources {
            Some(sources) if !findings.has_errors() => sources.build(revision, &mut findings),
            Some(_) | None if findings.has_errors() => return Err(findings.into_sorted()),
            // INVARIANT: a reader that gives nothing has said why. If not, it is said here.
            Some(_) | None => Err(Unloadable::plain("a part of the bundle cannot be read")),
        };
        match built {
            Ok(_) if findings.has_errors() => Err(findings.into_sorted()),
            Ok(Built { policy, digest, blob_bytes, configuration, conditions }) => {
                let warnings = findings.into_sorted();
                let this = Self {
                    folder,
                    policy,
                    digest,
                    blob_bytes,
                    configuration,
                    conditions,
                    warnings,
                };
                Ok(this)
            }
            Err(Unloadable { message, help }) => {
                let help = help.map(str::to_owned);
                findings.add(Diagnostic::anywhere(Code::Unloadable, message).maybe_help(help));
                Err(findings.into_sorted())
            }
        }
    }

    /// The plugin configuration as text: the same bytes for the same bundle.
    #[must_use]
    pub fn configuration(&self) -> String {
        format!("{:#}\n", self.configuration)
    }

    /// The plugin configuration as a value, with sorted keys.
    #[must_use]
    pub fn configuration_value(&self) -> &Value {
        &self.configuration
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy's conditions in their order, as they are written.
    #[must_use]
    pub fn conditions(&self) -> &[String] {
        &self.conditions
    }

    /// The policy's identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The revision as records show it: the author's, or else the digest's first digits.
    #[must_use]
    pub fn revision(&self) -> String {
        match self.policy.parts().revision.as_ref() {
            "" => self.digest.short(),
            given => given.to_owned(),
        }
    }

    /// The blob's size.
    #[must_use]
    pub fn blob_bytes(&self) -> usize {
        self.blob_bytes
    }

    /// Findings in spite of which it was built.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The folder that it was loaded from.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// What is wrong with a bundle, and what it has.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Everything that is wrong.
    pub findings: Vec<Diagnostic>,
    /// How many trusted documents there are.
    pub documents: usize,
}

/// Everything that is wrong with a bundle, its cases included; a bundle that is not read to its end
/// for errors has no cases to judge, and no documents to count.
#[must_use]
pub fn checked(folder: &Path) -> Checked {
    match Bundle::load(folder, None) {
        Err(findings) => Checked { findings, documents: 0 },
        Ok(bundle) => {
            let mut findings = Findings::default();
            bundle.warnings.iter().cloned().for_each(|warning| findings.add(warning));
            cases::read(&bundle, &mut findings);
            let documents = bundle.policy.documents().texts().len();
            Checked { findings: findings.into_sorted(), documents }
        }
    }
}

/// The findings alone.
#[must_use]
pub fn check(folder: &Path) -> Vec<Diagnostic> {
    checked(folder).findings
}

/// The three sources of a bundle, each read as far as it can be.
struct Sources {
    settings: Option<SettingsSource>,
    policy: Option<PolicySource>,
    schema: Option<SchemaSource>,
    conditions: Conditions,
    data: Option<Data>,
    documents: Option<Documents>,
}

struct Built {
    policy: Policy,
    digest: Digest,
    blob_bytes: usize,
    configuration: Value,
    conditions: Vec<String>,
}

/// What cannot be carried, and what to do about it.
struct Unloadable {
    message: String,
    help: Option<&'static str>,
}

impl Unloadable {
    fn plain(message: impl ToString) -> Self {
        Self { message: message.to_string(), help: None }
    }
}

impl Sources {
    /// Reads them all before giving up, so that one run tells everything.
    fn read(folder: &Folder, findings: &mut Findings) -> Option<Self> {
        let file = folder.read(SETTINGS_FILE, None, findings)?;
        let node = yaml::read(&file, findings)?;
        let settings = SettingsSource::read(&node, folder, findings)?;
        let policy = read_policy(&settings.policy, folder, findings);
        let FileName { name, place } = &settings.schema;
        let schema = folder
            .read(name, place.as_ref(), findings)
            .and_then(|file| schema::read(&file, findings));
        if let Some(policy) = &policy {
            policy.warn_unheld(|role| settings.gives_role(role), findings);
            settings.anonymous.iter().for_each(|role| policy.expect_role(role, findings));
            settings.expect_costs(policy, findings);
        }
        let checked = policy.as_ref().zip(schema.as_ref());
        let conditions = checked.map(|(policy, schema)| lower::check(policy, schema, findings));
        let conditions = conditions.unwrap_or_default();
        let data = policy.as_ref().and_then(|policy| policy.data.load(folder, findings));
        let documents = policy
            .as_ref()
            .and_then(|policy| Documents::load(policy.documents.as_ref(), folder, findings));
        Some(Self { settings: Some(settings), policy, schema, conditions, data, documents })
    }

    fn build(self, revision: Option<&str>, findings: &mut Findings) -> Result<Built, Unloadable> {
        let Self {
            settings: Some(settings),
            policy: Some(source),
            schema: Some(schema),
            conditions,
            data: Some(data),
            documents: Some(documents),
        } = self
        else {
            return Err(Unloadable::plain("a part of the bundle cannot be read"));
        };
        let (tagged, fetched) = (Tagged::sensitive(&schema), fetched::read(&schema));
        let policy = lower::lower(&source, schema, (&conditions, data), revision)
            .map_err(Unloadable::plain)?;
        lint::lint(&source, &policy, &tagged, settings.anonymous.as_ref(), findings);
        fetched::lint(&fetched, &policy, findings);
        documents.check(&policy, &settings.limits, findings);
        let policy = policy.with_documents(documents.trusted().map_err(Unloadable::plain)?);
        let (blob, digest) = blob::encode(&policy)
            .map_err(|error| Unloadable { message: error.to_string(), help: error.help() })?;
        let mut configuration = settings.configuration(&blob);
        configuration.sort_all_objects();
        // What is handed out is what the filter accepts, or nothing is.
        let text = configuration.to_string();
        Configuration::read(text.as_bytes()).map_err(Unloadable::plain)?;
        let conditions = conditions.texts();
        Ok(Built { policy, digest, blob_bytes: blob.len(), configuration, conditions })
    }
}

fn read_policy(file: &FileName, folder: &Folder, findings: &mut Findings) -> Option<PolicySource> {
    let FileName { name, place } = file;
    let file = folder.read(name, place.as_ref(), findings)?;
    let node = yaml::read(&file, findings)?;
    Some(PolicySource::read(&node, findings))
}
