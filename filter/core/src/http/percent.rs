//! Percent-encoding (RFC 3986 section 2.1).

/// The bytes with their escapes resolved, once; what is no escape stays as it is.
pub(crate) fn lenient(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (byte, after) = next(rest)?;
        rest = after;
        Some(byte.unwrap_or(b'%'))
    })
}

/// The text of a name or a value in `application/x-www-form-urlencoded` (URL standard section 5.1);
/// none if it is no UTF-8, or has a `%` that begins no escape, which readers make different things of.
pub(super) fn strict(text: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = next(rest) {
        plain.push(if rest.first() == Some(&b'+') { b' ' } else { byte? });
        rest = after;
    }
    String::from_utf8(plain).ok()
}

/// Writes a text, with everything escaped that is not unreserved.
pub(super) fn write(text: &str, to: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |at: u8| DIGITS.get(usize::from(at)).copied().unwrap_or_default();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(byte);
        } else {
            to.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// The first byte, none if it is a `%` that begins no escape, and what comes after.
fn next(text: &[u8]) -> Option<(Option<u8>, &[u8])> {
    match text {
        [b'%', high, low, after @ ..] if let Some(byte) = hex(*high, *low) => {
            Some((Some(byte), after))
        }
        [b'%', after @ ..] => Some((None, after)),
        [byte, after @ ..] => Some((Some(*byte), after)),
        [] => None,
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        let lenient = |text: &str| String::from_utf8(lenient(text.as_bytes()).collect()).unwrap();
        for (text, plain) in
            [("a%2Fb%2f", "a/b/"), ("%252f", "%2f"), ("%%41%4", "%A%4"), ("+", "+")]
        {
            assert_eq!(lenient(text), plain);
        }
        let strict = |text: &str| strict(text.as_bytes());
        assert_eq!(strict("a+b%2B%20%c3%A9").as_deref(), Some("a b+ é"));
        for text in ["%", "%4", "%zz", "a%", "%c3", "\u{e9}%ff"] {
            assert_eq!(strict(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["", "a b+&=%?#;", "{me(x:\"é\u{1F600}\"){id}}\r\n"] {
            let mut written = Vec::new();
            write(text, &mut written);
            assert!(written.iter().all(u8::is_ascii_graphic));
            assert_eq!(strict(&written).as_deref(), Some(text));
        }
    }
}
