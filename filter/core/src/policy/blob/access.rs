//! Accesses and the coordinates of inputs, as they are in a payload.

use serde::{Deserialize, Serialize};

use crate::policy::rules::{Access, Caller, Clause, ConditionId, Grant, Need, Otherwise};
use crate::policy::rules::{Requirement, RoleSet, RuleId, ScopeId};
use crate::policy::schema::{FieldId, InputId, TypeId};

#[derive(Serialize, Deserialize)]
pub(super) struct WireAccess {
    grants: Vec<Vec<WireClause>>,
    denies: Vec<WireClause>,
    requires: Vec<WireRequirement>,
    /// 1 where it is granted if no rule speaks.
    otherwise: u8,
}

#[derive(Serialize, Deserialize)]
struct WireClause {
    roles: u64,
    condition: Option<u32>,
    rules: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct WireRequirement {
    rule: u32,
    any: Vec<WireNeed>,
}

#[derive(Serialize, Deserialize)]
struct WireNeed {
    roles: u64,
    scopes: Vec<u32>,
    /// 1 where a verified caller is needed.
    caller: u8,
}

/// A kind, what it is of, and the position there.
#[derive(Serialize, Deserialize)]
pub(super) struct WireInput(u8, u32, u32);

impl From<InputId> for WireInput {
    fn from(id: InputId) -> Self {
        match id {
            InputId::Argument(field, at) => Self(0, field.0, at),
            InputId::Member(of, at) => Self(1, of.0, at),
            InputId::Value(of, at) => Self(2, of.0, at),
        }
    }
}

pub(super) fn input_of(wire: &WireInput) -> Option<InputId> {
    let WireInput(kind, of, at) = *wire;
    match kind {
        0 => Some(InputId::Argument(FieldId(of), at)),
        1 => Some(InputId::Member(TypeId(of), at)),
        2 => Some(InputId::Value(TypeId(of), at)),
        _ => None,
    }
}

impl From<&Access> for WireAccess {
    fn from(access: &Access) -> Self {
        let Access { grants, denies, requires, otherwise } = access;
        let need = |Need { roles, scopes, caller }: &Need| WireNeed {
            roles: roles.bits(),
            scopes: scopes.iter().map(|scope| scope.0).collect(),
            caller: match caller {
                Caller::Anyone => 0,
                Caller::Verified => 1,
            },
        };
        let requirement = |Requirement { rule, any }: &Requirement| WireRequirement {
            rule: rule.0,
            any: any.iter().map(need).collect(),
        };
        Self {
            grants: grants.iter().map(|grant| clauses(&grant.any)).collect(),
            denies: clauses(denies),
            requires: requires.iter().map(requirement).collect(),
            otherwise: match otherwise {
                Otherwise::Deny => 0,
                Otherwise::Allow => 1,
            },
        }
    }
}

fn clauses(clauses: &[Clause]) -> Vec<WireClause> {
    let wire = |Clause { roles, condition, rules }: &Clause| WireClause {
        roles: roles.bits(),
        condition: condition.map(|id| id.0),
        rules: rules.iter().map(|rule| rule.0).collect(),
    };
    clauses.iter().map(wire).collect()
}

impl TryFrom<WireAccess> for Access {
    type Error = ();

    fn try_from(wire: WireAccess) -> Result<Self, ()> {
        let WireAccess { grants, denies, requires, otherwise } = wire;
        let need = |WireNeed { roles, scopes, caller }| {
            let caller = match caller {
                0 => Caller::Anyone,
                1 => Caller::Verified,
                _ => return Err(()),
            };
            let scopes = scopes.into_iter().map(ScopeId).collect();
            Ok(Need { roles: RoleSet::from_bits(roles), scopes, caller })
        };
        let requirement = |WireRequirement { rule, any }| {
            let any = any.into_iter().map(need).collect::<Result<Vec<Need>, ()>>()?;
            Ok(Requirement { rule: RuleId(rule), any })
        };
        Ok(Self {
            grants: grants.into_iter().map(|any| Grant { any: read(any) }).collect(),
            denies: read(denies),
            requires: requires.into_iter().map(requirement).collect::<Result<_, ()>>()?,
            otherwise: match otherwise {
                0 => Otherwise::Deny,
                1 => Otherwise::Allow,
                _ => return Err(()),
            },
        })
    }
}

fn read(clauses: Vec<WireClause>) -> Vec<Clause> {
    let clause = |WireClause { roles, condition, rules }| Clause {
        roles: RoleSet::from_bits(roles),
        condition: condition.map(ConditionId),
        rules: rules.into_iter().map(RuleId).collect(),
    };
    clauses.into_iter().map(clause).collect()
}
