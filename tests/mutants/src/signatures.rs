//! The third part: bits flipped, other lengths and forms, and signatures of other keys.

use crate::algorithm::{self, Algorithm, OTHER, STRANGERS};
use crate::forge::{Draft, encode};
use crate::{Clock, ISSUERS};

/// So many flipped bits for each algorithm.
const FLIPPED: usize = 128;

pub(crate) fn all(clock: Clock) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for algorithm in algorithm::all() {
        let token = Draft::new(algorithm, clock).mint();
        let (input, _) = token.rsplit_once('.').expect("three parts");
        let signature = algorithm.sign(input.as_bytes());
        let mut push = |label: &str, signature: &[u8]| {
            let token = format!("{input}.{}", encode(signature));
            tokens.push((format!("signature {label}"), token));
        };
        let bits = signature.len() * 8;
        for bit in (0..bits).step_by((bits / FLIPPED).max(1)) {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            push("bit", &flipped);
        }
        for length in 0..signature.len() {
            if length < 4 || length % 32 < 2 || length + 4 > signature.len() {
                push("length", &signature[..length]);
                push("length", &signature[length..][1..]);
            }
        }
        for form in forms(&signature) {
            push("form", &form);
        }
    }
    tokens.extend(of_other_keys(clock));
    tokens.extend(of_no_key(clock));
    tokens
}

fn forms(signature: &[u8]) -> Vec<Vec<u8>> {
    let (first, second) = signature.split_at(signature.len() / 2);
    let mut forms = vec![
        [second, first].concat(),
        [first, first].concat(),
        [&[0], signature].concat(),
        [signature, &[0]].concat(),
        [signature, signature].concat(),
        [&[0], first, &[0], second].concat(),
        vec![0; signature.len()],
        vec![0xff; signature.len()],
        signature.iter().rev().copied().collect(),
        signature.iter().map(|byte| !byte).collect(),
        encode(signature).into_bytes(),
    ];
    // The DER of ECDSA (RFC 3279 section 2.2.3), minimal and not.
    for padding in [0, 1] {
        let integer = |half: &[u8]| {
            let sign = padding + usize::from(half[0] & 0x80 != 0);
            let value = [&vec![0; sign], half].concat();
            [&[2, u8::try_from(value.len() % 128).expect("below 128")], &value[..]].concat()
        };
        let body = [integer(first), integer(second)].concat();
        let length = u8::try_from(body.len() % 128).expect("below 128");
        forms.push([&[0x30, length], &body[..]].concat());
    }
    // The other signature of the same key for ECDSA: (r, n - s). It is a valid one.
    if signature.len() == 64 {
        forms.push([first, &subtract(&P256_ORDER, second)].concat());
        forms.push([&subtract(&P256_ORDER, first), second].concat());
        forms.push([&P256_ORDER, second].concat());
        forms.push([first, &P256_ORDER].concat());
        // Ed25519: s + L is another spelling of s (RFC 8032 section 5.1.7 refuses it).
        forms.push([first, &add_little_endian(second, &ED25519_ORDER)].concat());
    }
    forms
}

/// The order of P-256 (SEC 2 section 2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of Ed25519's group, least byte first.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn subtract(from: &[u8], value: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let digits = from.iter().rev().zip(value.iter().rev()).map(|(from, value)| {
        let digit = 256 + i32::from(*from) - i32::from(*value) - borrow;
        borrow = i32::from(digit < 256);
        digit.to_le_bytes()[0]
    });
    let mut digits: Vec<u8> = digits.collect();
    digits.reverse();
    digits
}

fn add_little_endian(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let digits = one.iter().zip(other).map(|(one, other)| {
        let sum = u16::from(*one) + u16::from(*other) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    });
    digits.collect()
}

/// Every algorithm with every key: the issuer's own, another issuer's, and a stranger's, also one
/// that the header brings along.
fn of_other_keys(clock: Clock) -> Vec<(String, String)> {
    let keys = || algorithm::all().chain(&OTHER).chain(&STRANGERS);
    let quoted = |text: &str| format!("\"{text}\"");
    let mut tokens = Vec::new();
    for alg in algorithm::all() {
        for key in keys() {
            for kid in [Some(alg.kid), Some(key.kid), None] {
                for issuer in [alg.issuer, key.issuer] {
                    let mut draft = Draft::new(key, clock);
                    draft.claims = draft.claims.with("iss", &quoted(ISSUERS[issuer].name));
                    draft.header = draft.header.with("alg", &quoted(alg.name));
                    draft.header = match kid {
                        Some(kid) => draft.header.with("kid", &quoted(kid)),
                        None => draft.header.without("kid").with("jwk", &key.jwk().text()),
                    };
                    tokens.push(("signature other key".to_owned(), draft.mint()));
                }
            }
        }
    }
    tokens
}

/// `none`, and HMAC keyed with what is public.
fn of_no_key(clock: Clock) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    let mut push = |alg: &str, kid: &'static Algorithm, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        for named in [true, false] {
            let mut draft = Draft::new(kid, clock);
            draft.header = draft.header.with("alg", &format!("\"{alg}\""));
            if !named {
                draft.header = draft.header.without("kid");
            }
            let input = [draft.header.text(), draft.claims.text()].map(encode).join(".");
            let token = format!("{input}.{}", encode(sign(input.as_bytes())));
            tokens.push(("signature no key".to_owned(), token));
        }
    };
    for algorithm in algorithm::all() {
        for alg in ["none", "NONE", "HS256", algorithm.name] {
            push(alg, algorithm, &|_| Vec::new());
            for secret in algorithm.as_secrets().iter().chain([&Vec::new()]) {
                push(alg, algorithm, &|input| hmac_sha256::HMAC::mac(input, secret).to_vec());
            }
        }
    }
    tokens
}
