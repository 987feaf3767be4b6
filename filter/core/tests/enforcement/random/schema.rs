//! A schema as a table, and the index that the filter has of it.

use std::collections::BTreeSet;
use std::fmt;

use fieldgate_core::policy::schema::{
    self as core, FieldParts, InputParts, SchemaParts, TypeId, TypeKind, TypeParts, TypeRef,
};

use super::value::Value;
use crate::world::{FieldRow, TypeRow};

/// Names come from tables of this crate.
pub(crate) type Name = &'static str;

/// Its types are sorted by name, and so is everything in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub(crate) types: Vec<Type>,
}

#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) name: Name,
    pub(crate) kind: TypeKind,
    /// Of an interface or union: what it can be.
    pub(crate) objects: Vec<Name>,
    /// Of an object or interface.
    pub(crate) fields: Vec<Field>,
    /// Of an input object.
    pub(crate) members: Vec<Input>,
    /// Of an enum.
    pub(crate) values: Vec<Name>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Input>,
    pub(crate) returns: Ref,
}

/// An argument, or a field of an input object.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) name: Name,
    pub(crate) ty: Ref,
    pub(crate) default: Option<Value>,
}

/// How a type is referred to: `T`, `[T]`, `T!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ref {
    Named(Name),
    List(Box<Self>),
    NonNull(Box<Self>),
}

impl Schema {
    /// A schema whose arguments take anything.
    pub(crate) fn of(rows: &[TypeRow]) -> Self {
        let any = if rows.iter().any(|row| row.0 == "Any") { "Any" } else { "ID" };
        let argument = |name: &Name| Input { name, ty: Ref::Named(any), default: None };
        let field = |(name, arguments, returns): &FieldRow| Field {
            name,
            arguments: arguments.iter().map(argument).collect(),
            returns: Ref::Named(returns),
        };
        let of = |(name, kind, objects, fields): &TypeRow| Type {
            objects: objects.to_vec(),
            fields: fields.iter().map(field).collect(),
            ..Type::new(name, *kind)
        };
        Self { types: rows.iter().map(of).collect() }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|of| of.name == name)
    }

    pub(crate) fn kind(&self, name: &str) -> Option<TypeKind> {
        self.find(name).map(|of| of.kind)
    }

    pub(crate) fn is_leaf(&self, name: &str) -> bool {
        self.kind(name).is_none_or(TypeKind::is_leaf)
    }

    /// The object types that a value of the type can be.
    pub(crate) fn possible(&self, name: &str) -> BTreeSet<Name> {
        self.find(name).map(Type::possible).unwrap_or_default()
    }

    pub(crate) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.find(of)?.fields.iter().find(|field| field.name == name)
    }

    /// The names of types of these kinds.
    pub(crate) fn names(&self, is: impl Fn(TypeKind) -> bool) -> Vec<Name> {
        self.types.iter().filter(|of| is(of.kind)).map(|of| of.name).collect()
    }

    /// The number of a type in the index.
    pub(crate) fn id(&self, name: &str) -> TypeId {
        let at = self.types.iter().position(|of| of.name == name).expect("a type of the table");
        TypeId(u32::try_from(at).unwrap())
    }

    pub(crate) fn index(&self) -> core::Schema {
        let input = |input: &Input| InputParts {
            name: input.name.into(),
            ty: self.reference(&input.ty),
            default: input.default.as_ref().map(|value| value.json().into()),
        };
        let field = |field: &Field| FieldParts {
            name: field.name.into(),
            returns: self.reference(&field.returns),
            arguments: field.arguments.iter().map(input).collect(),
        };
        let types = self.types.iter().map(|of| TypeParts {
            possible: of.objects.iter().map(|object| self.id(object)).collect(),
            fields: of.fields.iter().map(field).collect(),
            members: of.members.iter().map(input).collect(),
            values: of.values.iter().map(|value| (*value).into()).collect(),
            ..TypeParts::new(of.name, of.kind)
        });
        let types = types.collect();
        let mutation = self.find("Mutation").map(|of| self.id(of.name));
        let query = self.id("Query");
        core::Schema::new(&SchemaParts { types, query, mutation, subscription: None }).unwrap()
    }

    fn reference(&self, of: &Ref) -> TypeRef {
        match of {
            Ref::Named(name) => TypeRef::to(self.id(name)),
            Ref::List(item) => self.reference(item).list().expect("few lists"),
            Ref::NonNull(inner) => self.reference(inner).non_null(),
        }
    }
}

impl Type {
    pub(crate) fn new(name: Name, kind: TypeKind) -> Self {
        let (objects, fields, members, values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, kind, objects, fields, members, values }
    }

    pub(crate) fn possible(&self) -> BTreeSet<Name> {
        match self.kind {
            TypeKind::Object => BTreeSet::from([self.name]),
            _ => self.objects.iter().copied().collect(),
        }
    }
}

impl Input {
    /// Whether it has to be given (spec 5.4.3, 5.6.4).
    pub(crate) fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

impl Ref {
    pub(crate) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    pub(crate) fn non_null(self) -> Self {
        match self {
            Self::NonNull(_) => self,
            Self::Named(_) | Self::List(_) => Self::NonNull(Box::new(self)),
        }
    }

    /// The same, where null is a value of it.
    pub(crate) fn nullable(&self) -> &Self {
        match self {
            Self::NonNull(inner) => inner,
            Self::Named(_) | Self::List(_) => self,
        }
    }

    pub(crate) fn is_non_null(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    pub(crate) fn named(&self) -> Name {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.named(),
        }
    }

    /// As it is written.
    pub(crate) fn tokens(&self) -> Vec<Name> {
        match self {
            Self::Named(name) => vec![name],
            Self::List(item) => [vec!["["], item.tokens(), vec!["]"]].concat(),
            Self::NonNull(inner) => [inner.tokens(), vec!["!"]].concat(),
        }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.tokens().concat())
    }
}

impl fmt::Display for Input {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.name, self.ty)?;
        self.default.iter().try_for_each(|value| write!(to, " = {value}"))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({})", arguments.join(", "))
        };
        write!(to, "{}{arguments}: {}", self.name, self.returns)
    }
}

/// The language of schemas, with what an interface can be behind it.
impl fmt::Display for Schema {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Type { name, kind, objects, fields, members, values } in &self.types {
            let fields = fields.iter().map(ToString::to_string);
            let inside: Vec<String> =
                fields.chain(members.iter().map(ToString::to_string)).collect();
            let (inside, objects) = (inside.join("  "), objects.join(" | "));
            match kind {
                TypeKind::Scalar => continue,
                TypeKind::Enum => writeln!(to, "enum {name} {{ {} }}", values.join(" ")),
                TypeKind::Object => writeln!(to, "type {name} {{ {inside} }}"),
                TypeKind::Interface => writeln!(to, "interface {name} {{ {inside} }} # {objects}"),
                TypeKind::Union => writeln!(to, "union {name} = {objects}"),
                TypeKind::Input => writeln!(to, "input {name} {{ {inside} }}"),
                TypeKind::OneOf => writeln!(to, "input {name} @oneOf {{ {inside} }}"),
            }?;
        }
        Ok(())
    }
}
