//! Each kind of key, good and bad: which algorithms it serves, why it is ignored, or its defect.

use fieldgate_core::limits::KID_BYTES;
use fieldgate_core::token::keys::{Algorithm, KeyFault, KeySet, Unused};
use jwt_simple::algorithms::{ES256KeyPair, ES256kKeyPair, ES384KeyPair, Ed25519KeyPair};

use crate::mint::{KEYS, set};

/// What one key comes to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Serves(Vec<Algorithm>),
    Ignored(Unused),
    Refused(KeyFault),
}

use Outcome::{Ignored, Refused, Serves};

fn public(jwk: &str) -> Outcome {
    outcome(KeySet::read(&set(&[jwk.to_owned()])))
}

fn secret(jwk: &str) -> Outcome {
    outcome(KeySet::read_secret(&set(&[jwk.to_owned()])))
}

fn outcome(read: Result<KeySet, fieldgate_core::token::keys::KeySetError>) -> Outcome {
    match read {
        Ok(set) => Serves(set.keys()[0].algorithms().to_vec()),
        Err(error) if error.fault == KeyFault::NoUsableKey => Ignored(error.ignored[0].because),
        Err(error) => Refused(error.fault),
    }
}

/// A key without `alg` and `use`, and with these further members.
fn with(jwk: &str, members: &str) -> String {
    let names =
        ["ES256", "ES384", "ES256K", "EdDSA", "RS256"].map(|alg| format!(r#","alg":"{alg}""#));
    let plain =
        names.iter().fold(jwk.replace(r#","use":"sig""#, ""), |jwk, alg| jwk.replace(alg, ""));
    plain.replacen('{', &format!("{{{members}"), 1)
}

fn ec(members: &str) -> String {
    with(&ES256KeyPair::generate().public_key().to_jwk(), members)
}

fn rsa(members: &str) -> String {
    with(&KEYS.rsa.public_key().to_jwk(), members)
}

/// A secret of so many bytes.
fn oct(bytes: usize, members: &str) -> String {
    let k = "_".repeat(bytes / 3 * 4) + ["", "_w", "__8"][bytes % 3];
    format!(r#"{{{members}"kty":"oct","k":"{k}"}}"#)
}

/// The public key of RFC 7515, appendix A.4.
const P521: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;

const RSA: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

const HMAC: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];

#[test]
fn a_key_fixes_its_algorithm() {
    let p384 = ES384KeyPair::generate().public_key().to_jwk();
    let ed = KEYS.ed.public_key().to_jwk();
    for (jwk, algorithms) in [
        (ec(""), &[Algorithm::Es256][..]),
        (ec(r#""alg":"ES256","use":"sig","key_ops":["verify"],"#), &[Algorithm::Es256]),
        (with(&p384, ""), &[Algorithm::Es384]),
        (with(&p384, r#""alg":"ES384","#), &[Algorithm::Es384]),
        (P521.to_owned(), &[Algorithm::Es512]),
        (with(P521, r#""alg":"ES512","#), &[Algorithm::Es512]),
        (with(&ed, ""), &[Algorithm::EdDsa]),
        (with(&ed, r#""alg":"Ed25519","#), &[Algorithm::EdDsa]),
        (rsa(""), &RSA),
        // What else a key carries does not count, however long it is.
        (ec(&format!(r#""x5c":["{}"],"ext":true,"#, "A".repeat(20_000))), &[Algorithm::Es256]),
    ] {
        assert_eq!(public(&jwk), Serves(algorithms.to_vec()), "{jwk}");
    }
    for algorithm in RSA {
        let alg = format!(r#""alg":"{}","#, algorithm.as_str());
        assert_eq!(public(&rsa(&alg)), Serves(vec![algorithm]));
    }
}

#[test]
fn a_secret_serves_what_it_is_long_enough_for() {
    for (bytes, count) in [(32, 1), (47, 1), (48, 2), (63, 2), (64, 3), (65, 3), (200, 3)] {
        assert_eq!(secret(&oct(bytes, "")), Serves(HMAC[..count].to_vec()), "{bytes}");
    }
    for (algorithm, bytes) in HMAC.into_iter().zip([32, 48, 64]) {
        let alg = format!(r#""alg":"{}","#, algorithm.as_str());
        assert_eq!(secret(&oct(bytes, &alg)), Serves(vec![algorithm]));
        assert_eq!(secret(&oct(bytes - 1, &alg)), Refused(KeyFault::ShortSecret));
    }
    for (jwk, expected) in [
        (oct(32, r#""use":"sig","key_ops":["sign","verify"],"#), Serves(HMAC[..1].to_vec())),
        (oct(31, ""), Refused(KeyFault::ShortSecret)),
        (oct(0, ""), Refused(KeyFault::ShortSecret)),
        (oct(64, "").replace("\"k\"", "\"K\""), Refused(KeyFault::Secret)),
        (oct(64, "").replace("__w", "__x"), Refused(KeyFault::Secret)),
        (oct(63, "").replace("____\"", "____=\""), Refused(KeyFault::Secret)),
        (oct(64, r#""alg":"RS256","#), Refused(KeyFault::Algorithm)),
        (oct(64, r#""n":"AQAB","#), Refused(KeyFault::Members)),
        (oct(64, r#""key_ops":["sign"],"#), Ignored(Unused::Use)),
        (oct(64, r#""use":"enc","#), Ignored(Unused::Use)),
        (oct(64, r#""alg":"A256GCM","#), Ignored(Unused::Algorithm)),
        (oct(64, r#""alg":"none","#), Ignored(Unused::Algorithm)),
        (ec(""), Refused(KeyFault::Asymmetric)),
    ] {
        assert_eq!(secret(&jwk), expected, "{jwk}");
    }
}

#[test]
fn what_we_do_not_have_is_ignored() {
    let okp = |crv: &str| with(&KEYS.ed.public_key().to_jwk(), "").replace("Ed25519", crv);
    for (jwk, because) in [
        (r#"{"kty":"XYZ","kid":"a","x":[[1]]}"#.to_owned(), Unused::Type),
        (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#.into(), Unused::Type),
        (r#"{"kty":"rsa"}"#.into(), Unused::Type),
        (ES256kKeyPair::generate().public_key().to_jwk(), Unused::Curve),
        (ec("").replace("P-256", "p-256"), Unused::Curve),
        (okp("Ed448"), Unused::Curve),
        (okp("X25519"), Unused::Curve),
        (rsa(r#""alg":"RSA-OAEP","#), Unused::Algorithm),
        (rsa(r#""alg":"RS1","#), Unused::Algorithm),
        (ec(r#""alg":"ES521","#), Unused::Algorithm),
        (ec(r#""alg":"ECDH-ES","#), Unused::Algorithm),
        (ec(r#""alg":"none","#), Unused::Algorithm),
        (ec(r#""use":"enc","#), Unused::Use),
        (ec(r#""use":"SIG","#), Unused::Use),
        (ec(r#""key_ops":["encrypt"],"#), Unused::Use),
        (ec(r#""key_ops":["deriveKey","deriveBits"],"#), Unused::Use),
        // Ignored before its material is looked at.
        (ec(r#""use":"enc","n":1,"#).replace("\"x\"", "\"X\""), Unused::Use),
    ] {
        assert_eq!(public(&jwk), Ignored(because), "{jwk}");
        let read = KeySet::read(&set(&[jwk, ec("")])).unwrap();
        assert_eq!((read.keys().len(), read.ignored()[0].because), (1, because));
    }
}

#[test]
fn a_defect_refuses_the_set_and_names_the_key() {
    let good = ec("");
    let long_kid = format!(r#""kid":"{}","#, "k".repeat(KID_BYTES + 1));
    let ed = with(&KEYS.ed.public_key().to_jwk(), "");
    let p521 = |from: &str, to: &str| P521.replace(from, to);
    let p384 = with(&ES384KeyPair::generate().public_key().to_jwk(), "");
    let swapped =
        p384.replace("\"x\"", "\"z\"").replace("\"y\"", "\"x\"").replace("\"z\"", "\"y\"");
    for (jwk, fault) in [
        ("1".to_owned(), KeyFault::NotJson),
        ("null".into(), KeyFault::NotJson),
        (ec(r#""x5c":[],"x5c":[],"#), KeyFault::NotJson),
        (ec(r#""o":{"a":1,"\u0061":2},"#), KeyFault::NotJson),
        (ec(r#""kid":1,"#), KeyFault::Kid),
        (ec(&long_kid), KeyFault::Kid),
        (ec("").replace("\"EC\"", "7"), KeyFault::Type),
        (ec("").replace("kty", "Kty"), KeyFault::Type),
        (r#"{"kty":"oct","k":"AAAA"}"#.into(), KeyFault::Symmetric),
        (oct(64, r#""alg":"HS256","#), KeyFault::Symmetric),
        (r#"{"kty":"oct","use":"enc"}"#.into(), KeyFault::Symmetric),
        (ES256KeyPair::generate().to_jwk(), KeyFault::Private),
        (Ed25519KeyPair::generate().to_jwk(), KeyFault::Private),
        (KEYS.rsa.to_jwk(), KeyFault::Private),
        (r#"{"kty":"XYZ","priv":"AA"}"#.into(), KeyFault::Private),
        (ec(r#""use":"enc","d":null,"#), KeyFault::Private),
        (ec(r#""k":"AA","#), KeyFault::Private),
        (ec(r#""use":null,"#), KeyFault::Use),
        (ec(r#""use":["sig"],"#), KeyFault::Use),
        (ec(r#""key_ops":[],"#), KeyFault::Use),
        (ec(r#""key_ops":"verify","#), KeyFault::Use),
        (ec(r#""key_ops":["verify","verify"],"#), KeyFault::Use),
        (ec(r#""key_ops":["verify",1],"#), KeyFault::Use),
        (ec(r#""key_ops":["verify","sign"],"#), KeyFault::Use),
        (ec(r#""key_ops":["verify","encrypt"],"#), KeyFault::Use),
        (ec("").replace("\"P-256\"", "256"), KeyFault::Curve),
        (ec("").replace("crv", "Crv"), KeyFault::Curve),
        (ed.replace("crv", "Crv"), KeyFault::Curve),
        (ec(r#""alg":"RS256","#), KeyFault::Algorithm),
        (ec(r#""alg":"ES384","#), KeyFault::Algorithm),
        (ec(r#""alg":"HS256","#), KeyFault::Algorithm),
        (ec(r#""alg":null,"#), KeyFault::Algorithm),
        (rsa(r#""alg":"HS256","#), KeyFault::Algorithm),
        (rsa(r#""alg":"EdDSA","#), KeyFault::Algorithm),
        (rsa(r#""crv":"P-256","#), KeyFault::Members),
        (ec(r#""n":"AQAB","#), KeyFault::Members),
        (with(&ed, r#""y":"AA","#), KeyFault::Members),
        (ec("").replace("\"EC\"", "\"RSA\""), KeyFault::Members),
        (ec("").replace("P-256", "P-384"), KeyFault::Ec),
        (ec("").replace("P-256", "P-521"), KeyFault::Ec),
        (p384.replace("P-384", "P-256"), KeyFault::Ec),
        (swapped, KeyFault::Ec),
        (ec("").replace("\"y\"", "\"Y\""), KeyFault::Ec),
        (p521("P-521", "P-256"), KeyFault::Ec),
        (p521("yMj2", "yMj3"), KeyFault::Ec),
        (p521("\"ADSm", "\"DSm"), KeyFault::Ec),
        (p521("\"ADSm", "\"AAADSm"), KeyFault::Ec),
        (p521("yMj2\"", "yMj2=\""), KeyFault::Ec),
        (p521("\"Aekp", "\"Cekp"), KeyFault::Ec),
        (rsa("").replace("\"n\"", "\"N\""), KeyFault::Rsa),
        (ed.replace("\"x\"", "\"X\""), KeyFault::Okp),
        (ed.replace("\"x\":\"", "\"x\":\"A"), KeyFault::Okp),
    ] {
        assert_eq!(public(&jwk), Refused(fault), "{jwk}");
        let error = KeySet::read(&set(&[good.clone(), jwk.clone()])).unwrap_err();
        assert_eq!((error.index, error.fault), (Some(1), fault), "{jwk}");
    }
}
