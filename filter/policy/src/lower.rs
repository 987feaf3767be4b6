//! Rules x schema -> a [`Policy`] in which each coordinate knows what decides it.
//!
//! The precedence of the language is worked out here, once: for each source of a field (its object
//! type, and every interface of that type which declares it) the most specific tier of allow rules
//! that name it gives a clause, and all clauses must hold; only where no source is named do
//! `*.field` and then `*.*` speak. A deny rule counts wherever it matches. Nothing is decided for a
//! principal: that is the filter's.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::rules::{Access, Clause, Role, RoleSet, RuleId};
use fieldgate_core::policy::schema::{FieldId, Schema, TypeDef, TypeId, TypeKind};
use fieldgate_core::policy::{Policy, PolicyError, PolicyParts};

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::policy::pattern::{Matches, Pattern};
use crate::policy::{Effect, PolicySource, RoleSource, RuleSource};
use crate::source::Text;
use crate::suggest::did_you_mean;

/// Adds a finding for each pattern that names nothing.
pub fn check(source: &PolicySource, schema: &Schema, findings: &mut Findings) {
    let patterns = source.rules.iter().flat_map(|rule| &rule.fields);
    for Pattern { matches, place } in patterns {
        let (code, message, help) = match matches {
            Matches::All => continue,
            Matches::Name(field) => {
                let names = schema.types().flat_map(|(_, def)| fields_of(schema, &def));
                let names = names.map(|(_, name)| name);
                if names.clone().any(|name| name == field) {
                    continue;
                }
                let message = format!("no type has a field `{field}`");
                (Code::UnknownField, message, did_you_mean(field, names))
            }
            Matches::Type(parent) | Matches::Field(parent, _) => {
                match (find_type(schema, parent), matches) {
                    (None, _) => {
                        let names = schema.types().map(|(_, def)| def.name);
                        let message = format!("unknown type `{parent}`");
                        (Code::UnknownType, message, did_you_mean(parent, names))
                    }
                    (Some((_, def)), _) if def.fields().len() == 0 => {
                        let message = format!("`{parent}` has no fields of its own");
                        let help = "name the object types instead".to_owned();
                        (Code::UnknownField, message, Some(help))
                    }
                    (Some((id, def)), Matches::Field(_, field)) => {
                        if schema.field_named(id, field).is_some() {
                            continue;
                        }
                        let names = fields_of(schema, &def).map(|(_, name)| name);
                        let message = format!("type `{parent}` has no field `{field}`");
                        (Code::UnknownField, message, did_you_mean(field, names))
                    }
                    (Some(_), Matches::Type(_) | Matches::Name(_) | Matches::All) => continue,
                }
            }
        };
        findings.add(Diagnostic::error(code, place, message).maybe_help(help));
    }
}

/// The policy. The source has to be free of findings, `check`'s too.
///
/// # Errors
/// [`PolicyError`] if it is not.
pub fn lower(
    source: &PolicySource,
    schema: Schema,
    revision: Option<&str>,
) -> Result<Policy, PolicyError> {
    // The order of declarations has no meaning, so it must not show in the bytes.
    let mut roles: Vec<Role> = source
        .roles
        .iter()
        .map(|RoleSource { name, groups, scopes }| Role {
            name: name.text.as_str().into(),
            groups: sorted(groups),
            scopes: sorted(scopes),
        })
        .collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rules: Vec<&RuleSource> = source.rules.iter().collect();
    rules.sort_by(|a, b| a.id.text.cmp(&b.id.text));
    let bits: BTreeMap<&str, RoleSet> =
        roles.iter().map(|role| role.name.as_ref()).zip(RoleSet::singles()).collect();
    let set = |names: &[Text]| {
        let held = names.iter().filter_map(|name| bits.get(name.text.as_str()));
        held.fold(RoleSet::EMPTY, |set, bit| set.union(*bit))
    };
    let mut actors: Vec<(Box<str>, RoleSet)> = source
        .actors
        .iter()
        .map(|actor| (actor.name.text.as_str().into(), set(&actor.roles)))
        .collect();
    actors.sort();
    let by_effect = |effect| {
        let mut named = Named::default();
        for (rule, id) in rules.iter().zip(0..).filter(|(rule, _)| rule.effect == effect) {
            let clause = Clause { roles: set(&rule.roles), rules: vec![RuleId(id)] };
            rule.fields.iter().for_each(|one| named.add(&one.matches, &schema, &clause));
        }
        named
    };
    let lowering = Lowering {
        allow: by_effect(Effect::Allow),
        deny: by_effect(Effect::Deny),
        schema: &schema,
    };
    let per_field = lowering.accesses();
    let distinct: BTreeSet<&Access> = per_field.iter().collect();
    let number: BTreeMap<&Access, u32> = distinct.iter().copied().zip(0..).collect();
    let field_access = per_field.iter().filter_map(|access| number.get(access).copied()).collect();
    let accesses = distinct.into_iter().cloned().collect();
    let own_revision = source.revision.as_ref().map(|text| text.text.as_str());
    Policy::new(PolicyParts {
        name: source.name.as_ref().map_or("", |name| &name.text).into(),
        revision: revision.or(own_revision).unwrap_or_default().into(),
        roles,
        actors,
        rules: rules.iter().map(|rule| rule.id.text.as_str().into()).collect(),
        accesses,
        field_access,
        schema,
    })
}

/// The rules of one effect, by what they name.
#[derive(Default)]
struct Named {
    fields: BTreeMap<FieldId, BTreeSet<Clause>>,
    types: BTreeMap<TypeId, BTreeSet<Clause>>,
    names: BTreeMap<String, BTreeSet<Clause>>,
    all: BTreeSet<Clause>,
}

struct Lowering<'a> {
    allow: Named,
    deny: Named,
    schema: &'a Schema,
}

impl Named {
    fn add(&mut self, matches: &Matches, schema: &Schema, clause: &Clause) {
        let tier = match matches {
            Matches::Field(parent, field) => {
                let id = schema.type_named(parent).and_then(|id| schema.field_named(id, field));
                let Some(id) = id else { return };
                self.fields.entry(id).or_default()
            }
            Matches::Type(parent) => {
                let Some(id) = schema.type_named(parent) else { return };
                self.types.entry(id).or_default()
            }
            Matches::Name(field) => self.names.entry(field.clone()).or_default(),
            Matches::All => &mut self.all,
        };
        tier.insert(clause.clone());
    }
}

impl Lowering<'_> {
    /// The access of every field, in the order of the schema.
    fn accesses(&self) -> Vec<Access> {
        let of_type = |(id, def): (TypeId, TypeDef<'_>)| {
            let sources = self.sources(id, &def);
            let fields = fields_of(self.schema, &def);
            fields.map(move |(_, name)| self.access(&sources, name)).collect::<Vec<_>>()
        };
        self.schema.types().flat_map(of_type).collect()
    }

    /// A type and, for an object, its interfaces. An interface speaks for itself alone: what it
    /// inherits is decided on the object types that it can be.
    fn sources(&self, id: TypeId, def: &TypeDef<'_>) -> Vec<TypeId> {
        let mut sources = vec![id];
        if def.kind == TypeKind::Object {
            let implemented = self.schema.types().filter(|(_, other)| {
                other.kind == TypeKind::Interface && other.possible.binary_search(&id).is_ok()
            });
            sources.extend(implemented.map(|(id, _)| id));
        }
        sources
    }

    fn access(&self, sources: &[TypeId], name: &str) -> Access {
        let declared: Vec<(TypeId, FieldId)> = sources
            .iter()
            .filter_map(|id| Some((*id, self.schema.field_named(*id, name)?)))
            .collect();
        let named = |(parent, field): &(TypeId, FieldId)| {
            self.allow.fields.get(field).or_else(|| self.allow.types.get(parent))
        };
        let mut grants: BTreeSet<Clause> = declared.iter().filter_map(named).map(merge).collect();
        if grants.is_empty() {
            let fallback = self.allow.names.get(name).unwrap_or(&self.allow.all);
            grants.extend((!fallback.is_empty()).then(|| merge(fallback)));
        }
        let exact = declared.iter().filter_map(|(_, field)| self.deny.fields.get(field));
        let whole = declared.iter().filter_map(|(parent, _)| self.deny.types.get(parent));
        let tiers = exact.chain(whole).chain(self.deny.names.get(name)).chain([&self.deny.all]);
        // Each deny rule stays apart, so that a refusal names those that apply and no others.
        let denies: BTreeSet<Clause> = tiers.flatten().cloned().collect();
        Access { grants: grants.into_iter().collect(), denies: denies.into_iter().collect() }
    }
}

/// One clause of a tier: any of the roles of any of its rules.
fn merge(tier: &BTreeSet<Clause>) -> Clause {
    let mut rules: Vec<RuleId> = tier.iter().flat_map(|one| one.rules.iter().copied()).collect();
    rules.sort_unstable();
    let roles = tier.iter().fold(RoleSet::EMPTY, |set, one| set.union(one.roles));
    Clause { roles, rules }
}

fn find_type<'a>(schema: &'a Schema, name: &str) -> Option<(TypeId, TypeDef<'a>)> {
    let id = schema.type_named(name)?;
    Some((id, schema.type_def(id)?))
}

fn fields_of<'a>(
    schema: &'a Schema,
    def: &TypeDef<'_>,
) -> impl Iterator<Item = (FieldId, &'a str)> + Clone + use<'a> {
    def.fields().filter_map(|id| Some((id, schema.field_def(id)?.name)))
}

fn sorted(texts: &[Text]) -> Vec<Box<str>> {
    let texts: BTreeSet<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    texts.into_iter().map(Box::from).collect()
}
