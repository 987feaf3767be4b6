//! Requests of our own to a cluster of the host.

use std::time::Duration;

use fieldgate_core::http::Headers;
use fieldgate_core::token::remote::{Fetch, Url};

use super::{HostError, buffer, header_pairs};

const RESPONSE_BODY: u32 = 4;
const RESPONSE_HEADERS: u32 = 6;

/// The headers of the response to a call of our own.
pub(crate) fn response_headers() -> Result<Headers, HostError> {
    header_pairs("get_call_response_headers", RESPONSE_HEADERS)
}

/// The body of the response to a call of our own.
pub(crate) fn response_body(size: usize) -> Result<Vec<u8>, HostError> {
    if size == 0 {
        return Ok(Vec::new());
    }
    buffer("get_call_response_body", RESPONSE_BODY, size)
}

/// Asks a cluster for a URL, for the root context that is being called. The token comes back with
/// the answer.
///
/// The SDK has to know of the call, as it hands the answer out, so that this is its own function. It
/// panics on a status that Envoy's host does not have for this call; those it has are errors here.
pub(crate) fn get(fetch: &Fetch) -> Result<u32, HostError> {
    let Fetch { issuer: _, cluster, url: Url { scheme, authority, path }, timeout_ms } = fetch;
    let headers = vec![
        (":method", "GET"),
        (":scheme", scheme.as_str()),
        (":authority", &**authority),
        (":path", &**path),
        ("accept", "application/json"),
    ];
    let timeout = Duration::from_millis(u64::from(*timeout_ms));
    proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout)
        .map_err(|_| HostError { call: "http_call", status: 0 })
}
