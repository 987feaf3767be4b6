//! The listeners of the one Envoy: the shipped one, and what it becomes with other filters in it.

use std::net::SocketAddr;

use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Listener, Template};
use fieldgate_e2e::token::Keys;
use serde_json::{Value, json};

/// How the audit record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// As nested JSON in the access log.
    Nested,
    /// As text in the access log, as in the shipped files.
    Text,
    /// Not in the access log. The filter still makes its text, for whoever asks: that cannot be
    /// turned off.
    Unlogged,
}

/// What the listeners need.
pub(crate) struct Parts {
    pub(crate) upstream: SocketAddr,
    pub(crate) authorizer: SocketAddr,
    pub(crate) wasm: String,
    pub(crate) idle: String,
}

impl Parts {
    /// fieldgate with a bundle.
    pub(crate) fn fieldgate(&self, name: &str, bundle: &Guarded, record: Record) -> Listener {
        self.configured(name, bundle.configuration(Template::Hold), record)
    }

    /// fieldgate with a configuration, but for how the record is kept.
    pub(crate) fn configured(&self, name: &str, mut plugin: Value, record: Record) -> Listener {
        plugin["audit"] = json!({ "nested": record == Record::Nested });
        let change: fn(&mut Value) = match record {
            Record::Nested => |manager| {
                let nested = log_format(manager)["fieldgate"].take();
                log(manager, Some(nested));
            },
            Record::Text => text_log,
            Record::Unlogged => |manager| log(manager, None),
        };
        Listener { configuration: Some(plugin.to_string()), ..self.listener(name, change) }
    }

    /// No filter but the router.
    pub(crate) fn pass(&self) -> Listener {
        self.listener("pass", |manager| only(manager, &[]))
    }

    /// The same in front of another upstream.
    pub(crate) fn pass_to(&self, name: &str, upstream: SocketAddr) -> Listener {
        Listener { name: name.to_owned(), upstream, ..self.pass() }
    }

    pub(crate) fn jwt(&self) -> Listener {
        self.listener("jwt", |manager| only(manager, &[jwt(false)]))
    }

    pub(crate) fn jwt_cached(&self) -> Listener {
        self.listener("jwt-cached", |manager| only(manager, &[jwt(true)]))
    }

    pub(crate) fn ext_authz(&self) -> Listener {
        let grpc = vec![("authorizer".to_owned(), self.authorizer)];
        let change = |manager: &mut Value| only(manager, &[jwt(true), ext_authz()]);
        Listener { grpc, ..self.listener("ext_authz", change) }
    }

    /// `tests/idle` in this configuration, alone.
    pub(crate) fn idle(&self, configuration: &str) -> Listener {
        let alone = |manager: &mut Value| {
            as_idle(manager);
            let filter = manager["http_filters"][0].take();
            only(manager, &[filter]);
        };
        self.idle_with(configuration, alone)
    }

    /// `tests/idle` in fieldgate's place: the seatbelt is behind it, and its record in the log as text.
    pub(crate) fn idle_in_place(&self, configuration: &str) -> Listener {
        self.idle_with(configuration, |manager| {
            as_idle(manager);
            text_log(manager);
        })
    }

    fn idle_with(&self, configuration: &str, change: fn(&mut Value)) -> Listener {
        Listener {
            configuration: Some(configuration.to_owned()),
            wasm: self.idle.clone(),
            ..self.listener(&format!("idle-{configuration}"), change)
        }
    }

    fn listener(&self, name: &str, change: fn(&mut Value)) -> Listener {
        Listener {
            name: name.to_owned(),
            template: Template::Hold,
            configuration: None,
            upstream: self.upstream,
            wasm: self.wasm.clone(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: Some(change),
            tls: None,
        }
    }
}

/// The wasm filter is `tests/idle`, in a VM of its own.
fn as_idle(manager: &mut Value) {
    let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
    plugin["root_id"] = json!("idle");
    plugin["vm_config"]["vm_id"] = json!("idle");
}

/// These filters in place of fieldgate and its seatbelt, and no record.
fn only(manager: &mut Value, filters: &[Value]) {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let router = json!({ "name": "envoy.filters.http.router", "typed_config": { "@type": kind } });
    manager["http_filters"] = filters.iter().cloned().chain([router]).collect();
    log(manager, None);
}

fn text_log(manager: &mut Value) {
    log(manager, Some(json!("%FILTER_STATE(wasm.fieldgate.audit:PLAIN)%")));
}

/// The shipped access log, without what tests ask of it, and with the record like this.
fn log(manager: &mut Value, record: Option<Value>) {
    let format = log_format(manager);
    for name in ["tag", "listener", "text", "fieldgate"] {
        format.as_object_mut().map(|format| format.remove(name));
    }
    record.into_iter().for_each(|record| format["fieldgate"] = record);
}

fn log_format(manager: &mut Value) -> &mut Value {
    let format = "/access_log/0/typed_config/log_format/json_format";
    manager.pointer_mut(format).expect("the shipped access log")
}

fn jwt(cached: bool) -> Value {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
    let mut provider = json!({
        "local_jwks": { "inline_string": Keys::published().jwks().to_string() },
        "require_expiration": true,
    });
    if cached {
        provider["jwt_cache_config"] = json!({ "jwt_cache_size": 1000 });
    }
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": kind,
            "providers": { "idp": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "idp" } }],
        },
    })
}

fn ext_authz() -> Value {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
    json!({
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": kind,
            "transport_api_version": "V3",
            "with_request_body": { "max_request_bytes": 65536 },
            "grpc_service": { "envoy_grpc": { "cluster_name": "authorizer" }, "timeout": "2s" },
        },
    })
}
