//! Blob bytes -> validated [`Policy`], and back. The transport form of a policy:
//!
//! ```text
//! "FGPB"   magic                                    4 bytes
//! version  FORMAT, little endian                    2 bytes
//! checksum SHA-256 of what follows, its first       8 bytes
//! length   of the payload before compression, LE    4 bytes
//! digest   SHA-256 of the payload                  32 bytes
//! body     the payload, raw DEFLATE (RFC 1951)
//! ```
//!
//! The payload is the postcard encoding of `Wire`, whose tables are sorted when it is built: the
//! same policy gives the same bytes. The digest is the policy's identity, whatever compressed it; the
//! checksum leaves a blob one spelling, as DEFLATE ignores bits behind its end. Both guard against
//! corruption, not against an attacker who can push configuration: such a one needs no forgery.

use std::fmt;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};

use super::rules::{Access, Clause, Role, RoleSet, RuleId};
use super::schema::{FieldDef, Schema, TypeDef, TypeId, TypeKind};
use super::{Policy, PolicyError, PolicyParts};

const MAGIC: &[u8; 4] = b"FGPB";
/// The format that this version writes and reads.
pub const FORMAT: u16 = 2;
/// The largest payload that is unpacked: ten times the GitHub schema's, far under a VM's memory.
const MAX_PAYLOAD_BYTES: u32 = 64 << 20;
const COMPRESSION_LEVEL: u8 = 9;

/// The SHA-256 of a policy's payload: its identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The first twelve hex digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why bytes are not a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobError {
    /// Too short, or it does not begin as a blob does.
    NotABlob,
    /// Written by another version of fieldgate.
    Format(u16),
    /// Its checksum does not match, or the body does not unpack to the stated length.
    Corrupt,
    /// The digest is not that of the payload.
    Digest,
    /// The payload is not a policy's.
    Payload,
    /// The payload is that of no valid policy.
    Policy(PolicyError),
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABlob => f.write_str("not a policy blob"),
            Self::Format(found) => {
                write!(f, "policy blob has format {found}, this filter reads format {FORMAT}")
            }
            Self::Corrupt => f.write_str("policy blob is corrupt: it is not as it was written"),
            Self::Digest => f.write_str("policy blob is corrupt: its digest does not match"),
            Self::Payload => f.write_str("policy blob is corrupt: its payload cannot be read"),
            Self::Policy(error) => write!(f, "policy blob is inconsistent: {error}"),
        }
    }
}

impl std::error::Error for BlobError {}

/// The blob of a policy, and its digest.
///
/// # Errors
/// [`BlobError::Payload`] for a policy too large to be encoded.
pub fn encode(policy: &Policy) -> Result<(Vec<u8>, Digest), BlobError> {
    let payload =
        postcard::to_allocvec(&Wire::from(policy.parts())).map_err(|_| BlobError::Payload)?;
    let length = u32::try_from(payload.len()).map_err(|_| BlobError::Payload)?;
    if length > MAX_PAYLOAD_BYTES {
        return Err(BlobError::Payload);
    }
    let digest = hmac_sha256::Hash::hash(&payload);
    let body = compress_to_vec(&payload, COMPRESSION_LEVEL);
    let summed = [&length.to_le_bytes()[..], &digest, &body].concat();
    let head = [&MAGIC[..], &FORMAT.to_le_bytes(), &checksum(&summed)].concat();
    Ok(([head, summed].concat(), Digest(digest)))
}

/// The policy in a blob, and its digest.
///
/// # Errors
/// One [`BlobError`] for each way in which bytes can fail to be a policy; nothing is half read.
pub fn decode(blob: &[u8]) -> Result<(Policy, Digest), BlobError> {
    let (magic, rest) = blob.split_first_chunk::<4>().ok_or(BlobError::NotABlob)?;
    if magic != MAGIC {
        return Err(BlobError::NotABlob);
    }
    let (format, rest) = rest.split_first_chunk::<2>().ok_or(BlobError::NotABlob)?;
    let format = u16::from_le_bytes(*format);
    if format != FORMAT {
        return Err(BlobError::Format(format));
    }
    let (stated, rest) = rest.split_first_chunk::<8>().ok_or(BlobError::Corrupt)?;
    if checksum(rest) != *stated {
        return Err(BlobError::Corrupt);
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(BlobError::Corrupt)?;
    let (digest, body) = rest.split_first_chunk::<32>().ok_or(BlobError::Corrupt)?;
    let length = u32::from_le_bytes(*length);
    if length > MAX_PAYLOAD_BYTES {
        return Err(BlobError::Corrupt);
    }
    let length = usize::try_from(length).map_err(|_| BlobError::Corrupt)?;
    let payload = decompress_to_vec_with_limit(body, length).map_err(|_| BlobError::Corrupt)?;
    if payload.len() != length {
        return Err(BlobError::Corrupt);
    }
    if hmac_sha256::Hash::hash(&payload) != *digest {
        return Err(BlobError::Digest);
    }
    let (wire, rest) =
        postcard::take_from_bytes::<Wire>(&payload).map_err(|_| BlobError::Payload)?;
    if !rest.is_empty() {
        return Err(BlobError::Payload);
    }
    let parts = wire.into_parts().ok_or(BlobError::Payload)?;
    let policy = Policy::new(parts).map_err(BlobError::Policy)?;
    Ok((policy, Digest(*digest)))
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.iter_mut().zip(hmac_sha256::Hash::hash(bytes)).for_each(|(to, byte)| *to = byte);
    sum
}

#[derive(Serialize, Deserialize)]
struct Wire {
    name: Box<str>,
    revision: Box<str>,
    roles: Vec<WireRole>,
    actors: Vec<(Box<str>, u64)>,
    rules: Vec<Box<str>>,
    accesses: Vec<WireAccess>,
    types: Vec<WireType>,
    query: u32,
    mutation: Option<u32>,
    subscription: Option<u32>,
}

/// Name, groups, scopes.
type WireRole = (Box<str>, Vec<Box<str>>, Vec<Box<str>>);

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

#[derive(Serialize, Deserialize)]
struct WireType {
    name: Box<str>,
    kind: u8,
    possible: Vec<u32>,
    fields: Vec<WireField>,
}

#[derive(Serialize, Deserialize)]
struct WireField {
    name: Box<str>,
    returns: u32,
    arguments: Vec<Box<str>>,
    access: u32,
}

impl From<&PolicyParts> for Wire {
    fn from(parts: &PolicyParts) -> Self {
        let PolicyParts { name, revision, schema, roles, actors, rules, accesses, field_access } =
            parts;
        let fields_of = |def: &TypeDef| {
            let numbers = def.fields.clone().filter_map(|id| usize::try_from(id).ok());
            let pairs =
                numbers.filter_map(|at| Some((schema.fields.get(at)?, field_access.get(at)?)));
            pairs.map(|(field, access)| WireField::new(field, *access)).collect()
        };
        let types = schema.types.iter().map(|def| WireType {
            name: def.name.clone(),
            kind: kind_code(def.kind),
            possible: def.possible.iter().map(|id| id.0).collect(),
            fields: fields_of(def),
        });
        Self {
            name: name.clone(),
            revision: revision.clone(),
            roles: roles
                .iter()
                .cloned()
                .map(|Role { name, groups, scopes }| (name, groups, scopes))
                .collect(),
            actors: actors.iter().map(|(name, roles)| (name.clone(), roles.bits())).collect(),
            rules: rules.clone(),
            accesses: accesses.iter().map(WireAccess::from).collect(),
            types: types.collect(),
            query: schema.query.0,
            mutation: schema.mutation.map(|id| id.0),
            subscription: schema.subscription.map(|id| id.0),
        }
    }
}

impl Wire {
    /// `None` where a number has no meaning here; [`Policy::new`] checks all that is relative.
    fn into_parts(self) -> Option<PolicyParts> {
        let Self {
            name,
            revision,
            roles,
            actors,
            rules,
            accesses,
            types: wire_types,
            query,
            mutation,
            subscription,
        } = self;
        let mut types = Vec::with_capacity(wire_types.len());
        let mut fields = Vec::new();
        let mut field_access = Vec::new();
        for (parent, WireType { name, kind, possible, fields: own }) in (0_u32..).zip(wire_types) {
            let start = u32::try_from(fields.len()).ok()?;
            for WireField { name, returns, arguments, access } in own {
                let (parent, returns) = (TypeId(parent), TypeId(returns));
                fields.push(FieldDef { name, parent, returns, arguments });
                field_access.push(access);
            }
            let end = u32::try_from(fields.len()).ok()?;
            let possible = possible.into_iter().map(TypeId).collect();
            types.push(TypeDef { name, kind: kind_of(kind)?, fields: start..end, possible });
        }
        let schema = Schema {
            types,
            fields,
            query: TypeId(query),
            mutation: mutation.map(TypeId),
            subscription: subscription.map(TypeId),
        };
        let role = |(name, groups, scopes)| Role { name, groups, scopes };
        let actor = |(name, bits)| (name, RoleSet::from_bits(bits));
        Some(PolicyParts {
            name,
            revision,
            schema,
            roles: roles.into_iter().map(role).collect(),
            actors: actors.into_iter().map(actor).collect(),
            rules,
            accesses: accesses.into_iter().map(Access::from).collect(),
            field_access,
        })
    }
}

impl WireField {
    fn new(field: &FieldDef, access: u32) -> Self {
        let FieldDef { name, parent: _, returns, arguments } = field;
        Self { name: name.clone(), returns: returns.0, arguments: arguments.clone(), access }
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
