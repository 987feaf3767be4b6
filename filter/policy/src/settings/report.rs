//! What the filter would refuse in a configuration -> findings at the lines that it comes from.

use std::collections::BTreeSet;

use fieldgate_core::limits::Limits;
use fieldgate_core::policy::cost::Costs;
use fieldgate_core::policy::rules::Role;
use fieldgate_core::policy::schema::{Schema, SchemaParts, TypeId, TypeKind, TypeParts};
use fieldgate_core::policy::{Policy, PolicyParts, blob};
use fieldgate_core::settings::{Configuration, ConfigurationError, VERSION};
use serde_json::{Map, Value, json};

use super::path::{self, Segment};
use super::with_policy;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::suggest::did_you_mean;
use crate::yaml::Node;

/// How often the filter is asked about settings that it refuses: each time one thing is out.
const ROUNDS: u32 = 1000;

/// Reports what the filter would refuse. It names one thing at a time; what it named is taken out,
/// and it is asked again. `known` are the paths that need no further report. Gives the bounds of what is
/// left.
pub(super) fn report(
    json: &Map<String, Value>,
    anonymous: Option<&Text>,
    node: &Node,
    mut known: BTreeSet<String>,
    findings: &mut Findings,
) -> Option<Limits> {
    let blob = empty_policy(anonymous)?;
    let mut json = json.clone();
    for _ in 0..ROUNDS {
        let text = with_policy(&json, &blob).to_string();
        let error = match Configuration::read(text.as_bytes()) {
            Ok(configuration) => {
                report_ignored(&configuration, node, findings);
                return Some(configuration.settings.limits);
            }
            Err(error) => error,
        };
        let mut segments = path::read(error.path());
        let missing = missing_member(&error);
        if let Some(name) = missing {
            segments.push(Segment::Key(name.to_owned()));
        }
        if known.insert(path::write(&segments)) {
            findings.add(diagnose(&error, &segments, node));
        }
        if !remedy(&mut json, segments, &mut known) {
            return None;
        }
    }
    None
}

/// Reports the keys that the filter passes over, each at the file that it is in, or in its place.
fn report_ignored(configuration: &Configuration, node: &Node, findings: &mut Findings) {
    for (at, key) in configuration.settings.ignored_keys() {
        let mut segments = path::read(&at);
        segments.push(Segment::Key("file".to_owned()));
        let place = path::find(node, &segments);
        findings.add(Diagnostic::note(Code::KeyIgnored, &place, format!("unused {key}")));
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
            let help = error.help().map(str::to_owned);
            Diagnostic::error(Code::KeySet, &place, message).maybe_help(help)
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
        condition: None,
    };
    let types = vec![TypeParts::new("Query", TypeKind::Object)];
    let (query, mutation, subscription) = (TypeId(0), None, None);
    let schema = Schema::new(&SchemaParts { types, query, mutation, subscription }).ok()?;
    let roles = anonymous.into_iter().map(role).collect();
    let policy = Policy::new(PolicyParts {
        roles,
        costs: Some(Costs::default()),
        ..PolicyParts::new("empty", schema)
    });
    blob::encode(&policy.ok()?).ok().map(|(blob, _)| blob)
}
