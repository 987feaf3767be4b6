//! Requests of our own to a cluster of the host.

use std::borrow::Cow;

use fieldgate_core::http::Headers;
use fieldgate_core::token::remote::{Fetch, Url};

use super::pairs::write_pairs;
use super::{HostError, buffer, check, header_pairs};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout_ms: u32,
        token: *mut u32,
    ) -> u32;
}

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
pub(crate) fn get(fetch: &Fetch) -> Result<u32, HostError> {
    let Fetch { issuer: _, cluster, url: Url { scheme, authority, path }, timeout_ms } = fetch;
    let headers = [
        (":method", "GET"),
        (":scheme", scheme.as_str()),
        (":authority", &**authority),
        (":path", &**path),
        ("accept", "application/json"),
    ];
    let headers = write_pairs(&headers.map(|(name, value)| (name, Cow::Borrowed(value))));
    let (body, trailers) = (b"", write_pairs(&[]));
    let mut token = 0_u32;
    // SAFETY: the host reads all of them, keeps nothing and writes one u32.
    let status = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            *timeout_ms,
            &raw mut token,
        )
    };
    check("http_call", status)?;
    Ok(token)
}
