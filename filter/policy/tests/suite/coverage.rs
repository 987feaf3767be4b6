//! What the cases of a bundle leave out: rules that are in no case, and roles that nobody holds in
//! one. A rule is in a case that names it as a reason, or that is allowed what it decides on.

use std::collections::BTreeSet;
use std::path::Path;

use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, Plan, Target};
use fieldgate_core::policy::rules::RuleId;
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::cases::{self, Case, Verdict};
use fieldgate_policy::diagnostic::Findings;
use serde_json::Value;

/// The rules and the roles of a bundle that none of its cases shows.
#[track_caller]
pub(crate) fn not_shown(bundle: &Bundle) -> Vec<String> {
    let parts = bundle.policy().parts();
    // A limit is shown by what exceeds it, which is for `fieldgate test` to say.
    let limits: Vec<_> = bundle.policy().ceilings().iter().map(|limit| limit.rule).collect();
    let rules = parts.rules.iter().zip((0..).map(RuleId));
    let rules = rules.filter(|(_, id)| !limits.contains(id));
    let rules = rules.map(|(rule, _)| format!("rule {rule}"));
    let roles = parts.roles.iter().map(|role| format!("role {}", role.name));
    let mut missing: BTreeSet<String> = rules.chain(roles).collect();
    for case in cases::read(bundle, &mut Findings::default()) {
        for rule in rules_of(bundle, &case) {
            missing.remove(&format!("rule {rule}"));
        }
        for role in roles_of(bundle, &case) {
            missing.remove(&format!("role {role}"));
        }
    }
    missing.into_iter().collect()
}

fn rules_of(bundle: &Bundle, case: &Case) -> BTreeSet<String> {
    match &case.expected {
        Verdict::Allow => granting(bundle, case),
        Verdict::Deny(denied) => denied.values().flatten().cloned().collect(),
        Verdict::Refuse(_) => BTreeSet::new(),
    }
}

/// The allow rules of everything that the case asks for.
fn granting(bundle: &Bundle, case: &Case) -> BTreeSet<String> {
    let bounds = Bounds { tokens: Limits::DEFAULT.tokens, nesting: NESTING };
    let document = Document::read(&case.query, &bounds).unwrap();
    let choice = Choice::new(&document, case.operation.as_deref()).unwrap();
    let policy = bundle.policy();
    let plan = Plan::new(&document, choice, policy, &Limits::DEFAULT).unwrap();
    let fields = plan.uses.iter().filter_map(|one| match one.target {
        Target::Field(field) => Some(field),
        Target::Type(_) | Target::Input(_) | Target::Unknown { .. } => None,
    });
    let grants = fields.flat_map(|field| &policy.access(field).unwrap().grants);
    let clauses = grants.flat_map(|grant| &grant.any);
    clauses.flat_map(|one| &one.rules).map(|rule| policy.rule_name(*rule).to_owned()).collect()
}

/// The roles of the subject and of who acts for it; without a token those of anonymous callers.
fn roles_of(bundle: &Bundle, case: &Case) -> BTreeSet<String> {
    let policy = bundle.policy();
    let Some(claims) = &case.claims else {
        let role = bundle.configuration_value().pointer("/anonymous/role");
        return role.and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    };
    let text = |value: &Value| value.as_str().map(Box::<str>::from);
    let groups = claims.get("groups").and_then(Value::as_array).into_iter().flatten();
    let groups: Vec<Box<str>> = groups.filter_map(text).collect();
    let scopes = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let scopes: Vec<Box<str>> = scopes.split_whitespace().map(Box::from).collect();
    let subject = policy.roles_of(&groups, &scopes);
    let actor = claims.get("act").and_then(|act| act.get("sub")).and_then(Value::as_str);
    let acting = actor.and_then(|actor| policy.actor_roles(actor)).unwrap_or(subject);
    policy.role_names(subject.union(acting)).map(str::to_owned).collect()
}

/// Cases can say of anything that a rule speaks of that it is denied, and cover the rules.
#[test]
fn denials_of_inputs_and_of_every_operation() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = repository.join("tests/corpus/bundles/conditional");
    let bundle = Bundle::load(&folder, None).unwrap();
    let mut findings = Findings::default();
    assert_eq!(cases::read(&bundle, &mut findings).len(), 4);
    assert!(!findings.has_errors(), "{:?}", findings.into_sorted());
    let run = cases::run(&bundle, "").unwrap();
    let failed: Vec<_> = run.cases.iter().filter(|one| !one.passed()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let uncovered = &run.coverage.rules.uncovered;
    for rule in ["restart", "few", "live", "not-risky", "floor"] {
        assert!(!uncovered.iter().any(|one| one == rule), "{uncovered:?}");
    }
}

/// Of a partially granted operation cases say what is not granted; the rest of it is covered too.
#[test]
fn partial_denials() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions");
    let bundle = Bundle::load(&folder, None).unwrap();
    let run = cases::run(&bundle, "").unwrap();
    let failed: Vec<_> = run.cases.iter().filter(|one| !one.passed()).collect();
    assert!(run.cases.len() == 2 && failed.is_empty(), "{failed:?}");
    let (rules, coordinates) = (&run.coverage.rules.uncovered, &run.coverage.coordinates.uncovered);
    for rule in ["secrets", "stewards", "services", "every-asset", "types.Vault.reach"] {
        assert!(!rules.iter().any(|one| one == rule), "{rules:?}");
    }
    for field in ["Secret.id", "Service.id", "Dataset.id", "Dataset.title", "Service.title"] {
        assert!(!coordinates.iter().any(|one| one == field), "{coordinates:?}");
    }
}
