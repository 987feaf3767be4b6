//! The same token written in another way, and headers that hold something else.

use fieldgate_core::limits::TOKEN_BYTES;
use fieldgate_core::token::TokenError;

use crate::mint::{ES256, KEYS, NOW, Sign, check, claims, mint, outcome};

#[test]
fn spellings_of_a_good_token() {
    let good = mint(ES256.as_bytes(), claims(&[]).as_bytes(), &Sign::Ec(&KEYS.ec));
    let mut parts = good.split('.');
    let [header, payload, signature] = [(); 3].map(|()| parts.next().unwrap());
    let dots = ".".repeat(1_000_000);
    let megabyte = "a".repeat(1 << 20);
    // 64 bytes are 86 characters, the last of which carries four bits that have to be zero.
    let noncanonical = {
        let last = signature.chars().last().unwrap();
        let next = char::from_u32(u32::from(last) + 1).unwrap();
        format!("{}{next}", good.strip_suffix(last).unwrap())
    };
    for (row, value, expected) in [
        ("J48", header.to_owned(), "token_malformed"),
        ("J48", format!("{header}.{payload}"), "token_malformed"),
        ("J48", format!("{good}.{signature}"), "token_malformed"),
        ("J48", format!("{good}."), "token_malformed"),
        ("J48", format!(".{good}"), "token_malformed"),
        ("J48", dots, "token_too_large"),
        ("J48", ".".repeat(TOKEN_BYTES), "token_malformed"),
        ("J30", format!("{header}.{header}.{payload}.{payload}.{signature}"), "token_malformed"),
        (
            "J30",
            format!(r#"{{"payload":"{payload}","signature":"{signature}"}}"#),
            "token_duplicate",
        ),
        ("J49", format!("{good}="), "token_malformed"),
        ("J49", format!("{good}=="), "token_malformed"),
        ("J49", good.replacen('.', "+.", 1), "token_malformed"),
        ("J49", good.replacen('.', "/.", 1), "token_malformed"),
        ("J49", good.replacen('.', "=.", 1), "token_scheme"),
        ("J49", good.replacen('.', " .", 1), "token_scheme"),
        ("J49", good.replacen('.', "\n.", 1), "token_scheme"),
        ("J49", good.replacen('.', "\r.", 1), "token_scheme"),
        ("J49", good.replacen('.', "?.", 1), "token_scheme"),
        ("J49", noncanonical, "token_malformed"),
        ("J51", megabyte, "token_too_large"),
        ("V30", "x".to_owned(), "token_malformed"),
    ] {
        check(row, &value, expected);
    }
    let longest = (5_900..6_100)
        .map(|length| claims(&[("x", Some(&format!("\"{}\"", "x".repeat(length))))]))
        .map(|claims| mint(ES256.as_bytes(), claims.as_bytes(), &Sign::Raw(&[1; 64])))
        .filter(|token| token.len() == TOKEN_BYTES || token.len() == TOKEN_BYTES + 1);
    let longest: Vec<String> = longest.collect();
    assert!(!longest.is_empty());
    for token in longest {
        let expected =
            if token.len() == TOKEN_BYTES { "token_signature" } else { "token_too_large" };
        check("J51", &token, expected);
    }
}

#[test]
fn authorization_values() {
    let good = mint(ES256.as_bytes(), claims(&[]).as_bytes(), &Sign::Ec(&KEYS.ec));
    let value = |before: &str, after: &[u8]| [before.as_bytes(), good.as_bytes(), after].concat();
    for (row, values, expected) in [
        ("V30", vec![], "token_missing"),
        ("V30", vec![b"".to_vec()], "token_scheme"),
        ("J52", vec![value("bearer ", b"")], "ok"),
        ("J52", vec![value("BEARER ", b"")], "ok"),
        ("J53", vec![b"Bearer".to_vec()], "token_scheme"),
        ("J53", vec![b"Bearer ".to_vec()], "token_scheme"),
        ("J53", vec![value("Bearer\t", b"")], "token_scheme"),
        ("J53", vec![value("Bearer  ", b"")], "token_scheme"),
        ("J53", vec![value("Bearer ", b" y")], "token_scheme"),
        ("J53", vec![value("Bearer\u{a0}", b"")], "token_scheme"),
        ("J53", vec![value("Basic ", b"")], "token_scheme"),
        ("J53", vec![value("bearer:", b"")], "token_scheme"),
        ("J53", vec![value("", b"")], "token_scheme"),
        ("J54", vec![value("Bearer ", b""), b"Bearer B".to_vec()], "token_duplicate"),
        ("J54", vec![value("Bearer ", b",Bearer B")], "token_duplicate"),
        ("J54", vec![value("Bearer ", b", Bearer B")], "token_duplicate"),
        ("J54", vec![value("Bearer B,Bearer ", b"")], "token_duplicate"),
        ("J60", vec![value("Bearer ", b"\xff")], "token_scheme"),
        ("J60", vec![value("\u{ff}Bearer ", b"")], "token_scheme"),
    ] {
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let code = outcome(&values, NOW).map_or_else(TokenError::code, |_| "ok");
        assert_eq!(code, expected, "{row}");
    }
}
