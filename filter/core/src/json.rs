//! Untrusted JSON text -> a borrowed tree, or the members of one object: exactly one reading, or none.
//!
//! RFC 8259 leaves the meaning of a repeated member name open (section 4), and readers differ: the
//! first, the last, both. Here a duplicate is an error at every level, compared after unescaping.
//! The grammar is `serde_json`'s, which refuses control characters, lone surrogates, a byte order
//! mark and trailing data. Its own `Value` is not used: it keeps the last of two equal members, and
//! with `raw_value` it gives one member name a private meaning.
//!
//! Deliberately absent: coercion. An integer beyond 64 bits is read as the nearest double, as other
//! readers do; whoever compares numbers exactly compares their text.

mod reader;

use std::borrow::Cow;
use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer};
use serde_json::value::RawValue;

use crate::json::reader::{Level, RawElements, RawMembers, repeats};

/// The greatest depth that can be asked for: `serde_json` has a count of its own, which would turn
/// one level more into a syntax error.
pub const MAX_DEPTH: u32 = 126;

/// A JSON value that borrows from its text wherever no escape stands in the way.
///
/// `Debug` shows the values: whoever holds a secret in one must not print it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number within the range of a double.
    Number(serde_json::Number),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array, in the order of the text.
    Array(Vec<Json<'a>>),
    /// An object, in the order of the text; no name occurs twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// In no text: a file that comes in the place of a null.
    Upload,
}

/// Why a text is not JSON that has exactly one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Not the grammar of RFC 8259, or a number out of range, or a lone surrogate.
    Syntax,
    /// An object has two members of the same name (RFC 8259 section 4; stricter: an error).
    DuplicateMember,
    /// Arrays and objects nest deeper than allowed (RFC 8259 section 9 permits a limit).
    Depth,
}

impl<'a> Json<'a> {
    /// Reads a whole text; an array or an object is one level of `depth`, up to [`MAX_DEPTH`].
    ///
    /// # Errors
    /// The first fault in the text.
    pub fn read(text: &'a str, depth: u32) -> Result<Self, JsonError> {
        let fault = Cell::new(JsonError::Syntax);
        let level = Level { left: depth.min(MAX_DEPTH), fault: &fault };
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = level.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
        read.map_err(|_| fault.get())
    }

    /// The member of an object with this name; none if this is not an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.as_object()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Array(_)
            | Self::Object(_)
            | Self::Upload => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn as_number(&self) -> Option<&serde_json::Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Null
            | Self::Bool(_)
            | Self::String(_)
            | Self::Array(_)
            | Self::Object(_)
            | Self::Upload => None,
        }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Object(_)
            | Self::Upload => None,
        }
    }

    /// The members of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(Cow<'a, str>, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Array(_)
            | Self::Upload => None,
        }
    }
}

/// The members of the object that a text is, each with the text of its value.
///
/// One level only: the values are in the grammar, but nothing inside them has been checked for
/// duplicates, depth, surrogates or range. That is for whoever reads them.
///
/// # Errors
/// `Syntax` if the text is not an object, `DuplicateMember` if a name occurs twice.
pub fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader
        .deserialize_map(RawMembers)
        .and_then(|members| reader.end().map(|()| members))
        .map_err(|_| JsonError::Syntax)?;
    if repeats(&members) { Err(JsonError::DuplicateMember) } else { Ok(members) }
}

/// The elements of the array that a text is, each with its text; none if there are more than `most`,
/// which are not kept. As with [`members`], nothing inside them has been checked.
///
/// # Errors
/// `Syntax` if the text is not an array.
pub fn elements(text: &str, most: usize) -> Result<Option<Vec<&RawValue>>, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let elements = reader
        .deserialize_seq(RawElements { most })
        .and_then(|elements| reader.end().map(|()| elements));
    elements.map_err(|_| JsonError::Syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Json<'_>, JsonError>) {
        assert_eq!(Json::read(text, 8), expected, "{text:?}");
    }

    #[test]
    fn values_are_read_as_written() {
        check(" null\n", Ok(Json::Null));
        check("true", Ok(Json::Bool(true)));
        check("18446744073709551615", Ok(Json::Number(u64::MAX.into())));
        check("-9223372036854775808", Ok(Json::Number(i64::MIN.into())));
        check(r#""a\u00e9\ud83d\ude00\/""#, Ok(Json::String("aé😀/".into())));
        check(
            r#"{"b":[1,{}],"a":""}"#,
            Ok(Json::Object(vec![
                (
                    "b".into(),
                    Json::Array(vec![Json::Number(1_u64.into()), Json::Object(Vec::new())]),
                ),
                ("a".into(), Json::String("".into())),
            ])),
        );
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let json = Json::read(r#"{"a":"b","c":"\n"}"#, 1).unwrap();
        let Json::Object(members) = json else { panic!("not an object") };
        assert!(matches!(&members[0], (Cow::Borrowed("a"), Json::String(Cow::Borrowed("b")))));
        assert!(matches!(&members[1], (Cow::Borrowed("c"), Json::String(Cow::Owned(_)))));
    }

    #[test]
    fn a_duplicate_is_refused_at_every_level_after_unescaping() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"[{"x":{"\u0000":1,"\u0000":2}}]"#,
            r#"{"😀":1,"\ud83d\ude00":2}"#,
            r#"{"":1,"":2}"#,
        ] {
            check(text, Err(JsonError::DuplicateMember));
        }
        assert!(Json::read(r#"{"a":{"a":1},"A":[{"a":1},{"a":1}]}"#, 3).is_ok());
    }

    #[test]
    fn depth_is_counted_and_never_overflows() {
        assert_eq!(Json::read("1", 0), Ok(Json::Number(1_u64.into())));
        assert_eq!(Json::read("[]", 0), Err(JsonError::Depth));
        assert!(Json::read("[{}]", 2).is_ok());
        assert_eq!(Json::read("[{}]", 1), Err(JsonError::Depth));
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::read(&nested(126), MAX_DEPTH).is_ok());
        assert_eq!(Json::read(&nested(127), u32::MAX), Err(JsonError::Depth));
        for bracket in ["[", "{\"a\":", "[[{\"a\":"] {
            let text = bracket.repeat(1_000_000);
            assert_eq!(Json::read(&text, u32::MAX), Err(JsonError::Depth));
            assert_eq!(members(&text).map(|_| ()), Err(JsonError::Syntax));
        }
    }

    #[test]
    fn a_large_object_is_not_quadratic() {
        let body: String = (0..200_000).map(|n| format!("\"{n}\":0,")).collect();
        let unique = format!("{{{body}\"x\":0}}");
        let double = format!("{{{body}\"7\":0}}");
        assert!(Json::read(&unique, 1).is_ok());
        assert_eq!(Json::read(&double, 1), Err(JsonError::DuplicateMember));
        assert_eq!(members(&double).map(|_| ()), Err(JsonError::DuplicateMember));
    }

    #[test]
    fn a_member_name_of_serde_json_means_nothing() {
        let text = r#"{"$serde_json::private::RawValue":"1"}"#;
        let json = Json::read(text, 1).unwrap();
        assert_eq!(json.member("$serde_json::private::RawValue").unwrap().as_str(), Some("1"));
        assert_eq!(members(text).unwrap()[0].1.get(), "\"1\"");
    }

    #[test]
    fn members_are_one_level_with_their_text() {
        let text = " { \"a\" : [ 1 , {\"x\":1,\"x\":2} ] , \"\\u0062\":1e400} ";
        let read: Vec<(String, &str)> =
            members(text).unwrap().iter().map(|(n, v)| (n.to_string(), v.get())).collect();
        let expected = [("a".to_owned(), "[ 1 , {\"x\":1,\"x\":2} ]"), ("b".to_owned(), "1e400")];
        assert_eq!(read, expected);
        for text in ["", "[]", "1", "null", "\"a\"", "{} 1", "{\"a\":}", "{\"a\":[}", "\u{feff}{}"]
        {
            assert_eq!(members(text).map(|_| ()), Err(JsonError::Syntax), "{text:?}");
        }
        assert_eq!(members(r#"{"a":1,"\u0061":2}"#).map(|_| ()), Err(JsonError::DuplicateMember));
    }

    #[test]
    fn elements_are_one_level_with_their_text_and_bounded() {
        let read = |text, most| {
            let elements = elements(text, most)?;
            Ok(elements.map(|all| all.iter().map(|one| one.get()).collect::<Vec<_>>()))
        };
        let text = " [ 1 , {\"x\":1,\"x\":2},[] ] ";
        assert_eq!(read(text, 3), Ok(Some(vec!["1", "{\"x\":1,\"x\":2}", "[]"])));
        assert_eq!(read(text, 2), Ok(None));
        assert_eq!(read("[]", 0), Ok(Some(vec![])));
        for text in ["", "{}", "1", "[1,]", "[1", "[1] 2", "[1,2,x]"] {
            assert_eq!(read(text, 1), Err(JsonError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn accessors_name_their_kind_only() {
        let json = Json::read(r#"{"s":"x","n":1,"a":[null],"o":{}}"#, 2).unwrap();
        let of = |name: &str| json.member(name).unwrap();
        assert_eq!(of("s").as_str(), Some("x"));
        assert_eq!(of("n").as_number().and_then(serde_json::Number::as_u64), Some(1));
        assert_eq!(of("a").as_array(), Some(&[Json::Null][..]));
        assert_eq!(of("o").as_object().map(<[_]>::len), Some(0));
        for (name, kinds) in [("s", 1), ("n", 1), ("a", 1), ("o", 1)] {
            let value = of(name);
            let held = [
                value.as_str().is_some(),
                value.as_number().is_some(),
                value.as_array().is_some(),
                value.as_object().is_some(),
            ];
            assert_eq!(held.iter().filter(|held| **held).count(), kinds);
        }
        assert_eq!(of("a").member("s"), None);
    }
}
