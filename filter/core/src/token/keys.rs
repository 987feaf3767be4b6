//! JWKS text -> [`KeySet`]: the public keys of one issuer (RFC 7517, RFC 7518 section 6, RFC 8037).
//!
//! Every key goes through `jwt-simple`'s strict `from_jwk`. What a set adds is here: duplicate
//! names, symmetric and private keys, weak moduli. A set is taken whole or not at all, so that a
//! mistake is seen where it is made; only keys that are not meant for us are passed over: an unknown
//! `kty` (RFC 7517 section 5) and `use: enc`. Deliberately absent: fetching, X.509 (`x5c`, `x5u`).

mod fault;
mod material;
mod weak;

use std::fmt;
use std::str::FromStr;

use serde_json::value::RawValue;

use crate::json::{Json, members};
use crate::limits::{KEY_SET_BYTES, KEYS, KID_BYTES};

pub use fault::{KeyFault, KeySetError};
pub(crate) use material::Material;
use material::{Parts, read_ec, read_okp, read_rsa};

/// A key nests this deep at most: `key_ops` and `x5c` are two levels.
const KEY_DEPTH: u32 = 8;

/// The signature algorithms there are here (RFC 7518 section 3.1, RFC 8037, RFC 9864).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// A name that is not the `alg` of any [`Algorithm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl Algorithm {
    /// The value of `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(alg: &str) -> Result<Self, UnknownAlgorithm> {
        match alg {
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            // RFC 9864 section 2.2 gives the same signature a name of its own.
            "EdDSA" | "Ed25519" => Ok(Self::EdDsa),
            _ => Err(UnknownAlgorithm),
        }
    }
}

/// The keys of one issuer: at least one, no `kid` twice.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A public key that verifies signatures of one algorithm.
#[derive(Clone)]
pub struct Key {
    kid: Option<Box<str>>,
    algorithm: Algorithm,
    spki: Box<[u8]>,
    signature_bytes: usize,
    material: Material,
}

impl KeySet {
    /// Reads a JWKS.
    ///
    /// # Errors
    /// The first key that has a defect, or the defect of the set.
    pub fn read(jwks: &str) -> Result<Self, KeySetError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, text) in entries(jwks).map_err(KeySetError::of_set)?.into_iter().enumerate() {
            // RFC 7517 section 4 lets a reader keep the last of two equal members; stricter here.
            let jwk =
                Json::read(text.get(), KEY_DEPTH).ok().filter(|jwk| jwk.as_object().is_some());
            let jwk = jwk.ok_or_else(|| KeySetError::of_key(index, None, KeyFault::NotJson))?;
            let kid = jwk.member("kid").and_then(Json::as_str);
            let fail = |fault| KeySetError::of_key(index, kid, fault);
            if let Some(key) = read_key(&jwk, text.get()).map_err(fail)? {
                if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) {
                    return Err(fail(KeyFault::DuplicateKid));
                }
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Err(KeySetError::of_set(KeyFault::NoUsableKey));
        }
        Ok(Self { keys })
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

impl Key {
    /// The name of the key, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that the key is used with (RFC 8725 section 3.1).
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key as a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The length of every signature by this key.
    #[must_use]
    pub const fn signature_bytes(&self) -> usize {
        self.signature_bytes
    }

    pub(crate) const fn material(&self) -> &Material {
        &self.material
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The text of each element of `keys`.
fn entries(jwks: &str) -> Result<Vec<&RawValue>, KeyFault> {
    if jwks.len() > KEY_SET_BYTES {
        return Err(KeyFault::TooLarge);
    }
    let members = members(jwks).map_err(|_| KeyFault::NotJson)?;
    // RFC 7517 section 5: other members of the set are ignored.
    let (_, keys) = members.iter().find(|(name, _)| name == "keys").ok_or(KeyFault::Count)?;
    let keys: Vec<&RawValue> = serde_json::from_str(keys.get()).map_err(|_| KeyFault::Count)?;
    if (1..=KEYS).contains(&keys.len()) { Ok(keys) } else { Err(KeyFault::Count) }
}

/// RFC 7518 section 6 and RFC 8037 section 2: the members that only a private or symmetric key has.
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// One key; none if it is meant for something else.
fn read_key(jwk: &Json<'_>, text: &str) -> Result<Option<Key>, KeyFault> {
    let kid = match jwk.member("kid") {
        None => None,
        Some(Json::String(kid)) if kid.len() <= KID_BYTES => Some(kid.as_ref()),
        Some(_) => return Err(KeyFault::Kid),
    };
    let kty = jwk.member("kty").and_then(Json::as_str).ok_or(KeyFault::Type)?;
    if kty == "oct" {
        return Err(KeyFault::Symmetric);
    }
    // Before anything is passed over: a leaked key is a defect of the issuer, whatever it is for.
    if PRIVATE_MEMBERS.iter().any(|name| jwk.member(name).is_some()) {
        return Err(KeyFault::Private);
    }
    let algorithm = match kty {
        "RSA" => Algorithm::Rs256,
        "EC" => Algorithm::Es256,
        "OKP" => Algorithm::EdDsa,
        _ => return Ok(None),
    };
    match jwk.member("use").map(Json::as_str) {
        None | Some(Some("sig")) => {}
        Some(Some("enc")) => return Ok(None),
        Some(_) => return Err(KeyFault::Use),
    }
    // Stricter than `from_jwk`, which takes an empty list of a public key.
    match jwk.member("key_ops").map(Json::as_array) {
        None => {}
        Some(Some([one])) if one.as_str() == Some("verify") => {}
        Some(_) => return Err(KeyFault::Use),
    }
    match jwk.member("alg").map(|alg| alg.as_str().map(Algorithm::from_str)) {
        None => {}
        Some(Some(Ok(alg))) if alg == algorithm => {}
        Some(_) => return Err(KeyFault::Algorithm),
    }
    let parts = match algorithm {
        Algorithm::Rs256 => read_rsa(text)?,
        Algorithm::Es256 => read_ec(text)?,
        Algorithm::EdDsa => read_okp(text)?,
    };
    let Parts { spki, signature_bytes, material } = parts;
    Ok(Some(Key { kid: kid.map(Into::into), algorithm, spki, signature_bytes, material }))
}

#[cfg(test)]
mod tests {
    use jwt_simple::algorithms::{ES256KeyPair, Ed25519KeyPair};

    use super::*;

    fn set(keys: &[&str]) -> String {
        format!("{{\"keys\":[{}],\"other\":1}}", keys.join(","))
    }

    /// A fresh EC key with these further members.
    fn ec(members: &str) -> String {
        let jwk = ES256KeyPair::generate().public_key().to_jwk();
        let jwk = jwk.replace(r#","alg":"ES256""#, "").replace(r#","use":"sig""#, "");
        jwk.replacen('{', &format!("{{{members}"), 1)
    }

    #[track_caller]
    fn check(jwks: &str, expected: Result<usize, (Option<usize>, KeyFault)>) {
        let read = KeySet::read(jwks);
        let read = read.map(|set| set.keys().len()).map_err(|error| (error.index, error.fault));
        assert_eq!(read, expected, "{jwks}");
    }

    #[test]
    fn a_key_knows_its_name_algorithm_and_der() {
        let ec = ES256KeyPair::generate().with_key_id("a").public_key();
        let ed = Ed25519KeyPair::generate().public_key();
        let set = KeySet::read(&set(&[&ec.to_jwk(), &ed.to_jwk()])).unwrap();
        let [first, second] = set.keys() else { panic!("two keys") };
        assert_eq!((first.kid(), first.algorithm()), (Some("a"), Algorithm::Es256));
        assert_eq!((second.kid(), second.algorithm()), (None, Algorithm::EdDsa));
        assert_eq!((first.signature_bytes(), second.signature_bytes()), (64, 64));
        assert_eq!(first.spki_der(), ec.to_der().unwrap());
        assert_eq!(second.spki_der(), ed.to_der());
        assert_eq!(format!("{first:?}"), "Key { kid: Some(\"a\"), algorithm: Es256, .. }");
    }

    #[test]
    fn keys_for_something_else_are_passed_over() {
        let good = ec("");
        let enc = ec(r#""use":"enc","#);
        check(&set(&[r#"{"kty":"XYZ","kid":"a","x":[[1]]}"#, &good, &enc]), Ok(1));
        check(&set(&[&good, &ec("")]), Ok(2));
        check(&set(&[&enc]), Err((None, KeyFault::NoUsableKey)));
    }

    #[test]
    fn a_defect_refuses_the_set_and_names_the_key() {
        let good = ec("");
        for (key, fault) in [
            ("1".to_owned(), KeyFault::NotJson),
            ("null".into(), KeyFault::NotJson),
            (ec(r#""x5c":[],"x5c":[],"#), KeyFault::NotJson),
            (ec(r#""o":{"a":1,"\u0061":2},"#), KeyFault::NotJson),
            (ec(r#""kid":1,"#), KeyFault::Kid),
            (ec(&format!(r#""kid":"{}","#, "k".repeat(257))), KeyFault::Kid),
            (ec("").replace("\"EC\"", "7"), KeyFault::Type),
            (r#"{"kty":"oct","k":"AAAA"}"#.into(), KeyFault::Symmetric),
            (r#"{"kty":"oct","use":"enc"}"#.into(), KeyFault::Symmetric),
            (ES256KeyPair::generate().to_jwk(), KeyFault::Private),
            (ec(r#""use":"enc","d":null,"#), KeyFault::Private),
            (ec(r#""use":"SIG","#), KeyFault::Use),
            (ec(r#""use":null,"#), KeyFault::Use),
            (ec(r#""key_ops":[],"#), KeyFault::Use),
            (ec(r#""key_ops":"verify","#), KeyFault::Use),
            (ec(r#""key_ops":["encrypt"],"#), KeyFault::Use),
            (ec(r#""key_ops":["verify","verify"],"#), KeyFault::Use),
            (ec(r#""alg":"RS256","#), KeyFault::Algorithm),
            (ec(r#""alg":"ES384","#), KeyFault::Algorithm),
            (ec(r#""alg":null,"#), KeyFault::Algorithm),
            (ec("").replace("P-256", "P-384"), KeyFault::Ec),
            (ec(r#""n":"AQAB","#), KeyFault::Ec),
            (ec("").replace("\"EC\"", "\"RSA\""), KeyFault::Rsa),
            (ec("").replace("\"EC\"", "\"OKP\""), KeyFault::Okp),
        ] {
            check(&set(&[&good, &key]), Err((Some(1), fault)));
        }
    }

    #[test]
    fn a_kid_names_one_key() {
        let twice = set(&[&ec(r#""kid":"a","#), &ec(r#""kid":"\u0061","#)]);
        check(&twice, Err((Some(1), KeyFault::DuplicateKid)));
        let message = KeySet::read(&twice).unwrap_err().to_string();
        assert_eq!(message, "key 1 (kid `a`): another key has the same `kid`");
        check(&set(&[&ec(r#""kid":"a","#), &ec(r#""kid":"A","#)]), Ok(2));
    }

    #[test]
    fn a_set_has_a_bounded_array_of_keys() {
        let unknown = r#"{"kty":"XYZ"}"#;
        let good = ec("");
        let keys = |unknowns: usize| {
            let mut all = vec![unknown; unknowns];
            all.push(&good);
            set(&all)
        };
        check(&keys(63), Ok(1));
        check(&keys(64), Err((None, KeyFault::Count)));
        for jwks in [r#"{"keys":[]}"#, "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
            check(jwks, Err((None, KeyFault::Count)));
        }
        for jwks in ["", "[]", "{", r#"{"keys":[],"keys":[]}"#, r#"{"keys":[}"#] {
            check(jwks, Err((None, KeyFault::NotJson)));
        }
        let large = format!("{}{}", keys(0), " ".repeat(KEY_SET_BYTES));
        check(&large, Err((None, KeyFault::TooLarge)));
    }
}
