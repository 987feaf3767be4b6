//! String literals -> what they mean ("String Value").
//!
//! The lexer has accepted the literal; `None` only comes back for a text that it has not.

use std::borrow::Cow;

/// An escape sequence in a string in single quotation marks.
pub(super) struct Escape {
    /// The character that it stands for.
    pub(super) character: char,
    /// Its length in bytes.
    pub(super) length: usize,
}

/// The escape that `bytes` begin with, backslash included.
pub(super) fn escape(bytes: &[u8]) -> Option<Escape> {
    let character = match bytes.get(1)? {
        b'u' if bytes.get(2) == Some(&b'{') => return braced_escape(bytes),
        b'u' => return fixed_escape(bytes),
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    };
    Some(Escape { character, length: 2 })
}

/// `\u{X}` with any number of digits. A surrogate or a value above U+10FFFF is no scalar value.
fn braced_escape(bytes: &[u8]) -> Option<Escape> {
    let digits = bytes.get(3..)?;
    let digits = digits.get(..digits.iter().position(|byte| *byte == b'}')?)?;
    if digits.is_empty() {
        return None;
    }
    let character = char::from_u32(hexadecimal(digits)?)?;
    Some(Escape { character, length: digits.len().checked_add(4)? })
}

/// `\uXXXX`, or two of them that are a surrogate pair. A surrogate without its other half is
/// refused, and so is one whose other half is written in braces.
fn fixed_escape(bytes: &[u8]) -> Option<Escape> {
    let first = hexadecimal(bytes.get(2..6)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some(Escape { character, length: 6 });
    }
    let second = hexadecimal(bytes.get(6..12)?.strip_prefix(b"\\u")?)?;
    let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let mut characters = char::decode_utf16(units);
    Some(Escape { character: characters.next()?.ok()?, length: 12 })
}

/// `HexDigit+`; `None` for a value beyond 32 bits. Leading zeros can be many.
fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| {
        value.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)
    })
}

/// The value of a literal in single quotation marks.
pub(super) fn string(literal: &str) -> Option<Cow<'_, str>> {
    let content = literal.strip_prefix('"')?.strip_suffix('"')?;
    if !content.contains('\\') {
        return Some(Cow::Borrowed(content));
    }
    let mut value = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at_checked(at)?;
        let Escape { character, length } = escape(escaped.as_bytes())?;
        value.push_str(plain);
        value.push(character);
        rest = escaped.get(length..)?;
    }
    value.push_str(rest);
    Some(Cow::Owned(value))
}

/// The value of a literal in triple quotation marks: `BlockStringValue()`.
pub(super) fn block_string(literal: &str) -> Option<Cow<'_, str>> {
    let content = literal.strip_prefix("\"\"\"")?.strip_suffix("\"\"\"")?;
    let lines = lines(content);
    // Indentation is `WhiteSpace`: tabs and spaces, one byte each.
    let indent = lines
        .iter()
        .skip(1)
        .filter(|line| !is_blank(line))
        .map(|line| line.len().saturating_sub(trim(line).len()))
        .min()
        .unwrap_or(0);
    let first = lines.iter().position(|line| !is_blank(line));
    let last = lines.iter().rposition(|line| !is_blank(line));
    let (Some(first), Some(last)) = (first, last) else {
        return Some(Cow::Borrowed(""));
    };
    let mut value = String::with_capacity(content.len());
    for (number, line) in lines.get(first..=last)?.iter().enumerate() {
        if number > 0 {
            value.push('\n');
        }
        // The first line of the literal keeps its indentation; a blank one can be shorter than it.
        let is_opening = first == 0 && number == 0;
        let line = if is_opening { line } else { line.get(indent..).unwrap_or("") };
        value.push_str(&line.replace("\\\"\"\"", "\"\"\""));
    }
    Some(Cow::Owned(value))
}

/// Splits at `LineTerminator`s: `\n`, `\r\n` and `\r`.
fn lines(content: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.find(['\n', '\r']) {
        let (line, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = behind.strip_prefix("\r\n").or_else(|| behind.get(1..)).unwrap_or("");
    }
    lines.push(rest);
    lines
}

fn trim(line: &str) -> &str {
    line.trim_start_matches([' ', '\t'])
}

fn is_blank(line: &str) -> bool {
    trim(line).is_empty()
}
