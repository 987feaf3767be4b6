//! A bundle -> the resources that carry its plugin configuration to an Envoy, as values.
//!
//! The filter's entry comes from the shipped configurations in `envoy/static`, which the tests run:
//! what is generated here is what stands there, with the bundle's values in it. The same bundle and
//! options give the same resource.

pub mod gateway;
pub mod istio;
pub mod kubernetes;
mod shipped;
mod size;
pub mod xds;

use std::fmt;

use fieldgate_core::policy::blob::Digest;
use fieldgate_core::settings::RequestHeaders;
use serde_json::{Value, json};

use crate::bundle::Bundle;

/// The name of fieldgate's resource and filter.
pub const NAME: &str = "fieldgate";

/// A bundle as the plugin of a filter.
#[derive(Clone, Debug)]
pub struct Plugin {
    identity: Identity,
    configuration: Value,
    request_headers: RequestHeaders,
    vm_id: String,
}

/// Which policy a plugin has.
#[derive(Clone, Debug)]
struct Identity {
    policy: String,
    revision: String,
    digest: Digest,
}

/// Why there is no resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// A shipped configuration has not what it should have: a defect of this program.
    Shipped(String),
    /// A resource cannot be written as YAML: a defect of this program.
    Rendering(String),
    /// Istio takes no filter from an `EnvoyFilter` for a waypoint.
    Waypoint,
}

impl ManifestError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Shipped(_) | Self::Rendering(_) => None,
            Self::Waypoint => Some("use `--format istio-trafficextension`"),
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(what) => write!(f, "the shipped configuration {what}"),
            Self::Rendering(what) => write!(f, "a resource cannot be written: {what}"),
            Self::Waypoint => f.write_str("an EnvoyFilter cannot bring the filter to a waypoint"),
        }
    }
}

impl std::error::Error for ManifestError {}

impl Plugin {
    /// The plugin of a bundle, with the bundle's own `request_headers`.
    #[must_use]
    pub fn new(bundle: &Bundle) -> Self {
        let configuration = bundle.configuration_value();
        let request_headers = match text(configuration, "/request_headers") {
            Some("hold") => RequestHeaders::Hold,
            Some(_) | None => RequestHeaders::Stream,
        };
        Self::with(bundle, configuration.clone(), request_headers)
    }

    /// The plugin of a bundle on a platform that has one way to pass request headers on.
    #[must_use]
    pub fn on(bundle: &Bundle, request_headers: RequestHeaders) -> Self {
        let mut configuration = bundle.configuration_value().clone();
        if let Some(members) = configuration.as_object_mut() {
            members.insert("request_headers".to_owned(), mode_name(request_headers).into());
        }
        Self::with(bundle, configuration, request_headers)
    }

    fn with(bundle: &Bundle, configuration: Value, request_headers: RequestHeaders) -> Self {
        // A new policy gets a fresh VM: what an old one left in memory goes with it, and the VM
        // that Envoy tries a push in is like those that will serve.
        let vm_id = format!("{NAME}-{}", bundle.digest().short());
        let identity = Identity {
            policy: bundle.policy().parts().name.to_string(),
            revision: bundle.revision(),
            digest: bundle.digest(),
        };
        Self { identity, configuration, request_headers, vm_id }
    }

    /// The plugin configuration as one line of JSON.
    #[must_use]
    pub fn configuration(&self) -> String {
        self.configuration.to_string()
    }

    /// The plugin configuration as a value, with sorted keys.
    #[must_use]
    pub fn configuration_value(&self) -> &Value {
        &self.configuration
    }

    /// When request headers go upstream.
    #[must_use]
    pub fn request_headers(&self) -> RequestHeaders {
        self.request_headers
    }

    /// The identity of the VM: it carries the policy's digest.
    #[must_use]
    pub fn vm_id(&self) -> &str {
        &self.vm_id
    }

    /// The filter as an `envoy.extensions.filters.http.wasm.v3.Wasm` with its `@type`. `code` is the
    /// `AsyncDataSource` of the filter's code.
    ///
    /// # Errors
    /// Only by a defect of this program.
    pub fn filter(&self, code: Value) -> Result<Value, ManifestError> {
        let mut filter = shipped::filter(self.request_headers)?;
        let plugin = shipped::at(&mut filter, "/typed_config/config")?;
        *shipped::at(plugin, "/vm_config/vm_id")? = self.vm_id.clone().into();
        *shipped::at(plugin, "/vm_config/code")? = code;
        *shipped::at(plugin, "/configuration/value")? = self.configuration().into();
        Ok(shipped::at(&mut filter, "/typed_config")?.take())
    }

    /// The seatbelt, an HTTP filter that belongs directly behind: it lets only marked requests pass.
    ///
    /// # Errors
    /// Only by a defect of this program.
    pub fn seatbelt(&self) -> Result<Value, ManifestError> {
        shipped::seatbelt(self.request_headers)
    }

    /// What of a route's `match` the server is reached by: the endpoint's paths, or everything.
    fn routed(&self) -> Vec<Value> {
        if text(&self.configuration, "/endpoint/other_paths") == Some("allow") {
            return vec![json!({ "prefix": "/" })];
        }
        match self.configuration.pointer("/endpoint/paths").and_then(Value::as_array) {
            None => vec![json!({ "path": "/graphql" })],
            Some(paths) => paths.iter().map(|path| json!({ "path": path })).collect(),
        }
    }

    /// The largest body that is read, in bytes, where the bundle sets it.
    fn body_bytes(&self) -> Option<u64> {
        self.configuration.pointer("/limits/body_bytes").and_then(Value::as_u64)
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// As in the setting `request_headers`.
fn mode_name(request_headers: RequestHeaders) -> &'static str {
    match request_headers {
        RequestHeaders::Hold => "hold",
        RequestHeaders::Stream => "stream",
    }
}
