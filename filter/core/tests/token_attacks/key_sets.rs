//! Key sets that must not be loaded.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldgate_core::token::keys::{KeyFault, KeySet};

use crate::mint::{KEYS, set};

#[test]
fn key_sets() {
    let rsa = |n: &[u8], e: &str| {
        format!(r#"{{"kty":"RSA","n":"{}","e":"{e}"}}"#, URL_SAFE_NO_PAD.encode(n))
    };
    let modulus = KEYS.rsa.public_key().to_components().n;
    let even = [&modulus[..255], &[0x10]].concat();
    let ec = KEYS.ec.public_key().to_jwk();
    let plain = ec.replace(r#","alg":"ES256""#, "").replace(r#","use":"sig""#, "");
    let with = |members: &str| plain.replacen('{', &format!("{{{members},"), 1);
    let okp = |x: &[u8]| {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(x))
    };
    let off_curve = r#"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#;
    let p384 = format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{0}","y":"{0}"}}"#,
        URL_SAFE_NO_PAD.encode([7; 48])
    );
    let mut rows: Vec<(&str, String, Option<KeyFault>)> = vec![
        ("J13", rsa(&modulus, "AQAB"), None),
        ("J13", rsa(&modulus[..128], "AQAB"), Some(KeyFault::ShortRsa)),
        ("J13", rsa(&modulus[..255], "AQAB"), Some(KeyFault::ShortRsa)),
        ("J13", rsa(&modulus, "AQ"), Some(KeyFault::Rsa)),
        ("J13", rsa(&modulus, "Aw"), Some(KeyFault::Rsa)),
        ("J13", rsa(&modulus, "AQAA"), Some(KeyFault::Rsa)),
        ("J13", rsa(&even, "AQAB"), Some(KeyFault::Rsa)),
        ("J13", rsa(&[0xff; 513], "AQAB"), Some(KeyFault::NoUsableKey)),
        ("J13", rsa(&[0xff; 2048], "AQAB"), Some(KeyFault::NoUsableKey)),
        ("J14", with(r#""key_ops":["encrypt"]"#), Some(KeyFault::NoUsableKey)),
        ("J14", with(r#""key_ops":[]"#), Some(KeyFault::Use)),
        ("J14", with(r#""key_ops":["verify","verify"]"#), Some(KeyFault::Use)),
        ("J14", with(r#""key_ops":["verify"]"#), None),
        (
            "J14",
            with(&format!(r#""key_ops":["verify"{}]"#, r#","a""#.repeat(30_000))),
            Some(KeyFault::Use),
        ),
        ("J14", with(r#""use":"enc""#), Some(KeyFault::NoUsableKey)),
        (
            "J16",
            rsa(&modulus, "AQAB").replacen('{', r#"{"crv":"P-256","#, 1),
            Some(KeyFault::Members),
        ),
        ("J16", with(r#""alg":"ES512""#), Some(KeyFault::Algorithm)),
        ("J16", p384, Some(KeyFault::Ec)),
        ("J16", off_curve.to_owned(), Some(KeyFault::Ec)),
        ("J17", format!(r#"{{"kty":"XYZ","kid":"k1"}},{ec}"#), None),
        (
            "J18",
            format!("{ec},{}", KEYS.ec_of_i2.public_key().to_jwk()),
            Some(KeyFault::DuplicateKid),
        ),
        ("J18", format!("{ec},{ec}"), Some(KeyFault::DuplicateKid)),
        ("oct", format!(r#"{ec},{{"kty":"oct","k":"AAAA"}}"#), Some(KeyFault::Symmetric)),
        ("private", KEYS.ed.to_jwk(), Some(KeyFault::Private)),
        ("private", KEYS.rsa.to_jwk(), Some(KeyFault::Private)),
    ];
    // 65537^128: 2049 bits, odd, and a power of 65537 modulo every prime.
    let power = (0..128).fold(vec![1], |power: Vec<u8>, _| {
        let mut carry = 0;
        let (shifted, plain) = ([&[0, 0], &power[..]].concat(), [&power[..], &[0, 0]].concat());
        let sums = shifted.iter().zip(&plain).map(|(one, other)| {
            let sum = u16::from(*one) + u16::from(*other) + carry;
            carry = sum >> 8;
            sum.to_le_bytes()[0]
        });
        sums.collect()
    });
    let roca: Vec<u8> = power.into_iter().rev().collect();
    rows.push(("ROCA", rsa(&roca, "AQAB"), Some(KeyFault::WeakRsa)));
    // J11: the points of small order, RFC 7748 section 6.1 and RFC 8032 section 5.1.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let order_eight = [
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
    ];
    for mut point in [identity, minus_one, [0; 32], order_eight[0], order_eight[1]] {
        for _sign in 0..2 {
            rows.push(("J11", okp(&point), Some(KeyFault::Okp)));
            point[31] ^= 0x80;
        }
    }
    for (row, keys, expected) in rows {
        let fault = KeySet::read(&set(std::slice::from_ref(&keys))).err().map(|error| error.fault);
        assert_eq!(fault, expected, "{row}: {keys}");
    }
}
