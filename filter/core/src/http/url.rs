//! The URL query of a GET -> its [`GraphqlRequest`], and the canonical URL query to forward.
//!
//! Follows GraphQL over HTTP (section "GET") and is stricter where servers read the same bytes
//! differently: a parameter that is there twice or that nobody knows, and escapes that are none, are
//! refused. `operationName` may be empty, as the specification says; nothing else may.

use serde_json::value::RawValue;

use super::{DocumentId, Form, GraphqlRequest, Members, percent, read_extensions, read_variables};
use crate::denial::Reason;
use crate::token::source::{TokenRules, parameters};

/// The parameters of a GraphQL request in a URL, decoded.
#[derive(Debug, Default)]
pub struct UrlRequest {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Box<RawValue>>,
    extensions: Option<Box<RawValue>>,
    document_id: Option<String>,
}

impl UrlRequest {
    /// Reads a URL query, of which the parameters with tokens are left out.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(query: &[u8], tokens: &TokenRules, longest: u32) -> Result<Self, Reason> {
        if query.len() > usize::try_from(longest).unwrap_or(usize::MAX) {
            return Err(Reason::UrlTooLong);
        }
        let text = |bytes| percent::strict(bytes).ok_or(Reason::UrlQueryMalformed);
        let json = |text: String, fault| RawValue::from_string(text).map_err(|_| fault);
        let mut read = Self::default();
        for (name, value) in parameters(query) {
            if tokens.names(name) || name.is_empty() && value.is_empty() {
                continue;
            }
            let (name, value) = (text(name)?, text(value)?);
            let twice = match name.as_str() {
                "query" => read.query.replace(value).is_some(),
                "operationName" => read.operation_name.replace(value).is_some(),
                "documentId" => read.document_id.replace(value).is_some(),
                "variables" => {
                    read.variables.replace(json(value, Reason::VariablesInvalid)?).is_some()
                }
                "extensions" => {
                    read.extensions.replace(json(value, Reason::ExtensionsInvalid)?).is_some()
                }
                _ => return Err(Reason::UnknownMember),
            };
            if twice {
                return Err(Reason::DuplicateMember);
            }
        }
        Ok(read)
    }

    /// The request.
    ///
    /// # Errors
    /// The refusal.
    pub fn request(&self, variables_depth: u32) -> Result<GraphqlRequest<'_>, Reason> {
        let Self { query, operation_name, variables, extensions, document_id } = self;
        let given = |text: &&str| !text.is_empty();
        let mut request = GraphqlRequest {
            query: query.as_deref().filter(given).map(Into::into),
            operation_name: operation_name.as_deref().filter(given).map(Into::into),
            form: Form::Url,
            ..GraphqlRequest::default()
        };
        if let Some(raw) = variables {
            request.variables = read_variables(raw, variables_depth)?;
        }
        if let Some(raw) = extensions {
            read_extensions(raw, variables_depth, &mut request)?;
        }
        if let Some(id) = document_id {
            request.identify(DocumentId::Given(id.as_str().into()))?;
        }
        request.expect_document()?;
        Ok(request)
    }
}

/// Writes the canonical URL query, without its `?`.
pub(super) fn write(
    query: &str,
    operation_name: Option<&str>,
    variables: &Members<'_>,
    extensions: &Members<'_>,
) -> Result<Vec<u8>, Reason> {
    let json = |members: &Members<'_>| {
        let text = (!members.is_empty()).then(|| serde_json::to_string(members));
        text.transpose().map_err(|_| Reason::Internal)
    };
    let parameters = [
        ("query", Some(query.to_owned())),
        ("operationName", operation_name.map(str::to_owned)),
        ("variables", json(variables)?),
        ("extensions", json(extensions)?),
    ];
    let mut written = Vec::with_capacity(query.len());
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        if !written.is_empty() {
            written.push(b'&');
        }
        written.extend(name.bytes());
        written.push(b'=');
        percent::write(&value, &mut written);
    }
    Ok(written)
}
