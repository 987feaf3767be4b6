//! Key, signed bytes and signature -> yes, or [`InvalidSignature`] (RFC 7515 section 5.2).
//!
//! The verifier is an argument of `verify`: a host that has native cryptography brings its own, and
//! [`Portable`] is the one in Rust. Both decide over the same bytes: the signing input as sent and a
//! signature whose length has been checked against the key.
//!
//! `jwt-simple` builds on the same primitives, but its `verify_token` reads header and claims a
//! second time in its own way; one token has one reading here. Deliberately absent: RSASSA-PSS and
//! DER-encoded ECDSA signatures (RFC 7518 section 3.4 has raw ones only).

use p256::ecdsa::signature::Verifier as _;
use superboring::hash::MessageDigest;
use superboring::rsa::Padding;
use superboring::sign::Verifier;

use crate::token::keys::{Key, Material};

/// The signature is not the key's over these bytes, or could not be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

/// Whoever can check a signature; failing to check is the same as a wrong signature.
pub trait SignatureVerifier {
    /// Checks `signature` over `signing_input` with `key`, by the algorithm of the key.
    ///
    /// # Errors
    /// If it is not valid, for whatever reason.
    fn verify(
        &self,
        key: &Key,
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
        key: &Key,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match key.material() {
            Material::Rs256(key) => {
                let mut verifier =
                    Verifier::new(MessageDigest::sha256(), key).map_err(|_| InvalidSignature)?;
                verifier.set_rsa_padding(Padding::PKCS1).map_err(|_| InvalidSignature)?;
                match verifier.verify_oneshot(signature, signing_input) {
                    Ok(true) => Ok(()),
                    Ok(false) | Err(_) => Err(InvalidSignature),
                }
            }
            Material::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signing_input, &signature))
                .map_err(|_| InvalidSignature),
            Material::EdDsa(key) => ed25519_compact::Signature::from_slice(signature)
                .and_then(|signature| key.verify(signing_input, &signature))
                .map_err(|_| InvalidSignature),
        }
    }
}

/// A raw ECDSA signature (r and s of 32 bytes) as the DER `ECDSA-Sig-Value` of RFC 3279 section
/// 2.2.3, in its one minimal form; none unless it is 64 bytes and neither r nor s is zero.
#[must_use]
pub fn ecdsa_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let body = [integer(r)?, integer(s)?].concat();
    let mut der = vec![SEQUENCE, u8::try_from(body.len()).ok()?];
    der.extend(body);
    Some(der)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// A positive big-endian number as a DER INTEGER (X.690 section 8.3): no leading zero but the one
/// that keeps it positive.
fn integer(bytes: &[u8]) -> Option<Vec<u8>> {
    let start = bytes.iter().position(|byte| *byte != 0)?;
    let digits = bytes.get(start..)?;
    let sign: &[u8] = if digits.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    let value = [sign, digits].concat();
    let mut der = vec![INTEGER, u8::try_from(value.len()).ok()?];
    der.extend(value);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::keys::KeySet;
    use jwt_simple::algorithms::{ES256KeyPair, Ed25519KeyPair};

    fn raw(r: &[u8], s: &[u8]) -> Vec<u8> {
        let mut both = [0; 64];
        for (half, digits) in both.chunks_mut(32).zip([r, s]) {
            half.iter_mut().rev().zip(digits.iter().rev()).for_each(|(to, digit)| *to = *digit);
        }
        both.to_vec()
    }

    #[test]
    fn der_is_minimal_and_positive() {
        assert_eq!(ecdsa_der(&raw(&[1], &[0x7f])), Some(vec![0x30, 6, 2, 1, 1, 2, 1, 0x7f]));
        assert_eq!(
            ecdsa_der(&raw(&[0x80], &[1, 0])),
            Some(vec![0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 0])
        );
        let longest = ecdsa_der(&[0xff; 64]).unwrap();
        assert_eq!((longest.len(), &longest[..5]), (72, &[0x30, 70, 2, 33, 0][..]));
        let library = p256::ecdsa::Signature::from_slice(&[0x11; 64]).unwrap().to_der();
        assert_eq!(ecdsa_der(&[0x11; 64]).as_deref(), Some(library.as_bytes()));
    }

    #[test]
    fn der_of_anything_else_is_none() {
        for bad in [raw(&[], &[1]), raw(&[1], &[]), vec![], vec![1; 63], vec![1; 65], vec![1; 32]] {
            assert_eq!(ecdsa_der(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn raw_ecdsa_of_exactly_64_bytes_is_verified() {
        let pair = ES256KeyPair::generate();
        let keys = KeySet::read(&format!("{{\"keys\":[{}]}}", pair.public_key().to_jwk())).unwrap();
        let signing: p256::ecdsa::SigningKey =
            p256::ecdsa::SigningKey::from_slice(&pair.to_bytes()).unwrap();
        let signature: p256::ecdsa::Signature =
            p256::ecdsa::signature::Signer::sign(&signing, b"a.b");
        let key = &keys.keys()[0];
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
            raw(&[1], &[1]),
        ] {
            assert_eq!(Portable.verify(key, b"a.b", &bad), Err(InvalidSignature));
        }
    }

    #[test]
    fn ed25519_is_verified() {
        let pair = Ed25519KeyPair::generate();
        let keys = KeySet::read(&format!("{{\"keys\":[{}]}}", pair.public_key().to_jwk())).unwrap();
        let signing = ed25519_compact::KeyPair::from_slice(&pair.to_bytes()).unwrap();
        let good = signing.sk.sign(b"a.b", None).to_vec();
        let key = &keys.keys()[0];
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
