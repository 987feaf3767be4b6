//! HTTP/1.1 and HTTP/2 requests with the controls that tests need: raw header bytes, bodies in
//! pieces, trailers, a client that leaves; and bytes on a socket for what no library would send.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::ext::Protocol;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The host of a request that names none.
pub const AUTHORITY: &str = "graphql.example.com";

/// What HTTP/2 says in frames (RFC 9113 8.2.2); the library would leave it out without a word.
const OF_HTTP1: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// What the library takes for no trailers (RFC 9110 6.5.1), and would leave out without a word in
/// HTTP/1.1 alone.
const NO_TRAILERS: [&str; 12] = [
    "authorization",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "max-forwards",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
];

/// No request of a test takes longer.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of one address. Every request has a connection of its own.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    /// With prior knowledge, no TLS.
    Http2,
}

/// A request being made.
#[derive(Clone, Debug)]
pub struct Exchange {
    client: Client,
    method: String,
    path: String,
    authority: String,
    protocol: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Whole(Bytes),
    /// Each piece after its pause, without a `content-length`; then trailers, or the client
    /// leaves.
    Pieces(Vec<(Duration, Bytes)>, End),
}

#[derive(Clone, Debug)]
enum End {
    Plain,
    Trailers(Vec<(String, String)>),
    Leave,
}

impl Content {
    /// In HTTP/1.1 the library sends no body with GET that is not announced, and only trailers that
    /// are.
    fn announce(&self, headers: &mut HeaderMap) -> Result<()> {
        let Self::Pieces(_, end) = self else { return Ok(()) };
        if !headers.contains_key("content-length") {
            headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        }
        let End::Trailers(trailers) = end else { return Ok(()) };
        for (name, _) in trailers {
            ensure!(!NO_TRAILERS.contains(&name.as_str()), "HTTP/1.1 has no trailer `{name}`");
            headers.append("trailer", HeaderValue::from_str(name)?);
        }
        Ok(())
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON, null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, version: Version::Http1 }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it speaks, as Envoy's access log names it.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self.version {
            Version::Http1 => "HTTP/1.1",
            Version::Http2 => "HTTP/2",
        }
    }

    #[must_use]
    pub fn http2(self) -> Self {
        Self { version: Version::Http2, ..self }
    }

    #[must_use]
    pub fn request(self, method: &str, path: &str) -> Exchange {
        Exchange {
            client: self,
            method: method.to_owned(),
            path: path.to_owned(),
            authority: AUTHORITY.to_owned(),
            protocol: None,
            headers: Vec::new(),
            content: Content::Whole(Bytes::new()),
        }
    }

    /// A POST of `application/json`.
    #[must_use]
    pub fn post(self, path: &str) -> Exchange {
        self.request("POST", path).header("content-type", "application/json")
    }

    /// Sends bytes on a fresh connection and reads until the server closes it or `patience` has
    /// passed without a byte.
    ///
    /// # Errors
    /// The connection cannot be made.
    pub async fn raw(self, bytes: &[u8], patience: Duration) -> Result<Vec<u8>> {
        say(TcpStream::connect(self.address).await?, bytes, patience).await
    }
}

/// The same on a connection that is there.
///
/// # Errors
/// The bytes cannot be sent.
pub async fn say(mut stream: TcpStream, bytes: &[u8], patience: Duration) -> Result<Vec<u8>> {
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    let mut buffer = vec![0; 65536];
    loop {
        match timeout(patience, stream.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => answer.extend_from_slice(&buffer[..read]),
            _ => return Ok(answer),
        }
    }
}

impl Exchange {
    /// Adds a header; it may be there already.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Replaces a header, or removes it.
    #[must_use]
    pub fn instead(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Another host than [`AUTHORITY`]: `:authority` in HTTP/2, `host` in HTTP/1.1.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// `:protocol` (RFC 8441), whatever the method: HTTP/2 alone has it.
    #[must_use]
    pub fn protocol(mut self, protocol: &str) -> Self {
        self.protocol = Some(protocol.to_owned());
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.content = Content::Whole(body.into());
        self
    }

    /// The body in pieces, each after a pause, without a `content-length`.
    #[must_use]
    pub fn pieces<'a>(
        mut self,
        pause: Duration,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let pieces = pieces.into_iter().map(|piece| (pause, Bytes::copy_from_slice(piece)));
        self.content = Content::Pieces(pieces.collect(), End::Plain);
        self
    }

    /// Ends the body with trailers.
    #[must_use]
    pub fn trailers(self, trailers: &[(impl ToString, impl ToString)]) -> Self {
        let trailers = trailers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        self.end(End::Trailers(trailers))
    }

    /// Leaves, with the connection, where the body should end.
    #[must_use]
    pub fn leave(self) -> Self {
        self.end(End::Leave)
    }

    fn end(mut self, end: End) -> Self {
        self.content = match self.content {
            Content::Whole(body) => Content::Pieces(vec![(Duration::ZERO, body)], end),
            Content::Pieces(pieces, _) => Content::Pieces(pieces, end),
        };
        self
    }

    /// Sends it and reads the answer, within [`TIMEOUT`].
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn send(self) -> Result<Answer> {
        let stream = TcpStream::connect(self.client.address).await?;
        self.send_over(stream).await
    }

    /// The same on a connection that is there.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn send_over(self, stream: TcpStream) -> Result<Answer> {
        let what = format!("{} {}", self.method, self.path);
        let sent = timeout(TIMEOUT, self.exchange(stream)).await;
        sent.with_context(|| format!("no answer to {what} within {TIMEOUT:?}"))?
            .with_context(|| format!("no answer to {what}"))
    }

    async fn exchange(self, stream: TcpStream) -> Result<Answer> {
        let request = self.head()?;
        let (mut sender, body) = Channel::<Bytes, anyhow::Error>::new(16);
        let body = match &self.content {
            Content::Whole(body) => Full::new(body.clone()).map_err(|never| match never {}).boxed(),
            Content::Pieces(..) => body.boxed(),
        };
        let request = request.map(|()| body);
        let feed = async move {
            let Content::Pieces(pieces, end) = self.content else { return };
            for (pause, piece) in pieces {
                sleep(pause).await;
                // The server may have answered and closed: what matters is its answer.
                if sender.send_data(piece).await.is_err() {
                    return;
                }
            }
            match end {
                End::Plain => {}
                End::Trailers(trailers) => {
                    let mut map = HeaderMap::new();
                    for (name, value) in trailers {
                        let name: HeaderName = name.parse().expect("a trailer name");
                        map.insert(name, value.parse().expect("a trailer value"));
                    }
                    let _closed = sender.send_trailers(map).await;
                }
                End::Leave => {
                    sleep(Duration::from_millis(100)).await;
                    sender.abort(anyhow!("the client leaves"));
                }
            }
        };
        let io = TokioIo::new(stream);
        match self.client.version {
            Version::Http1 => {
                let (mut send, connection) = hyper::client::conn::http1::handshake(io).await?;
                let connection = tokio::spawn(connection);
                let (answer, ()) =
                    tokio::join!(async { collect(send.send_request(request).await?).await }, feed);
                connection.abort();
                answer
            }
            Version::Http2 => {
                let executor = TokioExecutor::new();
                let (mut send, connection) =
                    hyper::client::conn::http2::handshake(executor, io).await?;
                let connection = tokio::spawn(connection);
                let (answer, ()) =
                    tokio::join!(async { collect(send.send_request(request).await?).await }, feed);
                connection.abort();
                answer
            }
        }
    }

    /// The head as the library sends it, or why it would send another one.
    fn head(&self) -> Result<Request<()>> {
        let path: Uri = match self.client.version {
            Version::Http1 => self.path.parse()?,
            Version::Http2 => Uri::builder()
                .scheme("http")
                .authority(self.authority.as_str())
                .path_and_query(self.path.as_str())
                .build()?,
        };
        let sent = path.path_and_query().map_or("", |path| path.as_str());
        ensure!(sent == self.path, "the library would send the path `{sent}`");
        let method = Method::from_bytes(self.method.as_bytes())?;
        let mut request = Request::builder().method(method).uri(path).body(())?;
        let headers = request.headers_mut();
        let names_host = self.headers.iter().any(|(name, _)| name == "host");
        if self.client.version == Version::Http1 && !names_host {
            headers.insert("host", HeaderValue::from_str(&self.authority)?);
        }
        for (name, value) in &self.headers {
            headers
                .append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value)?);
        }
        match self.client.version {
            Version::Http1 => {
                ensure!(self.protocol.is_none(), "HTTP/1.1 does not have `:protocol`");
                self.content.announce(headers)?;
            }
            Version::Http2 => {
                let left_out = OF_HTTP1.iter().find(|name| headers.contains_key(**name));
                ensure!(left_out.is_none(), "HTTP/2 does not have the header {left_out:?}");
                let other = headers.get_all("te").iter().find(|value| *value != "trailers");
                ensure!(other.is_none(), "HTTP/2 does not have the header `te` with {other:?}");
            }
        }
        if let Some(protocol) = &self.protocol {
            request.extensions_mut().insert(Protocol::from(protocol.as_str()));
        }
        Ok(request)
    }
}

async fn collect(response: Response<Incoming>) -> Result<Answer> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}
