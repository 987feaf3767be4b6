//! The payload of a blob, and its conversion: the only place that knows the wire format.
//!
//! What would be said twice is left out: a type's number is its place, an object type can be itself
//! and nothing else, and a name is in the text once, however many fields have it.

use postcard::Deserializer;
use postcard::de_flavors::Slice;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

use super::BlobError;
use super::bounded::{AtMost, Count};
use crate::policy::rules::{Access, Clause, Role, RoleSet, RuleId};
use crate::policy::schema::{FieldRow, Lists, NameId, Names, Schema, SchemaError};
use crate::policy::schema::{Tables, TypeId, TypeKind};
use crate::policy::{PolicyError, PolicyParts};

/// What is written in this order, and read so by [`Wire::read`].
#[derive(Serialize)]
pub(super) struct Wire<'a> {
    name: &'a str,
    revision: &'a str,
    roles: Vec<WireRole<'a>>,
    actors: Vec<(&'a str, u64)>,
    rules: Vec<&'a str>,
    accesses: Vec<WireAccess>,
    /// For each field its place in `accesses`.
    field_access: Vec<u32>,
    type_names: WireNames<'a>,
    /// Those of fields and arguments.
    names: WireNames<'a>,
    types: Vec<WireType>,
    /// The fields of the first type, then those of the second, ...
    fields: Vec<WireField>,
    /// The distinct lists of arguments.
    arguments: Vec<Vec<u32>>,
    query: u32,
    mutation: Option<u32>,
    subscription: Option<u32>,
}

/// Name, groups, scopes.
type WireRole<'a> = (&'a str, Vec<&'a str>, Vec<&'a str>);

#[derive(Serialize, Deserialize)]
struct WireAccess {
    grants: Vec<WireClause>,
    denies: Vec<WireClause>,
}

#[derive(Serialize, Deserialize)]
struct WireClause {
    roles: u64,
    rules: Vec<u32>,
}

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
}

#[derive(Serialize, Deserialize)]
struct WireField {
    name: u32,
    returns: u32,
    arguments: u32,
}

impl<'a> From<&'a PolicyParts> for Wire<'a> {
    fn from(parts: &'a PolicyParts) -> Self {
        let PolicyParts { name, revision, schema, roles, actors, rules, accesses, field_access } =
            parts;
        let Tables {
            type_names,
            names,
            kinds,
            possible,
            fields,
            arguments,
            query,
            mutation,
            subscription,
        } = schema.tables();
        let role = |Role { name, groups, scopes }: &'a Role| -> WireRole<'a> {
            let groups = groups.iter().map(AsRef::as_ref).collect();
            (name, groups, scopes.iter().map(AsRef::as_ref).collect())
        };
        let types = kinds.iter().zip(possible.iter().zip(fields.iter()));
        let types = types.map(|(kind, (possible, fields))| WireType::new(*kind, possible, fields));
        let field = |row: &FieldRow| {
            let FieldRow { name, returns, arguments } = *row;
            WireField { name: name.0, returns: returns.0, arguments }
        };
        Self {
            name,
            revision,
            roles: roles.iter().map(role).collect(),
            actors: actors.iter().map(|(name, roles)| (name.as_ref(), roles.bits())).collect(),
            rules: rules.iter().map(AsRef::as_ref).collect(),
            accesses: accesses.iter().map(WireAccess::from).collect(),
            field_access: field_access.clone(),
            type_names: WireNames::from(type_names),
            names: WireNames::from(names),
            types: types.collect(),
            fields: fields.items().iter().map(field).collect(),
            arguments: arguments.iter().map(|list| list.iter().map(|id| id.0).collect()).collect(),
            query: query.0,
            mutation: mutation.map(|id| id.0),
            subscription: subscription.map(|id| id.0),
        }
    }
}

/// Accesses, to be counted: grants and denies, and of each the roles and the rules.
type Accesses = Count<(Count<Clauses>, Count<Clauses>)>;
type Clauses = (u64, Count<u32>);

impl<'a> Wire<'a> {
    /// Reads a payload. What is kept is counted first where little is said of much: the roles, and
    /// the accesses and lists of arguments, of which no more are of use than there are fields.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, BlobError> {
        let mut from = Deserializer::from_bytes(payload);
        let (name, revision) = next(&mut from)?;
        let too_many = BlobError::Policy(PolicyError::TooManyRoles);
        let roles = at_most(RoleSet::MAX_ROLES, &mut from)?.ok_or(too_many)?;
        let (actors, rules) = next(&mut from)?;

        let at_accesses = rest(from)?;
        let mut from = Deserializer::from_bytes(at_accesses);
        let Accesses { items: count, .. } = next(&mut from)?;
        let field_access: Vec<u32> = next(&mut from)?;
        if count > field_access.len() {
            return Err(BlobError::Policy(PolicyError::UnusedAccess));
        }
        let accesses = next(&mut Deserializer::from_bytes(at_accesses))?;

        let (type_names, names, types) = next(&mut from)?;
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
            accesses,
            field_access,
            type_names,
            names,
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
            accesses,
            field_access,
            type_names,
            names,
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
            lists.push(list.into_iter().map(NameId)).ok_or(misfit)?;
        }
        let mut kinds = Vec::with_capacity(types.len());
        let mut possible = Lists::with_capacity(types.len());
        let mut counts = Vec::with_capacity(types.len());
        for (WireType { kind, fields, possible: objects }, id) in types.into_iter().zip(0..) {
            let kind = kind_of(kind).ok_or(BlobError::Payload)?;
            let itself = (kind == TypeKind::Object).then_some(id);
            possible.push(objects.into_iter().chain(itself).map(TypeId)).ok_or(misfit)?;
            kinds.push(kind);
            counts.push(fields);
        }
        let row = |WireField { name, returns, arguments }| FieldRow {
            name: NameId(name),
            returns: TypeId(returns),
            arguments,
        };
        let tables = Tables {
            type_names: type_names.read().ok_or(misfit)?,
            names: names.read().ok_or(misfit)?,
            kinds,
            possible,
            fields: Lists::new(fields.into_iter().map(row).collect(), counts).ok_or(misfit)?,
            arguments: lists,
            query: TypeId(query),
            mutation: mutation.map(TypeId),
            subscription: subscription.map(TypeId),
        };
        let role = |(name, groups, scopes): WireRole<'_>| Role {
            name: name.into(),
            groups: groups.into_iter().map(Box::from).collect(),
            scopes: scopes.into_iter().map(Box::from).collect(),
        };
        let actor = |(name, bits): (&str, u64)| (name.into(), RoleSet::from_bits(bits));
        Ok(PolicyParts {
            name: name.into(),
            revision: revision.into(),
            schema: Schema::of_tables(tables).map_err(BlobError::Schema)?,
            roles: roles.into_iter().map(role).collect(),
            actors: actors.into_iter().map(actor).collect(),
            rules: rules.into_iter().map(Box::from).collect(),
            accesses: accesses.into_iter().map(Access::from).collect(),
            field_access,
        })
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
            TypeKind::Object | TypeKind::Leaf => Vec::new(),
            TypeKind::Interface | TypeKind::Union => possible.iter().map(|id| id.0).collect(),
        };
        // INVARIANT: tables number their items in 32 bits.
        let fields = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        Self { kind: kind_code(kind), fields, possible }
    }
}

impl From<&Access> for WireAccess {
    fn from(access: &Access) -> Self {
        let wire = |clause: &Clause| WireClause {
            roles: clause.roles.bits(),
            rules: clause.rules.iter().map(|rule| rule.0).collect(),
        };
        Self {
            grants: access.grants.iter().map(wire).collect(),
            denies: access.denies.iter().map(wire).collect(),
        }
    }
}

impl From<WireAccess> for Access {
    fn from(wire: WireAccess) -> Self {
        let clause = |WireClause { roles, rules }| Clause {
            roles: RoleSet::from_bits(roles),
            rules: rules.into_iter().map(RuleId).collect(),
        };
        Self {
            grants: wire.grants.into_iter().map(clause).collect(),
            denies: wire.denies.into_iter().map(clause).collect(),
        }
    }
}

const fn kind_code(kind: TypeKind) -> u8 {
    match kind {
        TypeKind::Object => 0,
        TypeKind::Interface => 1,
        TypeKind::Union => 2,
        TypeKind::Leaf => 3,
    }
}

const fn kind_of(code: u8) -> Option<TypeKind> {
    match code {
        0 => Some(TypeKind::Object),
        1 => Some(TypeKind::Interface),
        2 => Some(TypeKind::Union),
        3 => Some(TypeKind::Leaf),
        _ => None,
    }
}
