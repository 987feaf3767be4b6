//! The signature verifier on the host's cryptography: Envoy's foreign function `verify_signature`
//! (BoringSSL), for RS256, RS384, RS512, ES256, ES384 and ES512. Whatever it cannot do, or a host
//! that does not have it, falls to the portable verifier, which gives the same answers.

use fieldgate_core::token::keys::KeyUse;
use fieldgate_core::token::signature::host::{Answer, answer, question};
use fieldgate_core::token::signature::{InvalidSignature, Portable, SignatureVerifier};

use crate::host;

pub(crate) struct Native;

impl SignatureVerifier for Native {
    fn verify(
        &self,
        key: KeyUse<'_>,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match ask_host(key, signing_input, signature) {
            Some(Answer::Valid) => Ok(()),
            Some(Answer::Invalid) => Err(InvalidSignature),
            None => Portable.verify(key, signing_input, signature),
        }
    }
}

/// What the host says; none if it did not check the signature, for whatever reason.
pub(crate) fn ask_host(key: KeyUse<'_>, signing_input: &[u8], signature: &[u8]) -> Option<Answer> {
    let question = question(key, signing_input, signature)?;
    answer(&host::call_foreign_function("verify_signature", &question).ok()?)
}
