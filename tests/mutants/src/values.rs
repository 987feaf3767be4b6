//! What a member can be set to, as JSON text.

use crate::{Clock, LEEWAY};

/// For any member: each type, and what confuses one with another.
pub(crate) const ANY: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "-0",
    "1.5",
    "1e3",
    "1e400",
    "12345678901234567890",
    "\"\"",
    "\"x\"",
    "\"0\"",
    "\"null\"",
    r#""\u0000""#,
    r#""\ud800""#,
    r#""\ud83d\ude00""#,
    "[]",
    "[null]",
    r#"["x"]"#,
    "[[]]",
    "{}",
    r#"{"x":1}"#,
];

/// Names of algorithms, real and otherwise.
pub(crate) const ALG: [&str; 32] = [
    "none",
    "None",
    "nOnE",
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "RSA-OAEP",
    "dir",
    "ECDH-ES",
    "rs256",
    "es256",
    "eddsa",
    "ed25519",
    "RS256 ",
    " ES256",
    "ES256K1",
    "RS1",
    "ES521",
];

/// For members of the header.
pub(crate) fn header(name: &str, good: Option<&str>) -> Vec<String> {
    let own: &[&str] = match name {
        "alg" => return texts(&ALG).chain(spellings(good)).collect(),
        "kid" => &[
            r#""RS256""#,
            r#""ES256""#,
            r#""rs256""#,
            r#""es256""#,
            r#""hs256""#,
            r#""ed""#,
            r#""\u0065s256""#,
            r#""\u0065d""#,
            r#""../../dev/null""#,
            r#""' OR 1=1--""#,
            r#""es256\u0000""#,
            r#""ed ""#,
            r#"["es256"]"#,
            r#"["ed"]"#,
        ],
        "typ" => &[
            r#""jwt""#,
            r#""at+jwt""#,
            r#""AT+JWT""#,
            r#""application/jwt""#,
            r#""JOSE""#,
            r#""application/at+jwt""#,
            r#""APPLICATION/AT+JWT""#,
            r#""logout+jwt""#,
            r#""dpop+jwt""#,
            r#""secevent+jwt""#,
            r#""text/jwt""#,
            r#""application/""#,
            r#""application/application/jwt""#,
            r#"" JWT""#,
            r#""JWT ""#,
            r#""application/jwt;a=b""#,
            r#""JWT\u0000""#,
            r#"["JWT"]"#,
            r#""JOSE+JSON""#,
            r#""jwt/""#,
            r#""/jwt""#,
            r#""K\u0131T""#,
        ],
        "crit" => &[
            r#"["b64"]"#,
            r#"["exp"]"#,
            r#"["alg"]"#,
            r#"["x"]"#,
            r#"["typ"]"#,
            r#"["b64","b64"]"#,
            r#"["kid"]"#,
            r#""b64""#,
            r#"{"b64":true}"#,
            r#"["crit"]"#,
        ],
        "b64" => &["true", "false", r#""false""#],
        "zip" => &[r#""DEF""#, r#""none""#],
        "enc" => &[r#""A128GCM""#],
        "cty" => &[
            r#""JWT""#,
            r#""jwt""#,
            r#""application/JWT""#,
            r#""json""#,
            r#""at+jwt""#,
            r#""application/json""#,
        ],
        "jku" | "x5u" => &[r#""http://127.0.0.1:1/""#, r#""https://i1/jwks""#, r#""file:///""#],
        "jwk" | "epk" => &[r#"{"kty":"oct","k":"AAAA"}"#, r#"{"kty":"OKP"}"#],
        "x5c" => &[r#"["AAAA"]"#, r#""AAAA""#],
        _ => &[],
    };
    own.iter().map(|text| (*text).to_owned()).chain(spellings(good)).collect()
}

/// For claims.
pub(crate) fn claims(name: &str, good: Option<&str>, clock: Clock) -> Vec<String> {
    let own: &[&str] = match name {
        "iss" => &[
            r#""https:\/\/i1""#,
            r#""https://i1/""#,
            r#""HTTPS://i1""#,
            r#""https://I1""#,
            r#"["https://i1"]"#,
            r#"["https://evil","https://i1"]"#,
            r#""https://i2""#,
            r#""https://i3""#,
            r#""https://i1\u0000""#,
            r#"" https://i1""#,
            r#""https://i1 ""#,
            r#""i1""#,
            r#"{"https://i1":1}"#,
            r#""https://i1#""#,
        ],
        "aud" => &[
            r#"["api"]"#,
            r#"["x","api"]"#,
            r#"["api","api"]"#,
            r#"["api",1]"#,
            r#"[1,"api"]"#,
            r#"["api",null]"#,
            r#"[["api"]]"#,
            r#""API""#,
            r#""api ""#,
            r#""x api""#,
            r#""api,x""#,
            r#"{"api":1}"#,
            r#""api\u0000""#,
            r#""\u0061pi""#,
            r#"["\u0061pi"]"#,
            r#""ap""#,
            r#""api/""#,
            r#"[""]"#,
            r#""*""#,
            r#"["api-evil"]"#,
        ],
        "exp" | "nbf" | "iat" => return dates(name, clock),
        "sub" => &[r#""a\u006en""#, r#"" ""#, r#""\u202e""#, r#"["ann"]"#],
        "azp" | "client_id" => &[r#""app""#, r#""\u0061pp""#, r#""App""#, r#"["app"]"#],
        "act" => &[
            r#"{"sub":"a","act":{"sub":"b"}}"#,
            r#"{"sub":"a","act":{}}"#,
            r#"{"sub":""}"#,
            r#"{"sub":"a","sub":"b"}"#,
            r#"[{"sub":"a"}]"#,
            r#"{"sub":1}"#,
            r#"{"act":{"sub":"a"}}"#,
            r#"{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a","act":{"sub":"a"}}}}}}}}}}"#,
        ],
        "groups" => &[
            r#""hr""#,
            r#""hr,it""#,
            r#"["hr",1]"#,
            r#"["hr",null]"#,
            r#"[["hr"]]"#,
            r#"{"hr":true}"#,
            r#"["h\u0072"]"#,
            r#"["hr","hr"]"#,
        ],
        "_claim_names" => &[r#"{"groups":"src1"}"#, r#"{"address":"src1"}"#],
        "cnf" => &[r#"{"jkt":"x"}"#, r#"{"x5t#S256":"x"}"#],
        _ => &[],
    };
    own.iter().map(|text| (*text).to_owned()).chain(spellings(good)).collect()
}

/// For members of a key.
pub(crate) fn jwk(name: &str, good: Option<&str>) -> Vec<String> {
    let own: &[&str] = match name {
        "alg" => return texts(&ALG).chain(spellings(good)).collect(),
        "use" => &[r#""sig""#, r#""enc""#, r#""SIG""#, r#""sig ""#, r#"["sig"]"#],
        "key_ops" => &[
            r#"["verify"]"#,
            r#"["sign"]"#,
            r#"["verify","sign"]"#,
            r#"["verify","encrypt"]"#,
            r#"["encrypt"]"#,
            r#"["verify","verify"]"#,
            r#""verify""#,
            r#"["VERIFY"]"#,
            r#"["verify",1]"#,
            r#"["deriveBits"]"#,
        ],
        "kty" => {
            &[r#""RSA""#, r#""EC""#, r#""OKP""#, r#""oct""#, r#""AKP""#, r#""rsa""#, r#""ec""#]
        }
        "crv" => &[
            r#""P-256""#,
            r#""P-384""#,
            r#""P-521""#,
            r#""secp256k1""#,
            r#""Ed25519""#,
            r#""Ed448""#,
            r#""X25519""#,
            r#""p-256""#,
            r#""prime256v1""#,
            r#"["P-256"]"#,
        ],
        "e" => &[
            r#""AQ""#,
            r#""Aw""#,
            r#""AA""#,
            r#""AAEAAQ""#,
            r#""AQAB=""#,
            r#""AQABAA""#,
            r#""AQAA""#,
            r#""AQAC""#,
            "65537",
            r#""AQAB\n""#,
        ],
        "kid" => &[
            r#""RS256""#,
            r#""rs256""#,
            r#""rs384""#,
            r#""es256""#,
            r#""ed""#,
            r#""hs256""#,
            r#"["es256"]"#,
        ],
        "d" | "k" | "p" => &[r#""AAAA""#],
        "x5c" => &[r#"["AAAA"]"#],
        _ => &[],
    };
    own.iter().map(|text| (*text).to_owned()).chain(spellings(good)).collect()
}

fn texts<'t>(texts: &'t [&str]) -> impl Iterator<Item = String> + 't {
    texts.iter().map(|text| format!("\"{text}\""))
}

/// A good string in other words: escaped, and almost.
fn spellings(good: Option<&str>) -> Vec<String> {
    let text = good.and_then(|good| good.strip_prefix('"')?.strip_suffix('"'));
    let Some(text) = text.filter(|text| text.is_ascii() && !text.is_empty()) else {
        return Vec::new();
    };
    let (first, rest) = text.split_at(1);
    let code = u32::from(first.chars().next().expect("not empty"));
    vec![
        format!("\"\\u{code:04x}{rest}\""),
        format!("\"{text} \""),
        format!("\" {text}\""),
        format!("\"{text}\\u0000\""),
        format!("\"{text}{text}\""),
        format!("\"{rest}\""),
        format!("\"{}\"", text.to_ascii_uppercase()),
        format!("\"{}\"", text.to_ascii_lowercase()),
        format!("\"\\u{:04x}{rest}\"", code + 0xfee0),
        format!("[\"{text}\"]"),
    ]
}

/// Times around the edges of `exp`, or of `nbf` and `iat`, and numbers that are hardly times.
fn dates(name: &str, clock: Clock) -> Vec<String> {
    let Clock { now, distance } = clock;
    let edge = if name == "exp" { now - LEEWAY } else { now + LEEWAY };
    let (before, after) = (edge - distance, edge + distance);
    let mut dates = vec![
        before.to_string(),
        after.to_string(),
        format!("{before}.9"),
        format!("{after}.9"),
        format!("{after}.0"),
        format!("{after}e0"),
        format!("{after}0e-1"),
        format!("\"{after}\""),
        format!("[{after}]"),
        format!("-{after}"),
        format!("{after}000"),
    ];
    if distance == 1 {
        dates.extend([edge.to_string(), format!("{edge}.5"), format!("{before}.999999999")]);
    }
    let odd = [
        "9007199254740991",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "4294967295",
        "4294967296",
        "253402300799",
        "253402300800",
        "1e10",
        "1e18",
        "1e19",
        "1e300",
        "1e-300",
        "-1.5",
        "-9.2e18",
        "0.5",
        "00",
        "+1",
        "0x7fffffff",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "1_000",
        "\"2030-01-01T00:00:00Z\"",
    ];
    dates.extend(odd.map(str::to_owned));
    dates
}
