//! fieldgate.yaml -> the plugin configuration's JSON, except for the policy.
//!
//! File names are resolved here; everything else passes through and is judged by the reader that
//! the filter has, [`Configuration::read`]. There is one validator; here its errors are only led
//! back to the lines that they are about.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_core::policy::rules::Role;
use fieldgate_core::policy::schema::{Schema, TypeDef, TypeId, TypeKind};
use fieldgate_core::policy::{Policy, PolicyParts, blob};
use fieldgate_core::settings::{Configuration, ConfigurationError, VERSION};
use fieldgate_core::token::keys::KeySet;
use serde_json::{Map, Value, json};

use self::path::Segment;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::folder::Folder;
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;
use crate::yaml::{self, Node, shape};

mod path;

const POLICY_FILE: &str = "policy.yaml";
const SCHEMA_FILE: &str = "schema.graphql";

/// How often the filter is asked about settings that it refuses: each time one thing is out.
const ROUNDS: u32 = 1000;

/// A settings file with its file names resolved.
#[derive(Debug)]
pub struct SettingsSource {
    /// The policy file's name, and where it is given.
    pub policy: FileName,
    /// The schema file's name, and where it is given.
    pub schema: FileName,
    /// The role of anonymous callers, if they have one.
    pub anonymous: Option<Text>,
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
                let Some(file) = key_file(issuer, findings) else { continue };
                let keys = read_key_file(&file, folder, findings);
                if keys.is_none() {
                    broken.insert(format!("issuers[{at}].jwks"));
                }
                let issuer = json.get_mut("issuers").and_then(|issuers| issuers.get_mut(at));
                if let Some(jwks) = issuer.and_then(|issuer| issuer.get_mut("jwks")) {
                    // Not null, which would be no keys at all.
                    *jwks = keys.unwrap_or_else(|| json!({}));
                }
            }
        }
        let anonymous = anonymous_role(node);
        report(&json, anonymous.as_ref(), node, broken, findings);
        Some(Self {
            policy: FileName::read(node, "policy", POLICY_FILE, findings),
            schema: FileName::read(node, "schema", SCHEMA_FILE, findings),
            anonymous,
            json,
        })
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

/// The file that an issuer's keys are in: `jwks: { file: .. }`. Inline keys have no such member.
fn key_file(issuer: &Node, findings: &mut Findings) -> Option<Text> {
    let jwks = &issuer.member("jwks")?.value;
    let file = &jwks.member("file")?.value;
    let keys = shape::Keys::read(jwks, &["file"], findings);
    keys.and_then(|_| shape::string(file, findings))
}

/// The keys as JSON. The text is read by the filter's reader first: a general one would let pass
/// what that refuses, such as a member given twice.
fn read_key_file(name: &Text, folder: &Folder, findings: &mut Findings) -> Option<Value> {
    let file = folder.read(&name.text, Some(&name.place), findings)?;
    match KeySet::read(file.text()) {
        Ok(_) => serde_json::from_str(file.text()).ok(),
        Err(error) => {
            let message = format!("`{}` cannot be used: {error}", name.text);
            findings.add(Diagnostic::error(Code::KeySet, &name.place, message));
            None
        }
    }
}

fn with_policy(json: &Map<String, Value>, blob: &[u8]) -> Value {
    let mut json = json.clone();
    json.insert("policy".to_owned(), STANDARD.encode(blob).into());
    Value::Object(json)
}

/// Reports what the filter would refuse. It names one thing at a time; what it named is taken out,
/// and it is asked again. `known` are the paths that need no further report.
fn report(
    json: &Map<String, Value>,
    anonymous: Option<&Text>,
    node: &Node,
    mut known: BTreeSet<String>,
    findings: &mut Findings,
) {
    let Some(blob) = empty_policy(anonymous) else { return };
    let mut json = json.clone();
    for _ in 0..ROUNDS {
        let text = with_policy(&json, &blob).to_string();
        let Err(error) = Configuration::read(text.as_bytes()) else { return };
        let mut segments = path::read(error.path());
        let missing = missing_member(&error);
        if let Some(name) = missing {
            segments.push(Segment::Key(name.to_owned()));
        }
        if known.insert(path::write(&segments)) {
            findings.add(diagnose(&error, &segments, node));
        }
        if !remedy(&mut json, segments, &mut known) {
            return;
        }
    }
}

/// Makes the filter pass over what it has named. What cannot be absent gets a stand-in; the rest is
/// taken out, or what is around it where it was absent already.
fn remedy(
    json: &mut Map<String, Value>,
    mut segments: Vec<Segment>,
    known: &mut BTreeSet<String>,
) -> bool {
    loop {
        let path = path::write(&segments);
        known.insert(path.clone());
        let stand_in = match segments.as_slice() {
            [] => return false,
            [Segment::Key(key)] if key == "version" => Value::from(VERSION),
            [Segment::Key(key)] if key == "issuers" => json!([stand_in(0)]),
            [Segment::Key(key), Segment::Index(at)] if key == "issuers" => stand_in(*at),
            // An issuer needs keys; what else is wrong with it has been said by now.
            [Segment::Key(key), Segment::Index(at), Segment::Key(keys)]
                if key == "issuers" && keys == "jwks" =>
            {
                let stand_in = stand_in(*at);
                segments.pop();
                return path::replace(json, &segments, stand_in);
            }
            _ if path::remove(json, &segments) => return true,
            _ => {
                segments.pop();
                continue;
            }
        };
        return path::replace(json, &segments, stand_in);
    }
}

/// An issuer that the filter accepts, with the public key of RFC 8037, appendix A.
fn stand_in(at: usize) -> Value {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    json!({
        "issuer": format!("stand-in {at}"),
        "audiences": ["stand-in"],
        "algorithms": ["EdDSA"],
        "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": x }] },
    })
}

fn diagnose(error: &ConfigurationError, segments: &[Segment], node: &Node) -> Diagnostic {
    let place = path::find(node, segments);
    match error {
        ConfigurationError::Shape { path: _, message } => {
            if let Some(name) = missing_member(error) {
                let message = format!("the key `{name}` is missing");
                return Diagnostic::error(Code::MissingKey, &place, message);
            }
            if let Some(names) = message.strip_prefix("unknown field ") {
                let mut names = names.split('`').skip(1).step_by(2);
                let name = names.next().unwrap_or_default();
                let mut known: Vec<&str> = names.collect();
                if known.contains(&"policy") {
                    known.push("schema");
                }
                let expected: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                let help = format!("expected any of {}", expected.join(", "));
                let message = format!("unknown key `{name}`");
                let place = path::find_key(node, segments, name).unwrap_or(place);
                return Diagnostic::error(Code::UnknownKey, &place, message)
                    .help(help)
                    .maybe_help(did_you_mean(name, known));
            }
            let message = message.replace("unknown variant", "unknown value");
            match wrong_type(&message) {
                Some(message) => Diagnostic::error(Code::WrongType, &place, message),
                None => Diagnostic::error(Code::SettingsValue, &place, message),
            }
        }
        ConfigurationError::Version(found) => {
            let message = format!("this program reads version {VERSION}, found {found}");
            Diagnostic::error(Code::Version, &place, message)
        }
        ConfigurationError::Keys { path: _, error } => {
            let message = format!("these keys cannot be used: {error}");
            Diagnostic::error(Code::KeySet, &place, message)
        }
        ConfigurationError::Empty
        | ConfigurationError::Value { .. }
        | ConfigurationError::Policy(_) => {
            Diagnostic::error(Code::SettingsValue, &place, error.to_string())
        }
    }
}

/// The member that the filter misses, if that is the error.
fn missing_member(error: &ConfigurationError) -> Option<&str> {
    match error {
        ConfigurationError::Shape { path: _, message } => {
            message.strip_prefix("missing field `")?.strip_suffix('`')
        }
        ConfigurationError::Empty
        | ConfigurationError::Version(_)
        | ConfigurationError::Value { .. }
        | ConfigurationError::Keys { .. }
        | ConfigurationError::Policy(_) => None,
    }
}

/// `invalid type: X, expected Y` in the words of this tool.
fn wrong_type(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ");
    let rest = rest.or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.split_once(", expected ")?;
    let expected = match expected {
        "u32" | "u64" => "a whole number that is not negative",
        "a sequence" => "a list",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    };
    let found = match found.split_whitespace().next() {
        Some("map") => "a mapping",
        Some("sequence") => "a list",
        Some("null" | "unit") => "nothing",
        _ => found,
    };
    Some(format!("expected {expected}, found {found}"))
}

/// The blob of a policy that grants nothing: settings are judged whatever the policy is like. The
/// role that they name is in it; whether the bundle's policy has it is judged with that.
fn empty_policy(anonymous: Option<&Text>) -> Option<Vec<u8>> {
    let role = |Text { text, .. }: &Text| Role {
        name: text.as_str().into(),
        groups: Vec::new(),
        scopes: Vec::new(),
    };
    let (kind, possible) = (TypeKind::Object, vec![TypeId(0)]);
    let query = TypeDef { name: "Query".into(), kind, fields: 0..0, possible };
    let policy = Policy::new(PolicyParts {
        name: "empty".into(),
        revision: "".into(),
        schema: Schema {
            types: vec![query],
            fields: Vec::new(),
            query: TypeId(0),
            mutation: None,
            subscription: None,
        },
        roles: anonymous.into_iter().map(role).collect(),
        actors: Vec::new(),
        rules: Vec::new(),
        accesses: Vec::new(),
        field_access: Vec::new(),
    });
    blob::encode(&policy.ok()?).ok().map(|(blob, _)| blob)
}
