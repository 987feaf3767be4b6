//! The defects of a key set, and how they read: for whoever configures an issuer.
//!
//! A set comes from a trusted place, so its position and `kid` may be shown; no key material is.

use std::fmt;

/// Why a key set is refused: for whoever configures it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySetError {
    /// The position in `keys`, if it is the defect of one key.
    pub index: Option<usize>,
    /// The `kid` of that key, shortened and with control characters escaped.
    pub kid: Option<Box<str>>,
    /// The defect.
    pub fault: KeyFault,
    /// What the set has in place of usable keys, if that is its defect.
    pub ignored: Vec<IgnoredKey>,
}

/// A key that a set may have, and that is of no use here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    /// The position in `keys`.
    pub index: usize,
    /// The `kid`, shortened and with control characters escaped.
    pub kid: Option<Box<str>>,
    /// Why.
    pub because: Unused,
}

/// Why a key is of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// `kty` is not one that is known (RFC 7517 section 5).
    Type,
    /// `crv` is not one that is known.
    Curve,
    /// `alg` is not a signature algorithm that is known.
    Algorithm,
    /// `use` or `key_ops` is for something else (RFC 7517 sections 4.2 and 4.3).
    Use,
    /// An RSA key above 4096 bits: each token would cost too much.
    Size,
}

/// The defect of a key set or of a key in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// The set is longer than [`KEY_SET_BYTES`](crate::limits::KEY_SET_BYTES).
    TooLarge,
    /// Not a JSON object that has exactly one reading.
    NotJson,
    /// `keys` is not an array of 1 to [`KEYS`](crate::limits::KEYS) (RFC 7517 section 5.1).
    Count,
    /// All keys are of no use here.
    NoUsableKey,
    /// `kid` is not a string of a sensible length (RFC 7517 section 4.5).
    Kid,
    /// Two keys have the same `kid` (RFC 7517 section 4.5 says SHOULD NOT; stricter: an error).
    DuplicateKid,
    /// `kty` is not a string (RFC 7517 section 4.1).
    Type,
    /// A symmetric key among public ones: whoever can read it can sign (RFC 8725 section 3.1).
    Symmetric,
    /// Another key among symmetric ones: an issuer has public keys or secrets.
    Asymmetric,
    /// A private key (RFC 7517 section 9.2).
    Private,
    /// `use` or `key_ops` is malformed, or has more than verifying (RFC 7517 section 4.3).
    Use,
    /// `crv` is not a string (RFC 7518 section 6.2.1.1).
    Curve,
    /// `alg` is not an algorithm of this type of key (RFC 7517 section 4.4).
    Algorithm,
    /// Members of another type of key (RFC 7518 section 6).
    Members,
    /// Not an RSA public key with exponent 65537 (RFC 7518 section 6.3.1).
    Rsa,
    /// An RSA modulus below 2048 bits (RFC 7518 section 3.3).
    ShortRsa,
    /// An RSA modulus that can be factored (CVE-2017-15361).
    WeakRsa,
    /// Not a point on its curve (RFC 7518 section 6.2.1).
    Ec,
    /// Not an Ed25519 point of full order (RFC 8037 section 2).
    Okp,
    /// `k` is not base64url (RFC 7518 section 6.4.1).
    Secret,
    /// A symmetric key below the size of its hash (RFC 7518 section 3.2).
    ShortSecret,
}

impl KeySetError {
    pub(super) fn of_set(fault: KeyFault) -> Self {
        Self { index: None, kid: None, fault, ignored: Vec::new() }
    }

    pub(super) fn of_key(index: usize, kid: Option<&str>, fault: KeyFault) -> Self {
        Self { index: Some(index), kid: kid.map(shown), ..Self::of_set(fault) }
    }

    pub(super) fn none_usable(ignored: Vec<IgnoredKey>) -> Self {
        Self { ignored, ..Self::of_set(KeyFault::NoUsableKey) }
    }

    /// What to do about it, where the defect does not say so itself.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self.fault {
            KeyFault::Symmetric => Some(
                "HMAC needs an issuer of its own that lists `HS256`, `HS384` or `HS512` alone; \
                 where this set was published, replace the secret",
            ),
            KeyFault::Private => Some("replace this key pair, and publish its public half alone"),
            KeyFault::Asymmetric => Some("an issuer has public keys or secrets, never both"),
            KeyFault::DuplicateKid => Some("give each key a `kid` of its own"),
            KeyFault::ShortRsa | KeyFault::WeakRsa | KeyFault::ShortSecret => {
                Some("sign with a new key, and take this one out")
            }
            _ => None,
        }
    }
}

impl IgnoredKey {
    pub(super) fn new(index: usize, kid: Option<&str>, because: Unused) -> Self {
        Self { index, kid: kid.map(shown), because }
    }
}

fn shown(kid: &str) -> Box<str> {
    kid.chars().take(64).flat_map(char::escape_debug).collect()
}

impl fmt::Display for KeySetError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write_key(to, index, self.kid.as_deref())?,
            None => to.write_str("key set: ")?,
        }
        to.write_str(match self.fault {
            KeyFault::TooLarge => "longer than 256 KiB",
            KeyFault::NotJson => "not a JSON object without duplicate members",
            KeyFault::Count => "`keys` is not an array of 1 to 64 keys",
            KeyFault::NoUsableKey => "no key is for verifying signatures here",
            KeyFault::Kid => "`kid` is not a string of at most 256 bytes",
            KeyFault::DuplicateKid => "another key has the same `kid`",
            KeyFault::Type => "`kty` is not a string",
            KeyFault::Symmetric => "symmetric key in a set of public keys",
            KeyFault::Asymmetric => "not a symmetric key, in a set of those",
            KeyFault::Private => "private key in a set of public keys",
            KeyFault::Use => "`use` or `key_ops` is malformed, or has more than `verify`",
            KeyFault::Curve => "`crv` is not a string",
            KeyFault::Algorithm => "`alg` is not an algorithm of this type of key",
            KeyFault::Members => "members of another type of key",
            KeyFault::Rsa => "not an RSA public key with exponent 65537",
            KeyFault::ShortRsa => "RSA modulus below 2048 bits",
            KeyFault::WeakRsa => "RSA modulus from a broken generator (CVE-2017-15361)",
            KeyFault::Ec => "not a public key on the curve that `crv` names",
            KeyFault::Okp => "not an Ed25519 public key of full order",
            KeyFault::Secret => "`k` is not base64url without padding",
            KeyFault::ShortSecret => "symmetric key shorter than the hash of its algorithm",
        })?;
        self.ignored.iter().try_for_each(|key| write!(to, "; {key}"))
    }
}

impl fmt::Display for IgnoredKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(to, self.index, self.kid.as_deref())?;
        to.write_str(match self.because {
            Unused::Type => "`kty` is not supported",
            Unused::Curve => "`crv` is not supported",
            Unused::Algorithm => "`alg` is not a supported signature algorithm",
            Unused::Use => "`use` or `key_ops` is not for verifying signatures",
            Unused::Size => "RSA modulus above 4096 bits",
        })
    }
}

fn write_key(to: &mut fmt::Formatter<'_>, index: usize, kid: Option<&str>) -> fmt::Result {
    match kid {
        Some(kid) => write!(to, "key {index} (kid `{kid}`): "),
        None => write!(to, "key {index}: "),
    }
}

impl std::error::Error for KeySetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_key_in_one_line() {
        let of = |kid| KeySetError::of_key(2, kid, KeyFault::Symmetric).to_string();
        assert_eq!(of(None), "key 2: symmetric key in a set of public keys");
        assert_eq!(of(Some("a")), "key 2 (kid `a`): symmetric key in a set of public keys");
        assert_eq!(
            of(Some("a\n\u{1b}[31m")),
            "key 2 (kid `a\\n\\u{1b}[31m`): symmetric key in a set of public keys"
        );
        assert_eq!(
            of(Some(&"k".repeat(256))).matches('k').count(),
            64 + "key kid key keys".matches('k').count()
        );
        assert_eq!(
            KeySetError::of_set(KeyFault::Count).to_string(),
            "key set: `keys` is not an array of 1 to 64 keys"
        );
    }
}
