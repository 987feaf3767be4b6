//! The same token written in another way: its parts cut, swapped, padded, in another alphabet; its
//! bits flipped. Nothing is signed again.

use crate::Clock;
use crate::algorithm::kinds;
use crate::forge::{Draft, encode};

pub(crate) fn all(clock: Clock) -> Vec<(String, String)> {
    let sound: Vec<String> =
        kinds().into_iter().map(|algorithm| Draft::new(algorithm, clock).mint()).collect();
    let mut tokens = Vec::new();
    for (at, token) in sound.iter().enumerate() {
        let next = &sound[(at + 1) % sound.len()];
        let mut push =
            |label: &str, token: String| tokens.push((format!("spelling {label}"), token));
        for token in segments(token, next) {
            push("segments", token);
        }
        for token in alphabets(token) {
            push("base64", token);
        }
        // Every length, of the whole and with the next token behind.
        let step = token.len() / 150;
        for end in (0..token.len()).step_by(step.max(1)) {
            push("cut", token[..end].to_owned());
            push("cut", format!("{}{}", &token[..end], &token[end + 1..]));
        }
        // Every ninth bit, so that each bit of a character is met.
        for bit in (at..token.len() * 8).step_by(9) {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // What is no text cannot be asked of every reader.
            if let Ok(flipped) = String::from_utf8(bytes) {
                push("base64", flipped);
            }
        }
    }
    tokens
}

fn parts(token: &str) -> [&str; 3] {
    let mut parts = token.split('.');
    [(); 3].map(|()| parts.next().expect("three parts"))
}

fn segments(token: &str, next: &str) -> Vec<String> {
    let [header, claims, signature] = parts(token);
    let other = parts(next);
    let mut all = vec![
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("..{signature}"),
        "..".to_owned(),
        ".".to_owned(),
        format!(".{token}"),
        format!("{token}."),
        format!("{token}.."),
        format!("{token}.{signature}"),
        format!("{token}.{token}"),
        format!("{token}{token}"),
        format!("{token},{next}"),
        format!("{token}, {next}"),
        format!("{token} {next}"),
        format!("{token} x"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\t"),
        format!("{header}.{header}.{claims}.{claims}.{signature}"),
        format!("{header}...{signature}"),
        format!("{claims}.{header}.{signature}"),
        format!("{header}.{signature}.{claims}"),
        format!(r#"{{"payload":"{claims}","protected":"{header}","signature":"{signature}"}}"#),
        token.replace('.', ".."),
        token.replace('.', ":"),
        token.replace('.', "%2e"),
        format!("Bearer {token}"),
        token.to_ascii_uppercase(),
        token.to_ascii_lowercase(),
        token.chars().rev().collect(),
    ];
    // Parts of two sound tokens, in every mix.
    for mix in 1..7_usize {
        let of = |part: usize| if mix >> part & 1 == 0 { parts(token)[part] } else { other[part] };
        all.push([of(0), of(1), of(2)].join("."));
    }
    all
}

fn alphabets(token: &str) -> Vec<String> {
    let parts = parts(token);
    let mut all = Vec::new();
    for at in 0..3 {
        let mut with = |part: String| {
            let mut parts = parts.map(str::to_owned);
            parts[at] = part;
            all.push(parts.join("."));
        };
        let part = parts[at];
        for tail in
            ["=", "==", "===", "A", "AA", "AAAA", "-", "_", "+", "/", "~", "\n", " ", "?", "*"]
        {
            with(format!("{part}{tail}"));
            with(format!("{tail}{part}"));
            with(format!("{}{tail}{}", &part[..part.len() / 2], &part[part.len() / 2..]));
        }
        with(part.replace('-', "+").replace('_', "/"));
        with(format!("{}==", part.replace('-', "+").replace('_', "/")));
        with(encode(part));
        // The last character carries bits that mean nothing, and have to be zero.
        let (rest, last) = part.split_at(part.len() - 1);
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            if !last.contains(other) {
                with(format!("{rest}{other}"));
            }
        }
    }
    all
}
