//! A server -> the listeners in front of it: what is on, and how lenient Envoy is.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bundle::Guarded;
use crate::envoy::{Listener, Template};
use crate::servers::Server;

/// The policy in front of the servers, and their schema.
pub const BUNDLE: &str = "corpus/bundles/servers";

/// A kind of listener. The route is for every path: it is for the filter to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is on, in Envoy as it is shipped.
    Closed,
    /// Everything is on, in Envoy as lenient as it can be.
    Open,
    /// The same, without any change to paths, and other paths than the endpoint's pass.
    Beside,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Beside => "beside",
        }
    }

    /// A listener of this kind, named `SERVER MODE KIND`. Its log has the client's `port`.
    ///
    /// # Errors
    /// The settings in the bundle's folder cannot be read.
    pub fn listener(
        self,
        bundle: &Guarded,
        template: Template,
        server: &Server,
        wasm: &str,
    ) -> Result<Listener> {
        let mut configuration = bundle.configuration(template);
        if let Some(file) = self.settings() {
            let file = bundle.folder.join(file);
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let settings: Value = serde_saphyr::from_str(&text)?;
            for (name, value) in settings.as_object().context("settings")? {
                configuration[name] = value.clone();
            }
        }
        Ok(Listener {
            name: format!("{} {} {}", server.name, template.name(), self.name()),
            template,
            configuration: Some(configuration.to_string()),
            upstream: server.address,
            wasm: wasm.to_owned(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: Some(self.change()),
            tls: None,
        })
    }

    /// The file of the bundle's folder with what stands in place of its settings.
    fn settings(self) -> Option<&'static str> {
        match self {
            Self::Closed => None,
            Self::Open => Some("open.yaml"),
            Self::Beside => Some("beside.yaml"),
        }
    }

    fn change(self) -> fn(&mut Value) {
        match self {
            Self::Closed => shipped,
            Self::Open => lenient,
            Self::Beside => literal,
        }
    }
}

/// As it is shipped, but for the route.
fn shipped(manager: &mut Value) {
    let route = &mut manager["route_config"]["virtual_hosts"][0]["routes"][0];
    route["match"] = json!({ "prefix": "/" });
    let format = &mut manager["access_log"][0]["typed_config"]["log_format"]["json_format"];
    format["port"] = json!("%DOWNSTREAM_REMOTE_PORT%");
    // What is refused before its end would be waited for, for a second.
    manager["delayed_close_timeout"] = json!("0s");
}

/// Lets pass whatever it can be told to, as it is.
fn literal(manager: &mut Value) {
    shipped(manager);
    manager["path_with_escaped_slashes_action"] = json!("KEEP_UNCHANGED");
    manager["stream_error_on_invalid_http_message"] = json!(true);
    manager["proxy_100_continue"] = json!(true);
    manager["common_http_protocol_options"]["headers_with_underscores_action"] = json!("ALLOW");
    manager["http_protocol_options"] = json!({
        "accept_http_10": true,
        "default_host_for_http_10": "graphql.example.com",
        "allow_absolute_url": true,
        "allow_chunked_length": true,
        "allow_custom_methods": true,
        "enable_trailers": true,
        "override_stream_error_on_invalid_http_message": true,
    });
}

/// The same, and makes paths that are written in other ways the endpoint's.
fn lenient(manager: &mut Value) {
    literal(manager);
    manager["normalize_path"] = json!(true);
    manager["merge_slashes"] = json!(true);
}
