//! What is measured: listeners of one Envoy, and what is asked of each.

use std::net::SocketAddr;

use anyhow::Result;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Listener, Template};
use fieldgate_e2e::token::{Audience, Keys};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::bundles::{self, Shape};

/// The page's query, of 265 bytes.
const PAGE: &str = "query Q($ref: String!, $n: Int = 10) { entity(ref: $ref) { name owner { name members(first: $n) { email name groups } } ... on Component { secrets { name value } annotations dependsOn { name kind owner { name } } apis { name definition } } } viewer { name email } }";

/// What differs from one request to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Nothing.
    Same,
    /// The token: each comes once.
    NewToken,
    /// The document: each comes once.
    NewDocument,
}

/// A way to be asked.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) listener: Listener,
    pub(crate) traffic: Traffic,
    pub(crate) body: String,
    pub(crate) audience: Audience,
    /// The way of which it shows the difference.
    pub(crate) over: Option<&'static str>,
    /// Whether a process beside Envoy has a part in it.
    pub(crate) authorizer: bool,
}

/// Where everything is.
pub(crate) struct Place {
    pub(crate) upstream: SocketAddr,
    pub(crate) authorizer: SocketAddr,
    pub(crate) wasm: String,
    pub(crate) idle: String,
}

pub(crate) const PASS: &str = "pass-through";
const PASS_ROOTS: &str = "pass-through (ten root fields)";

impl Place {
    /// All of them; further rows of sizes only if they are wanted.
    pub(crate) fn ways(&self) -> Result<Vec<Way>> {
        let portal = Guarded::load("policies/backstage")?;
        let body = json!({
            "query": PAGE,
            "operationName": "Q",
            "variables": { "ref": "component:default/checkout" },
        });
        let body = body.to_string();
        let way = |name, listener, traffic| Way {
            name,
            listener,
            traffic,
            body: body.clone(),
            audience: portal.audience.clone(),
            over: (name != PASS).then_some(PASS),
            authorizer: false,
        };
        let plain = |name: &str, change| self.listener(name, &portal, change);
        let guarded = || plain("fieldgate", shipped);
        let mut text = portal.configuration(Template::Hold);
        text["audit"] = json!({ "nested": false });
        let as_text = Listener {
            configuration: Some(text.to_string()),
            ..plain("text", |manager| {
                let record = "%FILTER_STATE(wasm.fieldgate.audit:PLAIN)%";
                log(manager, Some(json!(record)));
            })
        };
        let mut ways = vec![
            way(PASS, plain("pass", |manager| only(manager, &[])), Traffic::Same),
            way("no-op wasm", self.idle("idle", ""), Traffic::Same),
            way("wasm that reads the body", self.idle("reading", "body"), Traffic::Same),
            way("jwt_authn", plain("jwt", |manager| only(manager, &[jwt(false)])), Traffic::Same),
            way(
                "jwt_authn with its cache",
                plain("jwt-cached", |manager| only(manager, &[jwt(true)])),
                Traffic::Same,
            ),
            way(
                "jwt_authn, each token once",
                plain("jwt", |manager| only(manager, &[jwt(false)])),
                Traffic::NewToken,
            ),
            Way {
                authorizer: true,
                ..way(
                    "jwt_authn cached + ext_authz (gRPC, allows all)",
                    self.authorized(&portal),
                    Traffic::Same,
                )
            },
            way("fieldgate, warm", guarded(), Traffic::Same),
            way("fieldgate, warm, the record as text", as_text, Traffic::Same),
            way("fieldgate, each token once", guarded(), Traffic::NewToken),
            way("fieldgate, each document once", guarded(), Traffic::NewDocument),
        ];
        let mut sized: Vec<(&str, &str, Shape)> = Vec::new();
        for (name, listener, rules) in [
            ("10 rules", "rules-10", 10),
            ("100 rules", "rules-100", 100),
            ("1,000 rules", "rules-1000", 1_000),
            ("10,000 rules", "rules-10000", 10_000),
        ] {
            sized.push((name, listener, Shape { rules, condition: None, owners: 0 }));
        }
        let condition = Some("'employees' in subject.groups");
        sized.push(("one condition", "condition", Shape { rules: 100, condition, owners: 0 }));
        let condition = Some("owner(args.ref) in subject.groups");
        for (name, listener, owners) in [
            ("ten lookups of 100 owners", "owners-100", 100),
            ("ten lookups of 100,000 owners", "owners-100000", 100_000),
        ] {
            sized.push((name, listener, Shape { rules: 100, condition, owners }));
        }
        let asked = json!({ "query": bundles::query() }).to_string();
        ways.push(Way {
            body: asked.clone(),
            over: None,
            ..way(PASS_ROOTS, plain("pass", |manager| only(manager, &[])), Traffic::Same)
        });
        for (name, listener, size) in sized {
            let folder = tempdir()?;
            size.write(folder.path())?;
            let bundle = Guarded::load_folder(folder.path())?;
            ways.push(Way {
                name,
                listener: self.listener(listener, &bundle, shipped),
                traffic: Traffic::Same,
                body: asked.clone(),
                audience: bundle.audience,
                over: Some(PASS_ROOTS),
                authorizer: false,
            });
        }
        Ok(ways)
    }

    fn listener(&self, name: &str, bundle: &Guarded, change: fn(&mut Value)) -> Listener {
        Listener {
            name: name.to_owned(),
            template: Template::Hold,
            configuration: Some(bundle.configuration(Template::Hold).to_string()),
            upstream: self.upstream,
            wasm: self.wasm.clone(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: Some(change),
            tls: None,
        }
    }

    fn idle(&self, name: &str, configuration: &str) -> Listener {
        Listener {
            name: name.to_owned(),
            template: Template::Hold,
            configuration: Some(json!(configuration).as_str().unwrap_or_default().to_owned()),
            upstream: self.upstream,
            wasm: self.idle.clone(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: Some(|manager| {
                let mut filter = manager["http_filters"][0].clone();
                filter["typed_config"]["config"]["root_id"] = json!("idle");
                filter["typed_config"]["config"]["vm_config"]["vm_id"] = json!("idle");
                only(manager, &[filter]);
            }),
            tls: None,
        }
    }

    fn authorized(&self, bundle: &Guarded) -> Listener {
        let change = |manager: &mut Value| only(manager, &[jwt(true), ext_authz()]);
        let grpc = vec![("authorizer".to_owned(), self.authorizer)];
        Listener { grpc, ..self.listener("ext_authz", bundle, change) }
    }
}

/// As it is shipped.
fn shipped(manager: &mut Value) {
    let record = log_format(manager)["fieldgate"].take();
    log(manager, Some(record));
}

/// These filters in place of fieldgate and its seatbelt, and no record.
fn only(manager: &mut Value, filters: &[Value]) {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let router = json!({ "name": "envoy.filters.http.router", "typed_config": { "@type": kind } });
    manager["http_filters"] = filters.iter().cloned().chain([router]).collect();
    log(manager, None);
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
