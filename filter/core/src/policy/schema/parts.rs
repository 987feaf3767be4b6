//! A schema as whoever reads SDL has it -> the index.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::{FieldRow, InputRow, Lists, Names, Tables};
use super::{NameId, Schema, SchemaError, TypeId, TypeKind, TypeRef};

/// Everything that an index is made of.
#[derive(Clone, Debug)]
pub struct SchemaParts {
    /// The types, sorted by name: a [`TypeId`] is a position here.
    pub types: Vec<TypeParts>,
    /// The root type of queries.
    pub query: TypeId,
    /// The root type of mutations.
    pub mutation: Option<TypeId>,
    /// The root type of subscriptions.
    pub subscription: Option<TypeId>,
}

/// A type.
#[derive(Clone, Debug)]
pub struct TypeParts {
    /// Its name.
    pub name: Box<str>,
    /// Its kind.
    pub kind: TypeKind,
    /// The object types that a value of an interface or union can be, sorted; nothing for others.
    pub possible: Vec<TypeId>,
    /// Its fields, sorted by name: of an object type or interface.
    pub fields: Vec<FieldParts>,
    /// Its fields, sorted by name: of an input object.
    pub members: Vec<InputParts>,
    /// Its values, sorted: of an enum.
    pub values: Vec<Box<str>>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct FieldParts {
    /// Its name.
    pub name: Box<str>,
    /// What it returns.
    pub returns: TypeRef,
    /// Its arguments, sorted by name.
    pub arguments: Vec<InputParts>,
}

/// An argument, or a field of an input object.
#[derive(Clone, Debug)]
pub struct InputParts {
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub ty: TypeRef,
    /// Its default value as JSON, in which an enum value is a string.
    pub default: Option<Box<str>>,
}

impl TypeParts {
    /// A type of that name and kind, with nothing in it.
    #[must_use]
    pub fn new(name: &str, kind: TypeKind) -> Self {
        let (possible, fields, members, values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name: name.into(), kind, possible, fields, members, values }
    }
}

impl Schema {
    /// Builds the index.
    ///
    /// # Errors
    /// [`SchemaError`] for parts that are not as they are described.
    pub fn new(parts: &SchemaParts) -> Result<Self, SchemaError> {
        let SchemaParts { types, query, mutation, subscription } = parts;
        let numbers = Numbers::new(types);
        let fields = || types.iter().flat_map(|of| &of.fields);
        let arguments_of = |field: &FieldParts| numbers.inputs(&field.arguments);
        let lists = fields().map(arguments_of).collect::<Result<BTreeSet<Vec<InputRow>>, _>>()?;
        let places: BTreeMap<&Vec<InputRow>, u32> = lists.iter().zip(0..).collect();
        let row = |field: &FieldParts| {
            let list = places.get(&arguments_of(field)?).copied();
            let arguments = list.ok_or(SchemaError::UnknownName)?;
            Ok(FieldRow { name: numbers.name(&field.name)?, returns: field.returns, arguments })
        };
        let mut arguments = Lists::with_capacity(lists.len());
        for list in &lists {
            arguments.push(list.iter().copied()).ok_or(SchemaError::Tables)?;
        }
        let (mut possible, mut rows, mut members, mut values) = (
            Lists::with_capacity(types.len()),
            Lists::with_capacity(types.len()),
            Lists::with_capacity(types.len()),
            Lists::with_capacity(types.len()),
        );
        for (of, id) in types.iter().zip((0..).map(TypeId)) {
            let itself = (of.kind == TypeKind::Object).then_some(id);
            let objects = of.possible.iter().copied().chain(itself);
            possible.push(objects).ok_or(SchemaError::Tables)?;
            let fields: Vec<FieldRow> = of.fields.iter().map(row).collect::<Result<_, _>>()?;
            rows.push(fields).ok_or(SchemaError::Tables)?;
            members.push(numbers.inputs(&of.members)?).ok_or(SchemaError::Tables)?;
            let names = of.values.iter().map(|name| numbers.name(name));
            let names: Vec<NameId> = names.collect::<Result<_, _>>()?;
            values.push(names).ok_or(SchemaError::Tables)?;
        }
        Self::of_tables(Tables {
            type_names: one_text(types.iter().map(|of| of.name.as_ref()))?,
            names: one_text(numbers.names.keys().copied())?,
            kinds: types.iter().map(|of| of.kind).collect(),
            possible,
            fields: rows,
            arguments,
            members,
            values,
            defaults: one_text(numbers.defaults.keys().copied())?,
            query: *query,
            mutation: *mutation,
            subscription: *subscription,
        })
    }
}

/// Names and default values by number.
struct Numbers<'p> {
    names: BTreeMap<&'p str, NameId>,
    /// From 1.
    defaults: BTreeMap<&'p str, u32>,
}

impl<'p> Numbers<'p> {
    fn new(types: &'p [TypeParts]) -> Self {
        let (mut names, mut defaults) = (BTreeSet::<&str>::new(), BTreeSet::<&str>::new());
        for of in types {
            names.extend(of.fields.iter().map(|field| field.name.as_ref()));
            names.extend(of.values.iter().map(AsRef::as_ref));
            let arguments = of.fields.iter().flat_map(|field| &field.arguments);
            for InputParts { name, default, .. } in arguments.chain(&of.members) {
                names.insert(name);
                defaults.extend(default.as_deref());
            }
        }
        Self {
            names: names.into_iter().zip((0..).map(NameId)).collect(),
            defaults: defaults.into_iter().zip(1..).collect(),
        }
    }

    fn name(&self, name: &str) -> Result<NameId, SchemaError> {
        self.names.get(name).copied().ok_or(SchemaError::UnknownName)
    }

    fn inputs(&self, parts: &[InputParts]) -> Result<Vec<InputRow>, SchemaError> {
        let row = |InputParts { name, ty, default }: &InputParts| {
            let known = |text: &str| self.defaults.get(text).copied();
            let default = default.as_deref().and_then(known).unwrap_or_default();
            Ok(InputRow { name: self.name(name)?, ty: *ty, default })
        };
        parts.iter().map(row).collect()
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
