//! Query text -> [`Document`]: the executable grammar of GraphQL, with a byte span on every node.
//!
//! Specification: <https://spec.graphql.org/September2025/>, section 2 (Language) and the appendix
//! Grammar Summary; comments quote the productions and headings of both.
//! The reader is exact: what it accepts is what the grammar accepts, so that no server behind it
//! can see another document than the one decided on. It is bounded in tokens and in nesting.
//!
//! It does not judge: names used twice, unknown fragments and whatever else section 5 (Validation)
//! forbids are kept as written for the stages after it. It does not copy: names borrow from the
//! source and literals are spans, so what is forwarded later is what was sent, byte for byte.
//!
//! Stricter than `Document` in one point: type system definitions are refused, as "Executable
//! document" permits to services that only execute.

mod error;
mod lexer;
mod normalised;
mod reader;
mod source;
mod text;

pub use self::error::{DocumentError, DocumentErrorKind, Expected};
pub use self::normalised::Normalised;
pub use self::source::Source;

use std::borrow::Cow;

use self::reader::Reader;

/// A range of bytes in the source, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just behind the last byte.
    pub end: u32,
}

impl Span {
    /// The text at this span; `None` where `source` is not the text that the span comes from.
    pub fn text<'a>(&self, source: &'a str) -> Option<&'a str> {
        let start = usize::try_from(self.start).ok()?;
        let end = usize::try_from(self.end).ok()?;
        source.get(start..end)
    }

    /// Line and column of its start in `source`, both counted from 1; a column is a
    /// `SourceCharacter`, and a line ends at a `LineTerminator`.
    pub fn location(&self, source: &str) -> (u32, u32) {
        let end = usize::try_from(self.start).unwrap_or(usize::MAX);
        let (mut line, mut column) = (1_u32, 1_u32);
        let mut previous = None;
        for (at, character) in source.char_indices() {
            if at >= end {
                break;
            }
            match character {
                // The second half of `\r\n`: the line was counted with the first.
                '\n' if previous == Some('\r') => {}
                '\n' | '\r' => {
                    line = line.saturating_add(1);
                    column = 1;
                }
                _ => column = column.saturating_add(1),
            }
            previous = Some(character);
        }
        (line, column)
    }
}

/// A `Name` token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// What reading may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Lexical tokens in the document.
    pub tokens: u32,
    /// Brackets of any kind open at one time; [`crate::limits::NESTING`] holds in any case.
    pub nesting: u32,
}

/// An executable document (`ExecutableDocument`): at least one definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The text that every span refers to.
    pub source: &'a str,
    /// The operations, in the order of the source.
    pub operations: Vec<Operation<'a>>,
    /// The fragment definitions, in the order of the source.
    pub fragments: Vec<Fragment<'a>>,
    /// How many tokens the document has.
    pub tokens: u32,
    /// How many brackets were open at one time, at most.
    pub nesting: u32,
}

impl<'a> Document<'a> {
    /// Reads a whole source text.
    pub fn read(source: &'a str, bounds: &Bounds) -> Result<Self, DocumentError> {
        Self::read_normalised(source, bounds, false).map(|(document, _)| document)
    }

    /// The same, and where it is wanted what the text is normalised, in one pass.
    pub fn read_normalised(
        source: &'a str,
        bounds: &Bounds,
        wanted: bool,
    ) -> Result<(Self, Option<Normalised>), DocumentError> {
        let read = Reader::new(source, bounds, wanted).and_then(Reader::document);
        read.map_err(|error| *error)
    }
}

/// `OperationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// `query`, or the shorthand `{ .. }`.
    Query,
    /// `mutation`.
    Mutation,
    /// `subscription`.
    Subscription,
}

/// `OperationDefinition`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation<'a> {
    /// From the description, or else the keyword or brace, to the closing brace.
    pub span: Span,
    /// The description's literal, quotes included. Servers before September 2025 refuse one.
    pub description: Option<Span>,
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The operation's name.
    pub name: Option<Name<'a>>,
    /// The variables, in the order of the source.
    pub variables: Vec<VariableDefinition<'a>>,
    /// The operation's directives.
    pub directives: Vec<Directive<'a>>,
    /// The root selection set.
    pub selection_set: SelectionSet<'a>,
}

/// `VariableDefinition`.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableDefinition<'a> {
    /// From the description, or else the `$`, to the last directive.
    pub span: Span,
    /// The description's literal, quotes included. Servers before September 2025 refuse one.
    pub description: Option<Span>,
    /// The variable's name, without `$`.
    pub name: Name<'a>,
    /// The variable's type.
    pub ty: TypeReference<'a>,
    /// The default value, without `=`; it holds no variable.
    pub default: Option<Value<'a>>,
    /// The variable's directives; their arguments hold no variable.
    pub directives: Vec<Directive<'a>>,
}

/// `Type`: a name in any number of lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeReference<'a> {
    /// The whole type, brackets and `!` included.
    pub span: Span,
    /// The named type at the core.
    pub name: Name<'a>,
    /// Whether the type as a whole ends in `!`.
    pub non_null: bool,
    /// One entry for each list around the name, the outermost first.
    pub wrappers: Vec<Items>,
}

/// What a list type says about its items: `[T]` or `[T!]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// An item can be null.
    Nullable,
    /// No item is null.
    NonNull,
}

/// `FragmentDefinition`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment<'a> {
    /// From the description, or else the keyword, to the closing brace.
    pub span: Span,
    /// The description's literal, quotes included. Servers before September 2025 refuse one.
    pub description: Option<Span>,
    /// The fragment's name; never `on`.
    pub name: Name<'a>,
    /// The type that the fragment applies to.
    pub type_condition: Name<'a>,
    /// The fragment's directives.
    pub directives: Vec<Directive<'a>>,
    /// What the fragment selects.
    pub selection_set: SelectionSet<'a>,
}

/// `SelectionSet`: at least one selection.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectionSet<'a> {
    /// Both braces and what is between them.
    pub span: Span,
    /// The selections, in the order of the source.
    pub selections: Vec<Selection<'a>>,
}

/// `Selection`.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection<'a> {
    /// A field.
    Field(Field<'a>),
    /// The use of a named fragment.
    FragmentSpread(FragmentSpread<'a>),
    /// A selection set in place, with or without a type condition.
    InlineFragment(InlineFragment<'a>),
}

impl<'a> Selection<'a> {
    /// The whole selection.
    pub fn span(&self) -> Span {
        match self {
            Self::Field(field) => field.span,
            Self::FragmentSpread(spread) => spread.span,
            Self::InlineFragment(fragment) => fragment.span,
        }
    }

    /// The selection's directives.
    pub fn directives(&self) -> &[Directive<'a>] {
        match self {
            Self::Field(field) => &field.directives,
            Self::FragmentSpread(spread) => &spread.directives,
            Self::InlineFragment(fragment) => &fragment.directives,
        }
    }
}

/// `Field`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<'a> {
    /// From the alias or name to whatever of the field comes last.
    pub span: Span,
    /// The alias, without `:`.
    pub alias: Option<Name<'a>>,
    /// The field's name.
    pub name: Name<'a>,
    /// The arguments; a name given twice is here twice.
    pub arguments: Vec<Argument<'a>>,
    /// The field's directives.
    pub directives: Vec<Directive<'a>>,
    /// What is selected on the field's value.
    pub selection_set: Option<SelectionSet<'a>>,
}

impl<'a> Field<'a> {
    /// The key of the field in the response ("Field Alias": the alias, or else the name).
    pub fn response_key(&self) -> Name<'a> {
        self.alias.unwrap_or(self.name)
    }
}

/// `FragmentSpread`.
#[derive(Clone, Debug, PartialEq)]
pub struct FragmentSpread<'a> {
    /// From `...` to the last directive.
    pub span: Span,
    /// The fragment's name; never `on`.
    pub name: Name<'a>,
    /// The spread's directives.
    pub directives: Vec<Directive<'a>>,
}

/// `InlineFragment`.
#[derive(Clone, Debug, PartialEq)]
pub struct InlineFragment<'a> {
    /// From `...` to the closing brace.
    pub span: Span,
    /// The type that the fragment applies to; without one, that of the enclosing set.
    pub type_condition: Option<Name<'a>>,
    /// The fragment's directives.
    pub directives: Vec<Directive<'a>>,
    /// What the fragment selects.
    pub selection_set: SelectionSet<'a>,
}

/// `Argument`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument<'a> {
    /// From the name to the end of the value.
    pub span: Span,
    /// The argument's name.
    pub name: Name<'a>,
    /// The argument's value.
    pub value: Value<'a>,
}

/// `Directive`.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive<'a> {
    /// From `@` to the name or the closing parenthesis.
    pub span: Span,
    /// The directive's name, without `@`.
    pub name: Name<'a>,
    /// The arguments; a name given twice is here twice.
    pub arguments: Vec<Argument<'a>>,
}

/// `Value`. The literal is the source at `span`; numbers are not converted, since no number type
/// holds all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a> {
    /// The whole literal: quotes, brackets and `$` included.
    pub span: Span,
    /// What sort of value it is.
    pub kind: ValueKind<'a>,
}

impl<'a> Value<'a> {
    /// What a string means once escapes are resolved and a block string's indentation is removed
    /// ("String Value"); `None` for any other value. `source` is the document's.
    pub fn string(&self, source: &'a str) -> Option<Cow<'a, str>> {
        match self.kind {
            ValueKind::String => text::string(self.span.text(source)?),
            ValueKind::BlockString => text::block_string(self.span.text(source)?),
            ValueKind::Variable(_)
            | ValueKind::Int
            | ValueKind::Float
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum
            | ValueKind::List(_)
            | ValueKind::Object(_) => None,
        }
    }

    /// Tells of every variable in it. Values are as deep as the reader let them be.
    pub fn variables(&self, found: &mut dyn FnMut(Name<'a>)) {
        match &self.kind {
            ValueKind::Variable(name) => found(*name),
            ValueKind::List(items) => items.iter().for_each(|item| item.variables(found)),
            ValueKind::Object(members) => {
                members.iter().for_each(|member| member.value.variables(found));
            }
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String
            | ValueKind::BlockString
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum => {}
        }
    }
}

/// The sorts of `Value`.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind<'a> {
    /// `$name`; the name is without `$`.
    Variable(Name<'a>),
    /// `IntValue`, of any length.
    Int,
    /// `FloatValue`, of any length.
    Float,
    /// A string in single quotation marks.
    String,
    /// A string in triple quotation marks.
    BlockString,
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
    /// Any other name.
    Enum,
    /// `[ .. ]`, which can be empty.
    List(Vec<Value<'a>>),
    /// `{ .. }`, which can be empty; a key given twice is here twice.
    Object(Vec<ObjectField<'a>>),
}

/// `ObjectField`.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectField<'a> {
    /// From the name to the end of the value.
    pub span: Span,
    /// The key.
    pub name: Name<'a>,
    /// The value under it.
    pub value: Value<'a>,
}
