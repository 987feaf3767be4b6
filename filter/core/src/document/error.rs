//! Why a text is not a document, and where.

use std::fmt;

use super::Span;

/// Why a text is not a document that the reader accepts, and the byte where that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// What is wrong.
    pub kind: DocumentErrorKind,
    /// Offset of the offending token or character; the source's length where the text ends early.
    pub at: u32,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentErrorKind {
    /// The grammar asks for something else here.
    Expected(Expected),
    /// A variable in a constant: a default value, or a directive on a variable definition.
    VariableInConstant,
    /// A type system definition or extension.
    TypeSystemDefinition,
    /// A character that no token begins with.
    InvalidCharacter,
    /// A number without a digit where one must be, or with something directly behind it.
    InvalidNumber,
    /// A string without its closing quotation mark, in its line or at all.
    UnterminatedString,
    /// An escape that is none, or that stands for no Unicode scalar value.
    InvalidEscape,
    /// More tokens than the bound.
    TokenLimit,
    /// More open brackets than the bound.
    NestingLimit,
    /// The source's length does not fit a span.
    SourceTooLong,
}

/// What the grammar asks for where something else stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An operation or a fragment definition.
    Definition,
    /// An operation with a keyword, or a fragment definition: behind a description.
    DescribedDefinition,
    /// The name of a field behind its alias, of a directive or of a variable.
    Name,
    /// A name other than `on`.
    FragmentName,
    /// `on` and a type's name.
    TypeCondition,
    /// The name of a type.
    TypeName,
    /// `{` and what is selected.
    SelectionSet,
    /// A field or a fragment, or the end of a selection set that has one.
    Selection,
    /// An argument, or the end of a list that has one.
    Argument,
    /// A variable definition, or the end of a list that has one.
    Variable,
    /// A value, or the end of a list.
    Value,
    /// A key, or the end of an object.
    ObjectField,
    /// `:`.
    Colon,
    /// `]`: the end of a list type.
    ListTypeEnd,
}

impl DocumentError {
    /// Line and column of the error in `source`, both counted from 1; a column is a
    /// `SourceCharacter`, and a line ends at a `LineTerminator`.
    pub fn location(&self, source: &str) -> (u32, u32) {
        Span { start: self.at, end: self.at }.location(source)
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.at)
    }
}

impl std::error::Error for DocumentError {}

impl fmt::Display for DocumentErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expected(expected) => return write!(f, "expected {expected}"),
            Self::VariableInConstant => "variable in a constant value",
            Self::TypeSystemDefinition => "type system definition in an executable document",
            Self::InvalidCharacter => "character that begins no token",
            Self::InvalidNumber => "malformed number",
            Self::UnterminatedString => "unterminated string",
            Self::InvalidEscape => "invalid escape sequence",
            Self::TokenLimit => "too many tokens",
            Self::NestingLimit => "brackets nested too deeply",
            Self::SourceTooLong => "document too long",
        })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Definition => "an operation or a fragment",
            Self::DescribedDefinition => "an operation or a fragment behind the description",
            Self::Name => "a name",
            Self::FragmentName => "a fragment name other than `on`",
            Self::TypeCondition => "`on` and a type name",
            Self::TypeName => "a type name",
            Self::SelectionSet => "a selection set",
            Self::Selection => "a selection",
            Self::Argument => "an argument",
            Self::Variable => "a variable definition",
            Self::Value => "a value",
            Self::ObjectField => "an object field",
            Self::Colon => "`:`",
            Self::ListTypeEnd => "`]`",
        })
    }
}
