//! Where names stand in SDL text. The parser gives positions of definitions only, without ends.
//!
//! [`mask`] blanks what has no meaning here - comments, and the insides of strings - byte by byte,
//! so that offsets stay, a column is a byte, and a name found is a name that counts. It also keeps
//! from the parser the strings on which it panics.

/// The text with comments, tabs, carriage returns and the insides of strings as spaces.
pub(super) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (kept, blanked) = match char {
            '#' => ("", rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '\t' | '\r' | '\u{feff}' => ("", char.len_utf8()),
            '"' => match string_length(rest) {
                Some((quote, length)) => {
                    masked.push_str(quote);
                    blank(rest.get(quote.len()..length - quote.len()), &mut masked);
                    masked.push_str(quote);
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
                // Unterminated: left for the parser to report.
                None => (rest, 0),
            },
            _ => (rest.get(..char.len_utf8()).unwrap_or_default(), 0),
        };
        masked.push_str(kept);
        blank(rest.get(..blanked), &mut masked);
        rest = rest.get(kept.len() + blanked..).unwrap_or_default();
    }
    masked
}

/// Where `name` stands as a whole word, at or after `from`.
pub(super) fn find_name(masked: &str, name: &str, from: usize) -> Option<(usize, usize)> {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = masked.as_bytes();
    let tail = masked.get(from..)?;
    tail.match_indices(name).map(|(at, _)| (from + at, from + at + name.len())).find(|(at, end)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !before.is_some_and(inside) && !bytes.get(*end).is_some_and(inside)
    })
}

/// The end of the parentheses that follow `from`, or `from` if none do.
pub(super) fn after_parentheses(masked: &str, from: usize) -> usize {
    let tail = masked.get(from..).unwrap_or_default();
    if !tail.trim_start_matches([' ', '\n', ',']).starts_with('(') {
        return from;
    }
    let mut depth = 0_usize;
    for (at, byte) in tail.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return from + at + 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    masked.len()
}

/// The quote of the string that begins the text, and the string's length with both quotes.
fn string_length(text: &str) -> Option<(&'static str, usize)> {
    const BLOCK: &str = "\"\"\"";
    if let Some(inner) = text.strip_prefix(BLOCK) {
        // `\"""` is the one escape in a block string (GraphQL spec, String Value).
        let mut ends = inner.match_indices(BLOCK);
        let end =
            ends.find(|(at, _)| !inner.get(..*at).is_some_and(|head| head.ends_with('\\')))?;
        return Some((BLOCK, end.0 + 2 * BLOCK.len()));
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(("\"", at + 1)),
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
    None
}

/// A space for each byte; line ends stay.
fn blank(text: Option<&str>, masked: &mut String) {
    let bytes = text.unwrap_or_default().bytes();
    masked.extend(bytes.map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

#[cfg(test)]
mod tests {
    use super::{after_parentheses, find_name, mask};

    #[test]
    fn masking_keeps_every_offset() {
        let cases = [
            ("type A { b: C } # c", "type A { b: C }    "),
            ("\"é \\\" x\" a", "\"       \" a"),
            ("\"\"\"x\n \\\"\"\" é\"\"\"\ta", "\"\"\" \n        \"\"\" a"),
            ("\"\" a", "\"\" a"),
            ("\"open\na", "\"open\na"),
            ("\u{feff}a\r\n", "   a \n"),
            ("é", "é"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask(text), expected, "{text:?}");
            assert_eq!(expected.len(), text.len(), "{text:?}");
        }
    }

    #[test]
    fn names_are_whole_words() {
        let text = "type AB { A(A: Int): A }";
        assert_eq!(find_name(text, "A", 0), Some((10, 11)));
        assert_eq!(after_parentheses(text, 11), 19);
        assert_eq!(find_name(text, "A", after_parentheses(text, 11)), Some((21, 22)));
        assert_eq!(find_name(text, "B", 0), None);
        assert_eq!(after_parentheses("a: B(", 1), 1);
    }
}
