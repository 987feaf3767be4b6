//! [`Refusal`] -> [`Reply`]: the bytes that a refused client gets.
//!
//! A GraphQL response without `data` (spec 7.1: a request error), with the media type that the client
//! accepts and the HTTP status of GraphQL over HTTP for it. For a 401 the challenge of RFC 6750 3, with no more than the error code.

use std::borrow::Cow;

use serde_json::json;

use crate::challenge::Challenge;
use crate::denial::Reason;
use crate::document::{DocumentError, DocumentErrorKind, Span};
use crate::http::{MediaType, Methods};
use crate::plan::PlanError;
use crate::token::TokenError;

/// Why a request is refused, and where in its document that shows, if it may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    location: Option<Location>,
    challenge: Option<Challenge>,
    /// The methods that would do, if this one does not.
    methods: Option<Methods>,
}

/// A place in the document: line and column, both from 1 (spec 7.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    line: u32,
    column: u32,
}

/// An answer to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Vec<u8>,
    /// For the host's response code details.
    pub details: String,
}

impl Refusal {
    /// A document that is not one.
    #[must_use]
    pub fn unreadable(error: &DocumentError, source: &str) -> Self {
        let reason = match error.kind {
            DocumentErrorKind::TokenLimit => Reason::LimitTokens,
            DocumentErrorKind::NestingLimit => Reason::LimitNesting,
            DocumentErrorKind::Expected(_)
            | DocumentErrorKind::VariableInConstant
            | DocumentErrorKind::TypeSystemDefinition
            | DocumentErrorKind::InvalidCharacter
            | DocumentErrorKind::InvalidNumber
            | DocumentErrorKind::UnterminatedString
            | DocumentErrorKind::InvalidEscape
            | DocumentErrorKind::SourceTooLong => Reason::DocumentSyntax,
        };
        let (line, column) = error.location(source);
        Self { location: Some(Location { line, column }), ..Self::from(reason) }
    }

    /// A refusal that shows at a place in the document.
    #[must_use]
    pub fn at(reason: Reason, place: Option<Span>, source: &str) -> Self {
        let location = place.map(|place| {
            let (line, column) = place.location(source);
            Location { line, column }
        });
        Self { location, ..Self::from(reason) }
    }

    /// The same, asking the caller for something, if there is something to ask for.
    #[must_use]
    pub fn asking(self, challenge: Option<Challenge>) -> Self {
        Self { challenge, ..self }
    }

    /// The same, naming the methods that would do.
    #[must_use]
    pub fn allowing(self, methods: Methods) -> Self {
        Self { methods: Some(methods), ..self }
    }

    /// The same without a place: there are several documents.
    #[must_use]
    pub fn somewhere(self) -> Self {
        Self { location: None, ..self }
    }

    /// An operation that cannot be planned.
    #[must_use]
    pub fn invalid(error: PlanError, source: &str) -> Self {
        Self::at(error.reason, error.at, source)
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, location: None, challenge: None, methods: None }
    }
}

impl From<Refusal> for Reply {
    /// The answer for a client of which nothing is known.
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal, MediaType::default())
    }
}

impl Reply {
    /// The answer in a form.
    #[must_use]
    pub fn new(refusal: Refusal, form: MediaType) -> Self {
        let Refusal { reason, location, challenge, methods } = refusal;
        let challenge = challenge.or_else(|| Challenge::of(reason));
        // Who is asked for a token gets the answer of one who sent none.
        let answer = match challenge {
            Some(Challenge::Token) => Reason::Token(TokenError::Missing).answer(),
            Some(Challenge::ValidToken | Challenge::Authentication(_) | Challenge::Scopes(_))
            | None => reason.answer(),
        };
        let mut error = json!({ "message": answer.message, "extensions": { "code": answer.code } });
        if let (Some(Location { line, column }), Some(error)) = (location, error.as_object_mut()) {
            let locations = json!([{ "line": line, "column": column }]);
            error.insert("locations".to_owned(), locations);
        }
        let body = json!({ "errors": [error] }).to_string().into_bytes();
        let mut headers =
            vec![("content-type", form.header().into()), ("cache-control", "no-store".into())];
        headers.extend(challenge.map(|challenge| ("www-authenticate", challenge.header())));
        // RFC 9110 section 15.5.6.
        headers.extend(methods.map(|methods| ("allow", methods.allow().into())));
        // GraphQL over HTTP: a request that is one gets a response, whatever is wrong with its document.
        let status = match form {
            MediaType::Json if answer.is_response() => 200,
            MediaType::Json | MediaType::GraphqlResponse => answer.status,
        };
        Self { status, headers, body, details: format!("fieldgate_{}", reason.code()) }
    }
}
