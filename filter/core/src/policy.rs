//! The policy as it is enforced: a schema index, roles, and for every field coordinate the grants
//! and denies that decide it. Built by the authoring library, or read from a blob; either way
//! through [`Policy::new`], so that whoever holds a `Policy` holds one whose every index is valid.
//!
//! It does not know the source language (YAML, SDL), and it decides one coordinate at a time;
//! `decide` applies it to a whole operation.

pub mod blob;
pub mod rules;
pub mod schema;

use std::fmt;

use self::rules::{Access, Clause, Role, RoleSet, is_scope};
use self::schema::{FieldId, Schema};

/// Everything a policy is made of, before its invariants are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyParts {
    /// The policy's name, as audit records and metrics show it.
    pub name: Box<str>,
    /// The author's revision; where it is empty, the digest's first twelve digits stand in.
    pub revision: Box<str>,
    /// The schema index.
    pub schema: Schema,
    /// The roles; a role's position is its bit in a [`RoleSet`].
    pub roles: Vec<Role>,
    /// Who may act for a subject (`act.sub` or client id), sorted, with the roles of the actor.
    pub actors: Vec<(Box<str>, RoleSet)>,
    /// Rule ids; a [`rules::RuleId`] is a position in this list.
    pub rules: Vec<Box<str>>,
    /// The distinct accesses that coordinates refer to.
    pub accesses: Vec<Access>,
    /// For each field of the schema, in its order, the position of its access in `accesses`.
    pub field_access: Vec<u32>,
}

/// A valid policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    parts: PolicyParts,
}

/// Why parts do not make a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// More roles than [`RoleSet::MAX_ROLES`].
    TooManyRoles,
    /// A scope that cannot be one.
    Scope,
    /// Actors are not sorted, or one is named twice.
    ActorOrder,
    /// `field_access` has not one entry a field, or one points nowhere.
    FieldAccess,
    /// There are more accesses than fields.
    UnusedAccess,
    /// A clause names a role or a rule that does not exist.
    Clause,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRoles => write!(f, "more than {} roles", RoleSet::MAX_ROLES),
            Self::Scope => f.write_str("a role names a scope that cannot be one"),
            Self::ActorOrder => f.write_str("actors are not sorted and unique"),
            Self::FieldAccess => f.write_str("a field has no access entry"),
            Self::UnusedAccess => f.write_str("there are more access entries than fields"),
            Self::Clause => f.write_str("a clause names an unknown role or rule"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Checks every invariant once, so that lookups need not.
    pub fn new(parts: PolicyParts) -> Result<Self, PolicyError> {
        if parts.roles.len() > RoleSet::MAX_ROLES {
            return Err(PolicyError::TooManyRoles);
        }
        if !parts.roles.iter().flat_map(|role| &role.scopes).all(|scope| is_scope(scope)) {
            return Err(PolicyError::Scope);
        }
        let roles = RoleSet::first(parts.roles.len());
        if !parts.actors.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(PolicyError::ActorOrder);
        }
        if parts.actors.iter().any(|(_, held)| !roles.contains(*held)) {
            return Err(PolicyError::Clause);
        }
        let known_access =
            |id: &u32| usize::try_from(*id).is_ok_and(|id| id < parts.accesses.len());
        if parts.field_access.len() != parts.schema.field_count()
            || !parts.field_access.iter().all(known_access)
        {
            return Err(PolicyError::FieldAccess);
        }
        if parts.accesses.len() > parts.field_access.len() {
            return Err(PolicyError::UnusedAccess);
        }
        let known_clause = |clause: &Clause| {
            roles.contains(clause.roles)
                && clause.rules.iter().all(|rule| rule.index() < parts.rules.len())
        };
        let mut clauses = parts.accesses.iter().flat_map(|a| a.grants.iter().chain(&a.denies));
        if !clauses.all(known_clause) {
            return Err(PolicyError::Clause);
        }
        Ok(Self { parts })
    }

    /// The parts it was made of, for the encoder and for tools.
    #[must_use]
    pub fn parts(&self) -> &PolicyParts {
        &self.parts
    }

    /// The schema index.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.parts.schema
    }

    /// What decides the field; `None` only for an id of another policy, which then denies.
    #[must_use]
    pub fn access(&self, field: FieldId) -> Option<&Access> {
        let access = *self.parts.field_access.get(field.index())?;
        self.parts.accesses.get(usize::try_from(access).ok()?)
    }

    /// The roles of a subject by what its token says.
    #[must_use]
    pub fn roles_of(&self, groups: &[Box<str>], scopes: &[Box<str>]) -> RoleSet {
        self.roles_where(|role| role.is_held(groups, scopes))
    }

    /// The roles that an issuer gives by their names to a token with these scopes.
    #[must_use]
    pub fn roles_given(&self, names: &[Box<str>], scopes: &[Box<str>]) -> RoleSet {
        self.roles_where(|role| names.contains(&role.name) && role.is_in_scope(scopes))
    }

    /// The roles of these names; what is not declared is none.
    #[must_use]
    pub fn roles_named(&self, names: &[Box<str>]) -> RoleSet {
        self.roles_where(|role| names.contains(&role.name))
    }

    fn roles_where(&self, holds: impl Fn(&Role) -> bool) -> RoleSet {
        let held = self.parts.roles.iter().zip(RoleSet::singles()).filter(|(role, _)| holds(role));
        held.fold(RoleSet::EMPTY, |set, (_, bit)| set.union(bit))
    }

    /// The roles of an actor by its `act.sub` or client id; `None` if it is not listed.
    #[must_use]
    pub fn actor_roles(&self, actor: &str) -> Option<RoleSet> {
        let at = self.parts.actors.binary_search_by(|(name, _)| name.as_ref().cmp(actor)).ok()?;
        self.parts.actors.get(at).map(|(_, roles)| *roles)
    }

    /// The names of the roles in `set`, in declaration order.
    pub fn role_names(&self, set: RoleSet) -> impl Iterator<Item = &str> {
        let bits = self.parts.roles.iter().zip(RoleSet::singles());
        bits.filter(move |(_, bit)| set.intersects(*bit)).map(|(role, _)| role.name.as_ref())
    }

    /// The id of a rule, as its author wrote it.
    #[must_use]
    pub fn rule_name(&self, rule: rules::RuleId) -> &str {
        self.parts.rules.get(rule.index()).map_or("", AsRef::as_ref)
    }
}
