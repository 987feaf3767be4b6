//! A policy as a table by coordinate, and the one that the filter has of it.

use std::collections::BTreeMap;
use std::fmt;

use fieldgate_core::policy::rules::{
    Access, Caller, Clause as CoreClause, ConditionId, Grant, Need as CoreNeed, Otherwise,
    Requirement as CoreRequirement, Role, RoleSet, RuleId, ScopeId,
};
use fieldgate_core::policy::schema::{FieldId, InputId, TypeId};
use fieldgate_core::policy::{Policy as Core, PolicyParts};

use super::expr::Expr;
use super::schema::{Input, Name, Schema};

/// Roles `r0` to `r3` are for groups `g0` to `g3`; `r4` is for whom [`Policy::conditions`] says
/// first.
pub(crate) const ROLES: usize = 5;
pub(crate) const SCOPES: [Name; 3] = ["s0", "s1", "s2"];
/// Who may act for others, and their roles.
pub(crate) const ACTORS: [(Name, u64); 2] = [("agent", 0b11), ("bot", 0b1)];

#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) conditions: Vec<Expr>,
    /// By `Type.field`: every one of the schema.
    pub(crate) fields: BTreeMap<String, Rule>,
    /// By `Type`.
    pub(crate) types: BTreeMap<String, Rule>,
    /// By `Type.field(argument:)`, `Input.field` and `Enum.VALUE`.
    pub(crate) inputs: BTreeMap<String, Rule>,
    pub(crate) floor: Option<Rule>,
    /// How many clauses and requirements there are: each is a rule of its own.
    pub(crate) rules: usize,
}

/// What decides a coordinate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// Any clause of each.
    pub(crate) grants: Vec<Vec<Clause>>,
    pub(crate) denies: Vec<Clause>,
    pub(crate) requires: Vec<Requirement>,
    /// Whether it is granted where no rule grants.
    pub(crate) open: bool,
}

/// For whoever has one of these roles, where this condition holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    pub(crate) roles: u64,
    pub(crate) when: Option<usize>,
    /// As records name it.
    pub(crate) rule: usize,
}

/// Any of these needs.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    pub(crate) any: Vec<Need>,
    pub(crate) rule: usize,
}

/// Each of these roles and scopes, and a token if that is said.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) roles: u64,
    pub(crate) scopes: Vec<usize>,
    pub(crate) token: bool,
}

impl Policy {
    pub(crate) fn built(&self, schema: &Schema) -> Core {
        let mut accesses: Vec<Access> = Vec::new();
        let mut add = |rule: &Rule| {
            accesses.push(rule.built());
            u32::try_from(accesses.len() - 1).unwrap()
        };
        let (mut field_access, mut input_access) = (Vec::new(), Vec::new());
        let fields = schema.types.iter().flat_map(|of| of.fields.iter().map(move |one| (of, one)));
        for ((of, field), id) in fields.zip((0..).map(FieldId)) {
            let coordinate = format!("{}.{}", of.name, field.name);
            field_access.push(add(&self.fields[&coordinate]));
            for (Input { name, .. }, at) in field.arguments.iter().zip(0..) {
                if let Some(rule) = self.inputs.get(&format!("{coordinate}({name}:)")) {
                    input_access.push((InputId::Argument(id, at), add(rule)));
                }
            }
        }
        let mut type_access = Vec::new();
        for (of, id) in schema.types.iter().zip((0..).map(TypeId)) {
            if let Some(rule) = self.types.get(of.name) {
                type_access.push((id, add(rule)));
            }
            let named = |name: &str| self.inputs.get(&format!("{}.{name}", of.name));
            for (Input { name, .. }, at) in of.members.iter().zip(0..) {
                input_access.extend(named(name).map(|rule| (InputId::Member(id, at), add(rule))));
            }
            for (name, at) in of.values.iter().zip(0..) {
                input_access.extend(named(name).map(|rule| (InputId::Value(id, at), add(rule))));
            }
        }
        input_access.sort_by_key(|(id, _)| *id);
        let floor = self.floor.as_ref().map(add);
        let role = |at: usize| Role {
            name: format!("r{at}").into(),
            groups: (at < 4).then(|| format!("g{at}").into()).into_iter().collect(),
            scopes: Vec::new(),
            condition: (at == 4).then_some(ConditionId(0)),
        };
        Core::new(PolicyParts {
            roles: (0..ROLES).map(role).collect(),
            actors: ACTORS.map(|(name, bits)| (name.into(), RoleSet::from_bits(bits))).to_vec(),
            rules: (0..self.rules).map(|rule| rule_name(rule).into()).collect(),
            scopes: SCOPES.map(Into::into).to_vec(),
            conditions: self.conditions.iter().map(Expr::built).collect(),
            accesses,
            field_access,
            type_access,
            input_access,
            floor,
            ..PolicyParts::new("random", schema.index())
        })
        .expect("a policy")
    }
}

impl Rule {
    fn built(&self) -> Access {
        let id = |at: usize| u32::try_from(at).unwrap();
        let clause = |Clause { roles, when, rule }: &Clause| CoreClause {
            roles: RoleSet::from_bits(*roles),
            condition: when.map(|at| ConditionId(id(at))),
            rules: vec![RuleId(id(*rule))],
        };
        let need = |Need { roles, scopes, token }: &Need| CoreNeed {
            roles: RoleSet::from_bits(*roles),
            scopes: scopes.iter().map(|at| ScopeId(id(*at))).collect(),
            caller: if *token { Caller::Verified } else { Caller::Anyone },
        };
        let grant = |any: &Vec<Clause>| Grant { any: any.iter().map(clause).collect() };
        let requirement = |Requirement { any, rule }: &Requirement| CoreRequirement {
            rule: RuleId(id(*rule)),
            any: any.iter().map(need).collect(),
        };
        Access {
            grants: self.grants.iter().map(grant).collect(),
            denies: self.denies.iter().map(clause).collect(),
            requires: self.requires.iter().map(requirement).collect(),
            otherwise: if self.open { Otherwise::Allow } else { Otherwise::Deny },
        }
    }

    /// For a person, with the conditions that its clauses have by number.
    fn shown(&self, conditions: &[Expr]) -> String {
        let roles = |bits: u64| {
            let held = (0..ROLES).filter(|at| bits >> at & 1 == 1);
            format!("[{}]", held.map(|at| format!("r{at}")).collect::<Vec<_>>().join(" "))
        };
        let clause = |Clause { roles: held, when, rule }: &Clause| {
            let when = when.map(|at| format!(" if {}", conditions[at])).unwrap_or_default();
            format!("{}{when} ({})", roles(*held), rule_name(*rule))
        };
        let need = |need: &Need| {
            let scopes: Vec<Name> = need.scopes.iter().map(|at| SCOPES[*at]).collect();
            let token = if need.token { " token" } else { "" };
            format!("all of {} {scopes:?}{token}", roles(need.roles))
        };
        let either = |all: Vec<String>| all.join(" | ");
        let mut parts = Vec::new();
        parts.extend(self.open.then(|| "open".to_owned()));
        for any in &self.grants {
            parts.push(format!("allow {}", either(any.iter().map(clause).collect())));
        }
        parts.extend(self.denies.iter().map(|one| format!("deny {}", clause(one))));
        for Requirement { any, rule } in &self.requires {
            let any = either(any.iter().map(need).collect());
            parts.push(format!("requires {any} ({})", rule_name(*rule)));
        }
        parts.join("; ")
    }
}

pub(crate) fn rule_name(rule: usize) -> String {
    format!("#{rule}")
}

impl fmt::Display for Policy {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = [&self.fields, &self.types, &self.inputs].into_iter().flatten();
        let lines = tables.map(|(coordinate, rule)| (coordinate.as_str(), rule));
        for (coordinate, rule) in lines.chain(self.floor.iter().map(|rule| ("*", rule))) {
            writeln!(to, "{coordinate}: {}", rule.shown(&self.conditions))?;
        }
        Ok(())
    }
}
