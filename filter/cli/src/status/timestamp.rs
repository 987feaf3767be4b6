//! A timestamp as protobuf's JSON has it (RFC 3339, in UTC) -> milliseconds of Unix time, which is
//! how Envoy's stats have theirs.

/// The milliseconds; none if it is no such timestamp.
pub(super) fn unix_millis(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':')?;
    let in_range = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range || year > 9999 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // The year begins in March: the day that is not always there is its last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leaps = year / 4 - year / 100 + year / 400;
    // From March of the year 0 to January 1970.
    let days = 365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let _digits: [u64; 1] = numbers(fraction, '.')?;
    let millis: String = fraction.chars().chain("00".chars()).take(3).collect();
    let [millis] = numbers(&millis, '.')?;
    Some(seconds * 1000 + millis)
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u64; N]> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split(separator).map(|part| digits(part).then(|| part.parse().ok())?);
    parts.collect::<Option<Vec<u64>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::unix_millis;

    /// Expected values are those of `date --utc --date TEXT +%s%3N`.
    #[test]
    fn timestamps_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00.5Z", Some(951_825_600_500)),
            ("2024-03-01T00:00:00.001234Z", Some(1_709_251_200_001)),
            ("2026-11-24T13:29:05.941Z", Some(1_795_526_945_941)),
            ("2100-12-31T23:59:59.999999999Z", Some(4_133_980_799_999)),
            ("", None),
            ("1969-12-31T23:59:59Z", None),
            ("2026-11-24T13:29:05", None),
            ("2026-11-24T13:29Z", None),
            ("2026-13-24T13:29:05Z", None),
            ("2026-11-24T13:29:05.Z", None),
            ("2026-11-24T13:29:05.9x1Z", None),
            ("+026-11-24T13:29:05Z", None),
            ("99999999999999999999-11-24T13:29:05Z", None),
        ] {
            assert_eq!(unix_millis(text), millis, "{text}");
        }
    }
}
