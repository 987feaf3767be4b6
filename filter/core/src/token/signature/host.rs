//! A signature -> the question for a host's cryptography; its answer -> yes, no, or not answered.
//!
//! The host is Envoy's foreign function `verify_signature` (BoringSSL), which does RSASSA-PKCS1-v1_5
//! and ECDSA. Here are only the bytes: the glue asks, and where there is no answer, for whatever
//! reason, the portable verifier decides.

use crate::protobuf::Message;
use crate::token::keys::{Algorithm, KeyUse};
use crate::token::signature::ecdsa_der;

/// What the host says of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is the key's over these bytes.
    Valid,
    /// It is not.
    Invalid,
}

/// The question, as `VerifySignatureArguments`: 1 hash_function, 2 public_key, 3 signature, 4 text.
/// None if the host does not have the algorithm.
#[must_use]
pub fn question(key: KeyUse<'_>, signing_input: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let (hash, signature) = match key.algorithm() {
        Algorithm::Rs256 => ("sha256", signature.to_vec()),
        Algorithm::Rs384 => ("sha384", signature.to_vec()),
        Algorithm::Rs512 => ("sha512", signature.to_vec()),
        // RFC 7518 section 3.4: r || s, where the host wants DER.
        Algorithm::Es256 => ("sha256", ecdsa_der(signature)?),
        Algorithm::Es384 => ("sha384", ecdsa_der(signature)?),
        Algorithm::Es512 => ("sha512", ecdsa_der(signature)?),
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => return None,
        Algorithm::EdDsa | Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
    };
    let mut message = Message::default();
    message.bytes(1, hash.as_bytes());
    message.bytes(2, key.spki_der()?);
    message.bytes(3, &signature);
    message.bytes(4, signing_input);
    Some(message.into_bytes())
}

/// The answer, as `VerifySignatureResult`: 1 result (bool), 2 error (string); proto3 leaves `false`
/// and an empty text out. Valid is the one answer that is `true` without an error. An error says
/// whether the signature is wrong, or a key or hash is unknown and nothing was checked: none.
#[must_use]
pub fn answer(bytes: &[u8]) -> Option<Answer> {
    const VALID: &[u8] = &[0x08, 0x01];
    /// Behind the tag of field 2 and a length of one byte.
    const INVALID: &[u8] = b"Failed to verify digest";
    match bytes {
        VALID => Some(Answer::Valid),
        [0x12, length, error @ ..]
            if usize::from(*length) == error.len() && error.starts_with(INVALID) =>
        {
            Some(Answer::Invalid)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::keys::KeySet;

    /// The hash and the signature in a question.
    fn asked(jwk: &str, algorithm: Algorithm, signature: &[u8]) -> Option<(String, Vec<u8>)> {
        let jwks = format!("{{\"keys\":[{jwk}]}}");
        let keys = KeySet::read(&jwks).or_else(|_| KeySet::read_secret(&jwks)).unwrap();
        let question = question(keys.keys()[0].serving(algorithm).unwrap(), b"a.b", signature)?;
        let mut fields: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut rest = question.as_slice();
        while let [tag, length, more @ ..] = rest {
            let (length, more) = match (*length, more) {
                // A length of two bytes, in steps of seven bits.
                (low, [high, more @ ..]) if low >= 0x80 => {
                    (usize::from(low & 0x7f) | usize::from(*high) << 7, more)
                }
                (length, more) => (usize::from(length), more),
            };
            fields.push((*tag, more[..length].to_vec()));
            rest = &more[length..];
        }
        let [(0x0a, hash), (0x12, key), (0x1a, signature), (0x22, text)] = fields.as_slice() else {
            panic!("{fields:?}")
        };
        assert_eq!((key[0], text.as_slice()), (0x30, &b"a.b"[..]));
        Some((String::from_utf8(hash.clone()).unwrap(), signature.clone()))
    }

    #[test]
    fn the_host_is_asked_what_it_can_answer() {
        let n = "_".repeat(340) + "8w";
        let rsa = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#);
        let p256 = jwt_simple::algorithms::ES256KeyPair::generate().public_key().to_jwk();
        let p384 = jwt_simple::algorithms::ES384KeyPair::generate().public_key().to_jwk();
        for (jwk, algorithm, hash) in [
            (&rsa, Algorithm::Rs256, "sha256"),
            (&rsa, Algorithm::Rs384, "sha384"),
            (&rsa, Algorithm::Rs512, "sha512"),
        ] {
            assert_eq!(asked(jwk, algorithm, &[7; 256]), Some((hash.to_owned(), vec![7; 256])));
        }
        for (jwk, algorithm, hash, half) in
            [(&p256, Algorithm::Es256, "sha256", 32), (&p384, Algorithm::Es384, "sha384", 48)]
        {
            let raw = [vec![0; half], vec![1; half]].concat();
            let der = ecdsa_der(&raw).unwrap();
            assert_eq!(asked(jwk, algorithm, &raw), Some((hash.to_owned(), der)));
        }
        for algorithm in [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
            assert_eq!(asked(&rsa, algorithm, &[7; 256]), None);
        }
        let ed = jwt_simple::algorithms::Ed25519KeyPair::generate().public_key().to_jwk();
        assert_eq!(asked(&ed, Algorithm::EdDsa, &[7; 64]), None);
        let secret = format!(r#"{{"kty":"oct","k":"{}"}}"#, "A".repeat(86));
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            assert_eq!(asked(&secret, algorithm, &[7; 64]), None);
        }
    }

    #[test]
    fn only_a_plain_yes_or_no_is_an_answer() {
        let error =
            |text: &str| [&[0x12, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let no = "Failed to verify digest. Error code: 0";
        for (bytes, expected) in [
            (vec![0x08, 0x01], Some(Answer::Valid)),
            (error(no), Some(Answer::Invalid)),
            (Vec::new(), None),
            (vec![0x08], None),
            (vec![0x08, 0x00], None),
            (vec![0x08, 0x02], None),
            (vec![0x08, 0x01, 0x08, 0x01], None),
            ([&[0x08, 0x01][..], &error(no)].concat(), None),
            ([&error(no)[..], &[0x08, 0x01]].concat(), None),
            (error("sha999 is not supported."), None),
            (error("Failed to initialize digest verify."), None),
            (error(""), None),
        ] {
            assert_eq!(answer(&bytes), expected, "{bytes:?}");
        }
    }
}
