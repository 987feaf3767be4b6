//! The second part of a token: what it claims.

use crate::mint::{ES256, KEYS, NOW, Sign, check, claims, mint};

#[test]
fn payloads() {
    let near = |offset: i64| (i64::try_from(NOW).unwrap() + offset).to_string();
    let times = [-61, -60, -59, 0, 59, 60, 61].map(|offset| (offset, near(offset)));
    let at = |offset: i64| times.iter().find(|(of, _)| *of == offset).unwrap().1.as_str();
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let row = |row, changes: &[(&str, Option<&str>)], expected| {
        let token = mint(ES256.as_bytes(), claims(changes).as_bytes(), &Sign::Ec(&KEYS.ec));
        check(row, &token, expected);
    };
    row("J24", &[("iss", None)], "token_issuer");
    row("J24", &[("iss", Some("null"))], "token_issuer");
    row("J24", &[("iss", Some("\"\""))], "token_issuer");
    row("J24", &[("iss", Some("\"https://i1/\""))], "token_issuer");
    row("V29", &[("iss", Some(r#"["https://evil","https://i1"]"#))], "token_issuer");
    row("J21", &[("iss", Some("\"https://i2\""))], "token_signature");
    row("J40", &[("exp", None)], "token_claims");
    row("J40", &[("exp", Some("1e400"))], "token_malformed");
    row("J40", &[("exp", Some("0"))], "token_expired");
    row("V25", &[("exp", Some("\"1\"")), ("nbf", Some("\"9999999999\""))], "token_claims");
    row("J42", &[("exp", Some(at(0)))], "ok");
    row("J42", &[("exp", Some(at(-59)))], "ok");
    row("J42", &[("exp", Some(at(-60)))], "token_expired");
    row("J42", &[("exp", Some(at(-61)))], "token_expired");
    row("J43", &[("nbf", Some(at(59)))], "ok");
    row("J43", &[("nbf", Some(at(60)))], "ok");
    row("J43", &[("nbf", Some(at(61)))], "token_not_yet_valid");
    row("J43", &[("nbf", Some("-1"))], "token_claims");
    row("J43", &[("nbf", Some("\"x\""))], "token_claims");
    row("J43", &[("iat", Some(at(60)))], "ok");
    row("J43", &[("iat", Some(at(61)))], "token_issued_in_future");
    row("J43", &[("iat", Some("\"x\""))], "token_claims");
    row("J43", &[("nbf", Some(at(59))), ("exp", Some(at(0)))], "token_claims");
    row("J45", &[("aud", None)], "token_audience");
    row("J45", &[("aud", Some(r#"["x","api"]"#))], "ok");
    row("sub", &[("sub", None)], "token_claims");
    row("sub", &[("sub", Some("\"\""))], "token_claims");
    row("act", &[("act", Some("\"agent\""))], "token_claims");
    row("azp", &[("azp", Some("7"))], "token_claims");
    row("jti", &[("jti", Some("null"))], "token_claims");
    row("groups", &[("groups", Some("{}"))], "token_claims");
    row("groups", &[("_claim_names", Some(r#"{"groups":"src1"}"#))], "token_groups_overage");
    row("groups", &[("hasgroups", Some("true"))], "token_groups_overage");
    row("depth", &[("x", Some(&deep))], "token_malformed");
    for exp in ["null", "\"str\"", "true", "[1]", "-1", "-1.5", "-9.2e18"] {
        row("J40", &[("exp", Some(exp))], "token_claims");
    }
    for aud in ["\"\"", "[]", r#"["x"]"#, "\"API\"", "\"api-evil\"", "\"x api\"", r#""api\u0000""#]
    {
        row("J45", &[("aud", Some(aud))], "token_audience");
    }
    for aud in [r#"["api",1]"#, r#"[["api"]]"#, "null"] {
        row("J45", &[("aud", Some(aud))], "token_claims");
    }
    let good = claims(&[]);
    let more = |members: &str| good.replacen('{', &format!("{{{members},"), 1);
    for (row, payload) in [
        ("J37", more("\"exp\":1")),
        ("J37", format!("{},\"exp\":1}}", good.trim_end_matches('}'))),
        ("J37", more("\"sub\":\"bob\"")),
        ("J38", more(r#""scope":"","scope":"hr""#)),
        ("J38", more(r#""scope":"","\u0073cope":"hr""#)),
        ("J38", more(r#""x":[{"y":1,"y":2}]"#)),
        ("json", "[]".to_owned()),
        ("json", String::new()),
        ("json", format!("{good}{good}")),
        ("json", format!("\u{feff}{good}")),
    ] {
        let token = mint(ES256.as_bytes(), payload.as_bytes(), &Sign::Ec(&KEYS.ec));
        check(row, &token, "token_malformed");
    }
    let invalid_utf8 = [&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xff\"}"].concat();
    check("json", &mint(ES256.as_bytes(), &invalid_utf8, &Sign::Ec(&KEYS.ec)), "token_malformed");
    // A bad signature is that and nothing else.
    for change in [("exp", Some("0")), ("aud", None), ("sub", Some("1"))] {
        let token = mint(ES256.as_bytes(), claims(&[change]).as_bytes(), &Sign::Raw(&[7; 64]));
        check("order", &token, "token_signature");
    }
}
