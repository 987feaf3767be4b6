//! A row -> bytes on a socket; or an HTTP/2 request, where it asks for that.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpStream;

use super::encoding::{bytes, encoded};
use super::row::{Request, Row};
use crate::backend::TAG;
use crate::client::{Client, say};

/// What is still open is not waited for any longer than this.
const PATIENCE: u64 = 5_000;

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The client's side of the connection.
    pub port: u16,
    /// What came back, for whoever reads a failure.
    pub answer: String,
}

/// Sends a row's request under a tag over a connection. Servers are asked by HTTP/1.1 alone.
///
/// # Errors
/// The row is no request.
pub async fn send(
    row: &Row,
    stream: TcpStream,
    tag: &str,
    token: &str,
    through_envoy: bool,
) -> Result<Sent> {
    let address = stream.peer_addr()?;
    let port = stream.local_addr()?.port();
    let filled = |text: &str| text.replace("<tag>", tag).replace("<token>", token);
    let request = &row.request;
    if request.http2 && through_envoy {
        let answer = over_http2(request, address, stream, filled).await?;
        return Ok(Sent { port, answer });
    }
    let patience = Duration::from_millis(request.patience.unwrap_or(PATIENCE));
    // Who answers early and closes has answered.
    let answer = say(stream, &over_http1(request, filled), patience).await.unwrap_or_default();
    Ok(Sent { port, answer: String::from_utf8_lossy(&answer).into_owned() })
}

fn body(request: &Request, filled: impl Fn(&str) -> String) -> Vec<u8> {
    let text = match (&request.document, &request.body) {
        (Some(document), _) => serde_json::json!({ "query": document }).to_string(),
        (None, Some(body)) => filled(body),
        (None, None) => String::new(),
    };
    encoded(&text, &request.encodings)
}

/// The headers, without those that frame the body.
fn headers(request: &Request, filled: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let given =
        |name: &str| request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut defaults = vec![(TAG, "<tag>"), ("authorization", "Bearer <token>")];
    if request.document.is_some() || request.body.is_some() {
        defaults.push(("content-type", "application/json"));
    }
    let defaults = defaults.into_iter().filter(|(name, _)| !given(name));
    let defaults = defaults.map(|(name, value)| (name.to_owned(), filled(value)));
    let further = request.headers.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix('+').unwrap_or(name);
        Some((name.to_owned(), filled(value.as_ref()?)))
    });
    defaults.chain(further).collect()
}

fn over_http1(request: &Request, filled: impl Fn(&str) -> String + Copy) -> Vec<u8> {
    if let Some(raw) = &request.raw {
        return bytes(&filled(raw));
    }
    let body = body(request, filled);
    let method = request.method.as_deref().unwrap_or("POST");
    let path = filled(request.path.as_deref().unwrap_or("/graphql"));
    let protocol = request.protocol.as_deref().unwrap_or("HTTP/1.1");
    let given =
        |name: &str| request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut head = format!("{method} {path} {protocol}\r\n");
    let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    if !given("host") {
        line("host", "graphql.example.com");
    }
    for (name, value) in headers(request, filled) {
        line(&name, &value);
    }
    if !given("connection") {
        line("connection", "close");
    }
    if request.chunked && !given("transfer-encoding") {
        line("transfer-encoding", "chunked");
    }
    let has_body = request.document.is_some() || request.body.is_some();
    if has_body && !request.chunked && !given("content-length") {
        line("content-length", &body.len().to_string());
    }
    for further in &request.lines {
        head.push_str(&filled(further));
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut out = bytes(&head);
    if !request.chunked {
        out.extend(body);
        return out;
    }
    for chunk in in_two(&body) {
        out.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        out.extend(chunk);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n");
    for (name, value) in &request.trailers {
        out.extend(bytes(&format!("{name}: {}\r\n", filled(value))));
    }
    out.extend(b"\r\n");
    out
}

async fn over_http2(
    request: &Request,
    address: SocketAddr,
    stream: TcpStream,
    filled: impl Fn(&str) -> String + Copy,
) -> Result<String> {
    let method = request.method.as_deref().unwrap_or("POST");
    let path = filled(request.path.as_deref().unwrap_or("/graphql"));
    let mut exchange = Client::new(address).http2().request(method, &path);
    for (name, value) in headers(request, filled) {
        exchange = exchange.header(&name, bytes(&value));
    }
    let body = body(request, filled);
    exchange = match request.chunked {
        true => exchange.pieces(Duration::ZERO, in_two(&body)),
        false => exchange.body(body),
    };
    if !request.trailers.is_empty() {
        let trailers: Vec<(&str, &str)> =
            request.trailers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        exchange = exchange.trailers(&trailers);
    }
    // A reset is an answer too.
    Ok(match exchange.send_over(stream).await {
        Ok(answer) => format!("{} {}", answer.status, answer.text()),
        Err(error) => format!("{error:#}"),
    })
}

fn in_two(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, second) = body.split_at(body.len() / 2);
    [first, second].into_iter().filter(|part| !part.is_empty())
}
