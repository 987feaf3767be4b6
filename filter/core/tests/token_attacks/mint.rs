//! The setting, and tokens for it: good ones, and ones that no library would make.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldgate_core::limits::TOKEN_BYTES;
use fieldgate_core::token::bearer::{BEARER, only};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::{Algorithm, KeySet};
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::revocation::Revocations;
use fieldgate_core::token::signature::{Portable, ecdsa_der};
use fieldgate_core::token::verify::{
    AuthenticationRules, ClaimRules, IssuerRules, KeySource, NamesRule, TimeRules, VerifiedClaims,
    verify,
};
use fieldgate_core::token::{TokenError, UnixTime};
use jwt_simple::algorithms::{ES256KeyPair, Ed25519KeyPair, RS256KeyPair};
use p256::ecdsa::signature::Signer as _;
use superboring::hash::MessageDigest;
use superboring::pkey::PKey;
use superboring::rsa::{Padding, Rsa};
use superboring::sign::Signer;

pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) struct Keys {
    pub(crate) rsa: RS256KeyPair,
    pub(crate) ec: ES256KeyPair,
    pub(crate) ed: Ed25519KeyPair,
    pub(crate) ec_of_i2: ES256KeyPair,
    pub(crate) ec_of_nobody: ES256KeyPair,
}

pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    rsa: RS256KeyPair::generate(2048).expect("a key").with_key_id("r1"),
    ec: ES256KeyPair::generate().with_key_id("k1"),
    ed: Ed25519KeyPair::generate().with_key_id("e1"),
    ec_of_i2: ES256KeyPair::generate().with_key_id("k1"),
    ec_of_nobody: ES256KeyPair::generate().with_key_id("k1"),
});

pub(crate) fn set(keys: &[String]) -> String {
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

pub(crate) static ISSUERS: LazyLock<[IssuerRules; 2]> = LazyLock::new(|| {
    let rules = |issuer: &str, algorithms: &[Algorithm], keys: &[String]| IssuerRules {
        issuer: issuer.into(),
        audiences: vec!["api".into()],
        algorithms: algorithms.to_vec(),
        token_types: vec!["JWT".into(), "at+jwt".into()],
        time: TimeRules::default(),
        authentication: AuthenticationRules::default(),
        claims: ClaimRules {
            groups: vec![NamesRule::plain("groups".parse().expect("a path"))],
            ..ClaimRules::default()
        },
        revoked: Revocations::default(),
        keys: KeySource::Inline(KeySet::read(&set(keys)).expect("a key set")),
    };
    let of_i1 = [
        KEYS.rsa.public_key().to_jwk(),
        KEYS.ec.public_key().to_jwk(),
        KEYS.ed.public_key().to_jwk(),
    ];
    let all = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    [
        rules("https://i1", &all, &of_i1),
        rules("https://i2", &[Algorithm::Es256], &[KEYS.ec_of_i2.public_key().to_jwk()]),
    ]
});

/// How the third part is made.
pub(crate) enum Sign<'s> {
    Rsa(Padding),
    Ec(&'s ES256KeyPair),
    /// The same signature as DER (RFC 7518 section 3.4 has it raw).
    EcDer(&'s ES256KeyPair),
    Ed,
    Hs256(&'s [u8]),
    Raw(&'s [u8]),
}

pub(crate) fn signature(how: &Sign<'_>, input: &[u8]) -> Vec<u8> {
    let ec = |pair: &ES256KeyPair| -> p256::ecdsa::Signature {
        p256::ecdsa::SigningKey::from_slice(&pair.to_bytes()).expect("a key").sign(input)
    };
    match how {
        Sign::Rsa(padding) => {
            let key = Rsa::private_key_from_der(&KEYS.rsa.to_der().expect("a key"));
            let key = PKey::from_rsa(key.expect("a key")).expect("a key");
            let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("a signer");
            signer.set_rsa_padding(*padding).expect("a padding");
            signer.sign_oneshot_to_vec(input).expect("a signature")
        }
        Sign::Ec(pair) => ec(pair).to_bytes().to_vec(),
        Sign::EcDer(pair) => ecdsa_der(&ec(pair).to_bytes()).expect("a signature"),
        Sign::Ed => {
            let pair = ed25519_compact::KeyPair::from_slice(&KEYS.ed.to_bytes()).expect("a key");
            pair.sk.sign(input, None).to_vec()
        }
        Sign::Hs256(secret) => hmac_sha256::HMAC::mac(input, secret).to_vec(),
        Sign::Raw(bytes) => bytes.to_vec(),
    }
}

pub(crate) fn mint(header: &[u8], payload: &[u8], how: &Sign<'_>) -> String {
    let input = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = URL_SAFE_NO_PAD.encode(signature(how, input.as_bytes()));
    format!("{input}.{signature}")
}

pub(crate) const ES256: &str = r#"{"alg":"ES256","kid":"k1"}"#;

/// The claims of a good token, with these members changed or added (as JSON) or left out.
pub(crate) fn claims(changes: &[(&str, Option<&str>)]) -> String {
    let exp = (NOW + 300).to_string();
    let mut all = vec![
        ("iss", Some("\"https://i1\"")),
        ("sub", Some("\"ann\"")),
        ("aud", Some("\"api\"")),
        ("exp", Some(exp.as_str())),
    ];
    for change in changes {
        match all.iter_mut().find(|(name, _)| *name == change.0) {
            Some(member) => *member = *change,
            None => all.push(*change),
        }
    }
    let members: Vec<String> = all
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{value}")))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// What becomes of these values of `Authorization`.
pub(crate) fn outcome(values: &[&[u8]], now: u64) -> Result<VerifiedClaims, TokenError> {
    let values = values.iter().map(|value| (*value, BEARER));
    let raw = only(values, TOKEN_BYTES)?.ok_or(TokenError::Missing)?.read()?;
    let published = KeyStore::default();
    verify(&Jws::read(&raw)?, ISSUERS.as_slice(), &published, &Portable, UnixTime(now))
        .map_err(|unverified| unverified.error)
}

#[track_caller]
pub(crate) fn check(row: &str, token: &str, expected: &str) {
    let value = format!("Bearer {token}");
    let result = outcome(&[value.as_bytes()], NOW);
    let code = result.map_or_else(TokenError::code, |_| "ok");
    assert_eq!(code, expected, "{row}: {token:.200}");
}
