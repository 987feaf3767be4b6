//! Rules x schema -> a [`Policy`] in which each coordinate knows what decides it.
//!
//! The precedence of the language is worked out here, once: for each source of a coordinate (its
//! own type, and every interface of that type which declares it) the most specific tier of allow
//! rules that name it gives a grant, and all grants must hold; only where no source is named do
//! `*.field`, then tags and then `*.*` speak. A deny rule counts wherever it matches. What the schema
//! itself requires is beside rules, and holds whatever they say. Nothing is decided for a principal:
//! that is the filter's.

mod conditions;
mod coordinates;
mod costs;
mod named;
mod requirements;

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::ceiling::Ceiling;
use fieldgate_core::policy::data::Data;
use fieldgate_core::policy::documents::Trusted;
use fieldgate_core::policy::rules::{Access, Clause, Grant, Otherwise, Role, RoleSet, RuleId};
use fieldgate_core::policy::schema::{InputId, TypeId, TypeKind};
use fieldgate_core::policy::{Policy, PolicyError, PolicyParts};

pub use self::conditions::Conditions;
pub use self::coordinates::check;
use self::coordinates::{Coordinate, Coordinates, is_abstract};
use self::named::{Named, Tiers};
use self::requirements::Requirements;
use crate::policy::{Effect, Granting, PolicySource, RoleSource, RuleSource};
use crate::schema::SchemaSource;
use crate::source::Text;

/// The policy. The source has to be free of findings, `check`'s too, which gives the conditions.
///
/// # Errors
/// [`PolicyError`] if it is not.
pub fn lower(
    source: &PolicySource,
    schema: SchemaSource,
    (conditions, data): (&Conditions, Data),
    revision: Option<&str>,
) -> Result<Policy, PolicyError> {
    // The order of declarations has no meaning, so it must not show in the bytes.
    let mut roles: Vec<Role> = source
        .roles
        .iter()
        .map(|RoleSource { name, groups, scopes, .. }| Role {
            condition: conditions.of_role(&name.text),
            name: name.text.as_str().into(),
            groups: sorted(groups),
            scopes: sorted(scopes),
        })
        .collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let names = RoleNames::new(&roles);
    let mut actors: Vec<(Box<str>, RoleSet)> = source
        .actors
        .iter()
        .map(|actor| (actor.name.text.as_str().into(), names.set(&actor.roles)))
        .collect();
    actors.sort();

    let mut rules: Vec<&RuleSource> = source.floor.iter().chain(&source.rules).collect();
    rules.sort_by(|a, b| a.id.text.cmp(&b.id.text));
    let ids: BTreeMap<&str, RuleId> =
        rules.iter().map(|rule| rule.id.text.as_str()).zip((0..).map(RuleId)).collect();
    let clause = |rule: &RuleSource| Clause {
        roles: names.set(&rule.roles),
        condition: conditions.of_rule(&rule.id.text),
        rules: ids.get(rule.id.text.as_str()).copied().into_iter().collect(),
    };
    let coordinates = Coordinates::new(&schema);
    let by_effect = |effect| {
        let mut named = Named::default();
        for rule in source.rules.iter().filter(|rule| rule.effect == effect) {
            named.add(rule, &clause(rule), &coordinates);
        }
        named
    };
    let requirements = Requirements::new(source, &schema, &names, rules.len());
    let lowering = Lowering {
        allow: by_effect(Effect::Allow),
        deny: by_effect(Effect::Deny),
        coordinates: &coordinates,
        requirements: &requirements,
    };
    let fields = lowering.fields();
    let (types, inputs) = (lowering.types(), lowering.inputs());
    let floor = floor(source, &clause);

    let all = fields.iter().chain(types.iter().map(|(_, access)| access));
    let all = all.chain(inputs.iter().map(|(_, access)| access)).chain(&floor);
    let distinct: BTreeSet<&Access> = all.collect();
    let number: BTreeMap<&Access, u32> = distinct.iter().copied().zip(0..).collect();
    let of = |access: &Access| number.get(access).copied().unwrap_or(u32::MAX);
    let field_access = fields.iter().map(of).collect();
    let type_access = types.iter().map(|(id, access)| (*id, of(access))).collect();
    let input_access = inputs.iter().map(|(id, access)| (*id, of(access))).collect();
    let floor = floor.as_ref().map(of);
    let accesses = distinct.into_iter().cloned().collect();
    let types = schema.schema.types().filter(|(_, def)| is_abstract(def.kind));
    let may_expand = |name| source.abstracts.of(name) == Granting::Expand;
    let expanded = types.filter(|(_, def)| may_expand(def.name)).map(|(id, _)| id).collect();
    let own_revision = source.revision.as_ref().map(|text| text.text.as_str());
    let rule_names = rules.iter().map(|rule| rule.id.text.as_str());
    let rule_names: Vec<&str> = rule_names.chain(requirements.names()).collect();
    let first = u32::try_from(rule_names.len()).unwrap_or(u32::MAX);
    let ceilings = source.limits.iter().zip(first..).map(|(limit, id)| Ceiling {
        rule: RuleId(id),
        roles: limit.roles.as_deref().map(|roles| names.set(roles)),
        mode: limit.mode,
        most: limit.most.clone(),
    });
    let ceilings = ceilings.collect();
    let costs = source.cost.map(|cost| costs::costs(cost, &schema));
    let limit_names = source.limits.iter().map(|limit| limit.id.text.as_str());
    let rules = rule_names.into_iter().chain(limit_names).map(Box::from).collect();
    let scopes = requirements.scopes().map(Box::from).collect();
    Policy::new(PolicyParts {
        name: source.name.as_ref().map_or("", |name| &name.text).into(),
        revision: revision.or(own_revision).unwrap_or_default().into(),
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
        conditions: conditions.all().cloned().collect(),
        data,
        documents: Trusted::default(),
        schema: schema.schema,
    })
}

/// Roles by name.
struct RoleNames(BTreeMap<String, RoleSet>);

impl RoleNames {
    fn new(roles: &[Role]) -> Self {
        Self(roles.iter().map(|role| role.name.to_string()).zip(RoleSet::singles()).collect())
    }

    fn set(&self, names: &[Text]) -> RoleSet {
        let held = names.iter().filter_map(|name| self.0.get(&name.text));
        held.fold(RoleSet::EMPTY, |set, bit| set.union(*bit))
    }
}

/// What every operation needs, if anything.
fn floor(source: &PolicySource, clause: &dyn Fn(&RuleSource) -> Clause) -> Option<Access> {
    let clauses = |effect| -> BTreeSet<Clause> {
        source.floor.iter().filter(|rule| rule.effect == effect).map(clause).collect()
    };
    let (allowing, denying) = (clauses(Effect::Allow), clauses(Effect::Deny));
    let grants: Vec<Grant> = (!allowing.is_empty()).then(|| merge(&allowing)).into_iter().collect();
    let access = Access {
        grants,
        denies: denying.into_iter().collect(),
        requires: Vec::new(),
        otherwise: Otherwise::Allow,
    };
    (!source.floor.is_empty()).then_some(access)
}

struct Lowering<'a> {
    allow: Named,
    deny: Named,
    coordinates: &'a Coordinates<'a>,
    requirements: &'a Requirements,
}

impl Lowering<'_> {
    /// The access of every field, in the order of the schema.
    fn fields(&self) -> Vec<Access> {
        let all = self.coordinates.fields();
        let access = |field| {
            let sources = self.coordinates.sources(field);
            let requires = self.requirements.of_field(field, &sources);
            Access { requires, otherwise: Otherwise::Deny, ..self.access(&sources) }
        };
        all.map(|(id, _)| access(Coordinate::Field(id))).collect()
    }

    /// That of the inputs of which a rule speaks.
    fn inputs(&self) -> Vec<(InputId, Access)> {
        let access = |id| {
            let sources = self.coordinates.sources(Coordinate::Input(id));
            Access { otherwise: Otherwise::Allow, ..self.access(&sources) }
        };
        let all = self.coordinates.inputs().map(|id| (id, access(id)));
        all.filter(|(_, access)| access.clauses().next().is_some()).collect()
    }

    /// That of the object types that have a requirement.
    fn types(&self) -> Vec<(TypeId, Access)> {
        let types = self.coordinates.schema().types();
        let objects = types.filter(|(_, def)| def.kind == TypeKind::Object);
        let access = |id| {
            let requires = self.requirements.of_type(id);
            Access { requires, otherwise: Otherwise::Allow, ..Access::default() }
        };
        let all = objects.map(|(id, _)| (id, access(id)));
        all.filter(|(_, access)| !access.requires.is_empty()).collect()
    }

    /// What rules say of a coordinate and of those that it implements.
    fn access(&self, sources: &[Coordinate]) -> Access {
        let allowing: Vec<&Tiers> = sources.iter().filter_map(|one| self.allow.of(*one)).collect();
        let named = allowing.iter().filter_map(|tiers| first([&tiers.exact, &tiers.owner]));
        let mut grants: BTreeSet<Grant> = named.map(merge).collect();
        if grants.is_empty() {
            let name: BTreeSet<Clause> =
                allowing.iter().flat_map(|tiers| &tiers.name).cloned().collect();
            grants.extend((!name.is_empty()).then(|| merge(&name)));
        }
        if grants.is_empty() {
            grants.extend(allowing.iter().filter_map(|tiers| first([&tiers.tag])).map(merge));
        }
        if grants.is_empty() {
            let all: BTreeSet<Clause> =
                allowing.iter().flat_map(|tiers| &tiers.all).cloned().collect();
            grants.extend((!all.is_empty()).then(|| merge(&all)));
        }
        let denying = sources.iter().filter_map(|one| self.deny.of(*one));
        // Each deny rule stays apart, so that a refusal names those that apply and no others.
        let denies: BTreeSet<Clause> = denying.flat_map(Tiers::every).cloned().collect();
        Access {
            grants: grants.into_iter().collect(),
            denies: denies.into_iter().collect(),
            ..Access::default()
        }
    }
}

fn first<const N: usize>(tiers: [&BTreeSet<Clause>; N]) -> Option<&BTreeSet<Clause>> {
    tiers.into_iter().find(|tier| !tier.is_empty())
}

/// A tier as one grant: rules without a condition speak as one clause.
fn merge(tier: &BTreeSet<Clause>) -> Grant {
    let (conditional, plain): (Vec<&Clause>, Vec<&Clause>) =
        tier.iter().partition(|clause| clause.condition.is_some());
    let mut rules: Vec<RuleId> = plain.iter().flat_map(|one| one.rules.iter().copied()).collect();
    rules.sort_unstable();
    let roles = plain.iter().fold(RoleSet::EMPTY, |set, one| set.union(one.roles));
    let merged = (!plain.is_empty()).then_some(Clause { roles, condition: None, rules });
    Grant { any: merged.into_iter().chain(conditional.into_iter().cloned()).collect() }
}

fn sorted(texts: &[Text]) -> Vec<Box<str>> {
    let texts: BTreeSet<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    texts.into_iter().map(Box::from).collect()
}
