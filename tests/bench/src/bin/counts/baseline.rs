//! The counts that are committed, and what others are beside them.

use std::collections::BTreeMap;
use std::fmt;

/// From the root of the repository.
pub(crate) const FILE: &str = "tests/bench/counts.txt";
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");

/// How much more there may be, in percent.
pub(crate) const PERCENT: u64 = 5;

/// Counts by scenario.
#[derive(Default)]
pub(crate) struct Baseline(BTreeMap<String, u64>);

/// A count beside that of the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The baseline does not have it.
    New { now: u64 },
    /// It is about the same,
    Same { before: u64, now: u64 },
    /// or more than it may be,
    More { before: u64, now: u64 },
    /// or so much less that the baseline should say so.
    Less { before: u64, now: u64 },
}

impl Baseline {
    pub(crate) fn read() -> Result<Self, String> {
        let text = match std::fs::read_to_string(PATH) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{FILE}: {error}")),
        };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let read = |line: &str| {
            let (name, count) = line.rsplit_once(' ')?;
            Some((name.trim_end().to_owned(), count.parse().ok()?))
        };
        let counts = lines.map(|line| read(line).ok_or_else(|| format!("{FILE}: `{line}`")));
        counts.collect::<Result<_, _>>().map(Self)
    }

    /// Writes the file, with the tools that these counts are of.
    pub(crate) fn write(&self, tools: &str) -> Result<(), String> {
        let mut text = format!(
            "# Instructions for one, on x86-64 with {tools}.\n# `make counts UPDATE=1` writes this file.\n"
        );
        for (name, count) in &self.0 {
            text += &format!("{name:<34} {count:>12}\n");
        }
        std::fs::write(PATH, text).map_err(|error| format!("{FILE}: {error}"))
    }

    pub(crate) fn compare(&self, name: &str, now: u64) -> Verdict {
        let Some(before) = self.0.get(name).copied() else { return Verdict::New { now } };
        let (more, less) = (before * (100 + PERCENT), before * (100 - PERCENT));
        match now * 100 {
            now_100 if now_100 > more => Verdict::More { before, now },
            now_100 if now_100 < less => Verdict::Less { before, now },
            _ => Verdict::Same { before, now },
        }
    }

    pub(crate) fn set(&mut self, name: &str, now: u64) {
        self.0.insert(name.to_owned(), now);
    }

    pub(crate) fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_known(name));
    }

    /// What nothing counts any more.
    pub(crate) fn unknown(&self, is_known: impl Fn(&str) -> bool) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|name| !is_known(name)).collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, now, note) = match *self {
            Self::New { now } => {
                return write!(to, "{:>12} {now:>12} {:>8}  not in the baseline", "-", "-");
            }
            Self::Same { before, now } => (before, now, ""),
            Self::More { before, now } => (before, now, "  MORE"),
            Self::Less { before, now } => (before, now, "  less"),
        };
        let change = (now as f64 / before as f64 - 1.0) * 100.0;
        write!(to, "{before:>12} {now:>12} {change:>+7.2}%{note}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_more_are_too_much() {
        let mut baseline = Baseline::default();
        baseline.set("a", 1000);
        let (before, count) = (1000, |now| baseline.compare("a", now));
        assert_eq!(count(1050), Verdict::Same { before, now: 1050 });
        assert_eq!(count(1051), Verdict::More { before, now: 1051 });
        assert_eq!(count(950), Verdict::Same { before, now: 950 });
        assert_eq!(count(949), Verdict::Less { before, now: 949 });
        assert_eq!(baseline.compare("b", 1), Verdict::New { now: 1 });
    }
}
