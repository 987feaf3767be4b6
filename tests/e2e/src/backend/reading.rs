//! An HTTP request -> the operations in it.

use async_graphql::http::{MultipartOptions, parse_query_string, receive_batch_body};
use async_graphql::{BatchRequest, Request, Variables};
use axum::body::Bytes;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::Value;

/// Who reads requests.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    /// A JSON object is a request, whatever stands around it.
    Plain,
    /// async-graphql's own readers, put together as its integration with axum does.
    Library,
}

impl Reader {
    pub(super) async fn read(self, head: &Parts, body: &Bytes) -> Option<BatchRequest> {
        match self {
            Self::Plain => object(body).map(BatchRequest::Single),
            Self::Library if head.method == Method::GET => {
                let query = head.uri.query().unwrap_or_default();
                parse_query_string(query).ok().map(BatchRequest::Single)
            }
            Self::Library => {
                let media_type = head.headers.get("content-type");
                let media_type = media_type.and_then(|value| value.to_str().ok());
                receive_batch_body(media_type, &body[..], MultipartOptions::default()).await.ok()
            }
        }
    }
}

fn object(body: &[u8]) -> Option<Request> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut request = Request::new(body["query"].as_str()?);
    if let Some(name) = body["operationName"].as_str() {
        request = request.operation_name(name);
    }
    Some(request.variables(Variables::from_json(body["variables"].clone())))
}
