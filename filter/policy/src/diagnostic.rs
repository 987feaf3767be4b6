//! What is wrong with a bundle or a catalog, and where. Every finding has a stable code; the message says what,
//! the label points, the help says what to do about it.

mod code;

use std::fmt;

use miette::{LabeledSpan, SourceCode};

pub use self::code::Code;
use crate::source::Place;

/// Whether a bundle can be built in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can.
    Warning,
    /// It can, and nothing need be done.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: lower-case, one line, no final period, input in backticks.
    pub message: String,
    /// Where, if it is at a place.
    pub place: Option<Place>,
    /// What to say beside the place.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// The findings of one reading, collected so that all are reported and not the first.
#[derive(Debug, Default)]
pub struct Findings(Vec<Diagnostic>);

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self { place: Some(place.clone()), ..Self::anywhere(code, message) }
    }

    /// An error that is at no place of a file.
    #[must_use]
    pub fn anywhere(code: Code, message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        // A message is one line, and cannot move a terminal's cursor, whatever it quotes.
        let message = message.into().chars().flat_map(printable).collect();
        Self { code, severity, message, place: None, label: None, help: None }
    }

    /// A warning that is at no place of a file.
    #[must_use]
    pub fn warning_anywhere(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::anywhere(code, message) }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// A note.
    #[must_use]
    pub fn note(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, place, message) }
    }

    /// The same with words beside the place.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with advice, if there is any.
    #[must_use]
    pub fn maybe_help(self, help: Option<String>) -> Self {
        Self { help: help.or(self.help), ..self }
    }
}

impl Findings {
    /// Adds one.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds those of another reading.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|one| one.severity == Severity::Error)
    }

    /// All of them in the order of files and places; what has no place comes first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0;
        let key = |one: &Diagnostic| {
            one.place.as_ref().map(|place| (place.file().name().to_owned(), place.start()))
        };
        all.sort_by_cached_key(key);
        all.dedup();
        all
    }
}

/// A character, escaped if it could move a terminal's cursor.
pub(crate) fn printable(char: char) -> impl Iterator<Item = char> {
    let escaped = char.is_control().then(|| char.escape_debug());
    let plain = escaped.is_none().then_some(char);
    escaped.into_iter().flatten().chain(plain)
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| -> Box<dyn fmt::Display + 'a> { Box::new(help) })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| -> &dyn SourceCode { place.file().as_ref() })
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::new(self.label.clone(), place.start(), place.length());
        Some(Box::new(std::iter::once(label)))
    }
}
