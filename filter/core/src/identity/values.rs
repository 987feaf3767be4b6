//! A caller as conditions see it: `claims` and `subject`, made once for a token and kept with what it
//! is known to be.

use crate::json::Json;
use crate::policy::Policy;
use crate::policy::condition::{Steps, Value, Variable, Variables};
use crate::policy::rules::{RoleSet, Truth};
use crate::token::verify::VerifiedClaims;

/// What conditions may look at of a caller. `Debug` shows none of it.
pub struct CallerValues {
    claims: Value<'static>,
    subject: Value<'static>,
}

/// Roles by their conditions alone.
pub(super) struct RoleConditions {
    /// Those whose condition holds, and those that have none.
    pub(super) held: RoleSet,
    /// Those of which it cannot be said.
    pub(super) unclear: RoleSet,
}

const ROLES: &str = "roles";

impl CallerValues {
    /// Whether any condition looks at them.
    pub(super) fn wanted(policy: &Policy) -> bool {
        policy.reads(Variable::Claims) || policy.reads(Variable::Subject)
    }

    pub(super) fn of_token(claims: &VerifiedClaims, said: Option<&Json<'_>>, issuer: &str) -> Self {
        let subject = Value::members([
            ("id", Value::text(claims.subject())),
            ("issuer", Value::text(issuer)),
            ("client", nullable(claims.client())),
            ("groups", Value::texts(claims.groups())),
            ("scopes", Value::texts(claims.scopes())),
            ("actor", nullable(claims.actor().map(|actor| actor.subject()))),
        ]);
        let claims = said.map_or_else(|| Value::Map(Vec::new()), Value::from);
        Self { claims: claims.into_owned(), subject: subject.into_owned() }
    }

    /// A caller without a token says nothing, and is in no group.
    pub(super) fn anonymous() -> Self {
        let none = || Value::List(Vec::new());
        let subject = Value::members([
            ("id", Value::Null),
            ("issuer", Value::Null),
            ("client", Value::Null),
            ("groups", none()),
            ("scopes", none()),
            ("actor", Value::Null),
        ]);
        Self { claims: Value::Map(Vec::new()), subject }
    }

    /// Adds the roles, which conditions of roles cannot look at.
    pub(super) fn set_roles<'r>(&mut self, roles: impl Iterator<Item = &'r str>) {
        let roles = roles.map(|role| Value::text(role).into_owned()).collect();
        if let Value::Map(members) = &mut self.subject {
            members.push((Value::text(ROLES), Value::List(roles)));
        }
    }

    /// What it gives a condition to look at.
    #[must_use]
    pub fn variables(&self) -> Variables<'_> {
        let Self { claims, subject } = self;
        Variables { claims: Some(claims), subject: Some(subject), ..Variables::default() }
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.claims.bytes().saturating_add(self.subject.bytes())
    }
}

fn nullable(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::text)
}

impl std::fmt::Debug for CallerValues {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("CallerValues(_)")
    }
}

impl Policy {
    /// What the conditions of roles come to for a caller.
    pub(super) fn role_conditions(&self, values: Option<&CallerValues>) -> RoleConditions {
        let variables = values.map_or_else(Variables::default, CallerValues::variables);
        let mut steps = Steps::default();
        let (mut held, mut unclear) = (RoleSet::EMPTY, RoleSet::EMPTY);
        for (role, bit) in self.parts().roles.iter().zip(RoleSet::singles()) {
            let truth = match role.condition {
                None => Truth::Holds,
                Some(id) => self.truth(id, &variables, &mut steps),
            };
            match truth {
                Truth::Holds => held = held.union(bit),
                Truth::Fails => {}
                Truth::Error => unclear = unclear.union(bit),
            }
        }
        RoleConditions { held, unclear }
    }
}
