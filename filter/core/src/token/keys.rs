//! JWKS text -> [`KeySet`]: the keys of one issuer (RFC 7517, RFC 7518 section 6, RFC 8037).
//!
//! `import` reads one key. What a set adds is here: how many keys, one key for each name, and that
//! public and secret keys are never in one set. A defect refuses the whole set, so that a mistake,
//! and above all a leaked key, is seen where it is made. What is not a defect but of no use here -
//! another `kty`, curve, algorithm or `use` - is ignored (RFC 7517 section 5) and noted.
//!
//! **Each key fixes its algorithm**: by `alg`, or by its curve. Only an RSA or a secret key without
//! `alg` leaves a choice, and then the issuer's list makes it, not the token: such a key serves
//! those algorithms of its `kty` that the issuer lists, both RS and PS only if it lists both.
//!
//! Deliberately absent: fetching, X.509 (`x5c`, `x5u`).

mod algorithm;
mod fault;
mod import;
mod material;
mod weak;

use std::fmt;

use serde_json::value::RawValue;

use crate::json::{Json, members};
use crate::limits::{KEY_SET_BYTES, KEYS};
use import::{NoKey, import};

pub use algorithm::{Algorithm, Secrecy, UnknownAlgorithm};
pub use fault::{IgnoredKey, KeyFault, KeySetError, Unused};
pub(crate) use material::Material;

/// A key nests this deep at most: `key_ops` and `x5c` are two levels.
const KEY_DEPTH: u32 = 8;

/// The keys of one issuer: at least one, no `kid` twice, all public or all secret.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    ignored: Vec<IgnoredKey>,
}

/// A key that verifies signatures.
#[derive(Clone)]
pub struct Key {
    kid: Option<Box<str>>,
    algorithms: Vec<Algorithm>,
    spki: Option<Box<[u8]>>,
    material: Material,
}

/// A key together with the one algorithm that it is used with now.
///
/// INVARIANT: the algorithm is one of the key's; [`Key::serving`] alone makes the pair.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse<'k> {
    key: &'k Key,
    algorithm: Algorithm,
}

impl KeySet {
    /// Reads a JWKS of public keys: of any place that only publishes keys, and of every issuer that
    /// does not list an HMAC algorithm.
    ///
    /// # Errors
    /// The first key that has a defect, or the defect of the set.
    pub fn read(jwks: &str) -> Result<Self, KeySetError> {
        Self::read_all(jwks, Secrecy::Public)
    }

    /// Reads a JWKS of symmetric keys. The text must come from where secrets are kept, never from
    /// where keys are published: whoever can read it can sign (RFC 8725 section 3.1).
    ///
    /// # Errors
    /// The first key that has a defect, or the defect of the set.
    pub fn read_secret(jwks: &str) -> Result<Self, KeySetError> {
        Self::read_all(jwks, Secrecy::Secret)
    }

    fn read_all(jwks: &str, secrecy: Secrecy) -> Result<Self, KeySetError> {
        let mut set = Self { keys: Vec::new(), ignored: Vec::new() };
        for (index, text) in entries(jwks).map_err(KeySetError::of_set)?.into_iter().enumerate() {
            // RFC 7517 section 4 lets a reader keep the last of two equal members; stricter here.
            let jwk =
                Json::read(text.get(), KEY_DEPTH).ok().filter(|jwk| jwk.as_object().is_some());
            let jwk = jwk.ok_or_else(|| KeySetError::of_key(index, None, KeyFault::NotJson))?;
            let kid = jwk.member("kid").and_then(Json::as_str);
            let fail = |fault| KeySetError::of_key(index, kid, fault);
            match import(&jwk, secrecy) {
                Ok(key)
                    if key.kid.is_some() && set.keys.iter().any(|other| other.kid == key.kid) =>
                {
                    return Err(fail(KeyFault::DuplicateKid));
                }
                Ok(key) => set.keys.push(key),
                Err(NoKey::Unused(because)) => {
                    set.ignored.push(IgnoredKey::new(index, kid, because));
                }
                Err(NoKey::Fault(fault)) => return Err(fail(fault)),
            }
        }
        if set.keys.is_empty() {
            return Err(KeySetError::none_usable(set.ignored));
        }
        Ok(set)
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The keys of the set that are of no use here, and why.
    #[must_use]
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }
}

impl Key {
    /// The name of the key, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithms of the key: one, or those among which the issuer's list chooses (RFC 8725
    /// section 3.1).
    #[must_use]
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// The key used with an algorithm, if that is one of its own.
    #[must_use]
    pub fn serving(&self, algorithm: Algorithm) -> Option<KeyUse<'_>> {
        self.algorithms.contains(&algorithm).then_some(KeyUse { key: self, algorithm })
    }
}

impl<'k> KeyUse<'k> {
    /// The key.
    #[must_use]
    pub const fn key(self) -> &'k Key {
        self.key
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        self.algorithm
    }

    /// The key as a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), if it is a public one.
    #[must_use]
    pub fn spki_der(self) -> Option<&'k [u8]> {
        self.key.spki.as_deref()
    }

    /// The length of every signature (RFC 8017 section 8, RFC 7518 sections 3.2 and 3.4, RFC 8032
    /// section 5.1.6).
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match (&self.key.material, self.algorithm) {
            (Material::Rsa { bytes, .. }, _) => *bytes,
            (Material::P256(_) | Material::Ed25519(_), _) => 64,
            (Material::P384(_), _) => 96,
            (Material::P521(_), _) => 132,
            (Material::Secret(_), Algorithm::Hs256) => 32,
            (Material::Secret(_), Algorithm::Hs384) => 48,
            (Material::Secret(_), _) => 64,
        }
    }

    pub(crate) const fn material(self) -> &'k Material {
        &self.key.material
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
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
        assert_eq!((first.kid(), first.algorithms()), (Some("a"), &[Algorithm::Es256][..]));
        assert_eq!((second.kid(), second.algorithms()), (None, &[Algorithm::EdDsa][..]));
        let es256 = first.serving(Algorithm::Es256).unwrap();
        assert_eq!((es256.key().kid(), es256.algorithm()), (Some("a"), Algorithm::Es256));
        assert_eq!(es256.spki_der(), Some(&ec.to_der().unwrap()[..]));
        let eddsa = second.serving(Algorithm::EdDsa).unwrap();
        assert_eq!(eddsa.spki_der(), Some(&ed.to_der()[..]));
        assert_eq!((es256.signature_bytes(), eddsa.signature_bytes()), (64, 64));
        for other in Algorithm::ALL.into_iter().filter(|one| *one != Algorithm::Es256) {
            assert!(first.serving(other).is_none(), "{other:?}");
        }
        assert_eq!(format!("{first:?}"), "Key { kid: Some(\"a\"), algorithms: [Es256], .. }");
    }

    #[test]
    fn a_secret_is_neither_shown_nor_a_public_key() {
        let jwk = format!(r#"{{"kty":"oct","kid":"s","k":"{}"}}"#, "QUJD".repeat(22));
        let keys = KeySet::read_secret(&set(&[&jwk])).unwrap();
        let key = &keys.keys()[0];
        assert_eq!(key.algorithms(), [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]);
        for (algorithm, bytes) in key.algorithms().iter().zip([32, 48, 64]) {
            let serving = key.serving(*algorithm).unwrap();
            assert_eq!((serving.signature_bytes(), serving.spki_der()), (bytes, None));
            assert!(!format!("{keys:?} {serving:?}").contains("ABC"));
        }
        assert_eq!(format!("{key:?}").matches("Hs").count(), 3);
    }

    #[test]
    fn public_and_secret_keys_are_never_together() {
        let secret = format!(r#"{{"kty":"oct","k":"{}"}}"#, "A".repeat(86));
        let (good, mixed) = (ec(""), set(&[&secret, &ec("")]));
        check(&mixed, Err((Some(0), KeyFault::Symmetric)));
        check(&set(&[&good, r#"{"kty":"oct","use":"enc"}"#]), Err((Some(1), KeyFault::Symmetric)));
        let secrets = |jwks: &str| KeySet::read_secret(jwks).map(|set| set.keys().len());
        assert_eq!(secrets(&set(&[&secret, &secret])), Ok(2));
        let fault = |index| Err(KeySetError::of_key(index, None, KeyFault::Asymmetric));
        assert_eq!(secrets(&mixed), fault(1));
        assert_eq!(secrets(&set(&[r#"{"kty":"XYZ"}"#, &secret])), fault(0));
    }

    #[test]
    fn what_is_of_no_use_here_is_ignored_and_noted() {
        let (unknown, enc) = (r#"{"kty":"XYZ","kid":"a\n","x":[[1]]}"#, ec(r#""use":"enc","#));
        let jwks = set(&[unknown, &ec(""), &enc]);
        check(&jwks, Ok(1));
        let notes: Vec<String> =
            KeySet::read(&jwks).unwrap().ignored().iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "key 0 (kid `a\\n`): `kty` is not supported",
                "key 2: `use` or `key_ops` is not for verifying signatures"
            ]
        );
        let error = KeySet::read(&set(&[&enc, unknown])).unwrap_err();
        assert_eq!((error.index, error.fault), (None, KeyFault::NoUsableKey));
        assert_eq!(
            error.to_string(),
            "key set: no key is for verifying signatures here; key 0: `use` or `key_ops` is not for \
             verifying signatures; key 1 (kid `a\\n`): `kty` is not supported"
        );
    }

    #[test]
    fn a_kid_names_one_key() {
        let twice = set(&[&ec(r#""kid":"a","#), &ec(r#""kid":"\u0061","#)]);
        check(&twice, Err((Some(1), KeyFault::DuplicateKid)));
        let message = KeySet::read(&twice).unwrap_err().to_string();
        assert_eq!(message, "key 1 (kid `a`): another key has the same `kid`");
        check(&set(&[&ec(r#""kid":"a","#), &ec(r#""kid":"A","#)]), Ok(2));
        check(&set(&[&ec(""), &ec("")]), Ok(2));
        // A key that is never used takes no name.
        check(&set(&[&ec(r#""kid":"a","use":"enc","#), &ec(r#""kid":"a","#)]), Ok(1));
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
