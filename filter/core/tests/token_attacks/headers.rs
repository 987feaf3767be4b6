//! The first part of a token, and the third: who signs what with which key.

use superboring::rsa::Padding;

use crate::mint::{ES256, KEYS, Sign, check, claims, mint};

#[test]
fn headers_and_signatures() {
    let ec = Sign::Ec(&KEYS.ec);
    let es256 = |members: &str| ES256.replace('}', &format!(",{members}}}"));
    let pem = KEYS.rsa.public_key().to_pem().unwrap();
    let own_jwk = format!(
        r#"{{"alg":"ES256","kid":"k1","jwk":{}}}"#,
        KEYS.ec_of_nobody.public_key().to_jwk()
    );
    // The order of P-256 (SEC 2), as r and as s.
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut one = [0; 32];
    one[31] = 1;
    let (zero_zero, n_n) = ([0; 64], [N, N].concat());
    let (zero_one, one_zero) = ([[0; 32], one].concat(), [one, [0; 32]].concat());
    let (n_one, one_n, one_one) = ([N, one].concat(), [one, N].concat(), [one, one].concat());
    let long_kid = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(257));
    let huge_kid = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(65536));
    let rows: &[(&str, &str, &Sign<'_>, &str)] = &[
        ("J01", r#"{"alg":"none"}"#, &Sign::Raw(&[]), "token_algorithm"),
        ("J01", r#"{"alg":"None","kid":"k1"}"#, &ec, "token_algorithm"),
        ("J03", r#"{"alg":"HS256","kid":"r1"}"#, &Sign::Hs256(pem.as_bytes()), "token_algorithm"),
        (
            "J03",
            r#"{"alg":"HS256","kid":"r1"}"#,
            &Sign::Hs256(pem.trim_end().as_bytes()),
            "token_algorithm",
        ),
        ("J03", r#"{"alg":"RS256","kid":"r1"}"#, &Sign::Hs256(pem.as_bytes()), "token_signature"),
        ("J05", r#"{"alg":"PS256","kid":"r1"}"#, &Sign::Rsa(Padding::PKCS1_PSS), "token_algorithm"),
        ("J06", r#"{"alg":"RS256","kid":"r1"}"#, &Sign::Rsa(Padding::PKCS1_PSS), "token_signature"),
        ("J08", ES256, &Sign::Raw(&zero_zero), "token_signature"),
        ("J08", ES256, &Sign::Raw(&zero_one), "token_signature"),
        ("J08", ES256, &Sign::Raw(&one_zero), "token_signature"),
        ("J08", ES256, &Sign::Raw(&one_one), "token_signature"),
        ("J08", ES256, &Sign::Raw(&n_n), "token_signature"),
        ("J08", ES256, &Sign::Raw(&n_one), "token_signature"),
        ("J08", ES256, &Sign::Raw(&one_n), "token_signature"),
        ("J08", ES256, &Sign::Raw(&[]), "token_signature"),
        ("J08", ES256, &Sign::EcDer(&KEYS.ec), "token_signature"),
        ("J21", ES256, &Sign::Ec(&KEYS.ec_of_i2), "token_signature"),
        ("J22", r#"{"alg":"ES256"}"#, &ec, "ok"),
        ("J22", r#"{"alg":"RS256"}"#, &Sign::Rsa(Padding::PKCS1), "ok"),
        ("J22", r#"{"alg":"RS256"}"#, &ec, "token_signature"),
        ("J22", r#"{"alg":"ES256"}"#, &Sign::Ec(&KEYS.ec_of_nobody), "token_signature"),
        ("J25", r#"{"alg":"ES256","kid":"../../dev/null"}"#, &ec, "token_key"),
        ("J25", r#"{"alg":"ES256","kid":"' OR 1=1--"}"#, &ec, "token_key"),
        ("J25", r#"{"alg":"ES256","kid":"k1\u0000"}"#, &ec, "token_key"),
        ("J25", r#"{"alg":"ES256","kid":""}"#, &ec, "token_key"),
        ("J25", r#"{"alg":"ES256","kid":"r1"}"#, &ec, "token_key"),
        ("J25", r#"{"alg":"ES256","kid":1}"#, &ec, "token_header"),
        ("J25", &long_kid, &ec, "token_header"),
        ("J25", &huge_kid, &ec, "token_too_large"),
        ("J27", &es256(r#""jku":"http://127.0.0.1:1/""#), &ec, "ok"),
        (
            "J27",
            &es256(r#""x5u":"http://127.0.0.1:1/""#),
            &Sign::Ec(&KEYS.ec_of_nobody),
            "token_signature",
        ),
        ("J28", &own_jwk, &Sign::Ec(&KEYS.ec_of_nobody), "token_signature"),
        ("J30", &es256(r#""cty":"JWT""#), &ec, "token_header"),
        ("J30", &es256(r#""enc":"A128GCM""#), &ec, "token_header"),
        ("J30", r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#, &ec, "token_algorithm"),
        ("J32", &es256(r#""zip":"DEF""#), &ec, "token_header"),
        ("J33", &es256(r#""crit":["b64"],"b64":false"#), &ec, "token_header"),
        ("J33", &es256(r#""b64":false"#), &ec, "token_header"),
        ("J33", &es256(r#""crit":["exp"]"#), &ec, "token_header"),
        ("J33", &es256(r#""crit":["x"],"x":1"#), &ec, "token_header"),
        ("J34", &es256(r#""crit":[]"#), &ec, "token_header"),
        ("J34", &es256(r#""crit":null"#), &ec, "token_header"),
        ("J36", r#"{"alg":"HS256","alg":"none"}"#, &ec, "token_malformed"),
        ("J36", r#"{"alg":"none","\u0061lg":"ES256","kid":"k1"}"#, &ec, "token_malformed"),
        ("J69", r#"{"alg":"ES512","kid":"k1"}"#, &ec, "token_algorithm"),
        ("J69", r#"{"alg":"ES256K","kid":"k1"}"#, &ec, "token_algorithm"),
        ("J69", r#"{"alg":"Ed448","kid":"e1"}"#, &ec, "token_algorithm"),
        ("J69", r#"{"alg":"ML-DSA-44","kid":"k1"}"#, &ec, "token_algorithm"),
        ("V26", r#"{"alg":"RS256","kid":"k1"}"#, &ec, "token_key"),
        ("typ", &es256(r#""typ":"logout+jwt""#), &ec, "token_type"),
        ("typ", &es256(r#""typ":null"#), &ec, "token_type"),
    ];
    for (row, header, how, expected) in rows {
        check(row, &mint(header.as_bytes(), claims(&[]).as_bytes(), how), expected);
    }
    let invalid_utf8 = mint(b"{\"alg\":\"ES256\",\"kid\":\"\xff\"}", b"{}", &ec);
    check("J25", &invalid_utf8, "token_malformed");
    // An issuer may not use what another one may.
    let of_i2 = claims(&[("iss", Some("\"https://i2\""))]);
    check(
        "alg",
        &mint(br#"{"alg":"EdDSA","kid":"e1"}"#, of_i2.as_bytes(), &Sign::Ed),
        "token_algorithm",
    );
}
