//! One JWK -> [`Key`], or why it is of no use here, or its defect (RFC 7517 section 4).
//!
//! Judged in this order: what kind of key it is, whether it is one that must not be here at all,
//! what it is for, its algorithm, and at last the key itself. So a leaked key is reported whatever
//! it was for, and a key for something else needs no key material that we can read.

use crate::json::Json;
use crate::limits::KID_BYTES;
use crate::token::keys::material::{
    PublicKey, read_ed25519, read_p256, read_p384, read_p521, read_rsa, read_secret,
};
use crate::token::keys::{Algorithm, Key, KeyFault, Material, Secrecy, Unused};

/// Why an element of a set is not a key that is used here.
pub(super) enum NoKey {
    Fault(KeyFault),
    Unused(Unused),
}

/// A kind of key, by `kty` and `crv`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
    Secret,
}

/// RFC 7518 section 6 and RFC 8037 section 2: the members that only a private or symmetric key has.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The members that are key material of any type.
const MATERIAL: [&str; 15] =
    ["crv", "x", "y", "n", "e", "pub", "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Reads one key of a set of this secrecy.
pub(super) fn import(jwk: &Json<'_>, secrecy: Secrecy) -> Result<Key, NoKey> {
    let kid = match jwk.member("kid") {
        None => None,
        Some(Json::String(kid)) if kid.len() <= KID_BYTES => Some(kid.as_ref()),
        Some(_) => return Err(NoKey::Fault(KeyFault::Kid)),
    };
    let kty = jwk.member("kty").and_then(Json::as_str).ok_or(NoKey::Fault(KeyFault::Type))?;
    refuse_misplaced(jwk, kty, secrecy).map_err(NoKey::Fault)?;
    let kind = kind(jwk, kty)?;
    check_use(jwk)?;
    check_operations(jwk, kind)?;
    let algorithms = algorithms(jwk, kind)?;
    let foreign = |name: &&&str| !kind.members().contains(*name);
    if MATERIAL.iter().filter(foreign).any(|name| jwk.member(name).is_some()) {
        return Err(NoKey::Fault(KeyFault::Members));
    }
    let public = |key: Option<PublicKey>, fault| key.ok_or(NoKey::Fault(fault));
    let PublicKey { material, spki } = match kind {
        Kind::Rsa => read_rsa(jwk)?,
        Kind::P256 => public(read_p256(jwk), KeyFault::Ec)?,
        Kind::P384 => public(read_p384(jwk), KeyFault::Ec)?,
        Kind::P521 => public(read_p521(jwk), KeyFault::Ec)?,
        Kind::Ed25519 => public(read_ed25519(jwk), KeyFault::Okp)?,
        Kind::Secret => return secret(jwk, kid, algorithms),
    };
    Ok(Key { kid: kid.map(Into::into), algorithms, spki: Some(spki), material })
}

/// Before anything is passed over: a leaked key is a defect, whatever it is for.
fn refuse_misplaced(jwk: &Json<'_>, kty: &str, secrecy: Secrecy) -> Result<(), KeyFault> {
    match secrecy {
        Secrecy::Public if kty == "oct" => Err(KeyFault::Symmetric),
        Secrecy::Public if PRIVATE.iter().any(|name| jwk.member(name).is_some()) => {
            Err(KeyFault::Private)
        }
        Secrecy::Secret if kty != "oct" => Err(KeyFault::Asymmetric),
        Secrecy::Public | Secrecy::Secret => Ok(()),
    }
}

/// RFC 7518 section 3.2: a key is at least as long as the hash. Without `alg` it serves what it is
/// long enough for.
fn secret(jwk: &Json<'_>, kid: Option<&str>, mut algorithms: Vec<Algorithm>) -> Result<Key, NoKey> {
    let secret = read_secret(jwk).ok_or(NoKey::Fault(KeyFault::Secret))?;
    algorithms.retain(|algorithm| match algorithm {
        Algorithm::Hs256 => secret.len() >= 32,
        Algorithm::Hs384 => secret.len() >= 48,
        _ => secret.len() >= 64,
    });
    if algorithms.is_empty() {
        return Err(NoKey::Fault(KeyFault::ShortSecret));
    }
    let material = Material::Secret(secret);
    Ok(Key { kid: kid.map(Into::into), algorithms, spki: None, material })
}

/// RFC 7517 section 4.1, RFC 7518 section 6.2.1.1, RFC 8037 section 2.
fn kind(jwk: &Json<'_>, kty: &str) -> Result<Kind, NoKey> {
    let curve = || jwk.member("crv").and_then(Json::as_str).ok_or(NoKey::Fault(KeyFault::Curve));
    match kty {
        "RSA" => Ok(Kind::Rsa),
        "oct" => Ok(Kind::Secret),
        "EC" => match curve()? {
            "P-256" => Ok(Kind::P256),
            "P-384" => Ok(Kind::P384),
            "P-521" => Ok(Kind::P521),
            _ => Err(NoKey::Unused(Unused::Curve)),
        },
        "OKP" => match curve()? {
            "Ed25519" => Ok(Kind::Ed25519),
            _ => Err(NoKey::Unused(Unused::Curve)),
        },
        _ => Err(NoKey::Unused(Unused::Type)),
    }
}

/// RFC 7517 section 4.2: `sig`, or the key is for something else.
fn check_use(jwk: &Json<'_>) -> Result<(), NoKey> {
    match jwk.member("use").map(Json::as_str) {
        None | Some(Some("sig")) => Ok(()),
        Some(Some(_)) => Err(NoKey::Unused(Unused::Use)),
        Some(None) => Err(NoKey::Fault(KeyFault::Use)),
    }
}

/// RFC 7517 section 4.3: no operation twice. Stricter: at least one, no more than there are names for
/// in that section, and none that such a key cannot do.
fn check_operations(jwk: &Json<'_>, kind: Kind) -> Result<(), NoKey> {
    let Some(operations) = jwk.member("key_ops") else { return Ok(()) };
    let fault = NoKey::Fault(KeyFault::Use);
    let Some(operations) = operations.as_array().filter(|all| (1..=8).contains(&all.len())) else {
        return Err(fault);
    };
    let mut seen: Vec<&str> = Vec::new();
    for operation in operations {
        match operation.as_str() {
            Some(operation) if !seen.contains(&operation) => seen.push(operation),
            Some(_) | None => return Err(fault),
        }
    }
    if !seen.contains(&"verify") {
        return Err(NoKey::Unused(Unused::Use));
    }
    // Whoever has a secret can do both.
    let fits =
        |operation: &&str| *operation == "verify" || (*operation == "sign" && kind == Kind::Secret);
    if seen.iter().all(fits) { Ok(()) } else { Err(fault) }
}

/// RFC 7517 section 4.4: the algorithm that the key says, or those that its kind allows.
fn algorithms(jwk: &Json<'_>, kind: Kind) -> Result<Vec<Algorithm>, NoKey> {
    let all = kind.algorithms();
    match jwk.member("alg") {
        None => Ok(all.to_vec()),
        Some(Json::String(alg)) => match alg.parse::<Algorithm>() {
            Ok(alg) if all.contains(&alg) => Ok(vec![alg]),
            Ok(_) => Err(NoKey::Fault(KeyFault::Algorithm)),
            Err(_) => Err(NoKey::Unused(Unused::Algorithm)),
        },
        Some(_) => Err(NoKey::Fault(KeyFault::Algorithm)),
    }
}

impl Kind {
    /// The members that are its key material.
    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Rsa => &["n", "e"],
            Self::P256 | Self::P384 | Self::P521 => &["crv", "x", "y"],
            Self::Ed25519 => &["crv", "x"],
            Self::Secret => &["k"],
        }
    }

    /// RFC 7518 sections 3.2 to 3.5, RFC 8037 section 3.1: what a key without `alg` can serve.
    const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Rsa => &[
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
            Self::P256 => &[Algorithm::Es256],
            Self::P384 => &[Algorithm::Es384],
            Self::P521 => &[Algorithm::Es512],
            Self::Ed25519 => &[Algorithm::EdDsa],
            Self::Secret => &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512],
        }
    }
}
