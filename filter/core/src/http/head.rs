//! The headers of a request -> [`Head`]: what they say of it, or why they have more than one reading.

use std::borrow::Cow;

use super::{Boundary, Headers, Multipart, Peer};
use crate::denial::Reason;
use crate::policy::condition::Value;
use crate::settings::Settings;

/// They describe the client's body, not ours.
pub(super) const BODY_HEADERS: [&str; 4] =
    ["content-length", "content-encoding", "transfer-encoding", "trailer"];

/// They ask the server to read the request as another one.
pub(super) const OVERRIDES: [&str; 6] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-rewrite-url",
];

/// Whether a header, by its name in lower case, means something here already, or to every proxy on
/// the way: no token can be in it.
pub(crate) fn is_ours(name: &str) -> bool {
    const OTHERS: [&str; 7] =
        ["connection", "content-type", "cookie", "host", "keep-alive", "te", "upgrade"];
    OTHERS.contains(&name) || BODY_HEADERS.contains(&name) || OVERRIDES.contains(&name)
}

/// What a body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`.
    Json,
    /// `multipart/form-data`, with this boundary.
    Multipart(Boundary),
}

/// What the head of a request says.
#[derive(Debug)]
pub struct Head<'a> {
    /// `:method`
    pub method: Option<&'a [u8]>,
    /// `:path`, with the URL query.
    pub path: Option<&'a [u8]>,
    pub(super) headers: &'a Headers,
    /// Names with a `_`, in lower case and with a `-` in its place.
    disguised: Vec<Vec<u8>>,
    content_type: Values<'a>,
    /// The body is not as it is: a content encoding other than `identity`.
    encoded: bool,
    content_length: Option<&'a [u8]>,
    pub(super) upgrade: bool,
    pub(super) ambiguous: bool,
}

/// What a header has that should be there once.
#[derive(Clone, Copy, Debug)]
enum Values<'a> {
    None,
    One(&'a [u8]),
    Several,
}

impl<'a> Values<'a> {
    const fn and(self, value: &'a [u8]) -> Self {
        match self {
            Self::None => Self::One(value),
            Self::One(_) | Self::Several => Self::Several,
        }
    }
}

/// In lower case, as hosts have most of them.
pub(super) fn lower(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

impl<'a> Head<'a> {
    /// Picks what matters out of the headers.
    #[must_use]
    pub fn read(headers: &'a Headers) -> Self {
        let mut head = Self {
            method: None,
            path: None,
            headers,
            disguised: Vec::new(),
            content_type: Values::None,
            encoded: false,
            content_length: None,
            upgrade: false,
            ambiguous: false,
        };
        for (name, value) in headers.iter() {
            let name = lower(name);
            match &*name {
                b":method" => head.ambiguous |= head.method.replace(value).is_some(),
                b":path" => head.ambiguous |= head.path.replace(value).is_some(),
                b":protocol" | b"upgrade" => head.upgrade = true,
                b"content-type" => head.content_type = head.content_type.and(value),
                b"content-encoding" => head.encoded |= !is_identity(value),
                b"content-length" => {
                    head.ambiguous |= head.content_length.replace(value).is_some();
                }
                _ if name.contains(&b'_') => head.disguised.push(undisguised(&name)),
                _ => {}
            }
        }
        head
    }

    /// As conditions see it, from this peer. What is no text is null.
    #[must_use]
    pub fn for_conditions(&self, peer: Peer<'_>) -> Value<'static> {
        let text = |bytes: Option<&'a [u8]>| {
            let text = bytes.and_then(|bytes| str::from_utf8(bytes).ok());
            text.map_or(Value::Null, Value::text)
        };
        let path = self.path.and_then(|path| path.split(|byte| *byte == b'?').next());
        let mut hosts = self.values(":authority").chain(self.values("host"));
        // One that has two is of neither.
        let host = hosts.next().filter(|first| hosts.all(|other| other == *first));
        let members = [
            ("method", text(self.method)),
            ("path", text(path)),
            ("host", text(host)),
            ("mtls_peer", peer.identity().map_or(Value::Null, Value::text)),
        ];
        Value::members(members).into_owned()
    }

    /// Every value of a header, by its name in lower case.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |known: &[u8]| known.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(move |(known, _)| named(known)).map(|(_, value)| value)
    }

    /// The URL query, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'a [u8]> {
        self.path.and_then(|path| path.splitn(2, |byte| *byte == b'?').nth(1))
    }

    /// The path alone, if there is a URL query behind it.
    #[must_use]
    pub fn path_without_query(&self) -> Option<&'a [u8]> {
        self.query().and(self.path).and_then(|path| path.split(|byte| *byte == b'?').next())
    }

    /// Whether a name with `_` is one that matters with `-`: servers behind CGI-like interfaces
    /// read the two as one header.
    pub(super) fn disguises(&self, settings: &Settings) -> bool {
        let matters = |name: &&str| self.disguised.iter().any(|plain| plain == name.as_bytes());
        ["authorization", "content-type"].iter().any(matters)
            || BODY_HEADERS.iter().chain(&OVERRIDES).any(matters)
            || settings.endpoint.csrf_headers.iter().any(|name| matters(&&**name))
            || settings.tokens.headers().any(|name| matters(&name))
    }

    /// Whether the one content type is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        matches!(self.content_type, Values::One(value) if is_json_in_utf8(value))
    }

    /// Whether the body that follows can be read, and as what.
    ///
    /// # Errors
    /// The refusal.
    pub fn expect_body(&self, settings: &Settings) -> Result<Media, Reason> {
        let media = match self.content_type {
            Values::One(value) if is_json_in_utf8(value) => Media::Json,
            Values::One(value) if settings.endpoint.multipart == Multipart::On => {
                let boundary = Boundary::read(value).ok_or(Reason::ContentTypeNotSupported)?;
                self.expect_no_forgery(settings)?;
                Media::Multipart(boundary)
            }
            Values::None | Values::One(_) | Values::Several => {
                return Err(Reason::ContentTypeNotSupported);
            }
        };
        if self.encoded {
            return Err(Reason::ContentEncodingNotSupported);
        }
        match self.content_length.map(length) {
            None => Ok(media),
            Some(Some(length)) if length <= u64::from(settings.limits.body_bytes) => Ok(media),
            Some(Some(_)) => Err(Reason::BodyTooLarge),
            Some(None) => Err(Reason::HeadMalformed),
        }
    }
}

/// Whether a content encoding is none (RFC 9110 8.4.1).
fn is_identity(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.is_empty() || value.eq_ignore_ascii_case(b"identity")
}

/// `Content-Length = 1*DIGIT` (RFC 9110 8.6).
fn length(value: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(value).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn undisguised(name: &[u8]) -> Vec<u8> {
    name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect()
}

/// `application/json`, with at most one parameter: `charset=utf-8` (RFC 9110 8.3; RFC 8259 8.1).
fn is_json_in_utf8(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(b"application/json"));
    let charset = |parameter: &[u8]| {
        [b"charset=utf-8".as_slice(), b"charset=\"utf-8\""]
            .iter()
            .any(|known| parameter.eq_ignore_ascii_case(known))
    };
    json && match (parts.next(), parts.next()) {
        (None, _) => true,
        (Some(parameter), None) => charset(parameter),
        (Some(_), Some(_)) => false,
    }
}
