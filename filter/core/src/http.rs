//! Method, path, headers and body bytes -> one [`GraphqlRequest`], exactly one reading or a
//! refusal; and the canonical bytes to forward.
//!
//! Follows GraphQL over HTTP (POST, `application/json`) and is stricter wherever servers were seen
//! to read the same bytes differently: a member or a header given twice, unknown members, a URL
//! query beside the body, charsets and codings other than plain UTF-8 are refused. What goes
//! upstream is built here from what was read, never the client's bytes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::denial::Reason;
use crate::document::Source;
use crate::json::{self, Json, JsonError};
use crate::limits::{Limits, VARIABLES};
use crate::plan::Given;

mod accept;
mod endpoint;
mod head;
mod headers;
mod multipart;
mod path;
mod peer;
pub(crate) mod percent;
mod upstream;
mod url;

pub use accept::MediaType;
pub use endpoint::{Endpoint, Method, Methods, Multipart, OtherPaths, Preflight, Route};
pub(crate) use head::is_ours;
pub use head::{Head, Media};
pub use headers::{Field, Headers};
pub use multipart::{Boundary, MultipartRequest};
pub use path::PathPattern;
pub(crate) use path::is_plain;
pub use peer::Peer;
pub use upstream::{HeaderChanges, Sent};
pub use url::UrlRequest;

/// A request as GraphQL over HTTP defines it.
#[derive(Debug, Default)]
pub struct GraphqlRequest<'a> {
    /// The document's text; none if it has only the document's id.
    pub query: Option<Cow<'a, str>>,
    /// The document's id, if the client says one.
    pub id: Option<DocumentId<'a>>,
    /// Which operation, if the client says.
    pub operation_name: Option<Cow<'a, str>>,
    /// The variables, each with its text and its value.
    pub variables: Vec<Variable<'a>>,
    /// The extensions, known to have one reading.
    pub extensions: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// How it is forwarded.
    pub form: Form,
}

/// How a client says which document it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentId<'a> {
    /// `documentId` (GraphQL over HTTP, appendix "Persisted Documents").
    Given(Cow<'a, str>),
    /// The SHA-256 of the text in hex, in `extensions.persistedQuery` (Apollo's automatic persisted
    /// queries, version 1).
    Sha256(Cow<'a, str>),
}

/// How a request is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As a JSON object.
    #[default]
    Json,
    /// As a URL query.
    Url,
}

/// One variable of a request.
#[derive(Debug)]
pub struct Variable<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its JSON text as sent, known to have one reading: what is forwarded.
    pub raw: &'a RawValue,
    /// What it is.
    pub value: Json<'a>,
}

impl<'a> GraphqlRequest<'a> {
    /// Reads a body that is one request.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(body: &'a [u8], variables_depth: u32) -> Result<Self, Reason> {
        let text = text(body)?;
        if is_array(text) {
            return Err(Reason::BatchNotAllowed);
        }
        Self::of_members(json::members(text).map_err(json_reason)?, variables_depth)
    }

    fn of_members(
        members: Vec<(Cow<'a, str>, &'a RawValue)>,
        variables_depth: u32,
    ) -> Result<Self, Reason> {
        let mut request = Self::default();
        for (name, raw) in members {
            match name.as_ref() {
                "query" => request.query = read_text(raw, Reason::QueryMissing)?,
                "operationName" => {
                    request.operation_name = read_text(raw, Reason::OperationNameInvalid)?;
                }
                "variables" => request.variables = read_variables(raw, variables_depth)?,
                "extensions" => read_extensions(raw, variables_depth, &mut request)?,
                "documentId" => {
                    if let Some(id) = read_text(raw, Reason::DocumentIdInvalid)? {
                        request.identify(DocumentId::Given(id))?;
                    }
                }
                _ => return Err(Reason::UnknownMember),
            }
        }
        request.expect_document()?;
        Ok(request)
    }

    /// Takes an id, if it is the only one.
    fn identify(&mut self, id: DocumentId<'a>) -> Result<(), Reason> {
        if self.id.replace(id).is_some() { Err(Reason::DocumentIdInvalid) } else { Ok(()) }
    }

    fn expect_document(&self) -> Result<(), Reason> {
        let named = self.query.is_some() || self.id.is_some();
        if named { Ok(()) } else { Err(Reason::QueryMissing) }
    }

    /// What the request gives for a variable that has to be a boolean.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Given {
        match self.value(name) {
            None => Given::Nothing,
            Some(Json::Bool(value)) => Given::Boolean(*value),
            Some(
                Json::Null
                | Json::Number(_)
                | Json::String(_)
                | Json::Array(_)
                | Json::Object(_)
                | Json::Upload,
            ) => Given::Other,
        }
    }

    /// What the request gives for a variable.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Json<'a>> {
        let variable = self.variables.iter().find(|variable| variable.name == name);
        variable.map(|variable| &variable.value)
    }

    /// The canonical request: the given document, the name of its operation, those variables that the
    /// operation defines, and those extensions that are allowed upstream.
    ///
    /// # Errors
    /// [`Reason::Internal`] if it cannot be written, which would be a defect.
    pub fn forward<'n>(
        &self,
        query: &Source,
        operation_name: Option<&str>,
        defined: impl Iterator<Item = &'n str>,
        allowed: &[Box<str>],
    ) -> Result<Vec<u8>, Reason> {
        let mut defined: Vec<&str> = defined.collect();
        defined.sort_unstable();
        let is_defined = |name: &str| defined.binary_search(&name).is_ok();
        let kept = self.variables.iter().filter(|variable| is_defined(&variable.name));
        let variables = Members(kept.map(|kept| (kept.name.as_ref(), kept.raw)).collect());
        let kept =
            self.extensions.iter().filter(|(name, _)| allowed.iter().any(|one| **one == **name));
        let extensions = Members(kept.map(|(name, raw)| (name.as_ref(), *raw)).collect());
        match self.form {
            Form::Url => url::write(query.text(), operation_name, &variables, &extensions),
            Form::Json => {
                let body = canonical(query, operation_name, &variables, &extensions);
                body.map_err(|_| Reason::Internal)
            }
        }
    }
}

/// The GraphQL requests of a body.
#[derive(Debug)]
pub enum GraphqlBody<'a> {
    /// One.
    One(GraphqlRequest<'a>),
    /// Several, or one in a list.
    Batch(Vec<GraphqlRequest<'a>>),
}

impl<'a> GraphqlBody<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(body: &'a [u8], limits: &Limits) -> Result<Self, Reason> {
        let (text, depth) = (text(body)?, limits.variables_depth);
        if !is_array(text) {
            return GraphqlRequest::read(body, depth).map(Self::One);
        }
        if limits.batch == 0 {
            return Err(Reason::BatchNotAllowed);
        }
        let most = usize::try_from(limits.batch).unwrap_or(usize::MAX);
        let entries = json::elements(text, most).map_err(json_reason)?;
        let entries = entries.ok_or(Reason::LimitBatch)?;
        if entries.is_empty() {
            return Err(Reason::BatchEmpty);
        }
        let read = |raw: &'a RawValue| {
            GraphqlRequest::of_members(json::members(raw.get()).map_err(json_reason)?, depth)
        };
        entries.into_iter().map(read).collect::<Result<_, _>>().map(Self::Batch)
    }
}

fn text(body: &[u8]) -> Result<&str, Reason> {
    if body.is_empty() {
        return Err(Reason::BodyEmpty);
    }
    str::from_utf8(body).map_err(|_| Reason::BodyMalformed)
}

fn is_array(text: &str) -> bool {
    text.trim_ascii_start().starts_with('[')
}

/// The canonical body. The document is not quoted anew for each request.
fn canonical(
    query: &Source,
    operation_name: Option<&str>,
    variables: &Members<'_>,
    extensions: &Members<'_>,
) -> serde_json::Result<Vec<u8>> {
    const QUERY: &[u8] = b"{\"query\":";
    let quoted = query.quoted()?;
    let room = [quoted.len(), variables.bytes(), extensions.bytes(), 64];
    let mut body = Vec::with_capacity(room.into_iter().fold(0, usize::saturating_add));
    body.extend_from_slice(QUERY);
    body.extend_from_slice(quoted.as_bytes());
    if let Some(name) = operation_name {
        body.extend_from_slice(b",\"operationName\":");
        serde_json::to_writer(&mut body, name)?;
    }
    for (name, members) in [("variables", variables), ("extensions", extensions)] {
        if !members.is_empty() {
            for part in [b",\"", name.as_bytes(), b"\":"] {
                body.extend_from_slice(part);
            }
            serde_json::to_writer(&mut body, members)?;
        }
    }
    body.push(b'}');
    Ok(body)
}

struct Members<'a>(Vec<(&'a str, &'a RawValue)>);

impl Members<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how much room they take.
    fn bytes(&self) -> usize {
        let one = |(name, raw): &(&str, &RawValue)| name.len().saturating_add(raw.get().len());
        self.0.iter().map(one).map(|one| one.saturating_add(16)).fold(0, usize::saturating_add)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// A text or null; an empty one means "absent" to some servers and "unknown" to others.
fn read_text(raw: &RawValue, fault: Reason) -> Result<Option<Cow<'_, str>>, Reason> {
    match Json::read(raw.get(), 1) {
        Ok(Json::Null) => Ok(None),
        Ok(Json::String(text)) if !text.is_empty() => Ok(Some(text)),
        Ok(_) | Err(_) => Err(fault),
    }
}

fn read_variables(raw: &RawValue, depth: u32) -> Result<Vec<Variable<'_>>, Reason> {
    if raw.get() == "null" {
        return Ok(Vec::new());
    }
    if !raw.get().starts_with('{') {
        return Err(Reason::VariablesInvalid);
    }
    let members = json::members(raw.get()).map_err(json_reason)?;
    if members.len() > VARIABLES {
        return Err(Reason::LimitVariables);
    }
    let mut variables = Vec::with_capacity(members.len());
    for (name, raw) in members {
        let value = Json::read(raw.get(), depth).map_err(json_reason)?;
        variables.push(Variable { name, raw, value });
    }
    Ok(variables)
}

fn read_extensions<'a>(
    raw: &'a RawValue,
    depth: u32,
    request: &mut GraphqlRequest<'a>,
) -> Result<(), Reason> {
    let mut extensions = match Json::read(raw.get(), depth).map_err(json_reason)? {
        Json::Null => return Ok(()),
        Json::Object(members) => members,
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Upload => {
            return Err(Reason::ExtensionsInvalid);
        }
    };
    request.extensions = json::members(raw.get()).map_err(json_reason)?;
    // It is settled here, and nobody behind has to think of it.
    request.extensions.retain(|(name, _)| name != PERSISTED_QUERY);
    let persisted = extensions.iter().position(|(name, _)| name == PERSISTED_QUERY);
    match persisted.map(|at| extensions.swap_remove(at).1) {
        None => Ok(()),
        Some(persisted) => request.identify(read_persisted_query(persisted)?),
    }
}

/// The extension of automatic persisted queries.
const PERSISTED_QUERY: &str = "persistedQuery";

/// `{ "version": 1, "sha256Hash": ".." }`.
fn read_persisted_query(json: Json<'_>) -> Result<DocumentId<'_>, Reason> {
    let Json::Object(members) = json else { return Err(Reason::DocumentIdInvalid) };
    let (mut version, mut hash) = (None, None);
    for (name, value) in members {
        match (name.as_ref(), value) {
            ("version", Json::Number(number)) => version = number.as_u64(),
            ("sha256Hash", Json::String(text)) => hash = Some(text),
            _ => return Err(Reason::DocumentIdInvalid),
        }
    }
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match (version, hash) {
        (Some(1), Some(hash)) if hash.len() == 64 && hash.bytes().all(digit) => {
            Ok(DocumentId::Sha256(hash))
        }
        _ => Err(Reason::DocumentIdInvalid),
    }
}

fn json_reason(error: JsonError) -> Reason {
    match error {
        JsonError::Syntax => Reason::BodyMalformed,
        JsonError::DuplicateMember => Reason::DuplicateMember,
        JsonError::Depth => Reason::LimitVariablesDepth,
    }
}
