//! The schema index: names to numbers, by binary search over sorted tables. It holds what deciding
//! an operation needs - output types, their fields and arguments, and the object types that an
//! abstract type can be - and nothing else of the SDL.
//!
//! Every worker of a proxy loads it on its event loop, so it is a few flat tables (`Tables`): a
//! blob gives them as they are, and no map, name or list is allocated by itself. Whoever holds a
//! [`Schema`] holds tables that were checked.

mod check;
mod parts;
mod tables;

use std::ops::Range;

pub use self::check::SchemaError;
pub use self::parts::{FieldParts, SchemaParts, TypeParts};
pub(super) use self::tables::{FieldRow, Lists, Names, Tables};

/// The number of a type, by the order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// The number of a field's coordinate: fields are grouped by type, sorted by name in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// The number of a name that fields or arguments have, by the order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl TypeId {
    fn index(self) -> usize {
        index(self.0)
    }
}

impl FieldId {
    pub(crate) fn index(self) -> usize {
        index(self.0)
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

/// An output type.
#[derive(Clone, Debug)]
pub struct TypeDef<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its kind.
    pub kind: TypeKind,
    /// The object types that a value of this type can be, sorted: itself for an object.
    pub possible: &'s [TypeId],
    fields: Range<u32>,
}

/// A field of an object type or an interface.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef<'s> {
    /// Its name.
    pub name: &'s str,
    /// The named type that it returns, without lists and non-null.
    pub returns: TypeId,
    arguments: &'s [NameId],
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    tables: Tables,
}

impl TypeDef<'_> {
    /// Its fields, sorted by name. None for unions and leaves.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldId> + Clone + use<> {
        self.fields.clone().map(FieldId)
    }
}

impl Schema {
    /// The root type of queries.
    #[must_use]
    pub fn query(&self) -> TypeId {
        self.tables.query
    }

    /// The root type of mutations.
    #[must_use]
    pub fn mutation(&self) -> Option<TypeId> {
        self.tables.mutation
    }

    /// The types, sorted by name.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, TypeDef<'_>)> + Clone {
        let count = u32::try_from(self.tables.kinds.len()).unwrap_or(u32::MAX);
        (0..count).map(TypeId).filter_map(|id| Some((id, self.type_def(id)?)))
    }

    /// The type of that name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.tables.type_names.position(name).map(TypeId)
    }

    /// The definition of a type.
    #[must_use]
    pub fn type_def(&self, id: TypeId) -> Option<TypeDef<'_>> {
        let at = id.index();
        Some(TypeDef {
            name: self.tables.type_names.get(at)?,
            kind: *self.tables.kinds.get(at)?,
            possible: self.tables.possible.get(at)?,
            fields: self.tables.fields.range(at)?,
        })
    }

    /// The number of a name, if any field or argument has it.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<NameId> {
        self.tables.names.position(name).map(NameId)
    }

    /// The field of that name on an object type or an interface.
    #[must_use]
    pub fn field(&self, parent: TypeId, name: NameId) -> Option<FieldId> {
        let fields = self.tables.fields.get(parent.index())?;
        let at = fields.binary_search_by_key(&name, |row| row.name).ok()?;
        let start = self.tables.fields.range(parent.index())?.start;
        start.checked_add(u32::try_from(at).ok()?).map(FieldId)
    }

    /// The same by its text.
    #[must_use]
    pub fn field_named(&self, parent: TypeId, name: &str) -> Option<FieldId> {
        self.field(parent, self.name(name)?)
    }

    /// The definition of a field.
    #[must_use]
    pub fn field_def(&self, id: FieldId) -> Option<FieldDef<'_>> {
        let FieldRow { name, returns, arguments } = *self.tables.fields.items().get(id.index())?;
        Some(FieldDef {
            name: self.tables.names.get(index(name.0))?,
            returns,
            arguments: self.tables.arguments.get(index(arguments))?,
        })
    }

    /// The names of a field's arguments, sorted.
    pub fn arguments<'s>(&'s self, field: &FieldDef<'s>) -> impl Iterator<Item = &'s str> {
        field.arguments.iter().filter_map(|name| self.tables.names.get(index(name.0)))
    }

    /// Whether the field has an argument of that name.
    #[must_use]
    pub fn takes(&self, field: &FieldDef<'_>, argument: &str) -> bool {
        self.name(argument).is_some_and(|name| field.arguments.binary_search(&name).is_ok())
    }

    /// The number of field coordinates.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.tables.fields.items().len()
    }

    /// The coordinate `Type.field` of a field (GraphQL spec 3.14, Schema Coordinates).
    #[must_use]
    pub fn coordinate(&self, id: FieldId) -> String {
        let parent = self.tables.fields.list_with(id.index());
        let parent = parent.and_then(|parent| self.tables.type_names.get(parent));
        match (parent, self.field_def(id)) {
            (Some(parent), Some(field)) => format!("{parent}.{}", field.name),
            (None, _) | (_, None) => String::new(),
        }
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}
