//! Signed objects that others made, and what becomes of each: the examples of the RFCs, tokens of
//! other implementations, Wycheproof's vectors. The payloads are no claims, so `verify` is not
//! asked, but everything before it: the set of keys, the parts, the choice of the key, the signature.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod wycheproof;

use fieldgate_core::token::TokenError;
use fieldgate_core::token::bearer::{BEARER, RawToken};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::KeySet;
use fieldgate_core::token::signature::Portable;
use fieldgate_core::token::verify::signing_key;

/// What comes of a set of keys, whichever kind it is of, and a token: `ok`, the code of the
/// refusal, or `key_set` if there is no such set.
fn outcome(jwks: &str, token: &str) -> &'static str {
    let mut readings = [KeySet::read(jwks), KeySet::read_secret(jwks)].into_iter().flatten();
    let Some(keys) = readings.next() else { return "key_set" };
    assert!(readings.next().is_none(), "public and secret at once: {jwks}");
    let judge = || {
        let value = format!("Bearer {token}");
        let raw = RawToken::read(value.as_bytes(), BEARER)?;
        signing_key(&Jws::read(&raw)?, &keys, &Portable).map(|_| ())
    };
    judge().map_or_else(TokenError::code, |()| "ok")
}
