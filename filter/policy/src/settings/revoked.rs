//! An issuer's `revoked`, lists and files of names -> the digests that the filter looks up.
//!
//! A file has one name on a line; empty lines and those that begin with `#` are passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_core::token::revocation::Digests;
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::folder::Folder;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{self, Node};

/// What stands in the configuration in place of what the file says: a pointer into the issuer, and
/// the value, if it can be read.
pub(super) fn read(
    issuer: &Node,
    folder: &Folder,
    findings: &mut Findings,
) -> Vec<(String, Option<Value>)> {
    let Some(revoked) = issuer.member("revoked") else { return Vec::new() };
    let mut values = Vec::new();
    for name in ["jti", "subjects"] {
        if let Some(list) = revoked.value.member(name) {
            let digests = read_names(&list.value, folder, findings);
            let text = digests.map(|digests| STANDARD.encode(digests.as_bytes()).into());
            values.push((format!("/revoked/{name}"), text));
        }
    }
    if let Some(time) = revoked.value.member("issued_before")
        && let yaml::Value::String(text) = &time.value.value
    {
        let seconds = unix_time(text);
        if seconds.is_none() {
            let message = format!("`{}` is not a time", text.escape_debug());
            let help = "write it in UTC as in `2026-11-24T10:00:00Z`, or as seconds since 1970";
            let finding = Diagnostic::error(Code::SettingsValue, &time.value.place, message);
            findings.add(finding.help(help));
        }
        values.push(("/revoked/issued_before".to_owned(), seconds.map(Value::from)));
    }
    values
}

/// A list of names, or `{ file: .. }`.
fn read_names(node: &Node, folder: &Folder, findings: &mut Findings) -> Option<Digests> {
    if !matches!(node.value, yaml::Value::Mapping(_)) {
        let names = shape::strings(node, findings)?;
        return Some(Digests::of(names.iter().map(|name| name.text.as_str())));
    }
    let keys = Keys::read(node, &["file"], findings)?;
    let name = shape::string(keys.required("file", findings)?, findings)?;
    let file = folder.read(&name.text, Some(&name.place), findings)?;
    let names = file.text().lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Some(Digests::of(names))
}

/// A time in UTC, to the second: the one form of RFC 3339 that needs no reckoning of zones.
fn unix_time(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, between: char, lengths: [usize; 3]| {
        let mut parts = text.split(between);
        let mut numbers = [0_u64; 3];
        for (number, length) in numbers.iter_mut().zip(lengths) {
            let digits = parts.next().filter(|part| part.len() == length)?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            *number = digits.parse().ok().filter(|_| plain)?;
        }
        parts.next().is_none().then_some(numbers)
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hours, minutes, seconds] = numbers(time, ':', [2, 2, 2])?;
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    let length = *months.get(before)?;
    if year < 1970 || !(1..=length).contains(&day) || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let days = years + months.iter().take(before).sum::<u64>() + day - 1;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::unix_time;

    #[test]
    fn times_in_utc() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696)),
            ("2026-11-24T10:00:00Z", Some(1_795_514_400)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("2100-02-29T00:00:00Z", None),
            ("2026-11-24T10:00:00+01:00", None),
            ("2026-11-24T10:00:00.5Z", None),
            ("2026-11-24 10:00:00Z", None),
            ("2026-11-24T24:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-1-01T00:00:00Z", None),
            ("2026-01-01T00:00Z", None),
            ("+026-01-01T00:00:00Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2026-11-24", None),
            ("", None),
        ] {
            assert_eq!(unix_time(text), expected, "{text}");
        }
    }
}
