//! A role and an actor as written.

use std::collections::BTreeSet;

use fieldgate_core::policy::rules::is_scope;

use super::names::{expect_name, read_roles};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{Member, Node, Value};

/// A role.
#[derive(Clone, Debug)]
pub struct RoleSource {
    /// Its name.
    pub name: Text,
    /// Whoever is in any of them,
    pub groups: Vec<Text>,
    /// and has all of these scopes,
    pub scopes: Vec<Text>,
    /// and of these claims has one of these texts each,
    pub claims: Vec<(Text, Vec<Text>)>,
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
        let keys = Keys::read(value, &["groups", "scopes", "claims", "if"], findings)?;
        let mut names = |name: &str| match keys.optional(name) {
            Some(node) => shape::strings(node, findings),
            None => Some(Vec::new()),
        };
        let (groups, scopes) = (names("groups"), names("scopes"));
        let condition = keys.optional("if").map(|node| shape::string(node, findings));
        let claims = keys.optional("claims").map_or(Some(Vec::new()), |node| {
            let members = shape::mapping(node, findings)?;
            members.iter().map(|one| Some((one.key.clone(), texts(one, findings)?))).collect()
        });
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
        Some(Self { name: key.clone(), groups, scopes, claims: claims?, condition })
    }

    /// Whether a token can give it.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        !self.groups.is_empty()
            || !self.scopes.is_empty()
            || !self.claims.is_empty()
            || self.condition.is_some()
    }

    /// What is asked of its claims, in CEL: a claim that is not there has none of the texts.
    #[must_use]
    pub fn claims_condition(&self) -> Option<Text> {
        let literal = |text: &str| serde_json::Value::from(text).to_string();
        let one = |(name, texts): &(Text, Vec<Text>)| {
            let name = literal(&name.text);
            let texts: Vec<String> = texts.iter().map(|text| literal(&text.text)).collect();
            format!("{name} in claims && claims[{name}] in [{}]", texts.join(", "))
        };
        let (first, _) = self.claims.first()?;
        let all: Vec<String> = self.claims.iter().map(one).collect();
        Some(Text { text: all.join(" && "), place: first.place.clone() })
    }
}

/// A text, or a list of them.
fn texts(member: &Member, findings: &mut Findings) -> Option<Vec<Text>> {
    if let Value::String(_) = member.value.value {
        return Some(vec![shape::string(&member.value, findings)?]);
    }
    let texts = shape::strings(&member.value, findings)?;
    if texts.is_empty() && shape::list(&member.value, findings).is_some_and(<[Node]>::is_empty) {
        let message = "this list has to name a text";
        findings.add(Diagnostic::error(Code::EmptyList, &member.value.place, message));
    }
    Some(texts)
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
