//! Key, signed bytes and signature -> yes, or [`InvalidSignature`] (RFC 7515 section 5.2).
//!
//! The verifier is an argument of `verify`: a host that has native cryptography brings its own, and
//! [`Portable`] is the one in Rust. Both decide over the same bytes: the signing input as sent and a
//! signature whose length has been checked against the key.
//!
//! `jwt-simple` builds on the same primitives, but its `verify_token` reads header and claims a
//! second time in its own way; one token has one reading here. Deliberately absent: DER-encoded
//! ECDSA signatures in tokens (RFC 7518 section 3.4 has raw ones only), and RSASSA-PSS with another
//! salt or mask than RFC 7518 section 3.5 says.

mod der;
pub mod host;

use p256::ecdsa::signature::Verifier as _;
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Public};
use superboring::rsa::Padding;
use superboring::sign::Verifier;

use crate::token::keys::{Algorithm, KeyUse, Material};

pub use der::ecdsa_der;

/// The signature is not the key's over these bytes, or could not be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

/// Whoever can check a signature; failing to check is the same as a wrong signature.
pub trait SignatureVerifier {
    /// Checks `signature` over `signing_input` with a key, by the algorithm that it is used with.
    ///
    /// # Errors
    /// If it is not valid, for whatever reason.
    fn verify(
        &self,
        key: KeyUse<'_>,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature>;
}

/// The verifier in Rust, for every target.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl SignatureVerifier for Portable {
    fn verify(
        &self,
        key: KeyUse<'_>,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if is_valid(key, signing_input, signature) { Ok(()) } else { Err(InvalidSignature) }
    }
}

fn is_valid(key: KeyUse<'_>, input: &[u8], signature: &[u8]) -> bool {
    let rsa = |key, padding, hash| rsa(key, padding, hash, input, signature).unwrap_or(false);
    let (pkcs1, pss) = (Padding::PKCS1, Padding::PKCS1_PSS);
    match (key.algorithm(), key.material()) {
        (Algorithm::Rs256, Material::Rsa { key, .. }) => rsa(key, pkcs1, MessageDigest::Sha256),
        (Algorithm::Rs384, Material::Rsa { key, .. }) => rsa(key, pkcs1, MessageDigest::Sha384),
        (Algorithm::Rs512, Material::Rsa { key, .. }) => rsa(key, pkcs1, MessageDigest::Sha512),
        (Algorithm::Ps256, Material::Rsa { key, .. }) => rsa(key, pss, MessageDigest::Sha256),
        (Algorithm::Ps384, Material::Rsa { key, .. }) => rsa(key, pss, MessageDigest::Sha384),
        (Algorithm::Ps512, Material::Rsa { key, .. }) => rsa(key, pss, MessageDigest::Sha512),
        (Algorithm::Es256, Material::P256(key)) => p256::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify(input, &signature).is_ok()),
        (Algorithm::Es384, Material::P384(key)) => p384::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify(input, &signature).is_ok()),
        (Algorithm::Es512, Material::P521(key)) => p521::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify(input, &signature).is_ok()),
        (Algorithm::EdDsa, Material::Ed25519(key)) => {
            ed25519_compact::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(input, &signature).is_ok())
        }
        // These compare in constant time: a byte found by its time would be a byte of a forgery.
        (Algorithm::Hs256, Material::Secret(secret)) => signature
            .try_into()
            .is_ok_and(|tag: &[u8; 32]| hmac_sha256::HMAC::verify(input, secret, tag)),
        (Algorithm::Hs384, Material::Secret(secret)) => signature
            .try_into()
            .is_ok_and(|tag: &[u8; 48]| hmac_sha512::sha384::HMAC::verify(input, secret, tag)),
        (Algorithm::Hs512, Material::Secret(secret)) => signature
            .try_into()
            .is_ok_and(|tag: &[u8; 64]| hmac_sha512::HMAC::verify(input, secret, tag)),
        // INVARIANT: a `KeyUse` has no other pair.
        (_, _) => false,
    }
}

/// RFC 8017 sections 8.1.2 and 8.2.2. The salt is as long as the hash, where there is one: that is
/// what `Verifier` begins with.
fn rsa(
    key: &PKey<Public>,
    padding: Padding,
    hash: MessageDigest,
    input: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let mut verifier = Verifier::new(hash, key).ok()?;
    verifier.set_rsa_padding(padding).ok()?;
    verifier.verify_oneshot(signature, input).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::keys::KeySet;
    use jwt_simple::algorithms::{ES256KeyPair, Ed25519KeyPair};

    /// A set of one key.
    fn one(jwk: &str) -> KeySet {
        KeySet::read(&format!("{{\"keys\":[{jwk}]}}")).unwrap()
    }

    #[test]
    fn raw_ecdsa_of_exactly_64_bytes_is_verified() {
        let pair = ES256KeyPair::generate();
        let keys = one(&pair.public_key().to_jwk());
        let signing: p256::ecdsa::SigningKey =
            p256::ecdsa::SigningKey::from_slice(&pair.to_bytes()).unwrap();
        let signature: p256::ecdsa::Signature =
            p256::ecdsa::signature::Signer::sign(&signing, b"a.b");
        let key = keys.keys()[0].serving(Algorithm::Es256).unwrap();
        let good = signature.to_bytes().to_vec();
        assert_eq!(Portable.verify(key, b"a.b", &good), Ok(()));
        assert_eq!(Portable.verify(key, b"a.c", &good), Err(InvalidSignature));
        for bad in [
            Vec::new(),
            good[..63].to_vec(),
            [&good[..], &[0]].concat(),
            ecdsa_der(&good).unwrap(),
            [&good[32..], &good[..32]].concat(),
            vec![0; 64],
            vec![0xff; 64],
            [[0; 31], [0; 31]].map(|zeros| [&zeros[..], &[1]].concat()).concat(),
        ] {
            assert_eq!(Portable.verify(key, b"a.b", &bad), Err(InvalidSignature));
        }
    }

    #[test]
    fn ed25519_is_verified() {
        let pair = Ed25519KeyPair::generate();
        let keys = one(&pair.public_key().to_jwk());
        let signing = ed25519_compact::KeyPair::from_slice(&pair.to_bytes()).unwrap();
        let good = signing.sk.sign(b"a.b", None).to_vec();
        let key = keys.keys()[0].serving(Algorithm::EdDsa).unwrap();
        assert_eq!(Portable.verify(key, b"a.b", &good), Ok(()));
        assert_eq!(Portable.verify(key, b"a.c", &good), Err(InvalidSignature));
        // RFC 8032 section 5.1.7: s + L is another spelling of s, and not valid.
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut other = good.clone();
        let mut carry = 0_u16;
        for (byte, add) in other[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + add + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        for bad in [other, vec![0; 64], good[..63].to_vec(), [&good[..], &[0]].concat()] {
            assert_eq!(Portable.verify(key, b"a.b", &bad), Err(InvalidSignature));
        }
    }
}
