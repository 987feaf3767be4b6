//! Key sets with one key changed, or the set itself; each with tokens that were sound under it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::algorithm::{self, Algorithm, OTHER, STRANGERS};
use crate::forge::Draft;
use crate::object::Object;
use crate::random::Random;
use crate::{Clock, ISSUERS, Set, values};

const MEMBERS: [&str; 17] = [
    "kid", "alg", "use", "key_ops", "kty", "crv", "n", "e", "x", "y", "d", "k", "p", "x5c", "x5t",
    "ext", "other",
];

/// So many flipped bits for each number of a key.
const FLIPPED: usize = 24;

/// Of the changes to each key, one in so many: there are keys enough for all of them.
const SHARE: usize = 6;

/// A label, a key set, and tokens.
type Case = (String, Set, Vec<String>);

pub(crate) fn set(keys: impl IntoIterator<Item = String>) -> String {
    format!("{{\"keys\":[{}]}}", keys.into_iter().collect::<Vec<_>>().join(","))
}

pub(crate) fn all(clock: Clock) -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, algorithm) in algorithm::all().enumerate() {
        let (issuer, algorithms) = (algorithm.issuer, ISSUERS[algorithm.issuer].algorithms);
        let next = &algorithms[(at + 1) % algorithms.len()];
        let tokens = tokens(algorithm, next, clock);
        for (of, (label, key)) in keys(algorithm).into_iter().enumerate() {
            // An algorithm with another name is met once only.
            if of % SHARE != at % SHARE && !label.ends_with("alias") {
                continue;
            }
            let text = set([key, next.jwk().text()]);
            cases.push((format!("keys {label}"), Set { issuer, text }, tokens.clone()));
        }
        for text in sets(algorithm, next) {
            cases.push(("keys set".to_owned(), Set { issuer, text }, tokens.clone()));
        }
    }
    cases
}

/// A token by the key that is changed, the same without its name, and one by the key beside it.
fn tokens(algorithm: &'static Algorithm, next: &'static Algorithm, clock: Clock) -> Vec<String> {
    let named = Draft::new(algorithm, clock);
    let mut nameless = named.clone();
    nameless.header = nameless.header.without("kid");
    vec![named.mint(), nameless.mint(), Draft::new(next, clock).mint()]
}

/// The key with one thing changed, and where.
fn keys(algorithm: &Algorithm) -> Vec<(String, String)> {
    let jwk = algorithm.jwk();
    let mut all = Vec::new();
    let mut push = |label: &str, jwk: Object| all.push((label.to_owned(), jwk.text()));
    for name in MEMBERS {
        push(&format!("{name} absent"), jwk.clone().without(name));
        let own = values::jwk(name, jwk.value(name));
        for (at, value) in own.iter().map(String::as_str).chain(values::ANY).enumerate() {
            let alias = name == "alg" && algorithm.aliases.contains(&value.trim_matches('"'));
            let label = match value {
                "1e400" => format!("{name} too large"),
                r#""\ud800""# => format!("{name} half"),
                _ if alias => format!("{name} alias"),
                _ => name.to_owned(),
            };
            push(&label, jwk.clone().with(name, value));
            let plain = format!("\"{name}\"");
            // What is to be there twice has to be there once.
            let once = || match jwk.value(name) {
                Some(_) => jwk.clone(),
                None => jwk.clone().with(name, "\"x\""),
            };
            // One in two also beside the good one.
            match at % 4 {
                0 => push(&format!("{name} twice"), once().first(&plain, value)),
                2 => push(&format!("{name} twice"), once().last(&plain, value)),
                _ => {}
            }
        }
    }
    let mut random = Random::new(5);
    for name in ["n", "x", "y", "k"] {
        let Some(value) = jwk.value(name) else { continue };
        let good = URL_SAFE_NO_PAD.decode(value.trim_matches('"')).expect("base64url");
        let mut put = |label: &str, bytes: &[u8]| {
            let text = format!("\"{}\"", URL_SAFE_NO_PAD.encode(bytes));
            push(&format!("{name} {label}"), jwk.clone().with(name, &text));
        };
        for _ in 0..FLIPPED {
            let mut flipped = good.clone();
            flipped[random.below(good.len())] ^= 1 << random.below(8);
            put("bit", &flipped);
        }
        for other in [
            [&[0], &good[..]].concat(),
            [&[0, 0, 0], &good[..]].concat(),
            [&good[..], &[0]].concat(),
            good[1..].to_vec(),
            good[..good.len() - 1].to_vec(),
            good[..good.len() / 2].to_vec(),
            [&good[..], &good[..]].concat(),
            vec![0; good.len()],
            vec![0xff; good.len()],
            good.iter().rev().copied().collect(),
        ] {
            put("bytes", &other);
        }
        for text in [
            STANDARD.encode(&good),
            format!("{}=", value.trim_matches('"')),
            format!(" {}", value.trim_matches('"')),
            format!("{}\\n", value.trim_matches('"')),
            good.iter().map(|byte| format!("{byte:02x}")).collect(),
        ] {
            push(&format!("{name} text"), jwk.clone().with(name, &format!("\"{text}\"")));
        }
    }
    if let (Some(x), Some(y)) = (jwk.value("x"), jwk.value("y")) {
        push("x", jwk.clone().with("x", y).with("y", x));
    }
    for point in SMALL_ORDER {
        let mut bytes = [0; 32];
        bytes[..point.len()].copy_from_slice(point);
        let text = format!("\"{}\"", URL_SAFE_NO_PAD.encode(bytes));
        push("x order", jwk.clone().with("x", &text));
    }
    all
}

/// Points of Ed25519 whose order is small, but for zeros at the end.
const SMALL_ORDER: [&[u8]; 3] = [
    &[0],
    &[1],
    &[
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// The set with something else in it, or around it.
fn sets(algorithm: &Algorithm, next: &Algorithm) -> Vec<String> {
    let [good, beside] = [algorithm, next].map(|algorithm| algorithm.jwk().text());
    let stranger = STRANGERS.iter().find(|stranger| stranger.name == algorithm.name);
    let stranger = stranger.unwrap_or(&OTHER[0]).jwk().with("kid", &quoted(algorithm.kid));
    let nameless = stranger.clone().without("kid").text();
    let (stranger, unknown) = (stranger.text(), r#"{"kty":"XYZ","kid":"z"}"#);
    let both = || [good.clone(), beside.clone()];
    let with = |more: &str| set(both().into_iter().chain([more.to_owned()]));
    let plain = set(both());
    let many =
        |unknowns: usize| set(std::iter::repeat_n(unknown.to_owned(), unknowns).chain(both()));
    vec![
        plain.clone(),
        set(both().into_iter().rev()),
        set([good.clone()]),
        set([beside.clone()]),
        set([]),
        with(&good),
        with(&stranger),
        set([stranger.clone(), good.clone(), beside.clone()]),
        set([stranger, beside.clone()]),
        with(&nameless),
        set([nameless, good.clone(), beside.clone()]),
        with(unknown),
        with(r#"{"kty":"oct","kid":"z","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#),
        with(r#"{"kty":"oct","kid":"z","k":"AAAA","use":"enc"}"#),
        with("{}"),
        with("null"),
        with("1"),
        with("[]"),
        with("\"x\""),
        with(r#"{"kid":"z"}"#),
        many(62),
        many(63),
        good.clone(),
        format!("[{good},{beside}]"),
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        r#"{"keys":null}"#.to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        format!(r#"{{"keys":{good}}}"#),
        format!(r#"{{"Keys":[{good},{beside}]}}"#),
        format!(r#"{{"\u006beys":[{good},{beside}]}}"#),
        format!(r#"{{"keys":[],"keys":[{good},{beside}]}}"#),
        format!(r#"{{"keys":[{good},{beside}],"keys":[]}}"#),
        plain.replacen('{', r#"{"x":{"keys":[]},"#, 1),
        format!("{plain}x"),
        format!("{plain} "),
        format!("\u{feff}{plain}"),
        plain.replacen(']', ",]", 1),
        plain.replace('"', "'"),
    ]
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
