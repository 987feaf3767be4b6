//! A schema as whoever reads SDL has it -> the index.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::{FieldRow, Lists, Names, Tables};
use super::{NameId, Schema, SchemaError, TypeId, TypeKind};

/// Everything that an index is made of.
#[derive(Clone, Debug)]
pub struct SchemaParts {
    /// The output types, sorted by name: a [`TypeId`] is a position here.
    pub types: Vec<TypeParts>,
    /// The root type of queries.
    pub query: TypeId,
    /// The root type of mutations.
    pub mutation: Option<TypeId>,
    /// The root type of subscriptions.
    pub subscription: Option<TypeId>,
}

/// An output type.
#[derive(Clone, Debug)]
pub struct TypeParts {
    /// Its name.
    pub name: Box<str>,
    /// Its kind.
    pub kind: TypeKind,
    /// The object types that a value of an interface or union can be, sorted; nothing for others.
    pub possible: Vec<TypeId>,
    /// Its fields, sorted by name.
    pub fields: Vec<FieldParts>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct FieldParts {
    /// Its name.
    pub name: Box<str>,
    /// The named type that it returns.
    pub returns: TypeId,
    /// The names of its arguments, sorted.
    pub arguments: Vec<Box<str>>,
}

impl Schema {
    /// Builds the index.
    ///
    /// # Errors
    /// [`SchemaError`] for parts that are not as they are described.
    pub fn new(parts: &SchemaParts) -> Result<Self, SchemaError> {
        let SchemaParts { types, query, mutation, subscription } = parts;
        let fields = || types.iter().flat_map(|of| &of.fields);
        let names = fields().flat_map(|field| field.arguments.iter().chain([&field.name]));
        let distinct: BTreeSet<&str> = names.map(AsRef::as_ref).collect();
        let ids: BTreeMap<&str, NameId> = distinct.iter().copied().zip((0..).map(NameId)).collect();
        let id = |name: &str| ids.get(name).copied().ok_or(SchemaError::UnknownName);
        let arguments_of = |field: &FieldParts| {
            field.arguments.iter().map(|name| id(name)).collect::<Result<Vec<NameId>, _>>()
        };
        let lists = fields().map(arguments_of).collect::<Result<BTreeSet<Vec<NameId>>, _>>()?;
        let numbers: BTreeMap<&Vec<NameId>, u32> = lists.iter().zip(0..).collect();
        let row = |field: &FieldParts| {
            let list = numbers.get(&arguments_of(field)?).copied();
            let arguments = list.ok_or(SchemaError::UnknownName)?;
            Ok(FieldRow { name: id(&field.name)?, returns: field.returns, arguments })
        };
        let mut arguments = Lists::with_capacity(lists.len());
        for list in &lists {
            arguments.push(list.iter().copied()).ok_or(SchemaError::Tables)?;
        }
        let (mut possible, mut rows) =
            (Lists::with_capacity(types.len()), Lists::with_capacity(types.len()));
        for (of, id) in types.iter().zip((0..).map(TypeId)) {
            let itself = (of.kind == TypeKind::Object).then_some(id);
            let objects = of.possible.iter().copied().chain(itself);
            possible.push(objects).ok_or(SchemaError::Tables)?;
            let fields: Vec<FieldRow> = of.fields.iter().map(row).collect::<Result<_, _>>()?;
            rows.push(fields).ok_or(SchemaError::Tables)?;
        }
        Self::of_tables(Tables {
            type_names: one_text(types.iter().map(|of| of.name.as_ref()))?,
            names: one_text(distinct.into_iter())?,
            kinds: types.iter().map(|of| of.kind).collect(),
            possible,
            fields: rows,
            arguments,
            query: *query,
            mutation: *mutation,
            subscription: *subscription,
        })
    }
}

fn one_text<'a>(names: impl Iterator<Item = &'a str>) -> Result<Names, SchemaError> {
    let (mut text, mut lengths) = (String::new(), Vec::new());
    for name in names {
        text.push_str(name);
        lengths.push(u32::try_from(name.len()).map_err(|_| SchemaError::Tables)?);
    }
    Names::new(text.into(), lengths).ok_or(SchemaError::Tables)
}
