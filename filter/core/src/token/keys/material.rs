//! The text of one JWK, of a type that is known -> the key in the forms that verifiers want.
//!
//! `jwt-simple` reads it: encodings, lengths, curve equation, foreign members. Its own key types do
//! not check a bare signature, so the key is handed on to the crates it builds on.

use ed25519_compact::PublicKey as EdDsaKey;
use jwt_simple::algorithms::{ES256PublicKey, Ed25519PublicKey, RS256PublicKey};
use p256::ecdsa::VerifyingKey as Es256Key;
use superboring::pkey::{PKey, Public};
use superboring::rsa::Rsa;

use crate::token::keys::KeyFault;
use crate::token::keys::weak::is_roca;

/// The key as the portable verifier wants it.
#[derive(Clone)]
pub(crate) enum Material {
    Rs256(Box<PKey<Public>>),
    Es256(Es256Key),
    EdDsa(EdDsaKey),
}

/// What the text of a key gives, by type.
pub(super) struct Parts {
    pub(super) spki: Box<[u8]>,
    pub(super) signature_bytes: usize,
    pub(super) material: Material,
}

pub(super) fn read_rsa(text: &str) -> Result<Parts, KeyFault> {
    let key = RS256PublicKey::from_jwk(text).map_err(|_| KeyFault::Rsa)?;
    let modulus = key.to_components().n;
    if is_roca(&modulus) {
        return Err(KeyFault::WeakRsa);
    }
    let spki = key.to_der().map_err(|_| KeyFault::Rsa)?;
    let material = Rsa::public_key_from_der(&spki)
        .and_then(PKey::from_rsa)
        .map(|key| Material::Rs256(Box::new(key)))
        .map_err(|_| KeyFault::Rsa)?;
    Ok(Parts { spki: spki.into(), signature_bytes: modulus.len(), material })
}

pub(super) fn read_ec(text: &str) -> Result<Parts, KeyFault> {
    let key = ES256PublicKey::from_jwk(text).map_err(|_| KeyFault::Ec)?;
    let spki = key.to_der().map_err(|_| KeyFault::Ec)?;
    let material = Es256Key::from_sec1_bytes(&key.to_bytes())
        .map(Material::Es256)
        .map_err(|_| KeyFault::Ec)?;
    Ok(Parts { spki: spki.into(), signature_bytes: 64, material })
}

pub(super) fn read_okp(text: &str) -> Result<Parts, KeyFault> {
    let key = Ed25519PublicKey::from_jwk(text).map_err(|_| KeyFault::Okp)?;
    let material =
        EdDsaKey::from_slice(&key.to_bytes()).map(Material::EdDsa).map_err(|_| KeyFault::Okp)?;
    Ok(Parts { spki: key.to_der().into(), signature_bytes: 64, material })
}
