//! A case through Envoy, the filter and the backend.

use anyhow::{Result, ensure};
use hyper::header::HeaderValue;

use super::{Observed, WireRequest};
use crate::backend::{Backend, TAG};
use crate::client::Client;
use crate::envoy::{Envoy, Template};

/// Sends a request under a tag and collects what is to be seen of it.
///
/// # Errors
/// There is no answer or no record; or the record's two forms differ; or, in hold mode, the
/// upstream saw something of a request that was not forwarded.
pub async fn run(
    envoy: &Envoy,
    client: Client,
    backend: &Backend,
    mode: Template,
    tag: &str,
    request: &WireRequest,
) -> Result<Observed> {
    let mut exchange = client.request(&request.method, &request.path).header(TAG, tag);
    exchange = exchange.authority(&request.authority);
    if let Some(protocol) = &request.protocol {
        exchange = exchange.protocol(protocol);
    }
    for (name, value) in &request.headers {
        exchange = exchange.header(name, value);
    }
    exchange = exchange.body(request.body.clone());
    if !request.trailers.is_empty() {
        exchange = exchange.trailers(&request.trailers);
    }
    let answer = exchange.send().await?;
    let entry = envoy.entry(tag).await?;
    let protocol = client.protocol();
    ensure!(entry.line["protocol"] == protocol, "not over {protocol}: {}", entry.line);
    let record = entry.record().clone();
    ensure!(entry.nests, "no nested record: {}", entry.line);
    ensure!(record == entry.text_record(), "the record's forms differ: {}", entry.line);
    let whole = backend.complete(tag);
    ensure!(whole.len() <= 1, "the upstream got {} requests", whole.len());
    if mode == Template::Hold && record["decision"] != "allow" {
        ensure!(backend.seen(tag).is_empty(), "the upstream saw the head of a held request");
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let forwarded = whole.into_iter().next();
    Ok(Observed {
        status: Some(answer.status),
        answer: answer.json(),
        record,
        challenges: answer.headers.get_all("www-authenticate").iter().map(text).collect(),
        forwarded_headers: forwarded
            .iter()
            .flat_map(|seen| {
                let line = [(":method", &seen.method), (":path", &seen.path)];
                let line = line.map(|(name, value)| (name.to_owned(), value.clone()));
                let headers =
                    seen.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
                line.into_iter().chain(headers)
            })
            .collect(),
        forwarded: forwarded.and_then(|seen| seen.body).map(|body| body.to_vec()),
    })
}
