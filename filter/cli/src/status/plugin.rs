//! A filter's configuration in Envoy -> fieldgate's [`Plugin`], if it is one.
//!
//! A plugin is fieldgate's by its configuration, or else by a name that says so: then a broken or
//! missing configuration is a finding and no reason to look away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_core::gate::Gate;
use fieldgate_core::policy::blob::{self, BlobError};
use fieldgate_core::settings::RequestHeaders;
use serde::Deserialize;
use serde_json::Value;

use super::dump::Any;
use super::{InForce, Unreadable};

/// The type of a filter that is a plugin.
pub(super) const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING: &str = "google.protobuf.StringValue";
const BYTES: &str = "google.protobuf.BytesValue";

/// A plugin of fieldgate's.
#[derive(Debug)]
pub(super) struct Plugin {
    /// As Envoy's stats have it.
    pub(super) name: String,
    pub(super) configuration: Configuration,
    /// Whether a trap lets requests pass.
    pub(super) fails_open: bool,
    /// Whether Envoy lets the filter hold headers.
    pub(super) may_hold: bool,
}

/// The plugin configuration, read as the filter reads it.
#[derive(Debug)]
pub(super) enum Configuration {
    Valid(InForce),
    Invalid {
        why: String,
        /// Its policy can be read all the same. A filter of another version may read the rest.
        policy: Option<InForce>,
    },
}

impl Plugin {
    /// The plugin of a filter; none if it is not fieldgate's.
    pub(super) fn read(filter: &str, any: &Any) -> Result<Option<Self>, Unreadable> {
        if any.kind() != WASM {
            return Ok(None);
        }
        let Wire { config } = any.read()?;
        let WirePlugin {
            name,
            root_id,
            vm_config: WireVm { vm_id },
            configuration,
            fail_open,
            failure_policy,
            allow_on_headers_stop_iteration: may_hold,
        } = config;
        let named = [filter, &name, &root_id, &vm_id].into_iter().any(is_our_name);
        let (configuration, known) = read_configuration(configuration.as_ref());
        let fails_open = fail_open || failure_policy == "FAIL_OPEN" || failure_policy == 3;
        let plugin = Self { name, configuration, fails_open, may_hold };
        Ok((named || known == Known::Ours).then_some(plugin))
    }
}

/// `default.fieldgate` and `fieldgate-1f2e3d` are; `fieldgates` is not.
pub(super) fn is_our_name(name: &str) -> bool {
    name.split(|char: char| !char.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("fieldgate"))
}

/// Whose configuration it is, by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Ours,
    NotOurs,
}

fn read_configuration(any: Option<&Any>) -> (Configuration, Known) {
    let bytes = match any.map_or(Ok(Vec::new()), bytes) {
        Ok(bytes) => bytes,
        Err(why) => return (Configuration::Invalid { why, policy: None }, Known::NotOurs),
    };
    let error = match Gate::configure(&bytes) {
        Ok(gate) => match gate.enforced() {
            Some(enforced) => {
                let in_force = InForce {
                    policy: enforced.policy.clone(),
                    revision: enforced.revision.clone(),
                    digest: enforced.digest.clone(),
                    mode: Some(enforced.mode),
                };
                return (Configuration::Valid(in_force), Known::Ours);
            }
            None => "it enforces nothing".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    let (policy, known) = match read_policy(&bytes) {
        Some(Ok(in_force)) => (Some(in_force), Known::Ours),
        None | Some(Err(BlobError::NotABlob)) => (None, Known::NotOurs),
        Some(Err(_)) => (None, Known::Ours),
    };
    (Configuration::Invalid { why: error, policy }, known)
}

/// What the filter gets.
fn bytes(any: &Any) -> Result<Vec<u8>, String> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        value: String,
    }
    let broken = |_| "the plugin configuration cannot be read".to_owned();
    match any.kind() {
        STRING => any.read().map_err(broken).map(|Wire { value }| value.into_bytes()),
        BYTES => any.read().map_err(broken).and_then(|Wire { value }| {
            STANDARD.decode(value).map_err(|_| "the plugin configuration is not bytes".to_owned())
        }),
        other => Err(format!("the plugin configuration is a `{other}`, not text")),
    }
}

/// The policy alone, out of a configuration whose rest is not understood.
fn read_policy(bytes: &[u8]) -> Option<Result<InForce, BlobError>> {
    let configuration: Value = serde_json::from_slice(bytes).ok()?;
    let blob = STANDARD.decode(configuration.get("policy")?.as_str()?).ok()?;
    let mode = match configuration.get("request_headers").map(Value::as_str) {
        Some(Some("hold")) => Some(RequestHeaders::Hold),
        Some(Some("stream")) | None => Some(RequestHeaders::Stream),
        Some(_) => None,
    };
    Some(blob::decode(&blob).map(|(policy, digest)| {
        let parts = policy.parts();
        let revision = match parts.revision.as_ref() {
            "" => digest.short(),
            given => given.to_owned(),
        };
        InForce { policy: parts.name.to_string(), revision, digest: digest.to_string(), mode }
    }))
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    config: WirePlugin,
}

/// Names as Envoy prints them; inside a `TypedStruct` they are as somebody has written them.
#[derive(Default, Deserialize)]
struct WirePlugin {
    #[serde(default)]
    name: String,
    #[serde(default, alias = "rootId")]
    root_id: String,
    #[serde(default, alias = "vmConfig")]
    vm_config: WireVm,
    configuration: Option<Any>,
    #[serde(default, alias = "failOpen")]
    fail_open: bool,
    #[serde(default, alias = "failurePolicy")]
    failure_policy: Value,
    #[serde(default, alias = "allowOnHeadersStopIteration")]
    allow_on_headers_stop_iteration: bool,
}

#[derive(Default, Deserialize)]
struct WireVm {
    #[serde(default, alias = "vmId")]
    vm_id: String,
}
