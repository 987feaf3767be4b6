//! Explanations say what the cases of a bundle do: the same verdict, and a tree that gives it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use fieldgate_core::decide::Because;
use fieldgate_core::policy::ceiling::Mode;
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::cases::{self, Case, Verdict};
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::explain::{Explanation, Field, Needs, Outcome, Request, Use, explain};
use fieldgate_policy::matrix::Matrix;
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::github;
use crate::support::policy;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn load(name: &str) -> Bundle {
    Bundle::load(&repository().join(name), None).unwrap()
}

fn explained(bundle: &Bundle, case: &Case) -> Explanation {
    let variables = case.variables.as_ref().map(|value| to_raw_value(value).unwrap());
    let (claims, query, operation) =
        (case.claims.clone(), case.query.clone(), case.operation.clone());
    explain(bundle, Request { claims, query, variables, operation }).unwrap()
}

fn uses<'a>(fields: &'a [Field], all: &mut Vec<&'a Use>) {
    for field in fields {
        all.extend(&field.uses);
        uses(&field.fields, all);
    }
}

/// What the tree says, read without the verdict.
fn verdict_of_tree(explanation: &Explanation) -> Verdict {
    let mut all = Vec::new();
    uses(&explanation.fields, &mut all);
    let mut denied: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unknown = None;
    for one in all.iter().filter(|one| !one.switched_off) {
        match &one.outcome {
            Outcome::Granted => {}
            Outcome::Denied(_, rules) => {
                denied.insert(one.coordinate.clone(), rules.iter().cloned().collect());
            }
            Outcome::Unknown(reason) => unknown = unknown.or(Some(reason.code())),
        }
    }
    let limit = explanation.exceeded.iter().find(|one| one.limit.mode == Mode::Enforce);
    let limit = limit.map(|one| one.limit.counter.reason().code());
    match (unknown.or(limit), denied.is_empty()) {
        (Some(code), _) => Verdict::Refuse(code.to_owned()),
        (None, true) => Verdict::Allow,
        (None, false) => Verdict::Deny(denied),
    }
}

/// The clauses of a use give its outcome.
fn clauses_agree(one: &Use) {
    let mut clauses = one.grants.iter().flat_map(|grant| &grant.any).chain(&one.denies);
    let parties = clauses.next().map_or(0, |one| one.met_by.len());
    let met = |clause: &fieldgate_policy::explain::Clause, at: usize| {
        let (_, roles) = &clause.met_by[at];
        assert!(roles.iter().all(|role| clause.roles.contains(role)), "{one:?}");
        !roles.is_empty()
    };
    let granted = !one.grants.is_empty()
        && (0..parties).all(|at| {
            one.grants.iter().all(|grant| grant.any.iter().any(|clause| met(clause, at)))
                && one.requires.iter().all(|requirement| requirement.met_by[at].1)
                && !one.denies.iter().any(|clause| met(clause, at))
        });
    assert_eq!(granted, one.outcome == Outcome::Granted, "{one:?}");
}

fn agree(bundle: &Bundle) -> usize {
    let mut findings = Findings::default();
    let all = cases::read(bundle, &mut findings);
    let checked = cases::run(bundle, "").unwrap().cases;
    assert_eq!(all.len(), checked.len());
    for (case, checked) in all.iter().zip(&checked) {
        let found = explained(bundle, case);
        assert_eq!(found.verdict, checked.found, "{}", case.name.text);
        assert_eq!(found.refusal.is_none(), found.verdict == Verdict::Allow);
        if !found.fields.is_empty() {
            assert_eq!(verdict_of_tree(&found), checked.found, "{}", case.name.text);
        }
        let mut every = Vec::new();
        uses(&found.fields, &mut every);
        every.into_iter().for_each(clauses_agree);
        let denied = matches!(found.verdict, Verdict::Deny(_));
        assert!(!denied || !found.changes.is_empty(), "{}", case.name.text);
    }
    all.len()
}

#[test]
fn every_case_is_explained_as_it_is_judged() {
    assert!(agree(&load("policies/backstage")) >= 60);
}

#[test]
fn every_case_on_the_largest_schema_too() {
    let Some(folder) = github::folder() else { return };
    assert!(agree(&Bundle::load(&folder, None).unwrap()) >= 100);
}

/// A change that is told is one: with other groups the same operation is allowed.
#[test]
fn changes_that_are_told_do() {
    let bundle = load("tests/corpus/bundles/shop");
    let groups = |role: &str| match role {
        "clerk" => "clerks".to_owned(),
        role => format!("{role}s"),
    };
    let ask = |held: &[String], query: &str| {
        let claims = json!({ "sub": "a", "groups": held }).as_object().cloned();
        let (query, variables, operation) = (query.to_owned(), None, None);
        explain(&bundle, Request { claims, query, variables, operation }).unwrap()
    };
    let mut seen = HashSet::new();
    for held in [vec![], vec!["shoppers"], vec!["interns", "clerks"], vec!["contractors"]] {
        for query in [
            "{ product(id: 1) { name cost notes } }",
            "{ customer(id: 1) { email phone } order(id: 1) { total lines { quantity } } }",
            "{ priced { price cost } contacts { phone } }",
            "{ service(id: 1) { price } }",
            "{ version nothing }",
            "mutation { refund(id: 1) { id total } placeOrder(input: {}) { id } }",
        ] {
            let held: Vec<String> = held.iter().map(|&group| group.to_owned()).collect();
            let found = ask(&held, query);
            for change in &found.changes {
                let left = held
                    .iter()
                    .filter(|group| !change.without.iter().any(|role| groups(role) == **group));
                let left: Vec<String> = left.cloned().collect();
                let with = |roles: &[String]| {
                    let more = roles.iter().map(|role| groups(role));
                    left.iter().cloned().chain(more).collect::<Vec<_>>()
                };
                let allowed = |roles: &[String]| ask(&with(roles), query).verdict == Verdict::Allow;
                match &change.needs {
                    Needs::Nothing => assert!(allowed(&[])),
                    Needs::OneOf(roles) => {
                        for role in roles {
                            assert!(allowed(std::slice::from_ref(role)), "{held:?} {role}");
                        }
                    }
                    Needs::All(roles) => {
                        assert!(roles.len() > 1 && allowed(roles), "{held:?} {roles:?}");
                    }
                    Needs::Impossible => {}
                }
                seen.insert(std::mem::discriminant(&change.needs));
            }
        }
    }
    assert_eq!(seen.len(), 4, "not every sort of change is shown");
}

/// What is asked of an interface is granted if it is on every object type.
#[test]
fn the_matrix_says_what_an_operation_would_be_told() {
    let bundle = load("tests/corpus/bundles/shop");
    let matrix = Matrix::new(bundle.policy(), None).unwrap();
    assert_eq!(matrix.rows.len(), bundle.policy().schema().field_count());
    assert!(matrix.rows.is_sorted_by(|one, next| one.coordinate < next.coordinate));
    let cell = |coordinate: &str, role: &str| {
        let row = matrix.rows.iter().find(|row| row.coordinate == coordinate).unwrap();
        let at = matrix.roles.iter().position(|name| name == role).unwrap();
        let cell = &row.cells[at];
        (cell.denied, cell.rules.join("+"))
    };
    let no = Some(Because::NoGrant);
    assert_eq!(
        cell("Order.total", "manager"),
        (None, "totals-of-managers+totals-of-shoppers".into())
    );
    assert_eq!(cell("Order.total", "clerk"), (no, "totals-of-managers+totals-of-shoppers".into()));
    // The object's rule and the interface's.
    assert_eq!(cell("Product.cost", "manager"), (no, "priced-cost".into()));
    assert_eq!(cell("Product.cost", "clerk"), (None, "priced-cost+product-cost".into()));
    // `Service.cost` has `Service.*` and `Priced.cost`, `Product.cost` both exact ones.
    assert_eq!(cell("Priced.cost", "clerk"), (None, "priced-cost+product-cost+storefront".into()));
    assert_eq!(cell("Priced.cost", "manager"), (no, "priced-cost".into()));
    assert_eq!(
        cell("Mutation.refund", "assistant"),
        (Some(Because::DenyRule), "agents-do-not-write".into())
    );
    assert_eq!(cell("Product.id", "banned"), (Some(Because::DenyRule), "locked-out".into()));
    assert!(matrix.rows.iter().all(|row| row.cells.iter().all(|cell| !cell.conditional)));
    let one = Matrix::new(bundle.policy(), Some("Order")).unwrap();
    let names: Vec<&str> = one.rows.iter().map(|row| row.coordinate.as_str()).collect();
    assert_eq!(names, ["Order.id", "Order.lines", "Order.status", "Order.total"]);
}

/// A condition is neither met nor unmet before there is a request.
#[test]
fn the_matrix_says_where_conditions_decide() {
    let bundle = load("tests/corpus/bundles/conditional");
    let matrix = Matrix::new(bundle.policy(), None).unwrap();
    let cell = |coordinate: &str, role: &str| {
        let row = matrix.rows.iter().find(|row| row.coordinate == coordinate).unwrap();
        let at = matrix.roles.iter().position(|name| name == role).unwrap();
        (row.cells[at].denied, row.cells[at].conditional)
    };
    // Of an allow rule alone, and beside one without a condition.
    assert_eq!(cell("Mutation.restart", "user"), (None, true));
    assert_eq!(cell("Query.broken", "user"), (None, true));
    assert_eq!(cell("Query.broken", "admin"), (None, false));
    // Of a deny rule.
    assert_eq!(cell("Query.me", "user"), (None, true));
    assert_eq!(cell("Component.secrets", "copilot"), (None, true));
    assert_eq!(cell("Component.secrets", "admin"), (None, false));
    // On the interface's field.
    assert_eq!(cell("Named.name", "user"), (None, true));
    assert_eq!(cell("Named.name", "admin"), (Some(Because::NoGrant), false));
    // Whoever is on no floor is granted nothing.
    assert_eq!(cell("Secret.value", "senior"), (Some(Because::NoGrant), false));
}

/// In part is a denial; on a strict interface, on none of the object types and below the floor it is no part.
#[test]
fn the_matrix_says_what_is_granted_in_part() {
    let schema = "
        interface Open { a: Int b: Int c: Int }
        interface Shut { a: Int }
        type One implements Open & Shut { a: Int b: Int c: Int }
        type Two implements Open & Shut { a: Int b: Int c: Int }
        type Query { open: Open shut: Shut }
    ";
    let yaml = "
version: 1
name: parts
roles: { x: { groups: [x] }, y: { groups: [y] }, z: { groups: [z] } }
floor:
  - { id: floor, allow: [x, y] }
abstract: { Open: expand }
rules:
  - { id: one, fields: [One.a, One.b], allow: [x, z] }
  - { id: two, fields: [Two.b], allow: [x, z] }
  - { id: half, fields: [Two.c], allow: [y], if: \"subject.id == 'u'\" }
";
    let matrix = Matrix::new(&policy(schema, yaml), None).unwrap();
    let row = |coordinate: &str| {
        let row = matrix.rows.iter().find(|row| row.coordinate == coordinate).unwrap();
        let cells = row.cells.iter().map(|cell| (cell.denied.is_none(), cell.partial));
        cells.collect::<Vec<_>>()
    };
    let (no, part, yes) = ((false, false), (false, true), (true, false));
    assert_eq!(row("Open.a"), [part, no, no]);
    assert_eq!(row("Open.b"), [yes, no, no]);
    assert_eq!(row("Open.c"), [no, part, no]);
    assert_eq!(row("Shut.a"), [no, no, no]);
    assert_eq!(row("One.a"), [yes, no, no]);
    assert_eq!(row("Two.a"), [no, no, no]);
}

/// What every operation needs is a line of its own, and what a condition comes to is told.
#[test]
fn the_floor_and_conditions_are_told() {
    let bundle = load("tests/corpus/bundles/conditional");
    let found = |risk: u32| {
        let claims =
            json!({ "sub": "a", "groups": ["users"], "level": 3, "risk": risk, "flags": [] });
        let claims = claims.as_object().cloned();
        let query = "mutation { restart(ref: \"component:x\") }".to_owned();
        explain(&bundle, Request { claims, query, variables: None, operation: None }).unwrap()
    };
    let allowed = found(1);
    assert_eq!((verdict_of_tree(&allowed), allowed.verdict), (Verdict::Allow, Verdict::Allow));
    let [floor, restart] = &allowed.fields[..] else { panic!("{:?}", allowed.fields) };
    assert_eq!(floor.uses[0].coordinate, "*");
    assert_eq!(floor.uses[0].denies[0].condition.as_ref().unwrap().holds, Some(true));
    let condition = restart.uses[0].grants[0].any[0].condition.as_ref().unwrap();
    assert_eq!(condition.text, "args.ref.startsWith('component:')");
    assert_eq!(condition.holds, Some(true));

    let refused = found(9);
    assert_eq!(verdict_of_tree(&refused), refused.verdict);
    let denied = Outcome::Denied(Because::DenyRule, vec!["not-risky".to_owned()]);
    assert_eq!(refused.fields[0].uses[0].outcome, denied);
}
