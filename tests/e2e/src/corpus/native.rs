//! A case through the gate itself, in this process.

use std::borrow::Cow;

use anyhow::{Context, Result};
use fieldgate_core::gate::{Arrival, Effect, Gate, Step};
use fieldgate_core::http::{HeaderChanges, Headers, Peer};
use fieldgate_core::protobuf::Message;
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::Portable;

use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{self, ListValue, Struct};
use prost::Message as _;
use serde_json::{Map, Value};

use super::{Observed, PeerSpec, WireRequest};
use crate::token::now;

/// A header's name and value.
type Pair = (Vec<u8>, Vec<u8>);

/// Judges a request as the filter would, its headers as Envoy hands them over.
///
/// # Errors
/// The configuration is none.
pub fn run(configuration: &str, request: &WireRequest) -> Result<Observed> {
    let gate = Gate::configure(configuration.as_bytes())
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("the configuration")?;
    let mut upstream: Vec<Pair> = Vec::new();
    let mut add = |name: &str, value: &str| {
        upstream.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    };
    add(":authority", &request.authority);
    add(":method", &request.method);
    add(":path", &request.path);
    add(":scheme", "http");
    if let Some(protocol) = &request.protocol {
        add(":protocol", protocol);
    }
    for (name, value) in &request.headers {
        add(&name.to_lowercase(), value);
    }
    let announces = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-length");
    let ends_itself = request.body.is_empty() || !request.trailers.is_empty();
    if !ends_itself && !request.headers.iter().any(announces) {
        add("content-length", &request.body.len().to_string());
    }
    let headers: Headers = upstream.iter().cloned().collect();
    let PeerSpec { uri, dns, subject } = &request.peer;
    let arrival = Arrival {
        headers: &headers,
        ends: request.body.is_empty() && request.trailers.is_empty(),
        metadata: &metadata(&request.metadata),
        peer: Peer { uri: uri.as_bytes(), dns: dns.as_bytes(), subject: subject.as_bytes() },
        published: &KeyStore::default(),
        verifier: &Portable,
        now: UnixTime(now()),
    };
    let outcome = match gate.begin(&arrival) {
        Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => outcome,
        Step::AwaitBody(pending) => {
            let HeaderChanges { removed, set } = pending.header_changes();
            change(&mut upstream, removed, set);
            pending.finish(&request.body, UnixTime(now()))
        }
    };
    let (effect, record) = outcome.into_parts();
    let mut observed = Observed { record: record.to_json(None), ..Observed::default() };
    match effect {
        Effect::Forward(body) => {
            observed.forwarded_headers = upstream.iter().map(in_text).collect();
            observed.forwarded = Some(body);
        }
        Effect::Pass(HeaderChanges { removed, set }) => {
            change(&mut upstream, &removed, &set);
            observed.forwarded_headers = upstream.iter().map(in_text).collect();
            observed.forwarded = Some(request.body.clone());
        }
        Effect::Reply(reply) => {
            let challenges = reply.headers.iter().filter(|(name, _)| *name == "www-authenticate");
            observed.challenges = challenges.map(|(_, value)| value.to_string()).collect();
            observed.status = Some(reply.status);
            observed.answer = serde_json::from_slice(&reply.body)?;
        }
    }
    Ok(observed)
}

fn change(
    headers: &mut Vec<Pair>,
    removed: &[Cow<'_, [u8]>],
    set: &[(Cow<'static, str>, Vec<u8>)],
) {
    headers.retain(|(name, _)| !removed.iter().any(|gone| **gone == **name));
    for (name, value) in set {
        headers.retain(|(known, _)| known != name.as_bytes());
        headers.push((name.as_bytes().to_vec(), value.clone()));
    }
}

fn in_text((name, value): &Pair) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(name), text(value))
}

/// The protobuf JSON mapping.
fn of_object(members: &Value) -> Struct {
    let fields = members.as_object().into_iter().flatten();
    Struct { fields: fields.map(|(name, value)| (name.clone(), of_value(value))).collect() }
}

fn of_value(value: &Value) -> protobuf::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => {
            Kind::ListValue(ListValue { values: items.iter().map(of_value).collect() })
        }
        Value::Object(_) => Kind::StructValue(of_object(value)),
    };
    protobuf::Value { kind: Some(kind) }
}

/// `envoy.config.core.v3.Metadata`: 1 `filter_metadata`, a map of `Struct`.
fn metadata(filters: &Map<String, Value>) -> Vec<u8> {
    let mut metadata = Message::default();
    for (filter, members) in filters {
        let mut entry = Message::default();
        entry.bytes(1, filter.as_bytes());
        entry.bytes(2, &of_object(members).encode_to_vec());
        metadata.bytes(1, &entry.into_bytes());
    }
    metadata.into_bytes()
}
