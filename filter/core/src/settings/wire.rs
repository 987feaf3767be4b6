//! The configuration as JSON has it, and its conversion: the only place that knows the wire format.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::anonymous::WireAnonymous;
use super::endpoint::WireEndpoint;
use super::identity::WireIdentityHeaders;
use super::issuer::WireIssuer;
use super::tokens::WireTokens;
use super::usage::WireUsage;
use super::{Audit, AuditForm, ConfigurationError, RequestHeaders};
use crate::challenge::ScopeChallenge;
use crate::limits::Limits;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire<'a> {
    pub(super) version: u32,
    pub(super) request_headers: Option<Box<str>>,
    #[serde(default)]
    pub(super) endpoint: Object<WireEndpoint>,
    #[serde(default)]
    pub(super) tokens: Object<WireTokens>,
    #[serde(default)]
    pub(super) anonymous: WireAnonymous,
    #[serde(default)]
    pub(super) identity_headers: Object<WireIdentityHeaders>,
    #[serde(borrow)]
    pub(super) issuers: Vec<Object<WireIssuer<'a>>>,
    #[serde(default)]
    pub(super) limits: Object<WireLimits>,
    #[serde(default)]
    pub(super) usage: Object<WireUsage>,
    #[serde(default)]
    pub(super) audit: Object<WireAudit>,
    #[serde(default)]
    pub(super) challenges: Object<WireChallenges>,
    pub(super) policy: Box<str>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLimits {
    body_bytes: Option<u32>,
    tokens: Option<u32>,
    depth: Option<u32>,
    root_fields: Option<u32>,
    aliases: Option<u32>,
    directives: Option<u32>,
    expanded_fields: Option<u32>,
    variables_depth: Option<u32>,
    token_bytes: Option<u32>,
    known_tokens: Option<u32>,
    known_documents: Option<u32>,
    batch: Option<u32>,
    url_query_bytes: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireAudit {
    #[serde(default)]
    nested: bool,
    #[serde(default)]
    response: bool,
}

impl WireAudit {
    pub(super) fn read(&self) -> Audit {
        let form = if self.nested { AuditForm::TextAndStruct } else { AuditForm::Text };
        Audit { form, response: self.response }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireChallenges {
    #[serde(default)]
    scope: bool,
}

impl WireChallenges {
    pub(super) fn read(&self) -> ScopeChallenge {
        if self.scope { ScopeChallenge::On } else { ScopeChallenge::Off }
    }
}

/// A JSON object and nothing else: a derived struct would take an array of its members too.
#[derive(Default)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

pub(super) fn read_mode(mode: Option<&str>) -> Result<RequestHeaders, ConfigurationError> {
    match mode {
        Some("hold") => Ok(RequestHeaders::Hold),
        Some("stream") | None => Ok(RequestHeaders::Stream),
        Some(_) => Err(value("request_headers", "expected `hold` or `stream`")),
    }
}

impl WireLimits {
    pub(super) fn read(self) -> Result<Limits, ConfigurationError> {
        let Self {
            body_bytes,
            tokens,
            depth,
            root_fields,
            aliases,
            directives,
            expanded_fields,
            variables_depth,
            token_bytes,
            known_tokens,
            known_documents,
            batch,
            url_query_bytes,
        } = self;
        let (default, cap) = (Limits::DEFAULT, Limits::CAP);
        let bounded = |name: &str, given: Option<u32>, default: u32, cap: u32| match given {
            None => Ok(default),
            Some(limit) if limit <= cap => Ok(limit),
            Some(_) => Err(value(&format!("limits.{name}"), "above the cap for this limit")),
        };
        Ok(Limits {
            body_bytes: bounded("body_bytes", body_bytes, default.body_bytes, cap.body_bytes)?,
            tokens: bounded("tokens", tokens, default.tokens, cap.tokens)?,
            depth: bounded("depth", depth, default.depth, cap.depth)?,
            root_fields: bounded("root_fields", root_fields, default.root_fields, cap.root_fields)?,
            aliases: bounded("aliases", aliases, default.aliases, cap.aliases)?,
            directives: bounded("directives", directives, default.directives, cap.directives)?,
            expanded_fields: bounded(
                "expanded_fields",
                expanded_fields,
                default.expanded_fields,
                cap.expanded_fields,
            )?,
            variables_depth: bounded(
                "variables_depth",
                variables_depth,
                default.variables_depth,
                cap.variables_depth,
            )?,
            token_bytes: bounded("token_bytes", token_bytes, default.token_bytes, cap.token_bytes)?,
            known_tokens: bounded(
                "known_tokens",
                known_tokens,
                default.known_tokens,
                cap.known_tokens,
            )?,
            known_documents: bounded(
                "known_documents",
                known_documents,
                default.known_documents,
                cap.known_documents,
            )?,
            batch: bounded("batch", batch, default.batch, cap.batch)?,
            url_query_bytes: bounded(
                "url_query_bytes",
                url_query_bytes,
                default.url_query_bytes,
                cap.url_query_bytes,
            )?,
            incremental: default.incremental,
        })
    }
}

pub(super) fn value(path: &str, message: &'static str) -> ConfigurationError {
    ConfigurationError::Value { path: path.to_owned(), message }
}

/// serde_json's message in the grammar of ours: the place is already in the path.
pub(super) fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.split_once(" at line ") {
        Some((head, _)) => head.to_owned(),
        None => message,
    }
}
