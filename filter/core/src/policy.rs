//! The policy as it is enforced: a schema index, roles, and for every field coordinate the grants
//! and denies that decide it. Built by the authoring library, or read from a blob; either way
//! through [`Policy::new`], so that whoever holds a `Policy` holds one whose every index is valid.
//!
//! It does not know the source language (YAML, SDL), and it decides one coordinate at a time;
//! `decide` applies it to a whole operation.

pub mod blob;
pub mod ceiling;
pub mod condition;
pub mod cost;
pub mod data;
pub mod documents;
mod error;
pub mod rules;
pub mod schema;

use std::collections::BTreeSet;

use self::ceiling::{Ceiling, Counter};
use self::condition::{Expression, Steps, Variable, Variables};
use self::cost::Costs;
use self::data::Data;
use self::documents::Trusted;
pub use self::error::PolicyError;
use self::rules::{
    Access, Clause, ConditionId, Requirement, Role, RoleSet, ScopeId, ScopeSet, Truth, is_scope,
};
use self::schema::{FieldId, InputId, Schema, TypeId, TypeKind};
use crate::limits::CEILINGS;

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
    /// The scopes that requirements name, sorted; a [`rules::ScopeId`] is a position in this list.
    pub scopes: Vec<Box<str>>,
    /// The distinct accesses that coordinates refer to.
    pub accesses: Vec<Access>,
    /// For each field of the schema, in its order, the position of its access in `accesses`.
    pub field_access: Vec<u32>,
    /// The types that not everybody may reach, sorted, each with its access.
    pub type_access: Vec<(TypeId, u32)>,
    /// The arguments, input fields and enum values that not everybody may give, sorted, each with
    /// its access.
    pub input_access: Vec<(InputId, u32)>,
    /// What every operation needs.
    pub floor: Option<u32>,
    /// How much of what an operation may use.
    pub ceilings: Vec<Ceiling>,
    /// What operations cost, where that is asked for.
    pub costs: Option<Costs>,
    /// The interfaces and unions set to `expand`, sorted; any other one is strict.
    pub expanded: Vec<TypeId>,
    /// The conditions of roles and rules; a [`ConditionId`] is a position in this list.
    pub conditions: Vec<Expression>,
    /// What conditions look up.
    pub data: Data,
    /// The documents that clients were built with.
    pub documents: Trusted,
}

impl PolicyParts {
    /// A policy of that name without roles and rules.
    #[must_use]
    pub fn new(name: &str, schema: Schema) -> Self {
        Self {
            name: name.into(),
            revision: "".into(),
            schema,
            roles: Vec::new(),
            actors: Vec::new(),
            rules: Vec::new(),
            scopes: Vec::new(),
            accesses: Vec::new(),
            field_access: Vec::new(),
            type_access: Vec::new(),
            input_access: Vec::new(),
            floor: None,
            ceilings: Vec::new(),
            costs: None,
            expanded: Vec::new(),
            conditions: Vec::new(),
            data: Data::default(),
            documents: Trusted::default(),
        }
    }

    fn check_limits(&self) -> Result<(), PolicyError> {
        let Self { schema, roles, rules, ceilings, costs, .. } = self;
        let all = RoleSet::first(roles.len());
        let sound = |one: &Ceiling| {
            one.rule.index() < rules.len()
                && one.roles.is_none_or(|roles| all.contains(roles))
                && one.most.is_sorted_by(|(one, _), (next, _)| one < next)
                && (costs.is_some()
                    || one.most.iter().all(|(counter, _)| *counter != Counter::Cost))
        };
        if ceilings.len() > CEILINGS || !ceilings.iter().all(sound) {
            return Err(PolicyError::Ceiling);
        }
        if costs.as_ref().is_some_and(|costs| !costs.fit(schema)) {
            return Err(PolicyError::Cost);
        }
        Ok(())
    }

    fn check_coordinates(&self) -> Result<(), PolicyError> {
        let Self { schema, accesses, field_access, type_access, input_access, .. } = self;
        let Self { floor, expanded, .. } = self;
        let known = |id: &u32| usize::try_from(*id).is_ok_and(|id| id < accesses.len());
        if field_access.len() != schema.field_count() || !field_access.iter().all(known) {
            return Err(PolicyError::FieldAccess);
        }
        let types_fit = type_access.is_sorted_by(|(one, _), (next, _)| one < next)
            && type_access.iter().all(|(id, at)| schema.type_def(*id).is_some() && known(at));
        let inputs_fit = input_access.is_sorted_by(|(one, _), (next, _)| one < next)
            && input_access.iter().all(|(id, at)| schema.has_input(*id) && known(at));
        if !types_fit || !inputs_fit || !floor.iter().all(known) {
            return Err(PolicyError::Coordinate);
        }
        let is_abstract = |id: &TypeId| {
            let kind = schema.type_def(*id).map(|def| def.kind);
            matches!(kind, Some(TypeKind::Interface | TypeKind::Union))
        };
        if !expanded.is_sorted_by(|one, next| one < next) || !expanded.iter().all(is_abstract) {
            return Err(PolicyError::Expanded);
        }
        let used = field_access.len().saturating_add(type_access.len());
        let used = used.saturating_add(input_access.len()).saturating_add(floor.iter().len());
        if accesses.len() > used { Err(PolicyError::UnusedAccess) } else { Ok(()) }
    }
}

/// A valid policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    parts: PolicyParts,
    /// What any of the conditions looks at.
    reads: BTreeSet<Variable>,
}

impl Policy {
    /// Checks every invariant once, so that lookups need not.
    pub fn new(parts: PolicyParts) -> Result<Self, PolicyError> {
        if parts.roles.len() > RoleSet::MAX_ROLES {
            return Err(PolicyError::TooManyRoles);
        }
        if !parts.roles.iter().flat_map(|role| &role.scopes).all(|scope| is_scope(scope))
            || !parts.scopes.iter().all(|scope| is_scope(scope))
            || !parts.scopes.is_sorted_by(|one, next| one < next)
        {
            return Err(PolicyError::Scope);
        }
        let roles = RoleSet::first(parts.roles.len());
        if !parts.actors.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(PolicyError::ActorOrder);
        }
        if parts.actors.iter().any(|(_, held)| !roles.contains(*held)) {
            return Err(PolicyError::Clause);
        }
        parts.check_coordinates()?;
        parts.check_limits()?;
        let known = |id: &ConditionId| id.index() < parts.conditions.len();
        if !parts.roles.iter().filter_map(|role| role.condition.as_ref()).all(known) {
            return Err(PolicyError::Clause);
        }
        let known_clause = |clause: &Clause| {
            roles.contains(clause.roles)
                && clause.condition.iter().all(known)
                && clause.rules.iter().all(|rule| rule.index() < parts.rules.len())
        };
        let known_requirement = |requirement: &Requirement| {
            requirement.rule.index() < parts.rules.len()
                && requirement.any.iter().all(|need| {
                    roles.contains(need.roles)
                        && need.scopes.iter().all(|scope| scope.index() < parts.scopes.len())
                })
        };
        let sound = |access: &Access| {
            access.clauses().all(known_clause) && access.requires.iter().all(known_requirement)
        };
        if !parts.accesses.iter().all(sound) {
            return Err(PolicyError::Clause);
        }
        let reads = Variable::ALL.into_iter();
        let reads = reads.filter(|one| parts.conditions.iter().any(|c| c.reads().variable(*one)));
        let reads = reads.collect();
        Ok(Self { parts, reads })
    }

    /// The same policy with these trusted documents.
    #[must_use]
    pub fn with_documents(mut self, documents: Trusted) -> Self {
        self.parts.documents = documents;
        self
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

    /// What decides whether a type is reached; `None` if everybody may who has a way to it.
    #[must_use]
    pub fn type_access(&self, of: TypeId) -> Option<&Access> {
        self.sparse(&self.parts.type_access, of)
    }

    /// What decides whether an input may be given; `None` if everybody may who is granted the field.
    #[must_use]
    pub fn input_access(&self, input: InputId) -> Option<&Access> {
        self.sparse(&self.parts.input_access, input)
    }

    /// Whether a field on this type may be granted on some of its object types alone.
    #[must_use]
    pub fn expands(&self, of: TypeId) -> bool {
        self.parts.expanded.binary_search(&of).is_ok()
    }

    /// What every operation needs, if anything.
    #[must_use]
    pub fn floor(&self) -> Option<&Access> {
        self.parts.accesses.get(usize::try_from(self.parts.floor?).ok()?)
    }

    /// How much of what an operation may use.
    #[must_use]
    pub fn ceilings(&self) -> &[Ceiling] {
        &self.parts.ceilings
    }

    /// What operations cost, where that is asked for.
    #[must_use]
    pub fn costs(&self) -> Option<&Costs> {
        self.parts.costs.as_ref()
    }

    fn sparse<K: Ord + Copy>(&self, list: &[(K, u32)], key: K) -> Option<&Access> {
        let at = list.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        let (_, access) = list.get(at)?;
        self.parts.accesses.get(usize::try_from(*access).ok()?)
    }

    /// The scope of that number.
    #[must_use]
    pub fn scope_name(&self, scope: ScopeId) -> Option<&str> {
        self.parts.scopes.get(scope.index()).map(AsRef::as_ref)
    }

    /// A condition of a role or a rule.
    #[must_use]
    pub fn condition(&self, id: ConditionId) -> Option<&Expression> {
        self.parts.conditions.get(id.index())
    }

    /// What a condition comes to. One that is not there cannot be evaluated.
    pub(crate) fn truth(
        &self,
        id: ConditionId,
        variables: &Variables<'_>,
        steps: &mut Steps,
    ) -> Truth {
        let condition = self.condition(id);
        let holds = condition.map(|one| one.evaluate_within(variables, self.data(), steps));
        match holds {
            Some(Ok(true)) => Truth::Holds,
            Some(Ok(false)) => Truth::Fails,
            Some(Err(_)) | None => Truth::Error,
        }
    }

    /// What conditions look up.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.parts.data
    }

    /// The documents that clients were built with, and what else they may ask for.
    #[must_use]
    pub fn documents(&self) -> &Trusted {
        &self.parts.documents
    }

    /// Whether any condition looks at a variable.
    #[must_use]
    pub fn reads(&self, variable: Variable) -> bool {
        self.reads.contains(&variable)
    }

    /// Whether a condition of this access looks at the arguments of its field.
    #[must_use]
    pub fn reads_arguments(&self, access: &Access) -> bool {
        let conditions = access.clauses().filter_map(|clause| self.condition(clause.condition?));
        let mut conditions = conditions.map(Expression::reads);
        conditions.any(|reads| reads.variable(Variable::Args))
    }

    /// Those of the scopes that requirements name which a token has.
    #[must_use]
    pub fn scopes_of(&self, scopes: &[Box<str>]) -> ScopeSet {
        ScopeSet::new(&self.parts.scopes, scopes)
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
