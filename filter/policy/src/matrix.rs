//! [`Policy`] -> for every field and every role whether a subject with that role alone may have it,
//! by the core's own access tables. Its token has every scope that the schema asks for: the matrix
//! is about roles.
//!
//! A field of an object type is what its access says. A field of an interface is what an operation
//! that selects it there is told: granted if it is on every object type that the interface can be, and in
//! part if it is on some and the interface is expanded; that is a denial as long as responses are not completed.
//! What the floor asks for counts everywhere. Where it depends on conditions the cell says so: it is
//! granted if those of allow rules hold and those of deny rules do not.

use std::collections::BTreeSet;

use fieldgate_core::decide::Because;
use fieldgate_core::policy::Policy;
use fieldgate_core::policy::rules::{Access, Caller, Party, RoleSet, RuleId, Truth, Verdict};
use fieldgate_core::policy::schema::{FieldId, TypeDef};

use crate::suggest::did_you_mean;

/// Fields by roles.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The roles, sorted.
    pub roles: Vec<String>,
    /// The fields, sorted by type and name.
    pub rows: Vec<Row>,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Row {
    /// `Type.field`
    pub coordinate: String,
    /// For each role, in the order of the roles.
    pub cells: Vec<Cell>,
}

/// One field for one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Why it is denied; none if it is allowed.
    pub denied: Option<Because>,
    /// Whether that it is allowed depends on conditions.
    pub conditional: bool,
    /// Whether it is denied and granted on some object types of an expanded interface, if conditions
    /// have it so.
    pub partial: bool,
    /// The rules that grant it, or that deny it, or that would have granted it.
    pub rules: Vec<String>,
}

/// A type that has no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchType {
    /// What is wrong with it.
    pub message: String,
    /// What may be meant.
    pub help: Option<String>,
}

impl Matrix {
    /// All fields, or those of one type.
    ///
    /// # Errors
    /// The schema has no such type, or it has no fields.
    pub fn new(policy: &Policy, only: Option<&str>) -> Result<Self, NoSuchType> {
        let types = policy.schema().types().map(|(_, def)| def);
        let types: Vec<TypeDef<'_>> =
            types.filter(|def| only.is_none_or(|name| name == def.name)).collect();
        let fields: usize = types.iter().map(|def| def.fields().len()).sum();
        match only {
            Some(name) if types.is_empty() => return Err(unknown(name, policy)),
            Some(name) if fields == 0 => {
                let message = format!("`{name}` has no fields of its own");
                let help = Some("name an object type or an interface".to_owned());
                return Err(NoSuchType { message, help });
            }
            Some(_) | None => {}
        }
        let rows = types.iter().flat_map(|def| def.fields().map(|id| row(policy, def, id)));
        let rows = rows.collect();
        let roles = policy.parts().roles.iter().map(|role| role.name.to_string()).collect();
        Ok(Self { roles, rows })
    }
}

fn unknown(name: &str, policy: &Policy) -> NoSuchType {
    let names = policy.schema().types().filter(|(_, def)| def.fields().len() > 0);
    let help = did_you_mean(name, names.map(|(_, def)| def.name));
    NoSuchType { message: format!("the schema has no type `{}`", name.escape_debug()), help }
}

fn row(policy: &Policy, parent: &TypeDef<'_>, field: FieldId) -> Row {
    let schema = policy.schema();
    let name = schema.field_def(field).map_or("", |field| field.name);
    // An object type can be itself alone.
    let decided = parent.possible.iter().filter_map(|object| schema.field_named(*object, name));
    let accesses: Vec<Option<&Access>> = decided.map(|field| policy.access(field)).collect();
    let expands = schema.parent(field).is_some_and(|parent| policy.expands(parent));
    let roles = RoleSet::singles().take(policy.parts().roles.len());
    let cells = roles.map(|role| cell(policy, &accesses, expands, role)).collect();
    Row { coordinate: schema.coordinate(field), cells }
}

fn cell(policy: &Policy, objects: &[Option<&Access>], expands: bool, role: RoleSet) -> Cell {
    let (mut granting, mut forbidding, mut missing, mut unmet) =
        (BTreeSet::<RuleId>::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let scopes = policy.scopes_of(&policy.parts().scopes);
    let (held, unclear, caller) = (role, RoleSet::EMPTY, Caller::Verified);
    let party = Party { held, unclear, scopes: &scopes, caller };
    // What no object type has is granted to nobody, whatever the floor is.
    let (mut granted, mut always) = (!objects.is_empty(), true);
    let floor = policy.floor().filter(|_| granted).map(Some);
    let mut granted_on = Vec::with_capacity(objects.len());
    for access in objects.iter().copied().chain(floor) {
        let verdict = |access: &Access| access.verdict(&party, &|_| Truth::Error);
        let found = access.map(|access| (access, verdict(&at_best(access))));
        granted_on.push(matches!(found, Some((_, Verdict::Granted))));
        always &= access.is_some_and(|access| verdict(&at_worst(access)) == Verdict::Granted);
        match found {
            Some((access, Verdict::Granted)) => {
                let clauses = access.grants.iter().flat_map(|grant| &grant.any);
                granting.extend(clauses.flat_map(|clause| &clause.rules));
            }
            Some((_, Verdict::Forbidden(rules) | Verdict::Undecidable(rules))) => {
                forbidding.extend(rules);
            }
            Some((_, Verdict::NotGranted(rules))) => missing.extend(rules),
            Some((_, Verdict::NotMet(rules))) => unmet.extend(rules),
            None => {}
        }
    }
    granted &= granted_on.iter().all(|one| *one);
    let (on_objects, above) = granted_on.split_at_checked(objects.len()).unwrap_or_default();
    let some = on_objects.contains(&true) && !above.contains(&false);
    let (denied, rules) = match (granted, forbidding.is_empty()) {
        (true, _) => (None, granting),
        (false, false) => (Some(Because::DenyRule), forbidding),
        (false, true) if missing.is_empty() && !unmet.is_empty() => {
            (Some(Because::Requirement), unmet)
        }
        (false, true) => (Some(Because::NoGrant), missing),
    };
    let rules = rules.into_iter().map(|rule| policy.rule_name(rule).to_owned()).collect();
    Cell { denied, conditional: granted && !always, partial: expands && some && !granted, rules }
}

/// The access where the conditions of allow rules hold, and those of deny rules do not.
fn at_best(access: &Access) -> Access {
    let mut access = access.clone();
    for clause in access.grants.iter_mut().flat_map(|grant| &mut grant.any) {
        clause.condition = None;
    }
    access.denies.retain(|clause| clause.condition.is_none());
    access
}

/// The other way round.
fn at_worst(access: &Access) -> Access {
    let mut access = access.clone();
    for grant in &mut access.grants {
        grant.any.retain(|clause| clause.condition.is_none());
    }
    access.denies.iter_mut().for_each(|clause| clause.condition = None);
    access
}
