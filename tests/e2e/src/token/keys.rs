//! The keys of the tests: those that the provider publishes, those that nobody trusts, and the one
//! secret that a bundle of the corpus shares with it.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use serde::Deserialize;
use serde_json::{Value, json};
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Private};
use superboring::rsa::{Padding, Rsa};
use superboring::sign::Signer;

/// The signature algorithms that there are keys for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Algorithm {
    #[default]
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    #[serde(rename = "EdDSA")]
    EdDsa,
    HS256,
    HS384,
    HS512,
}

impl Algorithm {
    /// Those whose keys are published.
    pub const PUBLIC: [Self; 10] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDsa,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    /// The `kid` of the key for it.
    #[must_use]
    pub fn kid(self) -> &'static str {
        match self {
            Self::RS256 => "rsa-1",
            Self::RS384 => "rsa-384",
            Self::RS512 => "rsa-512",
            Self::PS256 => "pss-256",
            Self::PS384 => "pss-384",
            Self::PS512 => "pss-512",
            Self::ES256 => "ec-1",
            Self::ES384 => "ec-384",
            Self::ES512 => "ec-512",
            Self::EdDsa => "ed-1",
            Self::HS256 | Self::HS384 | Self::HS512 => "secret-1",
        }
    }
}

/// A key for each algorithm; that of RSA serves six under six names.
pub struct Keys {
    rsa: PKey<Private>,
    rsa_parts: Rsa<Private>,
    p256: p256::ecdsa::SigningKey,
    p384: p384::ecdsa::SigningKey,
    p521: p521::ecdsa::SigningKey,
    ed: ed25519_compact::KeyPair,
    secret: Vec<u8>,
}

impl Keys {
    /// The keys that the provider publishes, and the secret of `bundles/algorithms`. Made once in a
    /// process: RSA keys take their time.
    pub fn published() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| Self::generate((0..64).collect()))
    }

    /// Keys that nobody trusts.
    pub fn unpublished() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| Self::generate((1..65).collect()))
    }

    fn generate(secret: Vec<u8>) -> Self {
        let rsa = Rsa::generate(2048).expect("an RSA key");
        let parts = rsa.private_key_to_der().expect("DER");
        let parts = Rsa::private_key_from_der(&parts).expect("the DER just made");
        Self {
            rsa: PKey::from_rsa(rsa).expect("an RSA key"),
            rsa_parts: parts,
            p256: scalar(32, p256::ecdsa::SigningKey::from_slice),
            p384: scalar(48, p384::ecdsa::SigningKey::from_slice),
            p521: scalar(66, p521::ecdsa::SigningKey::from_slice),
            ed: ed25519_compact::KeyPair::generate(),
            secret,
        }
    }

    /// The public halves, as a JWK set.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let jwk = |algorithm: Algorithm| {
            let mut jwk = self.public(algorithm);
            jwk["kid"] = json!(algorithm.kid());
            jwk["alg"] = json!(algorithm.name());
            jwk["use"] = json!("sig");
            jwk
        };
        json!({ "keys": Algorithm::PUBLIC.map(jwk) })
    }

    fn public(&self, algorithm: Algorithm) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // SEC 1 section 2.3.3: a byte, and the two coordinates.
        let ec = |crv: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({ "kty": "EC", "crv": crv, "x": encode(x), "y": encode(y) })
        };
        match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => self.public_rsa(),
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => self.public_rsa(),
            Algorithm::ES256 => {
                ec("P-256", self.p256.verifying_key().to_sec1_point(false).as_bytes())
            }
            Algorithm::ES384 => {
                ec("P-384", self.p384.verifying_key().to_sec1_point(false).as_bytes())
            }
            Algorithm::ES512 => {
                ec("P-521", self.p521.verifying_key().to_sec1_point(false).as_bytes())
            }
            Algorithm::EdDsa => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(&*self.ed.pk) })
            }
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                panic!("a secret has no public half")
            }
        }
    }

    fn public_rsa(&self) -> Value {
        let (n, e) = (self.rsa_parts.n().to_vec(), self.rsa_parts.e().to_vec());
        json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) })
    }

    pub(super) fn sign(&self, algorithm: Algorithm, input: &str) -> Vec<u8> {
        let (pkcs1, pss) = (Padding::PKCS1, Padding::PKCS1_PSS);
        let input = input.as_bytes();
        match algorithm {
            Algorithm::RS256 => self.sign_rsa(pkcs1, MessageDigest::sha256(), input),
            Algorithm::RS384 => self.sign_rsa(pkcs1, MessageDigest::sha384(), input),
            Algorithm::RS512 => self.sign_rsa(pkcs1, MessageDigest::sha512(), input),
            Algorithm::PS256 => self.sign_rsa(pss, MessageDigest::sha256(), input),
            Algorithm::PS384 => self.sign_rsa(pss, MessageDigest::sha384(), input),
            Algorithm::PS512 => self.sign_rsa(pss, MessageDigest::sha512(), input),
            Algorithm::ES256 => {
                let signature: p256::ecdsa::Signature = self.p256.sign(input);
                signature.to_bytes().to_vec()
            }
            Algorithm::ES384 => {
                let signature: p384::ecdsa::Signature = self.p384.sign(input);
                signature.to_bytes().to_vec()
            }
            Algorithm::ES512 => {
                let signature: p521::ecdsa::Signature = self.p521.sign(input);
                signature.to_bytes().to_vec()
            }
            Algorithm::EdDsa => self.ed.sk.sign(input, None).to_vec(),
            Algorithm::HS256 => hmac_sha256::HMAC::mac(input, &self.secret).to_vec(),
            Algorithm::HS384 => hmac_sha512::sha384::HMAC::mac(input, &self.secret).to_vec(),
            Algorithm::HS512 => hmac_sha512::HMAC::mac(input, &self.secret).to_vec(),
        }
    }

    fn sign_rsa(&self, padding: Padding, hash: MessageDigest, input: &[u8]) -> Vec<u8> {
        let mut signer = Signer::new(hash, &self.rsa).expect("a signer");
        signer.set_rsa_padding(padding).expect("a padding");
        signer.sign_oneshot_to_vec(input).expect("a signature")
    }

    pub(super) fn rsa_public_pem(&self) -> Vec<u8> {
        let public = self.rsa_parts.public_key().expect("a public key");
        public.public_key_to_pem().expect("PEM")
    }
}

/// A private key from so many random bytes, the first of which is zero where they would be more
/// than P-521's 521 bits; out of range they are once in 2^32 times.
fn scalar<K, E>(bytes: usize, key: impl Fn(&[u8]) -> Result<K, E>) -> K {
    loop {
        let mut scalar: Vec<u8> = Vec::new();
        while scalar.len() < bytes {
            scalar.extend_from_slice(&*ed25519_compact::Seed::generate());
        }
        scalar.truncate(bytes);
        if bytes == 66 {
            scalar[0] = 0;
        }
        if let Ok(key) = key(&scalar) {
            return key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Keys};

    #[test]
    fn every_public_algorithm_has_a_published_key() {
        let jwks = Keys::published().jwks();
        let of = |name: &str| {
            jwks["keys"].as_array().unwrap().iter().map(|key| key[name].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("alg"), Algorithm::PUBLIC.map(Algorithm::name));
        assert_eq!(of("kid"), Algorithm::PUBLIC.map(Algorithm::kid));
        assert!(!jwks.to_string().contains("\"d\""));
    }
}
