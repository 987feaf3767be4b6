//! A pattern: `Type.field`, `Type.*`, `*.field`, `*.*` or `tag:name`; of inputs also
//! `Type.field(argument:)`. A name may hold stars: `Query.*Payment` is short for what it matches.

use std::fmt;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};

/// How a tag is written.
const TAG: &str = "tag:";

/// A pattern and its place.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it matches.
    pub matches: Matches,
    /// Where it stands.
    pub place: Place,
}

/// The coordinates that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// Of these types these fields; of inputs: of these types these input fields or values.
    Of(Part, Part),
    /// Of these types' fields these arguments.
    Argument(Part, Part, Part),
    /// Everything that has this tag.
    Tag(String),
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `*`
    Any,
    /// A name.
    Name(String),
    /// A name with stars in it.
    Glob(String),
}

/// What a pattern is to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Fields of object types and interfaces.
    Fields,
    /// Arguments, fields of input objects, values of enums.
    Inputs,
}

impl Pattern {
    /// Reads a pattern.
    pub fn read(text: &Text, kind: Kind, findings: &mut Findings) -> Option<Self> {
        let Text { text, place } = text;
        let matches = match text.strip_prefix(TAG) {
            Some(tag) => is_tag(tag).then(|| Matches::Tag(tag.to_owned())),
            None => coordinate(text, kind),
        };
        let Some(matches) = matches else {
            let (message, help) = match kind {
                Kind::Fields => (
                    "is not a field pattern",
                    "expected `Type.field`, `Type.*`, `*.field`, `*.*` or `tag:name`",
                ),
                Kind::Inputs => (
                    "is not an input pattern",
                    "expected `Type.field(argument:)`, `Input.field`, `Enum.VALUE`, a `*` for any of \
                     these names, or `tag:name`",
                ),
            };
            let message = format!("`{}` {message}", text.escape_debug());
            findings.add(Diagnostic::error(Code::PatternSyntax, place, message).help(help));
            return None;
        };
        let parts = text.split(['.', '(']);
        if parts.into_iter().any(|part| part.starts_with("__")) {
            let message = format!("`{text}` names an introspection field");
            let help = "`__typename` is granted with its object; introspection is refused";
            findings.add(Diagnostic::error(Code::IntrospectionField, place, message).help(help));
            return None;
        }
        Some(Self { matches, place: place.clone() })
    }
}

fn coordinate(text: &str, kind: Kind) -> Option<Matches> {
    let (of, rest) = text.split_once('.')?;
    let of = Part::read(of)?;
    match (kind, rest.strip_suffix(":)").and_then(|rest| rest.split_once('('))) {
        (Kind::Inputs, Some((field, argument))) => {
            Some(Matches::Argument(of, Part::read(field)?, Part::read(argument)?))
        }
        (Kind::Fields | Kind::Inputs, _) => Some(Matches::Of(of, Part::read(rest)?)),
    }
}

impl Part {
    fn read(text: &str) -> Option<Self> {
        match text {
            "*" => Some(Self::Any),
            text if is_name(text) => Some(Self::Name(text.to_owned())),
            text if !text.contains("**") && is_name(&text.replace('*', "_")) => {
                Some(Self::Glob(text.to_owned()))
            }
            _ => None,
        }
    }

    /// Whether it is `*` alone.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Whether it names this.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(own) => own == name,
            Self::Glob(glob) => matches(glob, name),
        }
    }
}

/// A star stands for any characters, also none.
fn matches(glob: &str, name: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // The first place that fits leaves the most for what follows.
    for part in parts {
        match left.find(part).and_then(|at| left.get(at + part.len()..)) {
            Some(after) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Name(text) | Self::Glob(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Matches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(of, member) => write!(f, "{of}.{member}"),
            Self::Argument(of, field, argument) => write!(f, "{of}.{field}({argument}:)"),
            Self::Tag(tag) => write!(f, "{TAG}{tag}"),
        }
    }
}

/// A Name of the GraphQL grammar (GraphQL spec, Names).
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What federation lets be a tag.
fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Pattern, matches};
    use crate::diagnostic::Findings;
    use crate::source::{SourceFile, Text};

    fn read(text: &str, kind: Kind) -> Option<String> {
        let place = SourceFile::new("p", text.to_owned()).place(0, text.len());
        let mut findings = Findings::default();
        let pattern = Pattern::read(&Text { text: text.to_owned(), place }, kind, &mut findings);
        assert_eq!(pattern.is_none(), findings.has_errors(), "{text}");
        pattern.map(|pattern| pattern.matches.to_string())
    }

    #[test]
    fn what_is_a_pattern() {
        let both = [
            "A.b",
            "A.*",
            "*.b",
            "*.*",
            "_A._1",
            "A*.b",
            "A.*b*c",
            "*A.b",
            "tag:pii",
            "tag:a/b-c_1",
        ];
        for text in both {
            assert_eq!(read(text, Kind::Fields).as_deref(), Some(text));
            assert_eq!(read(text, Kind::Inputs).as_deref(), Some(text));
        }
        for text in ["A.b(c:)", "*.b(c:)", "A.*(*:)", "*.*(c*:)"] {
            assert_eq!(read(text, Kind::Inputs).as_deref(), Some(text));
            assert_eq!(read(text, Kind::Fields), None, "{text}");
        }
        for text in [
            "",
            "A",
            "A.",
            ".b",
            "A.b.c",
            "A b.c",
            "A.1b",
            "**.b",
            "A.**",
            "é.b",
            "A.__b",
            "__A.b",
            "A.b\n",
            " A.b",
            "tag:",
            "tag:a b",
            "tag:é",
            "A.b(c)",
            "A.b(c:",
            "A.b(:)",
            "A.b(__c:)",
            "A.b(c:)d",
            "A.b:(c:)",
        ] {
            assert_eq!(read(text, Kind::Fields), None, "{text:?}");
            assert_eq!(read(text, Kind::Inputs), None, "{text:?}");
        }
    }

    #[test]
    fn a_star_is_any_characters() {
        let cases = [
            ("a*", "a", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("*c", "abcd", false),
            ("a*c", "ac", true),
            ("a*c", "abcbc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*bb", "abbb", true),
            ("ab*ba", "aba", false),
        ];
        for (glob, name, expected) in cases {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }
}
