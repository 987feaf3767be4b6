//! A field pattern: `Type.field`, `Type.*`, `*.field` or `*.*`.

use std::fmt;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};

/// A pattern and its place.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it matches.
    pub matches: Matches,
    /// Where it stands.
    pub place: Place,
}

/// The coordinates that a pattern names, from the most specific form to the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// `Type.field`.
    Field(String, String),
    /// `Type.*`.
    Type(String),
    /// `*.field`.
    Name(String),
    /// `*.*`.
    All,
}

impl Pattern {
    /// Reads a pattern.
    pub fn read(text: &Text, findings: &mut Findings) -> Option<Self> {
        let Text { text, place } = text;
        let matches = text.split_once('.').and_then(|(parent, field)| match (parent, field) {
            ("*", "*") => Some(Matches::All),
            ("*", field) => is_name(field).then(|| Matches::Name(field.to_owned())),
            (parent, "*") => is_name(parent).then(|| Matches::Type(parent.to_owned())),
            (parent, field) => (is_name(parent) && is_name(field))
                .then(|| Matches::Field(parent.to_owned(), field.to_owned())),
        });
        let Some(matches) = matches else {
            let message = format!("`{}` is not a field pattern", text.escape_debug());
            let help = "expected `Type.field`, `Type.*`, `*.field` or `*.*`";
            findings.add(Diagnostic::error(Code::PatternSyntax, place, message).help(help));
            return None;
        };
        if text.split('.').any(|part| part.starts_with("__")) {
            let message = format!("`{text}` names an introspection field");
            let help = "`__typename` is granted with its object; introspection is refused";
            findings.add(Diagnostic::error(Code::IntrospectionField, place, message).help(help));
            return None;
        }
        Some(Self { matches, place: place.clone() })
    }
}

impl fmt::Display for Matches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(parent, field) => write!(f, "{parent}.{field}"),
            Self::Type(parent) => write!(f, "{parent}.*"),
            Self::Name(field) => write!(f, "*.{field}"),
            Self::All => f.write_str("*.*"),
        }
    }
}

/// A Name of the GraphQL grammar (GraphQL spec, Names).
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::diagnostic::Findings;
    use crate::source::{SourceFile, Text};

    #[test]
    fn what_is_a_pattern() {
        let read = |text: &str| {
            let place = SourceFile::new("p", text.to_owned()).place(0, text.len());
            let mut findings = Findings::default();
            let pattern = Pattern::read(&Text { text: text.to_owned(), place }, &mut findings);
            assert_eq!(pattern.is_none(), findings.has_errors(), "{text}");
            pattern.map(|pattern| pattern.matches.to_string())
        };
        for text in ["A.b", "A.*", "*.b", "*.*", "_A._1"] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        let not = ["", "A", "*", "A.", ".b", "A.b.c", "A .b", "Ä.b", "A*.b", "A.b()", "1A.b"];
        for text in not.into_iter().chain(["Query.__schema", "__Type.name", "*.__typename"]) {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
