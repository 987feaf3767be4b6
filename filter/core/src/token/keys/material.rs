//! The members of a JWK that are the key itself -> the key in the forms that verifiers want.
//!
//! `jwt-simple` reads them: encodings, lengths, curve equation, modulus and exponent. Its own key
//! types do not check a bare signature, so the key is handed on to the crates that it builds on.
//! P-521 and secrets, which it does not know, are read here.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::PublicKey as EdDsaKey;
use jwt_simple::JWTError;
use jwt_simple::algorithms::{ES256PublicKey, ES384PublicKey, Ed25519PublicKey, RS256PublicKey};
use p256::ecdsa::VerifyingKey as P256Key;
use p384::ecdsa::VerifyingKey as P384Key;
use p521::ecdsa::VerifyingKey as P521Key;
use p521::pkcs8::EncodePublicKey as _;
use superboring::pkey::{PKey, Public};
use superboring::rsa::Rsa;

use crate::json::Json;
use crate::token::keys::import::NoKey;
use crate::token::keys::weak::is_roca;
use crate::token::keys::{KeyFault, Unused};

/// The key as the portable verifier wants it.
#[derive(Clone)]
pub(crate) enum Material {
    /// `bytes` is the length of the modulus.
    Rsa {
        key: Box<PKey<Public>>,
        bytes: usize,
    },
    P256(P256Key),
    P384(P384Key),
    P521(P521Key),
    Ed25519(EdDsaKey),
    Secret(Box<[u8]>),
}

/// A public key, and the same as a `SubjectPublicKeyInfo`.
pub(super) struct PublicKey {
    pub(super) material: Material,
    pub(super) spki: Box<[u8]>,
}

/// RFC 7518 section 6.3.1. The exponent is 65537, the only one that is in use.
pub(super) fn read_rsa(jwk: &Json<'_>) -> Result<PublicKey, NoKey> {
    let key =
        RS256PublicKey::from_jwk(&bare(jwk, &["kty", "n", "e"])).map_err(|error| match error
            .downcast_ref::<JWTError>(
        ) {
            Some(JWTError::UnsupportedRSAModulus) => NoKey::Unused(Unused::Size),
            Some(JWTError::WeakKey) => NoKey::Fault(KeyFault::ShortRsa),
            Some(_) | None => NoKey::Fault(KeyFault::Rsa),
        })?;
    let modulus = key.to_components().n;
    if is_roca(&modulus) {
        return Err(NoKey::Fault(KeyFault::WeakRsa));
    }
    let spki = key.to_der().map_err(|_| NoKey::Fault(KeyFault::Rsa))?;
    let key = Rsa::public_key_from_der(&spki).and_then(PKey::from_rsa);
    let key = Box::new(key.map_err(|_| NoKey::Fault(KeyFault::Rsa))?);
    let material = Material::Rsa { key, bytes: modulus.len() };
    Ok(PublicKey { material, spki: spki.into() })
}

/// RFC 7518 section 6.2.1, `crv: P-256`.
pub(super) fn read_p256(jwk: &Json<'_>) -> Option<PublicKey> {
    let key = ES256PublicKey::from_jwk(&bare(jwk, &EC)).ok()?;
    let material = Material::P256(P256Key::from_sec1_bytes(&key.to_bytes()).ok()?);
    Some(PublicKey { material, spki: key.to_der().ok()?.into() })
}

/// RFC 7518 section 6.2.1, `crv: P-384`.
pub(super) fn read_p384(jwk: &Json<'_>) -> Option<PublicKey> {
    let key = ES384PublicKey::from_jwk(&bare(jwk, &EC)).ok()?;
    let material = Material::P384(P384Key::from_sec1_bytes(&key.to_bytes()).ok()?);
    Some(PublicKey { material, spki: key.to_der().ok()?.into() })
}

/// RFC 7518 section 6.2.1, `crv: P-521`: both coordinates have 66 bytes, leading zeros included.
pub(super) fn read_p521(jwk: &Json<'_>) -> Option<PublicKey> {
    let coordinate = |name| decode(jwk, name).filter(|bytes| bytes.len() == 66);
    // SEC 1 section 2.3.3: 4 is "both coordinates follow".
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let key = P521Key::from_sec1_bytes(&point).ok()?;
    let spki = key.to_public_key_der().ok()?;
    Some(PublicKey { material: Material::P521(key), spki: spki.as_bytes().into() })
}

/// RFC 8037 section 2, `crv: Ed25519`.
pub(super) fn read_ed25519(jwk: &Json<'_>) -> Option<PublicKey> {
    let key = Ed25519PublicKey::from_jwk(&bare(jwk, &["kty", "crv", "x"])).ok()?;
    let material = Material::Ed25519(EdDsaKey::from_slice(&key.to_bytes()).ok()?);
    Some(PublicKey { material, spki: key.to_der().into() })
}

/// RFC 7518 section 6.4.1.
pub(super) fn read_secret(jwk: &Json<'_>) -> Option<Box<[u8]>> {
    decode(jwk, "k").map(Vec::into_boxed_slice)
}

const EC: [&str; 4] = ["kty", "crv", "x", "y"];

/// A JWK of these members alone: `import` has judged the others, and certificates would make it too
/// long for its reader.
fn bare(jwk: &Json<'_>, names: &[&'static str]) -> String {
    let member = |name: &&'static str| Some((*name, jwk.member(name)?.as_str()?));
    let members: BTreeMap<&str, &str> = names.iter().filter_map(member).collect();
    // Text to text cannot fail; if it did, an empty text is no key.
    serde_json::to_string(&members).unwrap_or_default()
}

/// RFC 7515 section 2: base64url without padding, in its one spelling.
fn decode(jwk: &Json<'_>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(jwk.member(name)?.as_str()?).ok()
}
