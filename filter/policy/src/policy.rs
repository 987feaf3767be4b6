//! policy.yaml -> [`PolicySource`]: roles, actors, rules and types as written, each with its place.
//!
//! What can be judged without the schema is judged here: names, references to roles, the shape of
//! rules. Whether a pattern names anything is `lower`'s to say.

mod abstracts;
mod documents;
mod limit;
mod names;
pub mod pattern;
mod pushed;
mod role;
mod rule;

use std::collections::BTreeSet;

use fieldgate_core::policy::ceiling::Counter;
use fieldgate_core::policy::rules::RoleSet;

pub use self::abstracts::{AbstractSource, Granting};
pub use self::documents::{DocumentsSource, EntrySource};
pub use self::limit::{CostSource, LimitSource};
pub use self::names::is_name;
use self::names::{expect_declared, read_name, read_roles};
pub use self::pushed::DataSource;
pub use self::role::{ActorSource, RoleSource};
pub use self::rule::{Effect, RuleSource};
use self::rule::{Subject, expect_unique};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{Member, Node};

/// The version of the policy language.
pub const VERSION: u32 = 1;

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
    /// What every operation needs.
    pub floor: Vec<RuleSource>,
    /// The rules.
    pub rules: Vec<RuleSource>,
    /// The types that not everybody may reach.
    pub types: Vec<TypeRules>,
    /// What operations may use, in the order in which they are tried.
    pub limits: Vec<LimitSource>,
    /// How costs are reckoned, where that is asked for.
    pub cost: Option<CostSource>,
    /// Which interfaces and unions may be granted in part.
    pub abstracts: AbstractSource,
    /// What conditions look up.
    pub data: DataSource,
    /// What clients may ask for, if anything is said of it.
    pub documents: Option<DocumentsSource>,
}

/// Who may reach a type.
#[derive(Clone, Debug)]
pub struct TypeRules {
    /// The type.
    pub name: Text,
    /// Whoever holds any of these roles.
    pub reach: Vec<Text>,
}

impl PolicySource {
    /// Reads a policy file.
    #[must_use]
    pub fn read(node: &Node, findings: &mut Findings) -> Self {
        let known = [
            "version",
            "name",
            "revision",
            "roles",
            "actors",
            "floor",
            "rules",
            "types",
            "limits",
            "cost",
            "abstract",
            "data",
            "documents",
        ];
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
        let mut members = |name: &str| {
            let members = keys.optional(name).and_then(|node| shape::mapping(node, findings));
            members.unwrap_or_default()
        };
        let (actors, types) = (members("actors"), members("types"));
        let actor = |actor| ActorSource::read(actor, &declared, findings);
        let actors: Vec<ActorSource> = actors.iter().filter_map(actor).collect();
        let of = |of| TypeRules::read(of, &declared, findings);
        let types: Vec<TypeRules> = types.iter().filter_map(of).collect();
        let mut rules = |node: Option<&Node>, subject| {
            let nodes = node.and_then(|node| shape::list(node, findings)).unwrap_or_default();
            let rule = |node| RuleSource::read(node, subject, &declared, findings);
            nodes.iter().filter_map(rule).collect::<Vec<RuleSource>>()
        };
        let floor = rules(keys.optional("floor"), Subject::Operations);
        let rules = rules(keys.optional("rules"), Subject::Coordinates);
        keys.required("rules", findings);
        let limits = keys.optional("limits").and_then(|node| shape::list(node, findings));
        let limits = limits.unwrap_or_default().iter();
        let limits = limits.filter_map(|node| LimitSource::read(node, &declared, findings));
        let limits: Vec<LimitSource> = limits.collect();
        limit::check_order(&limits, findings);
        let cost = keys.optional("cost").and_then(|node| CostSource::read(node, findings));
        let asked = limits.iter().any(|limit| limit.bounds(Counter::Cost));
        let cost = cost.or_else(|| asked.then(CostSource::default));
        let data = keys.optional("data").and_then(|node| DataSource::read(node, findings));
        let data = data.unwrap_or_default();
        let abstracts = keys.optional("abstract");
        let abstracts = abstracts.and_then(|node| AbstractSource::read(node, findings));
        let abstracts = abstracts.unwrap_or_default();
        let documents = node.member("documents");
        let documents = documents.and_then(|member| DocumentsSource::read(member, findings));
        let ids = floor.iter().chain(&rules).map(|rule| &rule.id);
        expect_unique(ids.chain(limits.iter().map(|limit| &limit.id)), findings);
        Self {
            name,
            revision,
            roles,
            actors,
            floor,
            rules,
            types,
            limits,
            cost,
            abstracts,
            data,
            documents,
        }
    }

    /// Adds a finding if a role is not declared.
    pub fn expect_role(&self, role: &Text, findings: &mut Findings) {
        let declared = self.roles.iter().map(|role| role.name.text.as_str()).collect();
        expect_declared(role, &declared, findings);
    }

    /// Warns of roles that nobody can hold, mostly by mistake. A role without groups, scopes and a
    /// condition is for actors, or `given` by the settings.
    pub fn warn_unheld(&self, given: impl Fn(&str) -> bool, findings: &mut Findings) {
        let acting = self.actors.iter().flat_map(|actor| &actor.roles);
        let acting: BTreeSet<&str> = acting.map(|role| role.text.as_str()).collect();
        for role in self.roles.iter().filter(|role| !role.is_conditional()) {
            let name = &role.name;
            if !acting.contains(name.text.as_str()) && !given(&name.text) {
                let message = format!("nobody can hold the role `{}`", name.text);
                let help = "give it `groups`, `scopes` or `if`, or list it for one of the `actors`";
                let finding = Diagnostic::warning(Code::UnheldRole, &name.place, message);
                findings.add(finding.help(help));
            }
        }
    }
}

impl TypeRules {
    fn read(member: &Member, declared: &BTreeSet<&str>, findings: &mut Findings) -> Option<Self> {
        let Member { key, value } = member;
        let keys = Keys::read(value, &["reach"], findings)?;
        let reach = read_roles(keys.required("reach", findings)?, declared, findings)?;
        Some(Self { name: key.clone(), reach })
    }
}
