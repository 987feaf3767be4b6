//! The schema index on the wire.
//!
//! What would be said twice is left out: a type's number is its place, an object type can be itself
//! and nothing else, and a name is in the text once, however many fields have it.

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::wire::{Reader, at_most, next};
use crate::policy::schema::{
    FieldRow, InputRow, Lists, NameId, Names, Schema, SchemaError, Tables, TypeId, TypeKind,
    TypeRef,
};

/// What is written in this order, and read so by [`WireSchema::read`].
#[derive(Serialize)]
pub(super) struct WireSchema<'a> {
    type_names: WireNames<'a>,
    /// Those of everything else.
    names: WireNames<'a>,
    /// Default values, as JSON.
    defaults: WireNames<'a>,
    types: Vec<WireType>,
    /// The fields of the first type, then those of the second, ...
    fields: Vec<WireField>,
    /// The distinct lists of arguments.
    arguments: Vec<Vec<WireRow>>,
    query: u32,
    mutation: Option<u32>,
    subscription: Option<u32>,
}

/// Names one behind the other.
#[derive(Serialize, Deserialize)]
pub(super) struct WireNames<'a> {
    text: &'a str,
    lengths: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct WireType {
    kind: u8,
    /// How many fields it has.
    fields: u32,
    /// What an interface or union can be.
    possible: Vec<u32>,
    /// The fields of an input object.
    members: Vec<WireRow>,
    /// The values of an enum.
    values: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct WireField {
    name: u32,
    returns: WireRef,
    arguments: u32,
}

/// An argument, or a field of an input object.
#[derive(Serialize, Deserialize)]
struct WireRow {
    name: u32,
    ty: WireRef,
    default: u32,
}

#[derive(Serialize, Deserialize)]
struct WireRef {
    named: u32,
    shape: u32,
}

impl<'a> WireSchema<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        let Tables {
            type_names,
            names,
            kinds,
            possible,
            fields,
            arguments,
            members,
            values,
            defaults,
            query,
            mutation,
            subscription,
        } = tables;
        let inputs = members.iter().zip(values.iter());
        let types = kinds.iter().zip(possible.iter().zip(fields.iter().zip(inputs)));
        let types = types.map(|(kind, (possible, (fields, (members, values))))| WireType {
            members: members.iter().map(WireRow::from).collect(),
            values: values.iter().map(|name| name.0).collect(),
            ..WireType::new(*kind, possible, fields)
        });
        let field = |row: &FieldRow| {
            let FieldRow { name, returns, arguments } = *row;
            WireField { name: name.0, returns: WireRef::from(returns), arguments }
        };
        let list = |list: &[InputRow]| list.iter().map(WireRow::from).collect();
        Self {
            type_names: WireNames::from(type_names),
            names: WireNames::from(names),
            defaults: WireNames::from(defaults),
            types: types.collect(),
            fields: fields.items().iter().map(field).collect(),
            arguments: arguments.iter().map(list).collect(),
            query: query.0,
            mutation: mutation.map(|id| id.0),
            subscription: subscription.map(|id| id.0),
        }
    }

    /// No more lists of arguments are of use than there are fields.
    pub(super) fn read(from: &mut Reader<'a>) -> Result<Self, BlobError> {
        let (type_names, names, defaults, types) = next(from)?;
        let fields: Vec<WireField> = next(from)?;
        let too_many = BlobError::Schema(SchemaError::Tables);
        let arguments = at_most(fields.len(), from)?.ok_or(too_many)?;
        let (query, mutation, subscription) = next(from)?;
        Ok(Self {
            type_names,
            names,
            defaults,
            types,
            fields,
            arguments,
            query,
            mutation,
            subscription,
        })
    }

    /// How many types there are.
    pub(super) fn types(&self) -> usize {
        self.types.len()
    }

    /// The index, which is checked.
    pub(super) fn into_schema(self) -> Result<Schema, BlobError> {
        let Self {
            type_names,
            names,
            defaults,
            types,
            fields,
            arguments,
            query,
            mutation,
            subscription,
        } = self;
        let misfit = BlobError::Schema(SchemaError::Tables);
        let mut lists = Lists::with_capacity(arguments.len());
        for list in arguments {
            lists.push(rows(list)?).ok_or(misfit)?;
        }
        let mut kinds = Vec::with_capacity(types.len());
        let (mut possible, mut inputs, mut enums) = (
            Lists::with_capacity(types.len()),
            Lists::with_capacity(types.len()),
            Lists::with_capacity(types.len()),
        );
        let mut counts = Vec::with_capacity(types.len());
        for (of, id) in types.into_iter().zip(0..) {
            let WireType { kind, fields, possible: objects, members, values } = of;
            let kind = kind_of(kind).ok_or(BlobError::Payload)?;
            let itself = (kind == TypeKind::Object).then_some(id);
            possible.push(objects.into_iter().chain(itself).map(TypeId)).ok_or(misfit)?;
            inputs.push(rows(members)?).ok_or(misfit)?;
            enums.push(values.into_iter().map(NameId)).ok_or(misfit)?;
            kinds.push(kind);
            counts.push(fields);
        }
        let row = |WireField { name, returns, arguments }| {
            let returns = returns.read().ok_or(BlobError::Payload)?;
            Ok(FieldRow { name: NameId(name), returns, arguments })
        };
        let fields = fields.into_iter().map(row).collect::<Result<Vec<FieldRow>, BlobError>>()?;
        let tables = Tables {
            type_names: type_names.read().ok_or(misfit)?,
            names: names.read().ok_or(misfit)?,
            defaults: defaults.read().ok_or(misfit)?,
            kinds,
            possible,
            fields: Lists::new(fields, counts).ok_or(misfit)?,
            arguments: lists,
            members: inputs,
            values: enums,
            query: TypeId(query),
            mutation: mutation.map(TypeId),
            subscription: subscription.map(TypeId),
        };
        Schema::of_tables(tables).map_err(BlobError::Schema)
    }
}

fn rows(list: Vec<WireRow>) -> Result<Vec<InputRow>, BlobError> {
    let row = |WireRow { name, ty, default }| {
        let ty = ty.read().ok_or(BlobError::Payload)?;
        Ok(InputRow { name: NameId(name), ty, default })
    };
    list.into_iter().map(row).collect()
}

impl From<&InputRow> for WireRow {
    fn from(row: &InputRow) -> Self {
        let InputRow { name, ty, default } = *row;
        Self { name: name.0, ty: WireRef::from(ty), default }
    }
}

impl From<TypeRef> for WireRef {
    fn from(ty: TypeRef) -> Self {
        Self { named: ty.named.0, shape: ty.shape() }
    }
}

impl WireRef {
    fn read(self) -> Option<TypeRef> {
        let Self { named, shape } = self;
        TypeRef::with_shape(TypeId(named), shape)
    }
}

impl<'a> From<&'a Names> for WireNames<'a> {
    fn from(names: &'a Names) -> Self {
        Self { text: names.text(), lengths: names.lengths().collect() }
    }
}

impl WireNames<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn read(self) -> Option<Names> {
        let Self { text, lengths } = self;
        Names::new(text.into(), lengths)
    }
}

impl WireType {
    fn new(kind: TypeKind, possible: &[TypeId], fields: &[FieldRow]) -> Self {
        let possible = match kind {
            TypeKind::Interface | TypeKind::Union => possible.iter().map(|id| id.0).collect(),
            TypeKind::Object
            | TypeKind::Scalar
            | TypeKind::Enum
            | TypeKind::Input
            | TypeKind::OneOf => Vec::new(),
        };
        // INVARIANT: tables number their items in 32 bits.
        let fields = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        let (members, values) = (Vec::new(), Vec::new());
        Self { kind: kind_code(kind), fields, possible, members, values }
    }
}

const fn kind_code(kind: TypeKind) -> u8 {
    match kind {
        TypeKind::Object => 0,
        TypeKind::Interface => 1,
        TypeKind::Union => 2,
        TypeKind::Scalar => 3,
        TypeKind::Enum => 4,
        TypeKind::Input => 5,
        TypeKind::OneOf => 6,
    }
}

const fn kind_of(code: u8) -> Option<TypeKind> {
    match code {
        0 => Some(TypeKind::Object),
        1 => Some(TypeKind::Interface),
        2 => Some(TypeKind::Union),
        3 => Some(TypeKind::Scalar),
        4 => Some(TypeKind::Enum),
        5 => Some(TypeKind::Input),
        6 => Some(TypeKind::OneOf),
        _ => None,
    }
}
