//! A policy that can be built -> what its author may not have meant: rules and roles without effect,
//! grants that nobody can have, sensitive fields in anybody's hands, fields for which the router
//! fetches others (`fetched`), the entry points of a subgraph opened by a wildcard (`entry`). All of it is a warning.
//!
//! It looks at what the filter would enforce, the lowered policy, and points at the source.

mod entry;
pub mod fetched;

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::rules::{
    Access, Caller, Clause, Grant, Need, Otherwise, RoleSet, RuleId,
};
use fieldgate_core::policy::schema::{FieldId, TypeId, TypeRef};

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::policy::{Effect, PolicySource, RuleSource};
use crate::schema::SchemaSource;
use crate::schema::document::Document;
use crate::source::Text;

/// Tags that say that not everybody is to read something.
const SENSITIVE: [&str; 7] =
    ["confidential", "internal", "personal", "pii", "private", "secret", "sensitive"];

/// What the schema says of fields that lints ask for.
pub struct Tagged(BTreeSet<FieldId>);

impl Tagged {
    /// The fields that are tagged as sensitive, or are of a type that is.
    #[must_use]
    pub fn sensitive(source: &SchemaSource) -> Self {
        let SchemaSource { schema, document } = source;
        let ids = schema.types().flat_map(|(_, def)| {
            let name = def.name;
            def.fields().filter(move |id| {
                let field = schema.field_def(*id).map_or("", |field| field.name);
                is_sensitive(document, name, field)
            })
        });
        Self(ids.collect())
    }
}

fn is_sensitive(document: &Document, of: &str, field: &str) -> bool {
    let marks = [document.marks_of_type(of), document.marks_of_field(of, field)];
    let mut tags = marks.into_iter().flatten().flat_map(|marks| &marks.tags);
    tags.any(|tag| SENSITIVE.contains(&tag.text.to_ascii_lowercase().as_str()))
}

/// Adds what is found.
pub fn lint(
    source: &PolicySource,
    policy: &Policy,
    tagged: &Tagged,
    anonymous: Option<&Text>,
    findings: &mut Findings,
) {
    unused_roles(source, policy, anonymous, findings);
    expanded_shapes(source, policy, findings);
    entry::lint(source, policy, findings);
    let mut decided: BTreeMap<RuleId, Vec<&Access>> = BTreeMap::new();
    for access in &policy.parts().accesses {
        for rule in access.clauses().flat_map(|clause| &clause.rules) {
            decided.entry(*rule).or_default().push(access);
        }
    }
    let names = policy.parts().rules.iter().map(AsRef::as_ref);
    let ids: BTreeMap<&str, RuleId> = names.zip((0..).map(RuleId)).collect();
    for rule in &source.rules {
        let Some(id) = ids.get(rule.id.text.as_str()).copied() else { continue };
        let Some(decided) = decided.get(&id) else {
            // A pattern that matches nothing has its own finding.
            if rule.effect == Effect::Allow && !matches_nothing(rule, findings) {
                let message =
                    format!("the rule `{}` decides nothing: more specific rules do", rule.id.text);
                let help = "remove it, or name what it should decide as those rules do";
                warn(findings, Code::ShadowedRule, rule, message, help);
            }
            continue;
        };
        if rule.effect == Effect::Allow && decided.iter().all(|access| is_dead(access, id)) {
            let message = format!(
                "the rule `{}` grants nothing: every role that it names is denied there",
                rule.id.text
            );
            let help = "remove it, or the deny rule that is in its way";
            warn(findings, Code::DeadRule, rule, message, help);
        }
    }
    if let Some(role) = anonymous {
        let held = policy.roles_named(&[role.text.as_str().into()]);
        for field in &tagged.0 {
            let Some(access) = policy.access(*field) else { continue };
            if may(access, held) {
                let message = format!(
                    "`{}` is tagged as sensitive, and callers without a token may read it",
                    policy.schema().coordinate(*field)
                );
                let finding = Diagnostic::warning(Code::SensitiveAnonymous, &role.place, message);
                findings.add(finding.help(format!("deny it to the role `{}`", role.text)));
            }
        }
    }
}

fn warn(findings: &mut Findings, code: Code, rule: &RuleSource, message: String, help: &str) {
    findings.add(Diagnostic::warning(code, &rule.id.place, message).help(help));
}

fn matches_nothing(rule: &RuleSource, findings: &Findings) -> bool {
    let unmatched = |one: &Diagnostic| {
        let mut patterns = rule.fields.iter().chain(&rule.inputs);
        one.code == Code::UnmatchedPattern
            && patterns.any(|pattern| Some(&pattern.place) == one.place.as_ref())
    };
    findings.iter().filter(|one| unmatched(one)).count() == rule.fields.len() + rule.inputs.len()
}

/// The roles that a deny rule without a condition keeps out.
fn kept_out(access: &Access) -> RoleSet {
    let always = access.denies.iter().filter(|deny| deny.condition.is_none());
    always.fold(RoleSet::EMPTY, |set, deny| set.union(deny.roles))
}

/// Whether none of the rule's roles can have what it grants.
fn is_dead(access: &Access, rule: RuleId) -> bool {
    let denied = kept_out(access);
    let clauses = access.grants.iter().flat_map(|grant| &grant.any);
    let mut own = clauses.filter(|clause: &&Clause| clause.rules.contains(&rule));
    // A merged clause has the roles of several rules: one that is left may be this rule's.
    own.all(|clause| denied.contains(clause.roles))
}

/// Whether nobody can have it, whatever conditions say.
pub(crate) fn is_out_of_reach(access: &Access) -> bool {
    let denied = kept_out(access);
    let nobody = |grant: &Grant| grant.any.iter().all(|clause| denied.contains(clause.roles));
    let ungranted = access.grants.is_empty() && access.otherwise == Otherwise::Deny;
    ungranted || access.grants.iter().any(nobody)
}

/// Whether a caller with these roles and no token could have it, whatever conditions say.
fn may(access: &Access, held: RoleSet) -> bool {
    let granted = access
        .grants
        .iter()
        .all(|grant| grant.any.iter().any(|clause| clause.roles.intersects(held)));
    let open = access.requires.iter().all(|requirement| {
        let without = |need: &Need| {
            need.scopes.is_empty() && need.caller == Caller::Anyone && held.contains(need.roles)
        };
        requirement.any.iter().any(without)
    });
    !access.grants.is_empty() && granted && open && !kept_out(access).intersects(held)
}

/// Fields of expanded interfaces that object types return in shapes that GraphQL does not take side by
/// side (spec 5.3.2, SameResponseShape). What is selected below a field is not looked at.
fn expanded_shapes(source: &PolicySource, policy: &Policy, findings: &mut Findings) {
    let schema = policy.schema();
    let shape = |id: FieldId| {
        let mut returned = schema.field_def(id)?.returns;
        if !schema.type_def(returned.named)?.kind.is_leaf() {
            returned.named = TypeId(u32::MAX);
        }
        Some(returned)
    };
    for (_, def) in schema.types().filter(|(id, _)| policy.expands(*id)) {
        let Some(place) = source.abstracts.place_of(def.name) else { continue };
        let differs = |name: &&str| {
            let own = def.possible.iter().filter_map(|object| schema.field_named(*object, name));
            own.filter_map(shape).collect::<BTreeSet<TypeRef>>().len() > 1
        };
        let names = def.fields().filter_map(|id| Some(schema.field_def(id)?.name)).filter(differs);
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            let message = format!(
                "object types return {} of `{}` in ways that cannot be asked side by side",
                names.join(", "),
                def.name
            );
            let help = "where it is granted in part, clients have to ask for it inside type \
                        conditions; or have it return the same everywhere";
            let finding = Diagnostic::note(Code::ExpandedShapes, place, message);
            findings.add(finding.help(help));
        }
    }
}

/// A role that nothing asks for.
fn unused_roles(
    source: &PolicySource,
    policy: &Policy,
    anonymous: Option<&Text>,
    findings: &mut Findings,
) {
    let rules = source.rules.iter().chain(&source.floor).flat_map(|rule| &rule.roles);
    let types = source.types.iter().flat_map(|of| &of.reach);
    let limits = source.limits.iter().flat_map(|limit| limit.roles.iter().flatten());
    let named: BTreeSet<&str> =
        rules.chain(types).chain(limits).map(|role| role.text.as_str()).collect();
    let required = policy.parts().accesses.iter().flat_map(|access| &access.requires);
    let needs = required.flat_map(|requirement| &requirement.any);
    let needed = needs.fold(RoleSet::EMPTY, |set, need| set.union(need.roles));
    let needed: BTreeSet<&str> = policy.role_names(needed).collect();
    for role in &source.roles {
        let name = role.name.text.as_str();
        let is_anonymous = anonymous.is_some_and(|role| role.text == name);
        if named.contains(name) || needed.contains(name) || is_anonymous {
            continue;
        }
        let message = format!("no rule names the role `{name}`");
        let finding = Diagnostic::warning(Code::UnusedRole, &role.name.place, message);
        findings.add(finding.help("remove it, or name it in a rule"));
    }
}
