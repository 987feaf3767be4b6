//! The payload of a blob, and its conversion: with its parts beside it, the only place that knows the
//! wire format.

use postcard::Deserializer;
use postcard::de_flavors::Slice;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

use super::BlobError;
use super::access::{WireAccess, WireInput, input_of};
use super::bounded::AtMost;
use super::data::WireData;
use super::documents::WireTrusted;
use super::expression::WireExpressions;
use super::limits::{WireCeiling, WireCosts};
use super::schema::WireSchema;
use crate::limits::CEILINGS;
use crate::policy::rules::{Access, ConditionId, Role, RoleSet};
use crate::policy::schema::TypeId;
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
    ceilings: Vec<WireCeiling>,
    costs: Option<WireCosts<'a>>,
    accesses: Vec<WireAccess>,
    conditions: WireExpressions<'a>,
    data: WireData<'a>,
    schema: WireSchema<'a>,
    documents: Option<WireTrusted<'a>>,
    /// Interfaces and unions; where there are none, nothing is written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<u32>,
}

/// Name, groups, scopes, condition.
type WireRole<'a> = (&'a str, Vec<&'a str>, Vec<&'a str>, Option<u32>);

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
            ceilings,
            costs,
            expanded,
            conditions,
            data,
            documents,
        } = parts;
        let role = |Role { name, groups, scopes, condition }: &'a Role| -> WireRole<'a> {
            let groups = groups.iter().map(AsRef::as_ref).collect();
            let scopes = scopes.iter().map(AsRef::as_ref).collect();
            (name, groups, scopes, condition.map(|id| id.0))
        };
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
            ceilings: ceilings.iter().map(WireCeiling::from).collect(),
            costs: costs.as_ref().map(WireCosts::from),
            accesses: accesses.iter().map(WireAccess::from).collect(),
            conditions: WireExpressions::new(conditions)?,
            data: WireData::new(data)?,
            schema: WireSchema::new(schema.tables()),
            documents: WireTrusted::new(documents),
            expanded: expanded.iter().map(|id| id.0).collect(),
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
        let too_many = BlobError::Policy(PolicyError::Ceiling);
        let ceilings = at_most(CEILINGS, &mut from)?.ok_or(too_many)?;
        let costs = next(&mut from)?;
        let used = [field_access.len(), type_access.len(), input_access.len(), floor.iter().len()];
        let used = used.into_iter().fold(0, usize::saturating_add);
        let too_many = BlobError::Policy(PolicyError::UnusedAccess);
        let accesses = at_most(used, &mut from)?.ok_or(too_many)?;

        let (conditions, data) = next(&mut from)?;
        let schema = WireSchema::read(&mut from)?;
        let documents = next(&mut from)?;
        let expanded = expanded(rest(from)?, schema.types())?;
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
            ceilings,
            costs,
            accesses,
            conditions,
            data,
            schema,
            documents,
            expanded,
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
            ceilings,
            costs,
            accesses,
            conditions,
            data,
            schema,
            documents,
            expanded,
        } = self;
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
            schema: schema.into_schema()?,
            roles: roles.into_iter().map(role).collect(),
            actors: actors.into_iter().map(actor).collect(),
            rules: boxed(rules),
            scopes: boxed(scopes),
            accesses,
            field_access,
            type_access: type_access.into_iter().map(|(of, at)| (TypeId(of), at)).collect(),
            input_access,
            floor,
            ceilings: ceilings
                .into_iter()
                .map(WireCeiling::read)
                .collect::<Option<_>>()
                .ok_or(BlobError::Payload)?,
            costs: costs.map(WireCosts::read).transpose()?,
            expanded: expanded.into_iter().map(TypeId).collect(),
            conditions: conditions.read()?,
            data: data.read()?,
            documents: WireTrusted::read(documents)?,
        })
    }
}

fn boxed(texts: Vec<&str>) -> Vec<Box<str>> {
    texts.into_iter().map(Box::from).collect()
}

pub(super) type Reader<'a> = Deserializer<'a, Slice<'a>>;

pub(super) fn next<'a, T: Deserialize<'a>>(from: &mut Reader<'a>) -> Result<T, BlobError> {
    T::deserialize(from).map_err(|_| BlobError::Payload)
}

/// `None` if there are more.
pub(super) fn at_most<'a, T: Deserialize<'a>>(
    max: usize,
    from: &mut Reader<'a>,
) -> Result<Option<Vec<T>>, BlobError> {
    AtMost::new(max).deserialize(from).map_err(|_| BlobError::Payload)
}

/// What ends a payload: a list of at most `max` that is not empty, or nothing.
fn expanded(payload: &[u8], max: usize) -> Result<Vec<u32>, BlobError> {
    if payload.is_empty() {
        return Ok(Vec::new());
    }
    let mut from = Deserializer::from_bytes(payload);
    let too_many = BlobError::Policy(PolicyError::Expanded);
    let list: Vec<u32> = at_most(max, &mut from)?.ok_or(too_many)?;
    if list.is_empty() || !rest(from)?.is_empty() {
        return Err(BlobError::Payload);
    }
    Ok(list)
}

fn rest<'a>(from: Reader<'a>) -> Result<&'a [u8], BlobError> {
    from.finalize().map_err(|_| BlobError::Payload)
}
