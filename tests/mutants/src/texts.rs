//! The JSON texts of header and claims edited as text: what a reader takes for JSON, and what not.
//! Signed again.

use crate::Clock;
use crate::algorithm::{in_turn, kinds};
use crate::forge::{Draft, mint};
use crate::random::Random;

/// So many tokens.
const EDITED: usize = 3000;

/// What is put in, as bytes: some are no text.
const PIECES: [&[u8]; 44] = [
    b" ",
    b"\n",
    b"\t",
    b"\r",
    b"\x0b",
    b"\x0c",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\\u00e",
    b"\\x41",
    b"\\/",
    b",",
    b":",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"0",
    b"-",
    b".",
    b"e",
    b"1e9",
    b"9",
    b"//",
    b"/**/",
    b"#",
    b"'",
    b"{}",
    b"\"x\":1,",
    b",\"x\":1",
    b"\"sub\":\"x\",",
];

pub(crate) fn all(clock: Clock) -> Vec<(String, String)> {
    let mut random = Random::new(3);
    let mut tokens = whole(clock);
    for at in 0..EDITED {
        let algorithm = in_turn(at);
        let draft = Draft::new(algorithm, clock);
        let (mut header, mut claims) =
            (draft.header.text().into_bytes(), draft.claims.text().into_bytes());
        let in_header = random.below(3) == 0;
        let text = if in_header { &mut header } else { &mut claims };
        for _ in 0..1 + random.below(3) {
            edit(text, &mut random);
        }
        let label = if in_header { "text header" } else { "text claims" };
        tokens.push((label.to_owned(), mint(&header, &claims, algorithm)));
    }
    tokens
}

fn edit(text: &mut Vec<u8>, random: &mut Random) {
    if text.is_empty() {
        return;
    }
    let at = random.below(text.len());
    match random.below(6) {
        0 => {
            text.remove(at);
        }
        1 => text.insert(at, text[at]),
        2 => {
            let other = random.below(text.len());
            text.swap(at, other);
        }
        3 => text[at] ^= 1 << random.below(8),
        4 => {
            text.splice(at..=at, random.pick(&PIECES).iter().copied());
        }
        _ => {
            text.splice(at..at, random.pick(&PIECES).iter().copied());
        }
    }
}

/// Texts that are another thing as a whole.
fn whole(clock: Clock) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for algorithm in kinds() {
        let draft = Draft::new(algorithm, clock);
        let (header, claims) = (draft.header.text(), draft.claims.text());
        for (label, other) in others(&header) {
            let token = mint(other.as_bytes(), claims.as_bytes(), algorithm);
            tokens.push((format!("whole header {label}"), token));
        }
        for (label, other) in others(&claims) {
            let token = mint(header.as_bytes(), other.as_bytes(), algorithm);
            tokens.push((format!("whole claims {label}"), token));
        }
    }
    tokens
}

fn others(text: &str) -> Vec<(&'static str, String)> {
    let first = |member: String| text.replacen('{', &format!("{{{member},"), 1);
    let deep = [6, 7, 8, 30, 31, 32, 200]
        .map(|levels| first(format!("\"x\":{}{}", "[".repeat(levels), "]".repeat(levels))));
    let long = [1000, 5000, 9000].map(|length| first(format!("\"x\":\"{}\"", "x".repeat(length))));
    let replaced = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "1".to_owned(),
        format!("[{text}]"),
        format!("{text}{text}"),
        format!("{text},"),
        format!("{text} "),
        format!(" {text}"),
        format!("\u{feff}{text}"),
        format!("{text}\0"),
        format!("\"{}\"", text.replace('"', "\\\"")),
        text.replace(',', " ,\n\t"),
        text.replace(':', " : "),
        text.replace('"', "'"),
        text.replacen('}', ",}", 1),
        text.replacen('{', "{,", 1),
    ];
    let all = [("deep", deep.to_vec()), ("long", long.to_vec()), ("text", replaced.to_vec())];
    all.into_iter()
        .flat_map(|(label, texts)| texts.into_iter().map(move |text| (label, text)))
        .collect()
}
