//! The signature algorithms that there are here, by the names that keys, tokens and issuers use.
//!
//! Deliberately absent: `none`, and everything that is not in RFC 7518 section 3.1 or RFC 8037
//! section 3.1. What is absent has no value of this type, and hence no way through `verify`.

use std::str::FromStr;

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 in both places and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 in both places and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512 in both places and a salt of 64 bytes.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// Who has a key that verifies signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Anybody: the key that signs is another one.
    Public,
    /// Whoever may sign: it is the same key (RFC 7518 section 3.2).
    Secret,
}

/// A name that is not the `alg` of any [`Algorithm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The value of `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether the key is public or secret.
    #[must_use]
    pub const fn secrecy(self) -> Secrecy {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => Secrecy::Public,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => Secrecy::Public,
            Self::Es256 | Self::Es384 | Self::Es512 => Secrecy::Public,
            Self::EdDsa => Secrecy::Public,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Secrecy::Secret,
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(alg: &str) -> Result<Self, UnknownAlgorithm> {
        // RFC 9864 section 2.2 gives the same signature a name of its own.
        let alg = if alg == "Ed25519" { Self::EdDsa.as_str() } else { alg };
        Self::ALL.into_iter().find(|known| known.as_str() == alg).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDsa));
        for name in ["", "none", "rs256", "RS256 ", "ES256K", "ES521", "Ed448", "EDDSA", "HS1"] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name}");
        }
    }
}
