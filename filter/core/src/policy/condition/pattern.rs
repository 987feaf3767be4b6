//! A regular expression that is compiled once and matched in linear time.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

use crate::limits::{PATTERN_BYTES, PATTERN_PROGRAM_BYTES};

/// A pattern within its bounds.
///
/// The syntax is RE2's, as far as both have it: classes are of ASCII characters, and there is no
/// `\p{..}`. Without regard to case are ASCII letters alone, where RE2 folds all.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    /// What a byte of text costs, at most, in steps.
    steps: usize,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It has more than [`PATTERN_BYTES`].
    TooLong,
    /// Not the syntax, or it compiles to more than [`PATTERN_PROGRAM_BYTES`].
    Syntax(String),
}

/// What is compiled to this many bytes has about thirty states, each of which a byte of text may
/// have to be held against.
const STEP_BYTES: usize = 1024;
/// The steps of that: a state takes a few nanoseconds.
const STEPS: usize = 4;

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for one that is not to be had.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        // The compiler does not tell the size of what it makes, but takes a bound.
        let mut bound = STEP_BYTES;
        loop {
            let steps = (bound / STEP_BYTES).saturating_mul(STEPS);
            match RegexBuilder::new(text).size_limit(bound).build() {
                Ok(regex) => return Ok(Self { regex, steps }),
                Err(error) if bound >= PATTERN_PROGRAM_BYTES => {
                    return Err(PatternError::Syntax(error.to_string()));
                }
                Err(_) => bound = bound.saturating_mul(2),
            }
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// What it costs to match a text.
    pub(super) fn steps(&self, text: &str) -> usize {
        text.len().saturating_mul(self.steps)
    }

    /// Whether it is anywhere in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it has more than {PATTERN_BYTES} bytes"),
            Self::Syntax(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for PatternError {}
