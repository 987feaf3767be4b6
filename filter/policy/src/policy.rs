//! policy.yaml -> [`PolicySource`]: roles, actors and rules as written, each with its place.
//!
//! What can be judged without the schema is judged here: names, references to roles, the shape of
//! rules. Whether a pattern names anything is `lower`'s to say.

pub mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::rules::{RoleSet, is_scope};

use self::pattern::Pattern;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{Member, Node};

/// The version of the policy language.
pub const VERSION: u32 = 1;

/// Names end up in metrics, log lines and headers.
const NAME_CHARS: usize = 64;

/// A policy as its author wrote it. Whatever was wrong is left out of it, and reported.
#[derive(Clone, Debug, Default)]
pub struct PolicySource {
    /// The policy's name.
    pub name: Option<Text>,
    /// The author's revision.
    pub revision: Option<Text>,
    /// The roles.
    pub roles: Vec<RoleSource>,
    /// Who may act for others.
    pub actors: Vec<ActorSource>,
    /// The rules.
    pub rules: Vec<RuleSource>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct RoleSource {
    /// Its name.
    pub name: Text,
    /// Whoever is in any of them,
    pub groups: Vec<Text>,
    /// and has all of these scopes, holds the role.
    pub scopes: Vec<Text>,
}

/// An actor and its own roles.
#[derive(Clone, Debug)]
pub struct ActorSource {
    /// `act.sub`, or a client id.
    pub name: Text,
    /// The roles that limit whatever it does for anybody.
    pub roles: Vec<Text>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// Its id.
    pub id: Text,
    /// The fields that it speaks of.
    pub fields: Vec<Pattern>,
    /// Whether it grants or forbids.
    pub effect: Effect,
    /// To whom.
    pub roles: Vec<Text>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It forbids, whatever else grants.
    Deny,
}

impl PolicySource {
    /// Reads a policy file.
    #[must_use]
    pub fn read(node: &Node, findings: &mut Findings) -> Self {
        let known = ["version", "name", "revision", "roles", "actors", "rules"];
        let Some(keys) = Keys::read(node, &known, findings) else { return Self::default() };
        shape::expect_version(&keys, VERSION, findings);
        let name = keys.required("name", findings).and_then(|node| read_name(node, findings));
        let revision = keys.optional("revision").and_then(|node| read_name(node, findings));
        let roles = keys.required("roles", findings);
        let roles = roles.and_then(|node| shape::mapping(node, findings)).unwrap_or_default();
        let declared: BTreeSet<&str> = roles.iter().map(|role| role.key.text.as_str()).collect();
        if roles.len() > RoleSet::MAX_ROLES {
            let message = format!("more than {} roles", RoleSet::MAX_ROLES);
            findings.add(Diagnostic::error(Code::TooManyRoles, keys.place(), message));
        }
        let roles: Vec<RoleSource> =
            roles.iter().filter_map(|role| RoleSource::read(role, findings)).collect();
        let actors = keys.optional("actors");
        let actors = actors.and_then(|node| shape::mapping(node, findings)).unwrap_or_default();
        let actors: Vec<ActorSource> = actors
            .iter()
            .filter_map(|actor| ActorSource::read(actor, &declared, findings))
            .collect();
        let rules = keys.required("rules", findings);
        let rules = rules.and_then(|node| shape::list(node, findings)).unwrap_or_default();
        let rules: Vec<RuleSource> =
            rules.iter().filter_map(|rule| RuleSource::read(rule, &declared, findings)).collect();
        expect_unique(&rules, findings);
        Self { name, revision, roles, actors, rules }
    }

    /// Adds a finding if a role is not declared.
    pub fn expect_role(&self, role: &Text, findings: &mut Findings) {
        let declared = self.roles.iter().map(|role| role.name.text.as_str()).collect();
        expect_declared(role, &declared, findings);
    }

    /// Warns of roles that nobody can hold, mostly by mistake. A role without groups and scopes is
    /// for actors, or `given` by the settings.
    pub fn warn_unheld(&self, given: impl Fn(&str) -> bool, findings: &mut Findings) {
        let acting = self.actors.iter().flat_map(|actor| &actor.roles);
        let acting: BTreeSet<&str> = acting.map(|role| role.text.as_str()).collect();
        for RoleSource { name, groups, scopes } in &self.roles {
            let conditional = !groups.is_empty() || !scopes.is_empty();
            if !conditional && !acting.contains(name.text.as_str()) && !given(&name.text) {
                let message = format!("nobody can hold the role `{}`", name.text);
                let help = "give it `groups` or `scopes`, or list it for one of the `actors`";
                let finding = Diagnostic::warning(Code::UnheldRole, &name.place, message);
                findings.add(finding.help(help));
            }
        }
    }
}

/// Whether a text can be the name of a policy, role or rule, or a revision.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let inner = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let begins = text.starts_with(|char: char| char.is_ascii_alphanumeric());
    begins && text.chars().all(inner) && text.len() <= NAME_CHARS
}

impl RoleSource {
    fn read(member: &Member, findings: &mut Findings) -> Option<Self> {
        let Member { key, value } = member;
        if !key.text.is_empty() {
            expect_name(key, findings);
        }
        let keys = Keys::read(value, &["groups", "scopes"], findings)?;
        let mut names = |name: &str| match keys.optional(name) {
            Some(node) => shape::strings(node, findings),
            None => Some(Vec::new()),
        };
        let (groups, scopes) = (names("groups"), names("scopes"));
        let (groups, scopes) = (groups?, scopes?);
        for Text { text, place } in scopes.iter().filter(|scope| !is_scope(&scope.text)) {
            let message = format!("`{}` cannot be a scope", text.escape_debug());
            let help = "a scope is visible ASCII characters but `\"` and `\\`";
            findings.add(Diagnostic::error(Code::InvalidName, place, message).help(help));
        }
        Some(Self { name: key.clone(), groups, scopes })
    }
}

impl ActorSource {
    fn read(member: &Member, declared: &BTreeSet<&str>, findings: &mut Findings) -> Option<Self> {
        let Member { key, value } = member;
        let roles = read_roles(value, declared, findings)?;
        Some(Self { name: key.clone(), roles })
    }
}

impl RuleSource {
    fn read(node: &Node, declared: &BTreeSet<&str>, findings: &mut Findings) -> Option<Self> {
        let keys = Keys::read(node, &["id", "fields", "allow", "deny"], findings)?;
        let id = keys.required("id", findings).and_then(|node| read_name(node, findings));
        let fields = keys.required("fields", findings);
        let fields = fields.and_then(|node| read_patterns(node, findings));
        let granted = keys.optional("allow").map(|node| (Effect::Allow, node));
        let denied = keys.optional("deny").map(|node| (Effect::Deny, node));
        let given: Vec<(Effect, &Node)> = granted.into_iter().chain(denied).collect();
        let roles: Vec<(Effect, Vec<Text>)> = given
            .iter()
            .filter_map(|(effect, node)| Some((*effect, read_roles(node, declared, findings)?)))
            .collect();
        if given.len() != 1 {
            let place = id.as_ref().map_or(keys.place(), |id| &id.place);
            let (message, help) = if given.is_empty() {
                ("a rule has to `allow` or to `deny`", "add `allow: [..]` or `deny: [..]`")
            } else {
                ("a rule cannot both `allow` and `deny`", "write two rules, each with its own id")
            };
            findings.add(Diagnostic::error(Code::RuleWithoutEffect, place, message).help(help));
            return None;
        }
        let (effect, roles) = roles.into_iter().next()?;
        Some(Self { id: id?, fields: fields?, effect, roles })
    }
}

fn read_patterns(node: &Node, findings: &mut Findings) -> Option<Vec<Pattern>> {
    let texts = shape::strings(node, findings)?;
    if texts.is_empty() && shape::list(node, findings).is_some_and(<[Node]>::is_empty) {
        let message = "a rule has to name a field";
        findings.add(Diagnostic::error(Code::EmptyRule, &node.place, message));
    }
    Some(texts.iter().filter_map(|text| Pattern::read(text, findings)).collect())
}

/// A list of declared roles.
fn read_roles(
    node: &Node,
    declared: &BTreeSet<&str>,
    findings: &mut Findings,
) -> Option<Vec<Text>> {
    let roles = shape::strings(node, findings)?;
    if roles.is_empty() && shape::list(node, findings).is_some_and(<[Node]>::is_empty) {
        let message = "this list has to name a role";
        findings.add(Diagnostic::error(Code::EmptyList, &node.place, message));
    }
    roles.iter().for_each(|role| expect_declared(role, declared, findings));
    Some(roles)
}

fn expect_declared(role: &Text, declared: &BTreeSet<&str>, findings: &mut Findings) {
    if declared.contains(role.text.as_str()) {
        return;
    }
    let hint = did_you_mean(&role.text, declared.iter().copied());
    let hint = hint.unwrap_or_else(|| "declare it under `roles`".to_owned());
    let message = format!("unknown role `{}`", role.text);
    findings.add(Diagnostic::error(Code::UnknownRole, &role.place, message).help(hint));
}

fn read_name(node: &Node, findings: &mut Findings) -> Option<Text> {
    let name = shape::string(node, findings)?;
    expect_name(&name, findings);
    Some(name)
}

fn expect_name(name: &Text, findings: &mut Findings) {
    if is_name(&name.text) {
        return;
    }
    let message = format!("`{}` cannot be used as a name", name.text.escape_debug());
    let help = format!(
        "use at most {NAME_CHARS} letters, digits, `-`, `_` and `.`, a letter or digit first"
    );
    findings.add(Diagnostic::error(Code::InvalidName, &name.place, message).help(help));
}

fn expect_unique(rules: &[RuleSource], findings: &mut Findings) {
    let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
    for RuleSource { id, .. } in rules {
        if let Some(first) = seen.insert(&id.text, &id.place) {
            let message = format!("the rule id `{}` is used twice", id.text);
            let help = format!("it is first used in line {}", first.position().line);
            findings.add(Diagnostic::error(Code::DuplicateRuleId, &id.place, message).help(help));
            seen.insert(&id.text, first);
        }
    }
}
