//! Text -> [`EntityRef`]: `[kind:][namespace/]name` as Backstage reads it, in its one full form.
//!
//! Backstage compares references without regard to case, and writes them in lower case:
//! <https://backstage.io/docs/features/software-catalog/references>. What its default validators do
//! not take as the kind, namespace or name of an entity can refer to none, and is refused here.

use std::fmt;

/// The namespace of an entity that names none.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// Of a kind, namespace or name, in bytes.
const PART: usize = 63;

/// A full reference, `kind:namespace/name` in lower case. They sort as their text does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityRef(String);

/// Why there is no such reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefFault {
    /// A part is there and empty.
    Form,
    Kind,
    Namespace,
    Name,
}

impl EntityRef {
    /// The reference to what has these three.
    pub(super) fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, RefFault> {
        if !is_kind(kind) {
            return Err(RefFault::Kind);
        }
        if !is_namespace(&namespace.to_ascii_lowercase()) {
            return Err(RefFault::Namespace);
        }
        if !is_entity_name(name) {
            return Err(RefFault::Name);
        }
        // INVARIANT: the parts are ASCII without `:` and `/`, so that the text has one reading.
        Ok(Self(format!("{kind}:{namespace}/{name}").to_ascii_lowercase()))
    }

    /// Reads a reference to an owner: what it leaves out is a group, in `namespace`.
    pub(super) fn read_owner(text: &str, namespace: &str) -> Result<Self, RefFault> {
        // A colon behind the slash belongs to the name, as in Backstage.
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) if !kind.contains('/') => (kind, rest),
            Some(_) | None => ("group", text),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
        if kind.is_empty() || namespace.is_empty() || name.is_empty() {
            return Err(RefFault::Form);
        }
        Self::new(kind, namespace, name)
    }

    /// The kind, in lower case.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters and digits that begin with a letter.
pub(super) fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric())
        && text.len() <= PART
}

/// A DNS label: lower-case letters and digits, in groups between single hyphens.
pub(super) fn is_namespace(text: &str) -> bool {
    let inner = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    text.split('-').all(|group| !group.is_empty() && group.chars().all(inner)) && text.len() <= PART
}

/// Letters and digits, with `-`, `_` and `.` between them.
pub(super) fn is_entity_name(text: &str) -> bool {
    let edge = |char: char| char.is_ascii_alphanumeric();
    let inner = |char: char| edge(char) || matches!(char, '-' | '_' | '.');
    text.starts_with(edge) && text.ends_with(edge) && text.chars().all(inner) && text.len() <= PART
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RefFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a part of it is empty",
            Self::Kind => "no entity has such a kind",
            Self::Namespace => "no entity has such a namespace",
            Self::Name => "no entity has such a name",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{EntityRef, RefFault};

    #[test]
    fn every_shorthand_is_one_reference() {
        let cases = [
            ("team-a", "group:payments/team-a"),
            ("Team-A", "group:payments/team-a"),
            ("group:team-a", "group:payments/team-a"),
            ("GROUP:Other/Team_A.b", "group:other/team_a.b"),
            ("other/team-a", "group:other/team-a"),
            ("user:mira", "user:payments/mira"),
            ("User:default/mira.lindqvist", "user:default/mira.lindqvist"),
            ("component:x", "component:payments/x"),
        ];
        for (text, expected) in cases {
            let read = EntityRef::read_owner(text, "payments").unwrap();
            assert_eq!(read.as_str(), expected, "{text}");
            assert_eq!(Some(read.kind()), expected.split(':').next(), "{text}");
        }
    }

    #[test]
    fn what_is_no_reference() {
        let long = "a".repeat(64);
        let cases = [
            ("", RefFault::Form),
            (":a", RefFault::Form),
            ("/a", RefFault::Form),
            ("group:", RefFault::Form),
            ("group:/a", RefFault::Form),
            ("group:b/", RefFault::Form),
            ("my group:b/a", RefFault::Kind),
            ("2:a", RefFault::Kind),
            ("b_c/a", RefFault::Namespace),
            ("b--c/a", RefFault::Namespace),
            ("-b/a", RefFault::Namespace),
            ("team a", RefFault::Name),
            (" a", RefFault::Name),
            ("a-", RefFault::Name),
            ("b/a/c", RefFault::Name),
            ("b/group:a", RefFault::Name),
            ("group:user:a", RefFault::Name),
            ("té", RefFault::Name),
            // A Kelvin sign, whose lower case is `k`.
            ("\u{212a}", RefFault::Name),
            (&long, RefFault::Name),
        ];
        for (text, fault) in cases {
            assert_eq!(EntityRef::read_owner(text, "default"), Err(fault), "{text}");
        }
    }
}
