//! A schema as written: every type with its extensions merged, every name with its place, and what
//! the directives of the vocabulary say of each coordinate.

mod marks;
mod value;
mod wrapping;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::marks::sorted;
pub use self::marks::{Alternatives, ListSize, Marks, Weight};
pub use self::value::{Value, ValueSource};
pub use self::wrapping::Wrapping;
use crate::source::{Place, Text};

/// A schema.
#[derive(Debug)]
pub struct Document {
    /// The types by name, without the built-in scalars.
    pub types: BTreeMap<String, TypeSource>,
    /// The root types that a schema definition names.
    pub roots: Option<Roots>,
    /// What is applied to the schema and its extensions.
    pub directives: Vec<DirectiveSource>,
    /// The directives that are defined, by their names without `@`.
    pub defined: BTreeMap<String, DirectiveDefinition>,
    /// Types that are written and no part of the API, and why.
    pub hidden: BTreeMap<String, Hidden>,
    /// Types of which nothing is left without what is `@inaccessible`.
    pub emptied: BTreeSet<String>,
    /// Where the file begins.
    pub start: Place,
}

/// Why a type is no part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// It is `@inaccessible`.
    Inaccessible,
    /// It belongs to a specification that the schema links, as `join__Graph` does.
    Machinery,
}

/// A schema definition with its extensions.
#[derive(Debug)]
pub struct Roots {
    /// Where it stands.
    pub place: Place,
    /// The type of queries.
    pub query: Option<Text>,
    /// The type of mutations.
    pub mutation: Option<Text>,
    /// The type of subscriptions.
    pub subscription: Option<Text>,
}

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar.
    Scalar,
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
    /// An enum.
    Enum,
    /// An input object.
    Input,
}

/// A type with its extensions.
#[derive(Debug)]
pub struct TypeSource {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: Text,
    /// Of an object or interface.
    pub implements: Vec<Text>,
    /// Of an object, interface or input object.
    pub fields: Vec<FieldSource>,
    /// Of a union.
    pub members: Vec<Text>,
    /// Of an enum.
    pub values: Vec<EnumValueSource>,
    /// What is applied to it.
    pub directives: Vec<DirectiveSource>,
    /// What that says.
    pub marks: Marks,
    /// Where an input object says that it has exactly one member (`@oneOf`, spec 3.10.1).
    pub one_of: Option<Place>,
}

/// A field, an argument, or a member of an input object.
#[derive(Debug)]
pub struct FieldSource {
    /// Its name.
    pub name: Text,
    /// The named type, without lists and non-null,
    pub of: Text,
    /// and those.
    pub wrapping: Wrapping,
    /// Of a field.
    pub arguments: Vec<FieldSource>,
    /// Of an argument or a member of an input object.
    pub default: Option<ValueSource>,
    /// What is applied to it.
    pub directives: Vec<DirectiveSource>,
    /// What that says.
    pub marks: Marks,
}

/// A value of an enum.
#[derive(Debug)]
pub struct EnumValueSource {
    /// Its name.
    pub name: Text,
    /// What is applied to it.
    pub directives: Vec<DirectiveSource>,
    /// What that says.
    pub marks: Marks,
}

/// A directive where it is defined.
#[derive(Debug)]
pub struct DirectiveDefinition {
    /// Where that is.
    pub place: Place,
    /// The names of its arguments.
    pub arguments: Vec<String>,
}

/// A directive where it is applied.
#[derive(Debug)]
pub struct DirectiveSource {
    /// Its name without `@`, with the place of both.
    pub name: Text,
    /// Its arguments.
    pub arguments: Vec<(Text, ValueSource)>,
}

impl Document {
    /// What is said of a type.
    #[must_use]
    pub fn marks_of_type(&self, name: &str) -> Option<&Marks> {
        Some(&self.types.get(name)?.marks)
    }

    /// What is said of a field of an object or interface.
    #[must_use]
    pub fn marks_of_field(&self, of: &str, field: &str) -> Option<&Marks> {
        let source = self.types.get(of).filter(|source| source.kind != Kind::Input)?;
        Some(&named(&source.fields, field)?.marks)
    }

    /// What is said of an argument.
    #[must_use]
    pub fn marks_of_argument(&self, of: &str, field: &str, argument: &str) -> Option<&Marks> {
        let field = named(&self.types.get(of)?.fields, field)?;
        Some(&named(&field.arguments, argument)?.marks)
    }

    /// What is said of a member of an input object, or of a value of an enum.
    #[must_use]
    pub fn marks_of_input(&self, of: &str, member: &str) -> Option<&Marks> {
        let source = self.types.get(of)?;
        match source.kind {
            Kind::Input => Some(&named(&source.fields, member)?.marks),
            Kind::Enum => {
                let mut values = source.values.iter();
                Some(&values.find(|value| value.name.text == member)?.marks)
            }
            Kind::Scalar | Kind::Object | Kind::Interface | Kind::Union => None,
        }
    }
}

fn named<'a>(fields: &'a [FieldSource], name: &str) -> Option<&'a FieldSource> {
    fields.iter().find(|field| field.name.text == name)
}

impl TypeSource {
    /// A type of that name and nothing else.
    pub(super) fn new(kind: Kind, name: Text) -> Self {
        Self {
            kind,
            name,
            implements: Vec::new(),
            fields: Vec::new(),
            members: Vec::new(),
            values: Vec::new(),
            directives: Vec::new(),
            marks: Marks::default(),
            one_of: None,
        }
    }
}

impl FieldSource {
    /// Whether an argument or a member of an input object has to be given (spec 5.4.3).
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.wrapping.is_non_null() && self.default.is_none()
    }

    /// The whole type, as it is written.
    #[must_use]
    pub fn written_type(&self) -> String {
        self.wrapping.around(&self.of.text)
    }

    /// Whether both have one name, the same types, arguments and defaults, and the same said of them.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&Self, &Self)| one.says_the_same_as(other);
        let default = |of: &Self| of.default.as_ref().map(|value| value.value.json());
        self.name.text == other.name.text
            && self.of.text == other.of.text
            && self.wrapping == other.wrapping
            && default(self) == default(other)
            && self.marks.to_string() == other.marks.to_string()
            && self.arguments.len() == other.arguments.len()
            && self.arguments.iter().zip(&other.arguments).all(same)
    }
}

impl Kind {
    /// In the words of messages.
    #[must_use]
    pub const fn described(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::Input => "an input object",
        }
    }
}

impl Hidden {
    /// In the words of messages.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::Inaccessible => "it is `@inaccessible`",
            Self::Machinery => "it belongs to a specification that the schema links",
        }
    }
}
