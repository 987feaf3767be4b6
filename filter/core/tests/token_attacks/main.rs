//! Attacks on tokens and on key sets, as data: what is sent, and the code it has to end in.
//!
//! The setting: issuer `https://i1` has an RS256, an ES256 and an EdDSA key, issuer `https://i2` an
//! ES256 key of the same name; both are asked for `aud: api`, with a leeway of 60 s.

#[cfg(test)]
mod algorithms;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod key_sets;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod mint;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod spellings;

use fieldgate_core::token::{TokenError, UnixTime};
use superboring::rsa::Padding;

use crate::mint::{ES256, KEYS, NOW, Sign, check, claims, mint, outcome};

#[test]
fn good_tokens_are_verified() {
    let es256 = mint(ES256.as_bytes(), claims(&[]).as_bytes(), &Sign::Ec(&KEYS.ec));
    let rs256 = br#"{"alg":"RS256","kid":"r1","typ":"JWT"}"#;
    let eddsa = br#"{"alg":"EdDSA","kid":"e1","typ":"application/AT+jwt"}"#;
    for token in [
        es256.clone(),
        mint(rs256, claims(&[]).as_bytes(), &Sign::Rsa(Padding::PKCS1)),
        mint(eddsa, claims(&[]).as_bytes(), &Sign::Ed),
        mint(br#"{"alg":"Ed25519"}"#, claims(&[]).as_bytes(), &Sign::Ed),
    ] {
        check("good", &token, "ok");
    }
    let payload = claims(&[
        ("iss", Some("\"https://i2\"")),
        ("groups", Some(r#"["hr","hr  fin"]"#)),
        ("azp", Some("\"app\"")),
        ("client_id", Some("\"app\"")),
        ("act", Some(r#"{"sub":"agent","act":{"sub":"planner"}}"#)),
        ("jti", Some("\"j\"")),
    ]);
    let token = mint(ES256.as_bytes(), payload.as_bytes(), &Sign::Ec(&KEYS.ec_of_i2));
    let claims = outcome(&[format!("Bearer {token}").as_bytes()], NOW).unwrap();
    assert_eq!((claims.issuer(), claims.key(), claims.subject()), (1, Some("k1"), "ann"));
    assert_eq!((claims.client(), claims.jti()), (Some("app"), Some("j")));
    assert_eq!(claims.window().expires(), UnixTime(NOW + 300));
    assert_eq!(claims.groups().join("|"), "hr|hr  fin");
    let actor = claims.actor().unwrap();
    assert_eq!((actor.subject(), actor.chain().join("|").as_str()), ("agent", "planner"));
    // J68: the same token, later.
    let value = format!("Bearer {es256}");
    let later = outcome(&[value.as_bytes()], NOW + 360);
    assert_eq!(later.map(|_| ()), Err(TokenError::Expired));
}
