//! The values of the `Authorization` header -> [`RawToken`] (RFC 6750 section 2.1).
//!
//! All values are taken, since a request with two has no single caller. Deliberately absent: other
//! places for a token (RFC 6750 sections 2.2 and 2.3, cookies), other schemes, trimming.

use std::fmt;

use crate::limits::TOKEN_BYTES;
use crate::token::TokenError;

/// The text of a token as the caller sent it: 1 to [`TOKEN_BYTES`] bytes of b64token, unverified.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawToken<'a>(&'a str);

impl<'a> RawToken<'a> {
    /// The exact text: a secret, good as a cache key and for nothing that is kept or shown.
    #[must_use]
    pub const fn expose(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for RawToken<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("RawToken(_)")
    }
}

/// The one bearer token among all values of the `Authorization` header.
///
/// # Errors
/// `Missing`, `Duplicate`, `Scheme` or `TooLarge`. An empty or foreign value is not a missing one:
/// whoever sends a credential is never taken for anonymous.
pub fn bearer<'a>(authorization: &[&'a [u8]]) -> Result<RawToken<'a>, TokenError> {
    let value = match authorization {
        [] => return Err(TokenError::Missing),
        [value] => *value,
        [_, _, ..] => return Err(TokenError::Duplicate),
    };
    // RFC 9110 section 11.1: the scheme is case-insensitive. RFC 6750 section 2.1: exactly one SP.
    let (scheme, token) = value.split_at_checked(SCHEME.len()).ok_or(TokenError::Scheme)?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(TokenError::Scheme);
    }
    // Before anything that looks at every byte.
    if token.len() > TOKEN_BYTES {
        return Err(TokenError::TooLarge);
    }
    // RFC 9110 section 5.3: a proxy may join two header lines with a comma.
    if token.contains(&b',') {
        return Err(TokenError::Duplicate);
    }
    if !is_b64token(token) {
        return Err(TokenError::Scheme);
    }
    std::str::from_utf8(token).map(RawToken).map_err(|_| TokenError::Scheme)
}

const SCHEME: &[u8] = b"Bearer ";

/// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750 section 2.1).
fn is_b64token(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = bytes.len().checked_sub(padding).and_then(|length| bytes.get(..length));
    body.is_some_and(|body| {
        !body.is_empty()
            && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&[u8]], expected: Result<&str, TokenError>) {
        assert_eq!(bearer(values).map(RawToken::expose), expected);
    }

    #[test]
    fn one_bearer_token_is_taken_as_sent() {
        check(&[b"Bearer a.b.c"], Ok("a.b.c"));
        check(&[b"bearer x"], Ok("x"));
        check(&[b"BEARER x-._~+/=="], Ok("x-._~+/=="));
    }

    #[test]
    fn everything_else_has_its_reason() {
        check(&[], Err(TokenError::Missing));
        check(&[b"Bearer a", b"Bearer a"], Err(TokenError::Duplicate));
        check(&[b"Bearer a", b""], Err(TokenError::Duplicate));
        check(&[b"Bearer a,Bearer b"], Err(TokenError::Duplicate));
        check(&[b"Bearer a, Bearer b"], Err(TokenError::Duplicate));
        let scheme: [&[u8]; 21] = [
            b"",
            b" ",
            b"Bearer",
            b"Bearer ",
            b"Bearer\tx",
            b"Bearer  x",
            b"Bearer x y",
            b"Bearer x ",
            b" Bearer x",
            b"Bearer\xa0x",
            b"Bearer\xc2\xa0x",
            b"Basic YTpi",
            b"bearer:x",
            b"Bearerx",
            b"Bearer =",
            b"Bearer a=b",
            b"Bearer x\xff",
            b"Bearer x\0",
            b"Bearer x\r\n",
            b"Bearer \"x\"",
            b"Bearer x?",
        ];
        for value in scheme {
            check(&[value], Err(TokenError::Scheme));
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let longest = [b"Bearer ".as_slice(), &vec![b'a'; TOKEN_BYTES]].concat();
        assert!(bearer(&[&longest]).is_ok());
        let longer = [longest.as_slice(), b"a"].concat();
        check(&[&longer], Err(TokenError::TooLarge));
        check(
            &[&[b"Bearer ".as_slice(), &vec![0xff; 1 << 20]].concat()],
            Err(TokenError::TooLarge),
        );
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let token = bearer(&[b"Bearer secret"]).unwrap();
        assert_eq!(format!("{token:?}"), "RawToken(_)");
    }
}
