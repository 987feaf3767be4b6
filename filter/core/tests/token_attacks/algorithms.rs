//! Who chooses the algorithm: the key, or the issuer's list where the key leaves a choice; never the
//! token.

use fieldgate_core::token::UnixTime;
use fieldgate_core::token::bearer::{BEARER, RawToken};
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::{Algorithm, KeySet};
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::revocation::Revocations;
use fieldgate_core::token::signature::Portable;
use fieldgate_core::token::verify::{
    AuthenticationRules, ClaimRules, IssuerRules, KeySource, TimeRules, verify,
};
use superboring::rsa::Padding;

use crate::mint::{KEYS, NOW, Sign, claims, mint, set};

use Algorithm::{EdDsa, Es256, Hs256, Hs512, Ps256, Ps512, Rs256, Rs512};

fn issuer(algorithms: &[Algorithm], keys: KeySet) -> [IssuerRules; 1] {
    [IssuerRules {
        issuer: "https://i1".into(),
        audiences: vec!["api".into()],
        algorithms: algorithms.to_vec(),
        token_types: vec!["JWT".into()],
        time: TimeRules::default(),
        authentication: AuthenticationRules::default(),
        claims: ClaimRules::default(),
        revoked: Revocations::default(),
        keys: KeySource::Inline(keys),
    }]
}

fn outcome(issuers: &[IssuerRules], alg: &str, how: &Sign<'_>) -> &'static str {
    let token = mint(format!(r#"{{"alg":"{alg}"}}"#).as_bytes(), claims(&[]).as_bytes(), how);
    let value = format!("Bearer {token}");
    let jws = Jws::read(&RawToken::read(value.as_bytes(), BEARER).unwrap()).unwrap();
    verify(&jws, issuers, &KeyStore::default(), &Portable, UnixTime(NOW))
        .map_or_else(|unverified| unverified.error.code(), |_| "ok")
}

#[test]
fn an_rsa_key_without_alg_serves_what_its_issuer_lists() {
    let plain = KEYS.rsa.public_key().to_jwk().replace(r#","alg":"RS256""#, "");
    let (pkcs1, pss) = (Sign::Rsa(Padding::PKCS1), Sign::Rsa(Padding::PKCS1_PSS));
    for (listed, rs256, ps256) in [
        (&[Rs256][..], "ok", "token_algorithm"),
        (&[Rs256, Rs512], "ok", "token_algorithm"),
        (&[Ps256], "token_algorithm", "ok"),
        (&[Ps512], "token_algorithm", "token_algorithm"),
        // Whoever lists both families has chosen so.
        (&[Rs256, Ps256], "ok", "ok"),
        (&[Rs256, EdDsa], "ok", "token_algorithm"),
        (&[EdDsa, Es256], "token_algorithm", "token_algorithm"),
    ] {
        let keys = KeySet::read(&set(std::slice::from_ref(&plain))).unwrap();
        let issuers = issuer(listed, keys);
        assert_eq!(outcome(&issuers, "RS256", &pkcs1), rs256, "{listed:?}");
        assert_eq!(outcome(&issuers, "PS256", &pss), ps256, "{listed:?}");
        // V26: the key leaves a choice, but not this one.
        let pem = KEYS.rsa.public_key().to_pem().unwrap();
        assert_eq!(outcome(&issuers, "HS256", &Sign::Hs256(pem.as_bytes())), "token_algorithm");
        // Neither is the other.
        assert_ne!(outcome(&issuers, "RS256", &pss), "ok", "{listed:?}");
        assert_ne!(outcome(&issuers, "PS256", &pkcs1), "ok", "{listed:?}");
    }
}

#[test]
fn a_key_with_alg_serves_it_alone_whatever_its_issuer_lists() {
    let (pkcs1, pss) = (Sign::Rsa(Padding::PKCS1), Sign::Rsa(Padding::PKCS1_PSS));
    for (alg, rs256, ps256) in [
        ("RS256", "ok", "token_key"),
        ("PS256", "token_key", "ok"),
        ("RS512", "token_key", "token_key"),
    ] {
        let jwk = KEYS.rsa.public_key().to_jwk().replace("RS256", alg);
        let issuers = issuer(&Algorithm::ALL, KeySet::read(&set(&[jwk])).unwrap());
        assert_eq!(outcome(&issuers, "RS256", &pkcs1), rs256, "{alg}");
        assert_eq!(outcome(&issuers, "PS256", &pss), ps256, "{alg}");
        let (pem, hs256) = (KEYS.rsa.public_key().to_pem().unwrap(), "HS256");
        assert_eq!(outcome(&issuers, hs256, &Sign::Hs256(pem.as_bytes())), "token_key", "{alg}");
    }
}

#[test]
fn a_secret_serves_what_its_issuer_lists() {
    let secret = [b'_'; 64];
    let jwk = |members: &str| {
        let k = "X19f".repeat(21) + "Xw";
        set(&[format!(r#"{{"kty":"oct","k":"{k}"{members}}}"#)])
    };
    for (listed, members, expected) in [
        (&[Hs256][..], "", "ok"),
        (&[Hs512, Hs256], "", "ok"),
        (&[Hs512], "", "token_algorithm"),
        (&[Hs256, Hs512], r#","alg":"HS256""#, "ok"),
        (&[Hs256, Hs512], r#","alg":"HS512""#, "token_key"),
    ] {
        let issuers = issuer(listed, KeySet::read_secret(&jwk(members)).unwrap());
        assert_eq!(outcome(&issuers, "HS256", &Sign::Hs256(&secret)), expected, "{listed:?}");
        for other in [&secret[..63], &[], &[0; 64]] {
            assert_ne!(outcome(&issuers, "HS256", &Sign::Hs256(other)), "ok", "{listed:?}");
        }
        assert_ne!(outcome(&issuers, "HS256", &Sign::Raw(&[])), "ok", "{listed:?}");
    }
}
