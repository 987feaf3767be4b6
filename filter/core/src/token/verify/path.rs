//! The place of a claim in a payload.

use std::str::FromStr;

use crate::json::Json;
use crate::token::TokenError;

/// The names of members that lead to a claim, outermost first: at least one, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Box<[Box<str>]>);

/// A text that is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPath;

impl FromStr for ClaimPath {
    type Err = NotAPath;

    /// Names with dots between them; `\.` is a dot in a name, `\\` a backslash.
    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut names = vec![String::new()];
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            let char = match char {
                '.' => {
                    names.push(String::new());
                    continue;
                }
                '\\' => chars.next().filter(|char| matches!(char, '.' | '\\')).ok_or(NotAPath)?,
                char => char,
            };
            names.last_mut().ok_or(NotAPath)?.push(char);
        }
        if names.iter().any(String::is_empty) {
            return Err(NotAPath);
        }
        Ok(Self(names.into_iter().map(String::into_boxed_str).collect()))
    }
}

impl ClaimPath {
    /// The name of the top-level claim that the path begins with.
    pub(super) fn claim(&self) -> &str {
        self.0.first().map_or("", AsRef::as_ref)
    }

    /// What is there, if anything. What leads to it has to be objects.
    pub(super) fn find<'j, 'c>(
        &self,
        claims: &'j Json<'c>,
    ) -> Result<Option<&'j Json<'c>>, TokenError> {
        let mut at = claims;
        for name in &self.0 {
            if at.as_object().is_none() {
                return Err(TokenError::Claims);
            }
            match at.member(name) {
                Some(value) => at = value,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_their_escapes() {
        let names = |text: &str| text.parse::<ClaimPath>().map(|path| path.0.join("|"));
        for (text, expected) in [
            ("groups", Ok("groups")),
            ("realm_access.roles", Ok("realm_access|roles")),
            (r"https://example\.com/roles", Ok("https://example.com/roles")),
            (r"a\\.b", Ok(r"a\|b")),
            (r"a\.b.c\\d", Ok(r"a.b|c\d")),
            (r"\.", Ok(".")),
            ("", Err(NotAPath)),
            (".", Err(NotAPath)),
            ("a..b", Err(NotAPath)),
            ("a.", Err(NotAPath)),
            (r"a\", Err(NotAPath)),
            (r"a\b", Err(NotAPath)),
        ] {
            assert_eq!(names(text), expected.map(str::to_owned), "{text}");
        }
    }
}
