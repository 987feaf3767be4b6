//! What can be done to a body: character encodings, and the encodings of contents. Compressed
//! bodies are made of stored blocks: what matters is who unpacks them.

use serde::Deserialize;

/// One thing that is done to a body.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Each character below U+0100 as one byte: ISO 8859-1, or any bytes at all.
    Bytes,
    #[serde(rename = "utf-16le")]
    Utf16le,
    #[serde(rename = "utf-16be")]
    Utf16be,
    #[serde(rename = "utf-32le")]
    Utf32le,
    #[serde(rename = "utf-32be")]
    Utf32be,
    /// RFC 2152, with everything encoded that may be.
    #[serde(rename = "utf-7")]
    Utf7,
    /// RFC 1952.
    Gzip,
    /// RFC 1950, which HTTP calls `deflate`.
    Zlib,
    /// RFC 1951, which some take `deflate` for.
    Deflate,
    /// RFC 7932.
    Brotli,
}

/// A text as bytes: UTF-8, if nothing else is said first.
pub(super) fn encoded(text: &str, encodings: &[Encoding]) -> Vec<u8> {
    let mut body = text.as_bytes().to_vec();
    for encoding in encodings {
        let wide = text.chars().map(u32::from);
        body = match encoding {
            Encoding::Bytes => bytes(text),
            Encoding::Utf16le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Utf32le => wide.flat_map(u32::to_le_bytes).collect(),
            Encoding::Utf32be => wide.flat_map(u32::to_be_bytes).collect(),
            Encoding::Utf7 => utf7(text),
            Encoding::Gzip => gzip(&body),
            Encoding::Zlib => zlib(&body),
            Encoding::Deflate => deflate(&body),
            Encoding::Brotli => brotli(&body),
        };
    }
    body
}

/// Each character below U+0100 as one byte, others in UTF-8.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for char in text.chars() {
        match u8::try_from(char) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend(char.to_string().bytes()),
        }
    }
    out
}

fn utf7(text: &str) -> Vec<u8> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut out = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            out.push(char);
            continue;
        }
        let units = char.encode_utf16(&mut [0; 2]).to_vec();
        let units: Vec<u8> = units.into_iter().flat_map(u16::to_be_bytes).collect();
        out.push('+');
        out.push_str(&STANDARD_NO_PAD.encode(units));
        out.push('-');
    }
    out.into_bytes()
}

fn length(body: &[u8]) -> u16 {
    u16::try_from(body.len()).expect("a body of a row fits into one block")
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let length = length(body);
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes(), body].concat()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in body {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    let checksum = (high << 16) | low;
    [&[0x78, 0x01], &deflate(body)[..], &checksum.to_be_bytes()].concat()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut checksum = u32::MAX;
    for byte in body {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = checksum & 1;
            checksum = (checksum >> 1) ^ (0xEDB8_8320 * carry);
        }
    }
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let length = u32::from(length(body)).to_le_bytes();
    [&head, &deflate(body)[..], &(!checksum).to_le_bytes(), &length].concat()
}

fn brotli(body: &[u8]) -> Vec<u8> {
    // A window of 16 bits; one block, not the last, not compressed; and an empty last one.
    let head = ((u32::from(length(body)) - 1) << 4) | (1 << 20);
    [&head.to_le_bytes()[..3], body, &[3]].concat()
}

#[cfg(test)]
mod tests {
    use super::{Encoding, encoded};

    #[test]
    fn bodies_as_others_make_them() {
        let hex = |text: &str, encoding| {
            let bytes = encoded(text, &[encoding]);
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(hex("a\u{ff}", Encoding::Bytes), "61ff");
        assert_eq!(hex("a{", Encoding::Utf16le), "61007b00");
        assert_eq!(hex("a", Encoding::Utf32be), "00000061");
        assert_eq!(encoded("a{", &[Encoding::Utf7]), b"a+AHs-");
        // By zlib's own `compressobj(0, wbits=...)`.
        assert_eq!(hex("{}", Encoding::Deflate), "010200fdff7b7d");
        assert_eq!(hex("{}", Encoding::Zlib), "7801010200fdff7b7d017500f9");
        let gzip = hex("{}", Encoding::Gzip);
        assert_eq!(&gzip[20..], "010200fdff7b7d43bfa6a302000000");
        assert_eq!(hex("{}", Encoding::Brotli), "1000107b7d03");
    }
}
