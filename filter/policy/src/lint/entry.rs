//! The entry points of a subgraph that a wildcard opens: whoever writes `Query.*` rarely means
//! `Query._service`, which tells the schema, and `Query._entities`, which finds any object by its key.

use std::collections::BTreeSet;

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::rules::{Access, RuleId};
use fieldgate_core::policy::schema::FieldId;

use super::kept_out;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::policy::pattern::{Matches, Part, Pattern};
use crate::policy::{Effect, PolicySource, RuleSource};
use crate::source::Place;

/// Adds a finding for each rule that grants one of them and does not name it.
pub(super) fn lint(source: &PolicySource, policy: &Policy, findings: &mut Findings) {
    let schema = policy.schema();
    let on_query = |name: &str| schema.field_named(schema.query(), name);
    if let Some(entities) = on_query("_entities") {
        let what = "it finds any object by its key, whatever other fields lead to it";
        opened(source, policy, entities, what, findings);
    }
    let tells = |service: &FieldId| {
        let returned = schema.field_def(*service).map(|field| field.returns.named);
        let sdl = returned.and_then(|of| schema.field_named(of, "sdl"));
        let access = sdl.and_then(|sdl| policy.access(sdl));
        let allow = source.rules.iter().filter(|rule| rule.effect == Effect::Allow);
        access.is_some_and(|access| allow.into_iter().any(|rule| grants(rule, access, policy)))
    };
    if let Some(service) = on_query("_service").filter(tells) {
        opened(source, policy, service, "it tells the whole schema", findings);
    }
}

fn opened(
    source: &PolicySource,
    policy: &Policy,
    field: FieldId,
    what: &str,
    findings: &mut Findings,
) {
    let coordinate = policy.schema().coordinate(field);
    let Some((of, name)) = coordinate.split_once('.') else { return };
    let Some(access) = policy.access(field) else { return };
    let allow = source.rules.iter().filter(|rule| rule.effect == Effect::Allow);
    for rule in allow.filter(|rule| grants(rule, access, policy)) {
        let Some(place) = wildcard(rule, of, name) else { continue };
        let message = format!(
            "`{coordinate}` is granted by a wildcard of the rule `{}`, and {what}",
            rule.id.text
        );
        let help = "deny it to all who do not need it, and name it in a rule for those who do";
        findings.add(Diagnostic::warning(Code::EntryPoint, place, message).help(help));
    }
}

/// Whether a rule grants something to a role that is not denied it.
fn grants(rule: &RuleSource, access: &Access, policy: &Policy) -> bool {
    let clauses = access.grants.iter().flat_map(|grant| &grant.any);
    let ids: BTreeSet<RuleId> = clauses.flat_map(|clause| clause.rules.iter().copied()).collect();
    let names = rule.roles.iter().map(|role| role.text.as_str().into());
    let held = policy.roles_named(&names.collect::<Vec<Box<str>>>());
    ids.into_iter().any(|id| policy.rule_name(id) == rule.id.text)
        && !kept_out(access).contains(held)
}

/// Where a rule names a field that it does not spell out; `None` if it does so elsewhere.
fn wildcard<'a>(rule: &'a RuleSource, of: &str, field: &str) -> Option<&'a Place> {
    let is = |part: &Part, name: &str| matches!(part, Part::Name(own) if own == name);
    let spells =
        |one: &Pattern| matches!(&one.matches, Matches::Of(o, f) if is(o, of) && is(f, field));
    if rule.fields.iter().any(spells) {
        return None;
    }
    let meets = |one: &&Pattern| match &one.matches {
        Matches::Of(o, f) => o.matches(of) && f.matches(field),
        // What a tag is on is not looked up: the rule grants, so that one of its patterns does.
        Matches::Tag(_) => true,
        Matches::Argument(..) => false,
    };
    Some(rule.fields.iter().find(meets).map_or(&rule.id.place, |one| &one.place))
}
