//! The payload of a blob, and its conversion: the only place that knows the wire format.
//!
//! What would be said twice is left out: a type's number is its place, an object type can be itself
//! and nothing else, and a name is in the text once, however many fields have it.

use postcard::Deserializer;
use postcard::de_flavors::Slice;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

use super::BlobError;
use super::access::{WireAccess, WireInput, input_of};
use super::bounded::AtMost;
use super::data::WireData;
use super::expression::WireExpressions;
use crate::policy::rules::{Access, ConditionId, Role, RoleSet};
use crate::policy::schema::{FieldRow, InputRow, Lists, NameId, Names, Schema, SchemaError};
use crate::policy::schema::{Tables, TypeId, TypeKind, TypeRef};
use crate::policy::{PolicyError, PolicyParts};

/// What is written in this order, and read so by [`Wire::read`].
#[derive(Serialize)]
pub(super) struct Wire<'a> {
    name: &'a str,
    revision: &'a str,
    roles: Vec<WireRole<'a>>,
    actors: Vec<(&'a str, u64)>,
    rules: Vec<&'a str>,
    scopes: Vec<&'a str>,
    /// For each field its place in `accesses`.
    field_access: Vec<u32>,
    type_access: Vec<(u32, u32)>,
    input_access: Vec<(WireInput, u32)>,
    floor: Option<u32>,
    accesses: Vec<WireAccess>,
    conditions: WireExpressions<'a>,
    data: WireData<'a>,
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

/// Name, groups, scopes, condition.
type WireRole<'a> = (&'a str, Vec<&'a str>, Vec<&'a str>, Option<u32>);

/// Names one behind the other.
#[derive(Serialize, Deserialize)]
struct WireNames<'a> {
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

impl<'a> Wire<'a> {
    /// # Errors
    /// [`BlobError`] for conditions and data that have no place on the wire.
    pub(super) fn new(parts: &'a PolicyParts) -> Result<Self, BlobError> {
        let PolicyParts {
            name,
            revision,
            schema,
            roles,
            actors,
            rules,
            scopes,
            accesses,
            field_access,
            type_access,
            input_access,
            floor,
            conditions,
            data,
        } = parts;
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
        } = schema.tables();
        let role = |Role { name, groups, scopes, condition }: &'a Role| -> WireRole<'a> {
            let groups = groups.iter().map(AsRef::as_ref).collect();
            let scopes = scopes.iter().map(AsRef::as_ref).collect();
            (name, groups, scopes, condition.map(|id| id.0))
        };
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
        Ok(Self {
            name,
            revision,
            roles: roles.iter().map(role).collect(),
            actors: actors.iter().map(|(name, roles)| (name.as_ref(), roles.bits())).collect(),
            rules: rules.iter().map(AsRef::as_ref).collect(),
            scopes: scopes.iter().map(AsRef::as_ref).collect(),
            field_access: field_access.clone(),
            type_access: type_access.iter().map(|(of, access)| (of.0, *access)).collect(),
            input_access: input_access.iter().map(|(id, at)| (WireInput::from(*id), *at)).collect(),
            floor: *floor,
            accesses: accesses.iter().map(WireAccess::from).collect(),
            conditions: WireExpressions::new(conditions)?,
            data: WireData::new(data)?,
            type_names: WireNames::from(type_names),
            names: WireNames::from(names),
            defaults: WireNames::from(defaults),
            types: types.collect(),
            fields: fields.items().iter().map(field).collect(),
            arguments: arguments.iter().map(list).collect(),
            query: query.0,
            mutation: mutation.map(|id| id.0),
            subscription: subscription.map(|id| id.0),
        })
    }
}

impl<'a> Wire<'a> {
    /// Reads a payload. What is kept is counted first where little is said of much: the roles, and
    /// the accesses and lists of arguments, of which no more are of use than there are coordinates.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, BlobError> {
        let mut from = Deserializer::from_bytes(payload);
        let (name, revision) = next(&mut from)?;
        let too_many = BlobError::Policy(PolicyError::TooManyRoles);
        let roles = at_most(RoleSet::MAX_ROLES, &mut from)?.ok_or(too_many)?;
        let (actors, rules, scopes) = next(&mut from)?;

        let field_access: Vec<u32> = next(&mut from)?;
        let type_access: Vec<(u32, u32)> = next(&mut from)?;
        let input_access: Vec<(WireInput, u32)> = next(&mut from)?;
        let floor: Option<u32> = next(&mut from)?;
        let used = [field_access.len(), type_access.len(), input_access.len(), floor.iter().len()];
        let used = used.into_iter().fold(0, usize::saturating_add);
        let too_many = BlobError::Policy(PolicyError::UnusedAccess);
        let accesses = at_most(used, &mut from)?.ok_or(too_many)?;

        let (conditions, data) = next(&mut from)?;
        let (type_names, names, defaults, types) = next(&mut from)?;
        let fields: Vec<WireField> = next(&mut from)?;
        let too_many = BlobError::Schema(SchemaError::Tables);
        let arguments = at_most(fields.len(), &mut from)?.ok_or(too_many)?;
        let (query, mutation, subscription) = next(&mut from)?;
        if !rest(from)?.is_empty() {
            return Err(BlobError::Payload);
        }
        Ok(Self {
            name,
            revision,
            roles,
            actors,
            rules,
            scopes,
            field_access,
            type_access,
            input_access,
            floor,
            accesses,
            conditions,
            data,
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

    /// The parts of the policy, with a schema that is checked.
    pub(super) fn into_parts(self) -> Result<PolicyParts, BlobError> {
        let Self {
            name,
            revision,
            roles,
            actors,
            rules,
            scopes,
            field_access,
            type_access,
            input_access,
            floor,
            accesses,
            conditions,
            data,
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
        let role = |(name, groups, scopes, condition): WireRole<'_>| Role {
            name: name.into(),
            groups: boxed(groups),
            scopes: boxed(scopes),
            condition: condition.map(ConditionId),
        };
        let input =
            |(id, access): (WireInput, u32)| Ok((input_of(&id).ok_or(BlobError::Payload)?, access));
        let input_access = input_access.into_iter().map(input).collect::<Result<_, BlobError>>()?;
        let access = |wire: WireAccess| Access::try_from(wire).map_err(|()| BlobError::Payload);
        let accesses = accesses.into_iter().map(access).collect::<Result<_, BlobError>>()?;
        let actor = |(name, bits): (&str, u64)| (name.into(), RoleSet::from_bits(bits));
        Ok(PolicyParts {
            name: name.into(),
            revision: revision.into(),
            schema: Schema::of_tables(tables).map_err(BlobError::Schema)?,
            roles: roles.into_iter().map(role).collect(),
            actors: actors.into_iter().map(actor).collect(),
            rules: boxed(rules),
            scopes: boxed(scopes),
            accesses,
            field_access,
            type_access: type_access.into_iter().map(|(of, at)| (TypeId(of), at)).collect(),
            input_access,
            floor,
            conditions: conditions.read()?,
            data: data.read()?,
        })
    }
}

fn boxed(texts: Vec<&str>) -> Vec<Box<str>> {
    texts.into_iter().map(Box::from).collect()
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

type Reader<'a> = Deserializer<'a, Slice<'a>>;

fn next<'a, T: Deserialize<'a>>(from: &mut Reader<'a>) -> Result<T, BlobError> {
    T::deserialize(from).map_err(|_| BlobError::Payload)
}

/// `None` if there are more.
fn at_most<'a, T: Deserialize<'a>>(
    max: usize,
    from: &mut Reader<'a>,
) -> Result<Option<Vec<T>>, BlobError> {
    AtMost::new(max).deserialize(from).map_err(|_| BlobError::Payload)
}

fn rest<'a>(from: Reader<'a>) -> Result<&'a [u8], BlobError> {
    from.finalize().map_err(|_| BlobError::Payload)
}

impl<'a> From<&'a Names> for WireNames<'a> {
    fn from(names: &'a Names) -> Self {
        Self { text: names.text(), lengths: names.lengths().collect() }
    }
}

impl WireNames<'_> {
    fn read(self) -> Option<Names> {
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
