//! The corpus: cases as data, `tests/corpus/{jwt,http,operations}/*.yaml`, each run by the gate
//! itself ([`native`]) and through Envoy over HTTP/1.1 and HTTP/2 in both modes ([`through_envoy`]),
//! with the same expectations, and with each other's answer as a further one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::bundle::Guarded;
use crate::client::AUTHORITY;
use crate::token::{Audience, Token, timed};

mod check;
pub mod native;
pub mod through_envoy;

pub use check::Observed;

/// A file of cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    version: u32,
    /// A folder of `policies/`, or else of `tests/`.
    pub bundle: String,
    #[serde(default)]
    defaults: Defaults,
    pub cases: Vec<Case>,
    /// `jwt/claims.yaml`
    #[serde(skip)]
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    token: Token,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// What it is a case of: an id of the attack list, a section of a specification.
    #[serde(default)]
    pub covers: Option<String>,
    #[serde(default)]
    token: Option<Token>,
    #[serde(default)]
    request: RequestSpec,
    pub expect: Expect,
    /// Set where an engine cannot see the request; `covers` says why.
    #[serde(default)]
    only: Option<Only>,
}

/// What runs a case.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The gate in this process.
    Native,
    /// Envoy, over HTTP/1.1.
    Http1,
    /// Envoy, over HTTP/2.
    Http2,
}

impl Engine {
    pub const ALL: [Self; 3] = [Self::Native, Self::Http1, Self::Http2];
}

/// One engine, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Only {
    One(Engine),
    Several(Vec<Engine>),
}

impl Case {
    /// Whether an engine can see the request of this case.
    #[must_use]
    pub fn is_for(&self, engine: Engine) -> bool {
        match &self.only {
            None => true,
            Some(Only::One(only)) => *only == engine,
            Some(Only::Several(only)) => only.contains(&engine),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct RequestSpec {
    query: Option<String>,
    variables: Option<Value>,
    operation_name: Option<String>,
    extensions: Option<Value>,
    /// The body's text, in place of the members above.
    body: Option<String>,
    #[serde(rename = "body_base64")]
    body_base64: Option<String>,
    method: Option<String>,
    path: Option<String>,
    /// The host that is asked for; `:protocol`, which HTTP/2 alone has.
    authority: Option<String>,
    protocol: Option<String>,
    /// What comes behind the body. There is no `content-length` then.
    trailers: Vec<(String, String)>,
    /// Each name here replaces the default of that name; a null value sends none. `+name` adds.
    headers: Vec<(String, Option<String>)>,
    /// What other filters wrote, by their namespaces: for the gate in process alone. Times as in
    /// claims.
    metadata: Map<String, Value>,
    /// What a TLS client certificate says that was verified: for the gate in process alone.
    peer: PeerSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeerSpec {
    pub uri: String,
    pub dns: String,
    pub subject: String,
}

/// What has to happen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub decision: Decision,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    reason: Option<String>,
    /// `extensions.code` of the answer.
    #[serde(default)]
    code: Option<String>,
    /// Denied coordinates and rule ids: all of them.
    #[serde(default)]
    denied: Option<BTreeMap<String, Vec<String>>>,
    /// The coordinates of the operation: all of them, in any order.
    #[serde(default)]
    requested: Option<Vec<String>>,
    #[serde(default)]
    forwarded: Option<Forwarded>,
    /// The whole `www-authenticate` of the answer; null if there must be none.
    #[serde(default, deserialize_with = "given")]
    challenge: Option<Option<String>>,
    /// The static cost in the audit record; null if there must be none.
    #[serde(default, deserialize_with = "given")]
    cost: Option<Option<u64>>,
    /// Members of the audit record; null for one that must not be there.
    #[serde(default)]
    record: Map<String, Value>,
}

/// A member that may be null, apart from one that is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Allow,
    Deny,
    /// Refused by Envoy itself before the filter saw it, or never complete.
    None,
}

/// What the backend has to get.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Forwarded {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    variables: Option<Value>,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    extensions: Option<Value>,
    /// The whole body, as it is.
    #[serde(default)]
    text: Option<String>,
    /// The whole body, as JSON.
    #[serde(default)]
    body: Option<Value>,
    #[serde(default, rename = "headers_absent")]
    headers_absent: Vec<String>,
    #[serde(default, rename = "headers_present")]
    headers_present: Vec<String>,
    /// Headers by name, `:path` too, each with its one value.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// A request as bytes: what a client sends.
#[derive(Clone, Debug)]
pub struct WireRequest {
    pub method: String,
    pub path: String,
    pub authority: String,
    pub protocol: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub trailers: Vec<(String, String)>,
    pub metadata: Map<String, Value>,
    pub peer: PeerSpec,
}

impl WireRequest {
    /// A plain request for the endpoint, without a token.
    #[must_use]
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/graphql".to_owned(),
            authority: AUTHORITY.to_owned(),
            protocol: None,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.into(),
            trailers: Vec::new(),
            metadata: Map::new(),
            peer: PeerSpec::default(),
        }
    }
}

/// Reads all case files in the request folders of a corpus.
///
/// # Errors
/// A file is not one.
pub fn load(root: &Path) -> Result<Vec<CaseFile>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in ["jwt", "http", "operations"] {
        // A folder without cases is not in the repository.
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            paths.push(entry?.path());
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root)?.display().to_string();
            let mut file: CaseFile = serde_saphyr::from_str(&fs::read_to_string(&path)?)
                .with_context(|| name.clone())?;
            if file.version != 1 {
                bail!("{name}: version {} is not known", file.version);
            }
            for case in &file.cases {
                if case.only.is_some() && case.covers.is_none() {
                    bail!("{name}: `{}` leaves an engine out and does not say why", case.name);
                }
                if !Engine::ALL.into_iter().any(|engine| case.is_for(engine)) {
                    bail!("{name}: `{}` is for no engine", case.name);
                }
            }
            file.name = name;
            Ok(file)
        })
        .collect()
}

/// Builds each bundle that the files name, once.
///
/// # Errors
/// One does not build.
pub fn bundles(files: &[CaseFile]) -> Result<BTreeMap<String, Guarded>> {
    let mut bundles = BTreeMap::new();
    for file in files {
        if !bundles.contains_key(&file.bundle) {
            bundles.insert(file.bundle.clone(), Guarded::load(&file.bundle)?);
        }
    }
    Ok(bundles)
}

impl CaseFile {
    /// The request of a case. A token's times count from now.
    ///
    /// # Errors
    /// The case's base64 is none.
    pub fn request(&self, case: &Case, audience: &Audience) -> Result<WireRequest> {
        let spec = &case.request;
        let body = match (&spec.body, &spec.body_base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(encoded)) => STANDARD.decode(encoded.trim()).context("body_base64")?,
            (None, None) => spec.members().to_string().into_bytes(),
        };
        let mut request = WireRequest::post(body);
        let WireRequest { method, path, authority, protocol, headers, trailers, .. } = &mut request;
        let set = |part: &mut String, given: &Option<String>| {
            given.iter().for_each(|given| part.clone_from(given));
        };
        set(method, &spec.method);
        set(path, &spec.path);
        set(authority, &spec.authority);
        protocol.clone_from(&spec.protocol);
        trailers.clone_from(&spec.trailers);
        let token = case.token.as_ref().unwrap_or(&self.defaults.token);
        for (name, value) in token.put(audience) {
            match name.as_str() {
                "?" => {
                    path.push_str(&format!("{}{value}", if path.contains('?') { '&' } else { '?' }))
                }
                _ => headers.push((name, value)),
            }
        }
        let given = |name: &str| spec.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        headers.retain(|(name, _)| !given(name));
        for (name, value) in &spec.headers {
            let name = name.trim_start_matches('+');
            headers.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        }
        let metadata = spec.metadata.iter().map(|(name, value)| (name.clone(), timed(value)));
        request.metadata = metadata.collect();
        request.peer = spec.peer.clone();
        Ok(request)
    }
}

impl RequestSpec {
    fn members(&self) -> Value {
        let Self { query, variables, operation_name, extensions, .. } = self;
        let mut members = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        add("query", query.as_ref().map(|query| json!(query)));
        add("variables", variables.clone());
        add("operationName", operation_name.as_ref().map(|name| json!(name)));
        add("extensions", extensions.clone());
        Value::Object(members)
    }
}
