//! The algorithms, with one key each: the table that everything else here goes through.
//!
//! The keys are fixed, so that a mutant is the same on every machine. They open nothing.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Signer as _;
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Private};
use superboring::rsa::{Padding, Rsa};
use superboring::sign::Signer;

use crate::forge::encode;
use crate::object::Object;

/// A signature algorithm and its key.
#[derive(Debug)]
pub struct Algorithm {
    /// The value of `alg`.
    pub name: &'static str,
    /// What else the same algorithm is called.
    pub aliases: &'static [&'static str],
    /// The name of its key.
    pub kid: &'static str,
    /// Whose key it is: a position in [`ISSUERS`](crate::ISSUERS).
    pub(crate) issuer: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// With the padding, and a hash of so many bits.
    Rsa(Scheme, u32),
    /// With a small number that the private key is made of.
    P256(u8),
    P384,
    P521,
    Ed25519(u8),
    /// With a hash of so many bits.
    Hmac(u32),
}

#[derive(Clone, Copy, Debug)]
enum Scheme {
    Pkcs1,
    Pss,
}

/// What the first issuer signs with.
pub(crate) static PUBLIC: [Algorithm; 10] = [
    Algorithm::new("RS256", "rs256", 0, Kind::Rsa(Scheme::Pkcs1, 256)),
    Algorithm::new("RS384", "rs384", 0, Kind::Rsa(Scheme::Pkcs1, 384)),
    Algorithm::new("RS512", "rs512", 0, Kind::Rsa(Scheme::Pkcs1, 512)),
    Algorithm::new("PS256", "ps256", 0, Kind::Rsa(Scheme::Pss, 256)),
    Algorithm::new("PS384", "ps384", 0, Kind::Rsa(Scheme::Pss, 384)),
    Algorithm::new("PS512", "ps512", 0, Kind::Rsa(Scheme::Pss, 512)),
    Algorithm::new("ES256", "es256", 0, Kind::P256(1)),
    Algorithm::new("ES384", "es384", 0, Kind::P384),
    Algorithm::new("ES512", "es512", 0, Kind::P521),
    // RFC 9864 section 2.2.
    Algorithm { aliases: &["Ed25519"], ..Algorithm::new("EdDSA", "ed", 0, Kind::Ed25519(1)) },
];

/// What the second issuer signs with: a key of the same name.
pub(crate) static OTHER: [Algorithm; 1] = [Algorithm::new("ES256", "es256", 1, Kind::P256(2))];

/// What the third issuer signs with: secrets.
pub(crate) static SECRET: [Algorithm; 3] = [
    Algorithm::new("HS256", "hs256", 2, Kind::Hmac(256)),
    Algorithm::new("HS384", "hs384", 2, Kind::Hmac(384)),
    Algorithm::new("HS512", "hs512", 2, Kind::Hmac(512)),
];

/// Keys that nobody publishes.
pub(crate) static STRANGERS: [Algorithm; 2] = [
    Algorithm::new("ES256", "es256", 0, Kind::P256(3)),
    Algorithm::new("EdDSA", "ed", 0, Kind::Ed25519(3)),
];

/// Each algorithm once.
pub(crate) fn all() -> impl Iterator<Item = &'static Algorithm> {
    PUBLIC.iter().chain(&SECRET)
}

/// One of each kind, where the kind is all that matters.
pub(crate) fn kinds() -> [&'static Algorithm; 4] {
    [&PUBLIC[0], &PUBLIC[6], &PUBLIC[9], &SECRET[0]]
}

/// The algorithm whose turn it is. Those that sign slowly come once in sixteen times.
pub(crate) fn in_turn(at: usize) -> &'static Algorithm {
    let (fast, slow): (Vec<_>, Vec<_>) = all().partition(|algorithm| match algorithm.kind {
        Kind::P256(_) | Kind::Ed25519(_) | Kind::Hmac(_) => true,
        Kind::Rsa(..) | Kind::P384 | Kind::P521 => false,
    });
    if at % 16 == 15 { slow[at / 16 % slow.len()] } else { fast[at % fast.len()] }
}

static RSA: LazyLock<(PKey<Private>, Rsa<Private>)> = LazyLock::new(|| {
    let text: String = include_str!("rsa.b64").lines().collect();
    let key = || {
        let der = STANDARD.decode(&text).expect("base64");
        Rsa::private_key_from_der(&der).expect("a private key")
    };
    (PKey::from_rsa(key()).expect("a private key"), key())
});

/// Made once: the public half takes its time.
static P256: LazyLock<[p256::ecdsa::SigningKey; 3]> = LazyLock::new(|| {
    [1, 2, 3].map(|byte| p256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("a scalar"))
});

static P384: LazyLock<p384::ecdsa::SigningKey> =
    LazyLock::new(|| p384::ecdsa::SigningKey::from_slice(&[1; 48]).expect("a scalar"));

static P521: LazyLock<p521::ecdsa::SigningKey> = LazyLock::new(|| {
    let mut scalar = [1; 66];
    scalar[0] = 0;
    p521::ecdsa::SigningKey::from_slice(&scalar).expect("a scalar")
});

fn p256(number: u8) -> &'static p256::ecdsa::SigningKey {
    &P256[usize::from(number) - 1]
}

fn ed25519(number: u8) -> ed25519_compact::KeyPair {
    ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([number; 32]))
}

/// As long as the longest hash.
fn secret(bits: u32) -> Vec<u8> {
    (0..64).map(|byte| byte ^ bits.to_be_bytes()[2]).collect()
}

impl Algorithm {
    const fn new(name: &'static str, kid: &'static str, issuer: usize, kind: Kind) -> Self {
        Self { name, aliases: &[], kid, issuer, kind }
    }

    /// The signature over these bytes.
    pub(crate) fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self.kind {
            Kind::Rsa(scheme, bits) => {
                let hash = match bits {
                    256 => MessageDigest::sha256(),
                    384 => MessageDigest::sha384(),
                    _ => MessageDigest::sha512(),
                };
                let padding = match scheme {
                    Scheme::Pkcs1 => Padding::PKCS1,
                    Scheme::Pss => Padding::PKCS1_PSS,
                };
                let mut signer = Signer::new(hash, &RSA.0).expect("a signer");
                signer.set_rsa_padding(padding).expect("a padding");
                signer.sign_oneshot_to_vec(input).expect("a signature")
            }
            Kind::P256(number) => {
                let signature: p256::ecdsa::Signature = p256(number).sign(input);
                signature.to_bytes().to_vec()
            }
            Kind::P384 => {
                let signature: p384::ecdsa::Signature = P384.sign(input);
                signature.to_bytes().to_vec()
            }
            Kind::P521 => {
                let signature: p521::ecdsa::Signature = P521.sign(input);
                signature.to_bytes().to_vec()
            }
            Kind::Ed25519(number) => ed25519(number).sk.sign(input, None).to_vec(),
            Kind::Hmac(256) => hmac_sha256::HMAC::mac(input, secret(256)).to_vec(),
            Kind::Hmac(384) => hmac_sha512::sha384::HMAC::mac(input, secret(384)).to_vec(),
            Kind::Hmac(bits) => hmac_sha512::HMAC::mac(input, secret(bits)).to_vec(),
        }
    }

    /// The key that verifies, as a JWK.
    pub(crate) fn jwk(&self) -> Object {
        let text = |bytes: &[u8]| format!("\"{}\"", encode(bytes));
        let key = match self.kind {
            Kind::Rsa(..) => Object::new([
                ("kty", "\"RSA\""),
                ("n", &text(&RSA.1.n().to_vec())),
                ("e", &text(&RSA.1.e().to_vec())),
            ]),
            Kind::P256(_) | Kind::P384 | Kind::P521 => {
                let point = self.point();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = match self.kind {
                    Kind::P384 => "\"P-384\"",
                    Kind::P521 => "\"P-521\"",
                    _ => "\"P-256\"",
                };
                let (x, y) = (text(x), text(y));
                Object::new([("kty", "\"EC\""), ("crv", curve), ("x", &x), ("y", &y)])
            }
            Kind::Ed25519(number) => Object::new([
                ("kty", "\"OKP\""),
                ("crv", "\"Ed25519\""),
                ("x", &text(&*ed25519(number).pk)),
            ]),
            Kind::Hmac(bits) => Object::new([("kty", "\"oct\""), ("k", &text(&secret(bits)))]),
        };
        key.with("kid", &format!("\"{}\"", self.kid))
            .with("alg", &format!("\"{}\"", self.name))
            .with("use", "\"sig\"")
    }

    /// SEC 1 section 2.3.3: a byte, and the two coordinates; none of another kind.
    fn point(&self) -> Vec<u8> {
        match self.kind {
            Kind::P256(number) => {
                p256(number).verifying_key().to_sec1_point(false).as_bytes().into()
            }
            Kind::P384 => P384.verifying_key().to_sec1_point(false).as_bytes().into(),
            Kind::P521 => P521.verifying_key().to_sec1_point(false).as_bytes().into(),
            Kind::Rsa(..) | Kind::Ed25519(_) | Kind::Hmac(_) => Vec::new(),
        }
    }

    /// A public key in the forms that a confused verifier takes as a shared secret.
    pub(crate) fn as_secrets(&self) -> Vec<Vec<u8>> {
        let jwk = self.jwk().text().into_bytes();
        match self.kind {
            Kind::Rsa(..) => {
                let public = RSA.1.public_key().expect("a public key");
                let pem = public.public_key_to_pem().expect("PEM");
                let der = public.public_key_to_der().expect("DER");
                vec![jwk, pem.trim_ascii_end().to_vec(), pem, der, public.n().to_vec()]
            }
            Kind::P256(_) | Kind::P384 | Kind::P521 => {
                let point = self.point();
                let x = point[1..][..point.len() / 2].to_vec();
                vec![jwk, point, x]
            }
            Kind::Ed25519(number) => vec![jwk, ed25519(number).pk.to_vec()],
            Kind::Hmac(_) => vec![jwk],
        }
    }
}
