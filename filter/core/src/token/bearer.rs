//! The values that may hold a token -> the one [`RawToken`] among them (RFC 6750 section 2.1).
//!
//! All values are taken, since a request with two has no single caller; `source` collects them.
//! Deliberately absent: trimming, and any guess at which of two values is meant.

use std::fmt;

use crate::limits::TOKEN_BYTES;
use crate::token::TokenError;

/// The text of a token as the caller sent it: a b64token of bounded length, unverified.
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

/// What is in the place of a token, of bounded length; of which characters it is, nobody has looked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Presented<'a>(&'a [u8]);

impl<'a> Presented<'a> {
    /// Its bytes: a secret, as a token's text is.
    #[must_use]
    pub const fn expose(self) -> &'a [u8] {
        self.0
    }

    fn behind(value: &'a [u8], prefix: &str, longest: usize) -> Result<Self, TokenError> {
        // RFC 9110 section 11.1: the scheme is case-insensitive.
        let (scheme, token) = value.split_at_checked(prefix.len()).ok_or(TokenError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(prefix.as_bytes()) {
            return Err(TokenError::Scheme);
        }
        // Before anything that looks at every byte.
        if token.len() > longest {
            return Err(TokenError::TooLarge);
        }
        Ok(Self(token))
    }

    /// The token.
    ///
    /// # Errors
    /// `Scheme` or `Duplicate`.
    pub fn read(self) -> Result<RawToken<'a>, TokenError> {
        let Self(token) = self;
        // RFC 9110 section 5.3: a proxy may join two header lines with a comma.
        if token.contains(&b',') {
            return Err(TokenError::Duplicate);
        }
        if !is_b64token(token) {
            return Err(TokenError::Scheme);
        }
        std::str::from_utf8(token).map(RawToken).map_err(|_| TokenError::Scheme)
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Presented(_)")
    }
}

/// What stands before a token in `Authorization` (RFC 6750 section 2.1): the scheme and one SP.
pub const BEARER: &str = "Bearer ";

impl<'a> RawToken<'a> {
    /// The token in one value, behind a prefix that may be empty, of at most [`TOKEN_BYTES`].
    ///
    /// # Errors
    /// `Scheme`, `TooLarge` or `Duplicate`.
    pub fn read(value: &'a [u8], prefix: &str) -> Result<Self, TokenError> {
        Presented::behind(value, prefix, TOKEN_BYTES)?.read()
    }
}

/// What is in the place of the one token among the values of all places, each with the prefix of its
/// place, of so many bytes at most; none if no place has a value.
///
/// # Errors
/// `Duplicate`, or that of the value. An empty or foreign value is not a missing one: whoever sends
/// a credential is never taken for anonymous.
pub fn only<'a>(
    mut values: impl Iterator<Item = (&'a [u8], &'a str)>,
    longest: usize,
) -> Result<Option<Presented<'a>>, TokenError> {
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((value, prefix)), None) => Presented::behind(value, prefix, longest).map(Some),
        (Some(_), Some(_)) => Err(TokenError::Duplicate),
    }
}

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
    fn check(values: &[&[u8]], expected: Result<Option<&str>, TokenError>) {
        let found = only(values.iter().map(|value| (*value, BEARER)), TOKEN_BYTES);
        let found = found.and_then(|one| one.map(Presented::read).transpose());
        assert_eq!(found.map(|token| token.map(RawToken::expose)), expected);
    }

    #[test]
    fn one_bearer_token_is_taken_as_sent() {
        check(&[b"Bearer a.b.c"], Ok(Some("a.b.c")));
        check(&[b"bearer x"], Ok(Some("x")));
        check(&[b"BEARER x-._~+/=="], Ok(Some("x-._~+/==")));
    }

    #[test]
    fn everything_else_has_its_reason() {
        check(&[], Ok(None));
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
    fn a_place_has_its_own_prefix() {
        let read =
            |value: &'static [u8], prefix| RawToken::read(value, prefix).map(RawToken::expose);
        assert_eq!(read(b"a.b.c", ""), Ok("a.b.c"));
        assert_eq!(read(b"TOKEN a.b", "Token "), Ok("a.b"));
        for (value, prefix) in
            [(&b""[..], ""), (b"Bearer a", ""), (b"a", "Token "), (b"Token ", "Token ")]
        {
            assert_eq!(read(value, prefix), Err(TokenError::Scheme), "{prefix}");
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let longest = [b"Bearer ".as_slice(), &vec![b'a'; TOKEN_BYTES]].concat();
        assert!(RawToken::read(&longest, BEARER).is_ok());
        let longer = [longest.as_slice(), b"a"].concat();
        check(&[&longer], Err(TokenError::TooLarge));
        check(
            &[&[b"Bearer ".as_slice(), &vec![0xff; 1 << 20]].concat()],
            Err(TokenError::TooLarge),
        );
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let token = RawToken::read(b"Bearer secret", BEARER).unwrap();
        assert_eq!(format!("{token:?}"), "RawToken(_)");
    }
}
