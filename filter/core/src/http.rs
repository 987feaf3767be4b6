//! Method, path, headers and body bytes -> one [`GraphqlRequest`], exactly one reading or a
//! refusal; and the canonical bytes to forward.
//!
//! Follows GraphQL over HTTP (POST, `application/json`) and is stricter wherever servers were seen
//! to read the same bytes differently: a member or a header given twice, unknown members, a URL
//! query beside the body, charsets and codings other than plain UTF-8 are refused. What goes
//! upstream is built here from what was read, never the client's bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::denial::Reason;
use crate::json::{self, Json, JsonError};
use crate::limits::VARIABLES;
use crate::plan::Given;

mod head;
mod peer;
mod upstream;

pub use head::Head;
pub(crate) use head::is_ours;
pub use peer::Peer;
pub use upstream::HeaderChanges;

/// A header's name and value as bytes; values need not be text.
pub type HeaderPair = (Vec<u8>, Vec<u8>);

/// Request headers as the host has them, pseudo-headers included, in any order.
pub type HeaderPairs = [HeaderPair];

/// A request as GraphQL over HTTP defines it.
#[derive(Debug)]
pub struct GraphqlRequest<'a> {
    /// The document's text.
    pub query: Cow<'a, str>,
    /// Which operation, if the client says.
    pub operation_name: Option<Cow<'a, str>>,
    /// The variables, each with its text and its value.
    pub variables: Vec<Variable<'a>>,
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
    /// Reads a body.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(body: &'a [u8], variables_depth: u32) -> Result<Self, Reason> {
        if body.is_empty() {
            return Err(Reason::BodyEmpty);
        }
        let text = str::from_utf8(body).map_err(|_| Reason::BodyMalformed)?;
        if text.trim_ascii_start().starts_with('[') {
            return Err(Reason::BatchNotAllowed);
        }
        let mut query = None;
        let mut operation_name = None;
        let mut variables = Vec::new();
        for (name, raw) in json::members(text).map_err(json_reason)? {
            match name.as_ref() {
                "query" => query = Some(raw),
                "operationName" => operation_name = read_operation_name(raw)?,
                "variables" => variables = read_variables(raw, variables_depth)?,
                // Read and not forwarded: no extension is allowed upstream.
                "extensions" => check_extensions(raw, variables_depth)?,
                _ => return Err(Reason::UnknownMember),
            }
        }
        let query = query.and_then(|raw| match Json::read(raw.get(), 1) {
            Ok(Json::String(text)) if !text.is_empty() => Some(text),
            Ok(_) | Err(_) => None,
        });
        Ok(Self { query: query.ok_or(Reason::QueryMissing)?, operation_name, variables })
    }

    /// What the request gives for a variable that has to be a boolean.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Given {
        match self.value(name) {
            None => Given::Nothing,
            Some(Json::Bool(value)) => Given::Boolean(*value),
            Some(
                Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_),
            ) => Given::Other,
        }
    }

    /// What the request gives for a variable.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Json<'a>> {
        let variable = self.variables.iter().find(|variable| variable.name == name);
        variable.map(|variable| &variable.value)
    }

    /// The canonical body: the given document, the name of its operation, and those variables that
    /// the operation defines.
    ///
    /// # Errors
    /// [`Reason::Internal`] if it cannot be written, which would be a defect.
    pub fn forward<'n>(
        &self,
        query: &str,
        operation_name: Option<&str>,
        defined: impl Iterator<Item = &'n str>,
    ) -> Result<Vec<u8>, Reason> {
        let defined: BTreeSet<&str> = defined.collect();
        let kept = self.variables.iter().filter(|variable| defined.contains(&*variable.name));
        let variables = Members(kept.map(|kept| (kept.name.as_ref(), kept.raw)).collect());
        let body = Canonical { query, operation_name, variables };
        serde_json::to_vec(&body).map_err(|_| Reason::Internal)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Canonical<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    variables: Members<'a>,
}

struct Members<'a>(Vec<(&'a str, &'a RawValue)>);

impl Members<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

fn read_operation_name(raw: &RawValue) -> Result<Option<Cow<'_, str>>, Reason> {
    match Json::read(raw.get(), 1) {
        Ok(Json::Null) => Ok(None),
        // Empty means "absent" to some servers and "unknown" to others.
        Ok(Json::String(name)) if !name.is_empty() => Ok(Some(name)),
        Ok(_) | Err(_) => Err(Reason::OperationNameInvalid),
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

fn check_extensions(raw: &RawValue, depth: u32) -> Result<(), Reason> {
    match Json::read(raw.get(), depth).map_err(json_reason)? {
        Json::Null | Json::Object(_) => Ok(()),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Err(Reason::ExtensionsInvalid)
        }
    }
}

fn json_reason(error: JsonError) -> Reason {
    match error {
        JsonError::Syntax => Reason::BodyMalformed,
        JsonError::DuplicateMember => Reason::DuplicateMember,
        JsonError::Depth => Reason::LimitVariablesDepth,
    }
}
