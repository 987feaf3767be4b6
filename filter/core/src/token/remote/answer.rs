//! What came of a fetch -> keys, or the place of the keys, or why there are none.

use std::fmt;

use super::location::{Scheme, Url};
use crate::json::Json;
use crate::limits::{DISCOVERY_BYTES, KEY_SET_BYTES};
use crate::token::keys::{KeySet, KeySetError};

/// A discovery document nests this deep at most.
const DISCOVERY_DEPTH: u32 = 16;

/// What came of a fetch.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The host would not send it: it does not know the cluster, or the cluster has no host.
    NotSent,
    /// It was sent, and there is nothing to read: reset, or no answer in time.
    Lost,
    /// A response.
    Response {
        /// The status, if it is one.
        status: Option<u16>,
        /// `Cache-Control`, if it is there and text.
        cache_control: Option<&'a str>,
        /// The length of the body, whether or not it was read.
        length: usize,
        /// The body; none if it is too long to be read.
        body: Option<&'a [u8]>,
    },
}

/// A key set that was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) set: KeySet,
    /// The SHA-256 of its text.
    pub(super) digest: [u8; 32],
    /// For how many seconds it is fresh, if the answer says so.
    pub(super) max_age: Option<u64>,
}

/// Why a fetch brought nothing. In words for the log: nothing of the answer is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// See [`Answer::NotSent`].
    NotSent,
    /// See [`Answer::Lost`].
    Lost,
    /// The status is not 200.
    Status(Option<u16>),
    /// The body is longer than is read.
    TooLarge(usize),
    /// The body is not UTF-8.
    NotText,
    /// Not a discovery document.
    Discovery,
    /// The discovery document is of another issuer (OpenID Connect Discovery 1.0 section 4.3).
    OtherIssuer,
    /// The `jwks_uri` cannot be fetched, or would be fetched less safely than the document.
    JwksUri,
    /// The key set cannot be used.
    Keys(KeySetError),
}

impl FetchFault {
    /// The kind of fault, in a word that does not change: a label of metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Lost => "lost",
            Self::Status(_) => "status",
            Self::TooLarge(_) => "too_large",
            Self::NotText | Self::Discovery | Self::OtherIssuer | Self::JwksUri => "discovery",
            Self::Keys(_) => "keys",
        }
    }
}

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => {
                f.write_str("the request cannot be sent: no such cluster, or no host in it")
            }
            Self::Lost => f.write_str("no answer"),
            Self::Status(Some(status)) => write!(f, "the answer has status {status}"),
            Self::Status(None) => f.write_str("the answer has no status"),
            Self::TooLarge(length) => write!(f, "the answer has {length} bytes, too many"),
            Self::NotText => f.write_str("the answer is not UTF-8"),
            Self::Discovery => f.write_str("the answer is not a discovery document"),
            Self::OtherIssuer => f.write_str("the discovery document is of another issuer"),
            Self::JwksUri => f.write_str("the `jwks_uri` of the discovery document cannot be used"),
            Self::Keys(error) => write!(f, "the answer is not a key set: {error}"),
        }
    }
}

impl std::error::Error for FetchFault {}

impl Answer<'_> {
    /// The key set in the answer.
    pub(super) fn keys(&self) -> Result<Fetched, FetchFault> {
        let (text, cache_control) = self.text(KEY_SET_BYTES)?;
        let set = KeySet::read(text).map_err(FetchFault::Keys)?;
        let digest = hmac_sha256::Hash::hash(text.as_bytes());
        Ok(Fetched { set, digest, max_age: cache_control.and_then(max_age) })
    }

    /// The place of the key set that a discovery document names.
    pub(super) fn jwks_uri(&self, document: &Url, issuer: &str) -> Result<Url, FetchFault> {
        let (text, _) = self.text(DISCOVERY_BYTES)?;
        let json = Json::read(text, DISCOVERY_DEPTH).map_err(|_| FetchFault::Discovery)?;
        let member = |name| json.member(name).and_then(Json::as_str).ok_or(FetchFault::Discovery);
        if member("issuer")? != issuer {
            return Err(FetchFault::OtherIssuer);
        }
        let url = Url::read(member("jwks_uri")?).ok_or(FetchFault::JwksUri)?;
        match (document.scheme, url.scheme) {
            (Scheme::Https, Scheme::Http) => Err(FetchFault::JwksUri),
            (Scheme::Https, Scheme::Https) | (Scheme::Http, _) => Ok(url),
        }
    }

    fn text(&self, limit: usize) -> Result<(&str, Option<&str>), FetchFault> {
        let (status, cache_control, length, body) = match *self {
            Answer::NotSent => return Err(FetchFault::NotSent),
            Answer::Lost => return Err(FetchFault::Lost),
            Answer::Response { status, cache_control, length, body } => {
                (status, cache_control, length, body)
            }
        };
        if status != Some(200) {
            return Err(FetchFault::Status(status));
        }
        let body = body.filter(|body| body.len() <= limit).ok_or(FetchFault::TooLarge(length))?;
        let text = std::str::from_utf8(body).map_err(|_| FetchFault::NotText)?;
        Ok((text, cache_control))
    }
}

/// The seconds of `max-age` (RFC 9111 section 5.2.2.1); 0 where the answer may not be kept.
fn max_age(cache_control: &str) -> Option<u64> {
    let mut directives = cache_control.split(',').map(str::trim);
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    let forbids = |one: &str| is(one, "no-store") || is(one, "no-cache");
    if directives.clone().any(forbids) {
        return Some(0);
    }
    directives.find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        // RFC 9111 section 1.2.2: a number too large to be read is a very large one.
        let digits = seconds.trim_matches('"');
        let read = |digits: &str| {
            let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            number.then(|| digits.parse().unwrap_or(u64::MAX))
        };
        is(name, "max-age").then(|| read(digits)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Answer<'_> {
        Answer::Response {
            status: Some(200),
            cache_control: None,
            length: body.len(),
            body: Some(body.as_bytes()),
        }
    }

    #[test]
    fn max_age_is_read_as_the_rfc_has_it() {
        for (text, expected) in [
            ("max-age=300", Some(300)),
            ("public, Max-Age=\"7\", must-revalidate", Some(7)),
            ("max-age=99999999999999999999999", Some(u64::MAX)),
            ("s-maxage=10", None),
            ("max-age=", None),
            ("max-age=-1", None),
            ("max-age=1.5", None),
            ("", None),
            ("max-age=300, no-cache", Some(0)),
            ("no-store", Some(0)),
        ] {
            assert_eq!(max_age(text), expected, "{text}");
        }
    }

    #[test]
    fn a_discovery_document_is_of_its_issuer() {
        let document = Url::read("https://idp.test/.well-known/openid-configuration").unwrap();
        let read = |body: &str| response(body).jwks_uri(&document, "https://idp.test");
        let good = r#"{"issuer":"https://idp.test","jwks_uri":"https://keys.test/k","x":[1]}"#;
        assert_eq!(read(good), Ok(Url::read("https://keys.test/k").unwrap()));
        for (body, fault) in [
            (
                r#"{"issuer":"https://idp.test/","jwks_uri":"https://k.test"}"#,
                FetchFault::OtherIssuer,
            ),
            (r#"{"issuer":"https://idp.test","jwks_uri":"http://k.test"}"#, FetchFault::JwksUri),
            (r#"{"issuer":"https://idp.test","jwks_uri":"file:///etc"}"#, FetchFault::JwksUri),
            (r#"{"issuer":"https://idp.test"}"#, FetchFault::Discovery),
            (r#"{"issuer":["https://idp.test"],"jwks_uri":"https://k"}"#, FetchFault::Discovery),
            (r#"{"issuer":"x","issuer":"https://idp.test"}"#, FetchFault::Discovery),
            ("<html></html>", FetchFault::Discovery),
        ] {
            assert_eq!(read(body), Err(fault), "{body}");
        }
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let fault = |answer: Answer<'_>| answer.keys().map(|_| ()).unwrap_err();
        assert_eq!(fault(Answer::NotSent), FetchFault::NotSent);
        assert_eq!(fault(Answer::Lost), FetchFault::Lost);
        let with = |status, body| Answer::Response { status, cache_control: None, length: 9, body };
        assert_eq!(fault(with(Some(503), Some(b"{}"))), FetchFault::Status(Some(503)));
        assert_eq!(fault(with(None, Some(b"{}"))), FetchFault::Status(None));
        assert_eq!(fault(with(Some(200), None)), FetchFault::TooLarge(9));
        assert_eq!(fault(with(Some(200), Some(b"\xff"))), FetchFault::NotText);
        for body in ["", "<html>", "{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#, "null"] {
            assert!(matches!(fault(response(body)), FetchFault::Keys(_)), "{body}");
        }
    }
}
