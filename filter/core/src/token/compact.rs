//! [`RawToken`] -> [`Jws`]: the compact serialisation taken apart (RFC 7515 sections 3.1 and 7.1).
//!
//! Nothing is believed here: a `Jws` is what the caller wrote, in exactly one reading. Deliberately
//! absent: key references in the header (`jku`, `jwk`, `x5u`, `x5c`; RFC 8725 section 3.10), which
//! are neither followed nor looked at, and every extension.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::Json;
use crate::limits::KID_BYTES;
use crate::token::bearer::RawToken;
use crate::token::keys::Algorithm;
use crate::token::{TokenError, media_type};

/// A header nests this deep at most: `jwk` with `x5c` is three levels.
const HEADER_DEPTH: u32 = 8;

/// A signed object, taken apart but not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Jws<'a> {
    signing_input: &'a [u8],
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// `Malformed`, `Header`, `Type` or `Algorithm`.
    pub fn read(token: &RawToken<'a>) -> Result<Self, TokenError> {
        // RFC 7515 section 7.1: exactly two dots. Five parts would be a JWE (RFC 7516 section 9): the
        // other dots are then in `payload`, and not base64url.
        let text = token.expose();
        let (signing_input, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Malformed)?;
        let header = decode(header)?;
        let header = std::str::from_utf8(&header).map_err(|_| TokenError::Malformed)?;
        // RFC 7515 section 4 lets a reader keep the last of two equal members; stricter: refused.
        let header = Json::read(header, HEADER_DEPTH).map_err(|_| TokenError::Malformed)?;
        if header.as_object().is_none() {
            return Err(TokenError::Malformed);
        }
        let algorithm = header
            .member("alg")
            .and_then(Json::as_str)
            .and_then(|name| Algorithm::from_str(name).ok())
            .ok_or(TokenError::Algorithm)?;
        refuse_extensions(&header)?;
        Ok(Self {
            signing_input: signing_input.as_bytes(),
            algorithm,
            kid: kid(&header)?,
            typ: typ(&header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The bytes that are signed: header, dot and payload as sent (RFC 7515 section 5.2 step 8).
    #[must_use]
    pub const fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// What `alg` says.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name of the key, if the header has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type of the token, if the header has one.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The payload, decoded; any bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signature, decoded; any bytes.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Jws").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// RFC 7515 section 2: base64url without padding. The engine refuses non-zero trailing bits too
/// (RFC 4648 section 3.5), so that a signed object has one spelling.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn refuse_extensions(header: &Json<'_>) -> Result<(), TokenError> {
    // RFC 7515 section 4.1.11: no extension is understood here, so `crit` in any form is refused,
    // also empty or null. `b64` (RFC 7797) changes what is signed; `zip` and `enc` belong to JWE.
    // Stricter than the RFC, which ignores those three without `crit`.
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.member(name).is_some()) {
        return Err(TokenError::Header);
    }
    // RFC 7519 section 5.2: `cty: JWT` is a nested token, whose inside nobody would verify.
    match header.member("cty") {
        None => Ok(()),
        Some(Json::String(cty)) if !media_type(cty).eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) => Err(TokenError::Header),
    }
}

/// RFC 7515 section 4.1.4: a string; any other type is refused instead of ignored.
fn kid(header: &Json<'_>) -> Result<Option<Box<str>>, TokenError> {
    match header.member("kid") {
        None => Ok(None),
        Some(Json::String(kid)) if kid.len() <= KID_BYTES => Ok(Some(kid.as_ref().into())),
        Some(_) => Err(TokenError::Header),
    }
}

/// RFC 7515 section 4.1.9: a string.
fn typ(header: &Json<'_>) -> Result<Option<Box<str>>, TokenError> {
    match header.member("typ") {
        None => Ok(None),
        Some(Json::String(typ)) => Ok(Some(typ.as_ref().into())),
        Some(_) => Err(TokenError::Type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::bearer::BEARER;

    #[track_caller]
    fn check(token: &str, expected: Result<(), TokenError>) {
        let value = format!("Bearer {token}");
        let raw = RawToken::read(value.as_bytes(), BEARER).expect("a bearer token");
        assert_eq!(Jws::read(&raw).map(|_| ()), expected, "{token}");
    }

    fn with_header(header: &str) -> String {
        format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn parts_are_kept_as_sent() {
        let header = r#"{"alg":"ES256","kid":"k\u0031","typ":"at+jwt","jku":"http://x","x":{}}"#;
        let value = format!("Bearer {}", with_header(header));
        let jws = Jws::read(&RawToken::read(value.as_bytes(), BEARER).unwrap()).unwrap();
        assert_eq!(jws.algorithm(), Algorithm::Es256);
        assert_eq!((jws.kid(), jws.typ()), (Some("k1"), Some("at+jwt")));
        assert_eq!((jws.payload(), jws.signature()), (&b"{}"[..], &[0][..]));
        assert_eq!(jws.signing_input(), &value.as_bytes()[7..value.len() - 3]);
        assert_eq!(format!("{jws:?}"), "Jws { algorithm: Es256, .. }");
    }

    #[test]
    fn there_are_exactly_three_parts() {
        let good = with_header(r#"{"alg":"RS256"}"#);
        check(&good, Ok(()));
        let header = good.split('.').next().unwrap();
        for token in [
            "a".to_owned(),
            "a.b".into(),
            header.into(),
            format!("{header}.e30"),
            ".".into(),
            "..".into(),
            format!(".{good}"),
            format!("{good}."),
            format!("{good}.AA"),
            format!("{good}.AA.AA"),
            ".".repeat(8000),
        ] {
            check(&token, Err(TokenError::Malformed));
        }
        check(&format!("{header}.."), Ok(()));
    }

    #[test]
    fn base64url_is_canonical() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        check(&format!("{header}.-_8.-_8"), Ok(()));
        for part in ["-_8=", "+_8", "-/8", "-_9", "A", "AAAAA", "AB", "A~A"] {
            // Elsewhere than at the end, `=` is not in a bearer token.
            if !part.contains('=') {
                check(&format!("{part}.e30.AA"), Err(TokenError::Malformed));
                check(&format!("{header}.{part}.AA"), Err(TokenError::Malformed));
            }
            check(&format!("{header}.e30.{part}"), Err(TokenError::Malformed));
        }
    }

    #[test]
    fn headers_are_closed() {
        let table = [
            (r#"{"alg":"EdDSA"}"#, Ok(())),
            (r#"{"alg":"Ed25519"}"#, Ok(())),
            (r#"{"alg":"HS256"}"#, Ok(())),
            (r#"{"alg":"RS256","cty":"json","jwk":{"kty":"oct"},"x5c":[["a"]]}"#, Ok(())),
            ("", Err(TokenError::Malformed)),
            ("[]", Err(TokenError::Malformed)),
            ("\"alg\"", Err(TokenError::Malformed)),
            (r#"{"alg":"RS256"} x"#, Err(TokenError::Malformed)),
            (r#"{"alg":"none","alg":"RS256"}"#, Err(TokenError::Malformed)),
            (r#"{"alg":"RS256","x":{"y":1,"\u0079":2}}"#, Err(TokenError::Malformed)),
            (r#"{"alg":"RS256","x":[[[[[[[[[]]]]]]]]]}"#, Err(TokenError::Malformed)),
            ("{}", Err(TokenError::Algorithm)),
            (r#"{"alg":null}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":["RS256"]}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":"rs256"}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":"RS256 "}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":"none"}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":"ES256K"}"#, Err(TokenError::Algorithm)),
            (r#"{"alg":"RS256","crit":[]}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","crit":null}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","crit":["exp"]}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","b64":true}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","zip":"DEF"}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","enc":"A128GCM"}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","cty":"JWT"}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","cty":"Application/jwt"}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","cty":1}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","kid":7}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","kid":null}"#, Err(TokenError::Header)),
            (r#"{"alg":"RS256","typ":["JWT"]}"#, Err(TokenError::Type)),
        ];
        for (header, expected) in table {
            check(&with_header(header), expected);
        }
        let kid = |length: usize| format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(length));
        check(&with_header(&kid(KID_BYTES)), Ok(()));
        check(&with_header(&kid(KID_BYTES + 1)), Err(TokenError::Header));
        let invalid = URL_SAFE_NO_PAD.encode(b"{\"alg\":\"RS256\",\"kid\":\"\xff\"}");
        check(&format!("{invalid}.e30.AA"), Err(TokenError::Malformed));
    }
}
