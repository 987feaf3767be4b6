//! A token and a key set in the headers of a request -> what the host alone, the filter's verifier
//! and the portable one say of them, in three words.

use std::cell::Cell;

use fieldgate_core::http::Headers;
use fieldgate_core::reply::Reply;
use fieldgate_core::token::TokenError;
use fieldgate_core::token::bearer::{BEARER, RawToken};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::{KeySet, KeyUse};
use fieldgate_core::token::signature::host::Answer;
use fieldgate_core::token::signature::{InvalidSignature, Portable, SignatureVerifier};
use fieldgate_core::token::verify::signing_key;

use crate::native::{Native, ask_host};

/// The host without anybody to fall back on.
struct Host {
    unanswered: Cell<bool>,
}

impl SignatureVerifier for Host {
    fn verify(
        &self,
        key: KeyUse<'_>,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match ask_host(key, signing_input, signature) {
            Some(Answer::Valid) => Ok(()),
            Some(Answer::Invalid) => Err(InvalidSignature),
            None => {
                self.unanswered.set(true);
                Err(InvalidSignature)
            }
        }
    }
}

pub(super) fn verdicts(headers: &Headers) -> Option<Reply> {
    let value =
        |name: &[u8]| headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value);
    value(b"x-fieldgate-test").filter(|asked| *asked == b"signature")?;
    let jwks = std::str::from_utf8(value(b"x-fieldgate-jwks")?).ok()?;
    let authorization = value(b"authorization")?;
    let keys = KeySet::read(jwks).or_else(|_| KeySet::read_secret(jwks));
    let judge = |verifier: &dyn SignatureVerifier| {
        let Ok(keys) = &keys else { return "key_set" };
        let judged = RawToken::read(authorization, BEARER)
            .and_then(|raw| signing_key(&Jws::read(&raw)?, keys, verifier).map(|_| ()));
        judged.map_or_else(TokenError::code, |()| "ok")
    };
    let host = Host { unanswered: Cell::new(false) };
    let by_host = judge(&host);
    let by_host = if host.unanswered.get() { "unanswered" } else { by_host };
    let body = format!("{by_host} {} {}", judge(&Native), judge(&Portable));
    let headers = vec![("content-type", "text/plain".into())];
    Some(Reply { status: 200, headers, body: body.into_bytes(), details: "test".into() })
}
