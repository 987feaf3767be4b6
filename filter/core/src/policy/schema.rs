//! The schema index: names to numbers, by binary search over sorted tables. It holds what deciding
//! an operation needs - types, fields, arguments, input fields, enum values, and the object types
//! that an abstract type can be - and nothing else of the SDL.
//!
//! Every worker of a proxy loads it on its event loop, so it is a few flat tables (`Tables`): a
//! blob gives them as they are, and no map, name or list is allocated by itself. Whoever holds a
//! [`Schema`] holds tables that were checked.

mod check;
mod parts;
mod reference;
mod scalar;
mod tables;

use std::ops::Range;

pub use self::check::SchemaError;
pub use self::parts::{FieldParts, InputParts, SchemaParts, TypeParts};
pub use self::reference::TypeRef;
pub use self::scalar::Scalar;
pub(super) use self::tables::{FieldRow, InputRow, Lists, Names, Tables};

/// The number of a type, by the order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// The number of a field's coordinate: fields are grouped by type, sorted by name in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// The number of a name that fields, arguments, input fields or enum values have, by the order of
/// names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// A coordinate of what a request gives. Positions are those among their like, sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InputId {
    /// `Type.field(argument:)`
    Argument(FieldId, u32),
    /// `Input.field`
    Member(TypeId, u32),
    /// `Enum.VALUE`
    Value(TypeId, u32),
}

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

/// What a type is (GraphQL spec 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
    /// A scalar.
    Scalar,
    /// An enum.
    Enum,
    /// An input object.
    Input,
    /// An input object with `@oneOf`: exactly one of its fields is given (spec 3.10.1).
    OneOf,
}

impl TypeKind {
    /// Whether nothing can be selected from it.
    #[must_use]
    pub const fn is_leaf(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum)
    }

    /// IsInputType (spec 3.4.2).
    #[must_use]
    pub const fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::Input | Self::OneOf)
    }

    /// IsOutputType (spec 3.4.2).
    #[must_use]
    pub const fn is_output(self) -> bool {
        !matches!(self, Self::Input | Self::OneOf)
    }
}

/// A type.
#[derive(Clone, Debug)]
pub struct TypeDef<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its kind.
    pub kind: TypeKind,
    /// The object types that a value of this type can be, sorted: itself for an object.
    pub possible: &'s [TypeId],
    fields: Range<u32>,
    members: &'s [InputRow],
    values: &'s [NameId],
}

/// A field of an object type or an interface.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef<'s> {
    /// Its name.
    pub name: &'s str,
    /// What it returns.
    pub returns: TypeRef,
    arguments: &'s [InputRow],
}

/// An argument of a field, or a field of an input object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputDef<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its position among its like.
    pub at: u32,
    /// Its type.
    pub ty: TypeRef,
    /// Its default value as JSON, in which an enum value is a string.
    pub default: Option<&'s str>,
}

impl InputDef<'_> {
    /// Whether it has to be given (spec 5.4.3, 5.6.4).
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    tables: Tables,
}

impl TypeDef<'_> {
    /// Its fields, sorted by name: of an object type or interface.
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
            members: self.tables.members.get(at)?,
            values: self.tables.values.get(at)?,
        })
    }

    /// What a type is.
    #[must_use]
    pub fn kind(&self, id: TypeId) -> Option<TypeKind> {
        self.tables.kinds.get(id.index()).copied()
    }

    /// The object types that a value of a type can be, sorted: itself for an object.
    #[must_use]
    pub fn possible(&self, id: TypeId) -> Option<&[TypeId]> {
        self.tables.possible.get(id.index())
    }

    /// The field of that name on an object type or an interface.
    #[must_use]
    pub fn field_named(&self, parent: TypeId, name: &str) -> Option<FieldId> {
        let fields = self.tables.fields.get(parent.index())?;
        self.field_at(parent, self.tables.names.find(fields, |row| row.name, name)?)
    }

    /// The field that has the name of another one, on an object type or an interface.
    #[must_use]
    pub fn like(&self, field: FieldId, parent: TypeId) -> Option<FieldId> {
        let name = self.tables.fields.items().get(field.index())?.name;
        let fields = self.tables.fields.get(parent.index())?;
        self.field_at(parent, fields.binary_search_by_key(&name, |row| row.name).ok()?)
    }

    fn field_at(&self, parent: TypeId, at: usize) -> Option<FieldId> {
        let start = self.tables.fields.range(parent.index())?.start;
        start.checked_add(u32::try_from(at).ok()?).map(FieldId)
    }

    /// What a field returns.
    #[must_use]
    pub fn returns(&self, id: FieldId) -> Option<TypeRef> {
        self.tables.fields.items().get(id.index()).map(|row| row.returns)
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

    /// The arguments of a field, sorted by name.
    pub fn arguments<'s>(&'s self, field: &FieldDef<'s>) -> impl Iterator<Item = InputDef<'s>> {
        self.inputs(field.arguments)
    }

    /// Those that have to be given (spec 5.4.3).
    pub fn required<'s>(&'s self, field: &FieldDef<'s>) -> impl Iterator<Item = InputDef<'s>> {
        self.inputs_that(field.arguments, InputRow::is_required)
    }

    /// The argument of that name.
    #[must_use]
    pub fn argument<'s>(&'s self, field: &FieldDef<'s>, name: &str) -> Option<InputDef<'s>> {
        self.input(field.arguments, name)
    }

    /// The fields of an input object, sorted by name.
    pub fn members<'s>(&'s self, of: &TypeDef<'s>) -> impl Iterator<Item = InputDef<'s>> {
        self.inputs(of.members)
    }

    /// The field of that name of an input object.
    #[must_use]
    pub fn member<'s>(&'s self, of: &TypeDef<'s>, name: &str) -> Option<InputDef<'s>> {
        self.input(of.members, name)
    }

    /// The values of an enum, sorted.
    pub fn values<'s>(&'s self, of: &TypeDef<'s>) -> impl Iterator<Item = &'s str> {
        of.values.iter().filter_map(|name| self.tables.names.get(index(name.0)))
    }

    /// The position of an enum's value.
    #[must_use]
    pub fn value(&self, of: &TypeDef<'_>, name: &str) -> Option<u32> {
        u32::try_from(self.tables.names.find(of.values, |value| *value, name)?).ok()
    }

    fn inputs<'s>(&'s self, rows: &'s [InputRow]) -> impl Iterator<Item = InputDef<'s>> {
        self.inputs_that(rows, |_| true)
    }

    fn inputs_that<'s>(
        &'s self,
        rows: &'s [InputRow],
        wanted: impl Fn(&InputRow) -> bool,
    ) -> impl Iterator<Item = InputDef<'s>> {
        let rows = rows.iter().zip(0..).filter(move |(row, _)| wanted(row));
        rows.filter_map(|(row, at)| self.input_def(row, at))
    }

    fn input<'s>(&'s self, rows: &'s [InputRow], name: &str) -> Option<InputDef<'s>> {
        let at = self.tables.names.find(rows, |row| row.name, name)?;
        self.input_def(rows.get(at)?, u32::try_from(at).ok()?)
    }

    fn input_def(&self, row: &InputRow, at: u32) -> Option<InputDef<'_>> {
        let InputRow { name, ty, default } = *row;
        let default = match default.checked_sub(1) {
            None => None,
            Some(default) => Some(self.tables.defaults.get(index(default))?),
        };
        Some(InputDef { name: self.tables.names.get(index(name.0))?, at, ty, default })
    }

    /// The number of field coordinates.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.tables.fields.items().len()
    }

    /// The type that a field is of.
    #[must_use]
    pub fn parent(&self, id: FieldId) -> Option<TypeId> {
        let at = self.tables.fields.list_with(id.index())?;
        u32::try_from(at).ok().map(TypeId)
    }

    /// The coordinate `Type.field` of a field (GraphQL spec 3.14, Schema Coordinates).
    #[must_use]
    pub fn coordinate(&self, id: FieldId) -> String {
        self.coordinate_of(id).map_or_else(String::new, |names| names.join("."))
    }

    /// The coordinates of fields in their order, each as the names of the type and of the field.
    pub fn coordinates(
        &self,
        fields: impl Iterator<Item = FieldId>,
    ) -> impl Iterator<Item = [&str; 2]> {
        // Those of one type are next to one another.
        let (mut of, mut parent) = (0..0, "");
        fields.filter_map(move |id| {
            if !of.contains(&id.0) {
                let at = self.parent(id)?.index();
                (of, parent) = (self.tables.fields.range(at)?, self.tables.type_names.get(at)?);
            }
            Some([parent, self.field_name(id)?])
        })
    }

    fn field_name(&self, id: FieldId) -> Option<&str> {
        let FieldRow { name, .. } = *self.tables.fields.items().get(id.index())?;
        self.tables.names.get(index(name.0))
    }

    /// That of one.
    #[must_use]
    pub fn coordinate_of(&self, id: FieldId) -> Option<[&str; 2]> {
        let parent = self.tables.type_names.get(self.parent(id)?.index())?;
        Some([parent, self.field_name(id)?])
    }

    /// The coordinate of an input; empty for one that is not there.
    #[must_use]
    pub fn input_coordinate(&self, id: InputId) -> String {
        let named = match id {
            InputId::Argument(field, at) => self.field_def(field).and_then(|def| {
                let argument = self.input_def(def.arguments.get(index(at))?, at)?;
                Some(format!("{}({}:)", self.coordinate(field), argument.name))
            }),
            InputId::Member(of, at) => self.type_def(of).and_then(|def| {
                let member = self.input_def(def.members.get(index(at))?, at)?;
                Some(format!("{}.{}", def.name, member.name))
            }),
            InputId::Value(of, at) => self.type_def(of).and_then(|def| {
                let value = self.tables.names.get(index(def.values.get(index(at))?.0))?;
                Some(format!("{}.{value}", def.name))
            }),
        };
        named.unwrap_or_default()
    }

    /// Whether there is such an input.
    #[must_use]
    pub fn has_input(&self, id: InputId) -> bool {
        let (position, count) = match id {
            InputId::Argument(field, at) => {
                (at, self.field_def(field).map_or(0, |def| def.arguments.len()))
            }
            InputId::Member(of, at) => (at, self.type_def(of).map_or(0, |def| def.members.len())),
            InputId::Value(of, at) => (at, self.type_def(of).map_or(0, |def| def.values.len())),
        };
        index(position) < count
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}
