//! The schema index: names to numbers, by binary search over sorted tables, so that loading a blob
//! builds no map. It holds what deciding an operation needs - composite types, their fields and
//! arguments, and the object types that an abstract type can be - and nothing else of the SDL.

use std::fmt;
use std::ops::Range;

/// A type's position in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A field's position in [`Schema::fields`]: the number of its coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

impl TypeId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FieldId {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What a type is, as far as selecting from it is concerned (GraphQL spec 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
    /// A scalar or an enum: nothing can be selected from it.
    Leaf,
}

impl TypeKind {
    /// Whether a type of this kind can have such possible types and fields.
    fn agrees_with(self, at: usize, def: &TypeDef) -> bool {
        match self {
            Self::Object => def.possible.iter().map(|id| id.index()).eq([at]),
            Self::Interface => true,
            Self::Union => def.fields.is_empty(),
            Self::Leaf => def.fields.is_empty() && def.possible.is_empty(),
        }
    }
}

/// An output type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDef {
    /// Its name.
    pub name: Box<str>,
    /// Its kind.
    pub kind: TypeKind,
    /// Its fields in [`Schema::fields`], sorted by name there. Empty for unions and leaves.
    pub fields: Range<u32>,
    /// The object types that a value of this type can be, sorted: itself for an object.
    pub possible: Vec<TypeId>,
}

/// A field of an object type or an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDef {
    /// Its name.
    pub name: Box<str>,
    /// The type that it belongs to.
    pub parent: TypeId,
    /// The named type that it returns, without lists and non-null.
    pub returns: TypeId,
    /// The names of its arguments, sorted.
    pub arguments: Vec<Box<str>>,
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Output types, sorted by name.
    pub types: Vec<TypeDef>,
    /// Fields, grouped by type in the order of `types`, sorted by name in a group.
    pub fields: Vec<FieldDef>,
    /// The root type of queries.
    pub query: TypeId,
    /// The root type of mutations.
    pub mutation: Option<TypeId>,
    /// The root type of subscriptions.
    pub subscription: Option<TypeId>,
}

/// Why an index is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// Types are not sorted by name, or one is there twice.
    TypeOrder,
    /// A type's fields do not follow on the fields of the type before it.
    FieldRange,
    /// A type's fields are not sorted by name, or do not name it as their parent.
    FieldOrder,
    /// A field's arguments are not sorted and unique.
    ArgumentOrder,
    /// Something names a type that does not exist.
    UnknownType,
    /// A possible type is not an object, the list is not sorted, or the kind does not allow it.
    PossibleTypes,
    /// A root type is not an object.
    Root,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TypeOrder => "types are not sorted and unique",
            Self::FieldRange => "field ranges do not follow on one another",
            Self::FieldOrder => "fields are not sorted and unique within their type",
            Self::ArgumentOrder => "arguments are not sorted and unique",
            Self::UnknownType => "a type is named that does not exist",
            Self::PossibleTypes => "possible types do not fit the kind of type",
            Self::Root => "a root type is not an object type",
        })
    }
}

impl Schema {
    /// The type of that name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        let at = self.types.binary_search_by(|def| def.name.as_ref().cmp(name)).ok()?;
        u32::try_from(at).ok().map(TypeId)
    }

    /// The definition of a type.
    #[must_use]
    pub fn type_def(&self, id: TypeId) -> Option<&TypeDef> {
        self.types.get(id.index())
    }

    /// The field of that name on an object type or an interface.
    #[must_use]
    pub fn field_named(&self, parent: TypeId, name: &str) -> Option<FieldId> {
        let range = self.type_def(parent)?.fields.clone();
        let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
        let fields = self.fields.get(start..end)?;
        let at = fields.binary_search_by(|def| def.name.as_ref().cmp(name)).ok()?;
        u32::try_from(start.checked_add(at)?).ok().map(FieldId)
    }

    /// The definition of a field.
    #[must_use]
    pub fn field_def(&self, id: FieldId) -> Option<&FieldDef> {
        self.fields.get(id.index())
    }

    /// The number of field coordinates.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// The coordinate `Type.field` of a field (GraphQL spec 3.14, Schema Coordinates).
    #[must_use]
    pub fn coordinate(&self, id: FieldId) -> String {
        let def = self.field_def(id);
        let parent = def.and_then(|def| self.type_def(def.parent));
        match (parent, def) {
            (Some(parent), Some(field)) => format!("{}.{}", parent.name, field.name),
            (None, _) | (_, None) => String::new(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), SchemaError> {
        if !self.types.is_sorted_by(|a, b| a.name < b.name) {
            return Err(SchemaError::TypeOrder);
        }
        let known = |id: TypeId| id.index() < self.types.len();
        let object = |id: TypeId| self.type_def(id).is_some_and(|def| def.kind == TypeKind::Object);
        let mut next = 0_u32;
        for (at, def) in self.types.iter().enumerate() {
            if def.fields.start != next || def.fields.end < next {
                return Err(SchemaError::FieldRange);
            }
            next = def.fields.end;
            let (start, end) = (index(def.fields.start), index(def.fields.end));
            let fields = self.fields.get(start..end).ok_or(SchemaError::FieldRange)?;
            let of_this = |field: &FieldDef| field.parent.index() == at;
            if !fields.is_sorted_by(|a, b| a.name < b.name) || !fields.iter().all(of_this) {
                return Err(SchemaError::FieldOrder);
            }
            if !def.possible.iter().all(|id| object(*id))
                || !def.possible.is_sorted_by(|a, b| a < b)
                || !def.kind.agrees_with(at, def)
            {
                return Err(SchemaError::PossibleTypes);
            }
        }
        if index(next) != self.fields.len() {
            return Err(SchemaError::FieldRange);
        }
        if !self.fields.iter().all(|field| known(field.returns)) {
            return Err(SchemaError::UnknownType);
        }
        if !self.fields.iter().all(|field| field.arguments.is_sorted_by(|a, b| a < b)) {
            return Err(SchemaError::ArgumentOrder);
        }
        let mut roots = [Some(self.query), self.mutation, self.subscription].into_iter().flatten();
        if !roots.all(object) {
            return Err(SchemaError::Root);
        }
        Ok(())
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}
