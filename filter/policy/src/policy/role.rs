//! A role and an actor as written.

use std::collections::BTreeSet;

use fieldgate_core::policy::rules::is_scope;

use super::names::{expect_name, read_roles};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::yaml::Member;
use crate::yaml::shape::{self, Keys};

/// A role.
#[derive(Clone, Debug)]
pub struct RoleSource {
    /// Its name.
    pub name: Text,
    /// Whoever is in any of them,
    pub groups: Vec<Text>,
    /// and has all of these scopes,
    pub scopes: Vec<Text>,
    /// and of whose claims this holds, holds the role.
    pub condition: Option<Text>,
}

/// An actor and its own roles.
#[derive(Clone, Debug)]
pub struct ActorSource {
    /// `act.sub`, or a client id.
    pub name: Text,
    /// The roles that limit whatever it does for anybody.
    pub roles: Vec<Text>,
}

impl RoleSource {
    pub(super) fn read(member: &Member, findings: &mut Findings) -> Option<Self> {
        let Member { key, value } = member;
        if !key.text.is_empty() {
            expect_name(key, findings);
        }
        let keys = Keys::read(value, &["groups", "scopes", "if"], findings)?;
        let mut names = |name: &str| match keys.optional(name) {
            Some(node) => shape::strings(node, findings),
            None => Some(Vec::new()),
        };
        let (groups, scopes) = (names("groups"), names("scopes"));
        let condition = keys.optional("if").map(|node| shape::string(node, findings));
        let (groups, scopes) = (groups?, scopes?);
        for Text { text, place } in scopes.iter().filter(|scope| !is_scope(&scope.text)) {
            let message = format!("`{}` cannot be a scope", text.escape_debug());
            let help = "a scope is visible ASCII characters but `\"` and `\\`";
            findings.add(Diagnostic::error(Code::InvalidName, place, message).help(help));
        }
        let condition = match condition {
            Some(condition) => Some(condition?),
            None => None,
        };
        Some(Self { name: key.clone(), groups, scopes, condition })
    }

    /// Whether a token can give it.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        !self.groups.is_empty() || !self.scopes.is_empty() || self.condition.is_some()
    }
}

impl ActorSource {
    pub(super) fn read(
        member: &Member,
        declared: &BTreeSet<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Member { key, value } = member;
        let roles = read_roles(value, declared, findings)?;
        Some(Self { name: key.clone(), roles })
    }
}
