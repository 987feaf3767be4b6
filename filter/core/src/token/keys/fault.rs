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
    /// All keys are for something else.
    NoUsableKey,
    /// `kid` is not a string of a sensible length (RFC 7517 section 4.5).
    Kid,
    /// Two keys have the same `kid` (RFC 7517 section 4.5 says SHOULD NOT; stricter: an error).
    DuplicateKid,
    /// `kty` is not a string (RFC 7517 section 4.1).
    Type,
    /// A symmetric key: whoever can read it can sign (RFC 8725 section 3.1).
    Symmetric,
    /// A private key (RFC 7517 section 9.2).
    Private,
    /// `use` or `key_ops` is for something else (RFC 7517 sections 4.2 and 4.3).
    Use,
    /// `alg` is not the algorithm of this type of key here (RFC 7517 section 4.4).
    Algorithm,
    /// Not an RSA key of 2048 to 4096 bits with exponent 65537 (RFC 7518 section 3.3).
    Rsa,
    /// An RSA modulus that can be factored (CVE-2017-15361).
    WeakRsa,
    /// Not a point on P-256 (RFC 7518 section 6.2.1).
    Ec,
    /// Not an Ed25519 point of full order (RFC 8037 section 2).
    Okp,
}

impl KeySetError {
    pub(super) fn of_set(fault: KeyFault) -> Self {
        Self { index: None, kid: None, fault }
    }

    pub(super) fn of_key(index: usize, kid: Option<&str>, fault: KeyFault) -> Self {
        let kid = kid.map(|kid| kid.chars().take(64).flat_map(char::escape_debug).collect());
        Self { index: Some(index), kid, fault }
    }
}

impl fmt::Display for KeySetError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.index, &self.kid) {
            (Some(index), Some(kid)) => write!(to, "key {index} (kid `{kid}`): ")?,
            (Some(index), None) => write!(to, "key {index}: ")?,
            (None, _) => to.write_str("key set: ")?,
        }
        to.write_str(match self.fault {
            KeyFault::TooLarge => "longer than 256 KiB",
            KeyFault::NotJson => "not a JSON object without duplicate members",
            KeyFault::Count => "`keys` is not an array of 1 to 64 keys",
            KeyFault::NoUsableKey => "no key is for verifying signatures",
            KeyFault::Kid => "`kid` is not a string of at most 256 bytes",
            KeyFault::DuplicateKid => "another key has the same `kid`",
            KeyFault::Type => "`kty` is not a string",
            KeyFault::Symmetric => "symmetric key in a set of public keys",
            KeyFault::Private => "private key in a set of public keys",
            KeyFault::Use => "`use` or `key_ops` is not for verifying signatures alone",
            KeyFault::Algorithm => {
                "`alg` is not `RS256`, `ES256` or `EdDSA`, or not for this `kty`"
            }
            KeyFault::Rsa => "not an RSA public key of 2048 to 4096 bits with exponent 65537",
            KeyFault::WeakRsa => "RSA modulus from a broken generator (CVE-2017-15361)",
            KeyFault::Ec => "not a public key on the curve P-256",
            KeyFault::Okp => "not an Ed25519 public key of full order",
        })
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
