//! fieldgate.yaml -> the plugin configuration's JSON, except for the policy.
//!
//! File names are resolved here; everything else passes through and is judged by the reader that
//! the filter has, `Configuration::read`. There is one validator; here its errors are only led
//! back to the lines that they are about.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_core::limits::Limits;
use fieldgate_core::token::keys::{Algorithm, KeySet, Secrecy};
use serde_json::{Map, Value, json};

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::folder::Folder;
use crate::policy::PolicySource;
use crate::source::{Place, Text};
use crate::yaml::{self, Node, shape};

mod path;
mod report;
mod revoked;

const POLICY_FILE: &str = "policy.yaml";
const SCHEMA_FILE: &str = "schema.graphql";

/// A settings file with its file names resolved.
#[derive(Debug)]
pub struct SettingsSource {
    /// The policy file's name, and where it is given.
    pub policy: FileName,
    /// The schema file's name, and where it is given.
    pub schema: FileName,
    /// The role of anonymous callers, if they have one.
    pub anonymous: Option<Text>,
    /// The bounds on requests; those by default where the settings have errors.
    pub limits: Limits,
    /// Where costs are exported.
    exports_cost: Option<Place>,
    /// The configuration without `policy`.
    json: Map<String, Value>,
}

/// A file that the settings name, or the default.
#[derive(Debug)]
pub struct FileName {
    /// The name.
    pub name: String,
    /// Where it is given, if it is.
    pub place: Option<Place>,
}

impl SettingsSource {
    /// Reads a settings file and the key sets that it names.
    #[must_use]
    pub fn read(node: &Node, folder: &Folder, findings: &mut Findings) -> Option<Self> {
        shape::mapping(node, findings)?;
        let Value::Object(mut json) = node.to_json() else { return None };
        for file in ["policy", "schema"] {
            json.remove(file);
        }
        let mut broken = BTreeSet::new();
        let issuers = node.member("issuers").map(|member| &member.value);
        if let Some(yaml::Value::Sequence(nodes)) = issuers.map(|node| &node.value) {
            for (at, issuer) in nodes.iter().enumerate() {
                let mut replaced = revoked::read(issuer, folder, findings);
                let keys = key_file(issuer, findings);
                let keys = keys.map(|file| read_key_file(&file, secrecy(issuer), folder, findings));
                replaced.extend(keys.map(|keys| ("/jwks".to_owned(), keys)));
                for (pointer, value) in replaced {
                    if value.is_none() {
                        broken.insert(format!("issuers[{at}]{}", pointer.replace('/', ".")));
                    }
                    let place = json.get_mut("issuers").and_then(|issuers| issuers.get_mut(at));
                    if let Some(place) = place.and_then(|issuer| issuer.pointer_mut(&pointer)) {
                        // Not null, which would be none at all.
                        *place = value.unwrap_or_else(|| json!({}));
                    }
                }
            }
        }
        let anonymous = anonymous_role(node);
        let limits = report::report(&json, anonymous.as_ref(), node, broken, findings);
        Some(Self {
            policy: FileName::read(node, "policy", POLICY_FILE, findings),
            schema: FileName::read(node, "schema", SCHEMA_FILE, findings),
            anonymous,
            limits: limits.unwrap_or(Limits::DEFAULT),
            exports_cost: exports_cost(node),
            json,
        })
    }

    /// Adds a finding if costs are exported that the policy does not reckon.
    pub fn expect_costs(&self, policy: &PolicySource, findings: &mut Findings) {
        let Some(place) = self.exports_cost.as_ref().filter(|_| policy.cost.is_none()) else {
            return;
        };
        let message = "the policy reckons no costs";
        let help = "add `cost: {}` to it, or a limit on `cost`";
        findings.add(Diagnostic::error(Code::SettingsValue, place, message).help(help));
    }

    /// Whether somebody can hold a role by what the settings say.
    #[must_use]
    pub fn gives_role(&self, name: &str) -> bool {
        if self.anonymous.as_ref().is_some_and(|role| role.text == name) {
            return true;
        }
        let issuers = self.json.get("issuers").and_then(Value::as_array);
        issuers.into_iter().flatten().any(|issuer| issuer.pointer("/claims/roles").is_some())
    }

    /// The whole configuration.
    #[must_use]
    pub fn configuration(&self, blob: &[u8]) -> Value {
        with_policy(&self.json, blob)
    }
}

impl FileName {
    fn read(node: &Node, key: &str, default: &str, findings: &mut Findings) -> Self {
        let given = node.member(key).and_then(|member| shape::string(&member.value, findings));
        match given {
            Some(Text { text, place }) => Self { name: text, place: Some(place) },
            None => Self { name: default.to_owned(), place: None },
        }
    }
}

/// `anonymous: { role: .. }`; whatever else it may be is for the filter's reader to judge.
fn anonymous_role(node: &Node) -> Option<Text> {
    let role = &node.member("anonymous")?.value.member("role")?.value;
    match &role.value {
        yaml::Value::String(text) => Some(Text { text: text.clone(), place: role.place.clone() }),
        yaml::Value::Null
        | yaml::Value::Bool(_)
        | yaml::Value::Number(_)
        | yaml::Value::Sequence(_)
        | yaml::Value::Mapping(_)
        | yaml::Value::Refused => None,
    }
}

/// `usage: { export: [cost, ..] }`; whatever else it may be is for the filter's reader to judge.
fn exports_cost(node: &Node) -> Option<Place> {
    let export = &node.member("usage")?.value.member("export")?.value;
    let yaml::Value::Sequence(names) = &export.value else { return None };
    let is_cost = |one: &&Node| matches!(&one.value, yaml::Value::String(name) if name == "cost");
    names.iter().find(is_cost).map(|one| one.place.clone())
}

/// The file that an issuer's keys are in: `jwks: { file: .. }`. Inline keys have no such member.
fn key_file(issuer: &Node, findings: &mut Findings) -> Option<Text> {
    let jwks = &issuer.member("jwks")?.value;
    let file = &jwks.member("file")?.value;
    let keys = shape::Keys::read(jwks, &["file"], findings);
    keys.and_then(|_| shape::string(file, findings))
}

/// The keys as JSON. The text is read by the filter's reader first: a general one would let pass
/// what that refuses, such as a member given twice.
fn read_key_file(
    name: &Text,
    secrecy: Secrecy,
    folder: &Folder,
    findings: &mut Findings,
) -> Option<Value> {
    let file = folder.read(&name.text, Some(&name.place), findings)?;
    let keys = match secrecy {
        Secrecy::Public => KeySet::read(file.text()),
        Secrecy::Secret => KeySet::read_secret(file.text()),
    };
    match keys {
        Ok(_) => serde_json::from_str(file.text()).ok(),
        Err(error) => {
            let message = format!("`{}` cannot be used: {error}", name.text);
            let finding = Diagnostic::error(Code::KeySet, &name.place, message);
            findings.add(finding.maybe_help(error.help().map(str::to_owned)));
            None
        }
    }
}

/// Which keys an issuer has, as its first algorithm says; the filter says whether all agree.
fn secrecy(issuer: &Node) -> Secrecy {
    let algorithms = issuer.member("algorithms").map(|member| &member.value.value);
    let Some(crate::yaml::Value::Sequence(nodes)) = algorithms else { return Secrecy::Public };
    let mut known = nodes.iter().filter_map(|node| match &node.value {
        crate::yaml::Value::String(name) => name.parse::<Algorithm>().ok(),
        _ => None,
    });
    known.next().map_or(Secrecy::Public, Algorithm::secrecy)
}

fn with_policy(json: &Map<String, Value>, blob: &[u8]) -> Value {
    let mut json = json.clone();
    json.insert("policy".to_owned(), STANDARD.encode(blob).into());
    Value::Object(json)
}
