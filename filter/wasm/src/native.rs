//! The signature verifier on the host's cryptography: Envoy's foreign function `verify_signature`
//! (BoringSSL), which does RS256 and ES256. Whatever it cannot do, or a host that does not have it,
//! falls to the portable verifier, which gives the same answers.

use fieldgate_core::protobuf::Message;
use fieldgate_core::token::keys::{Algorithm, Key};
use fieldgate_core::token::signature::{InvalidSignature, Portable, SignatureVerifier, ecdsa_der};

use crate::host;

pub(crate) struct Native;

impl SignatureVerifier for Native {
    fn verify(
        &self,
        key: &Key,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let der;
        let signature_for_host = match key.algorithm() {
            Algorithm::Rs256 => signature,
            // RFC 7518 3.4: r || s, where the host wants DER.
            Algorithm::Es256 => {
                der = ecdsa_der(signature).ok_or(InvalidSignature)?;
                &der
            }
            Algorithm::EdDsa => return Portable.verify(key, signing_input, signature),
        };
        let arguments = arguments(key.spki_der(), signature_for_host, signing_input);
        match host::call_foreign_function("verify_signature", &arguments) {
            Ok(result) if is_valid(&result) => Ok(()),
            Ok(_) => Err(InvalidSignature),
            Err(_) => Portable.verify(key, signing_input, signature),
        }
    }
}

/// `VerifySignatureArguments`: 1 hash_function, 2 public_key, 3 signature, 4 text.
fn arguments(public_key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let mut message = Message::default();
    message.bytes(1, b"sha256");
    message.bytes(2, public_key);
    message.bytes(3, signature);
    message.bytes(4, text);
    message.into_bytes()
}

/// `VerifySignatureResult`: 1 result (bool), 2 error (string). Valid is the one answer that begins
/// with `result: true` and has no error; proto3 leaves `false` out.
fn is_valid(result: &[u8]) -> bool {
    result == [0x08, 0x01]
}
