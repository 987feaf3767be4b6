//! What an operation touches, and what becomes of it, is what `naive` says: for random schemas,
//! policies and requests.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::env;

use fieldgate_core::decide::{Circumstances, Denied, Question};
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::gate::Effect;
use fieldgate_core::http::GraphqlRequest;
use fieldgate_core::identity::Authority;
use fieldgate_core::limits::{Limits, NESTING, OPERATION_STEPS};
use fieldgate_core::plan::{Choice, Chosen, Plan, Supplied};
use fieldgate_core::policy::rules::{Caller, RoleSet};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};

use crate::naive::{self, Denial};
use crate::random::callers::CALLERS;
use crate::random::case::{Case, Seeds, seeds};
use crate::random::policy::rule_name;
use crate::world::code;

fn agrees(seeds: &Seeds) -> Result<(), TestCaseError> {
    let case = Case::new(seeds);
    let (gate, body) = (case.gate(), case.body());
    for caller in &CALLERS {
        let expected = naive::expected(&case, caller);
        let (effect, record) = Case::ask(&gate, caller, &body);
        let shown = || format!("\n{case}\nof {caller:?}: {expected:#?}");
        prop_assert_eq!(code(&record), expected.code(), "{}", shown());
        prop_assert_eq!(matches!(effect, Effect::Forward(_)), expected.code() == "allow");
        let facts = &record.facts().asked;
        let requested = facts.requested.iter().flat_map(|all| all.iter());
        let requested: BTreeSet<String> = requested.map(str::to_owned).collect();
        prop_assert_eq!(requested, expected.executed.clone(), "{}", shown());
        if !expected.faulty {
            prop_assert!(expected.reachable.is_subset(&expected.executed), "{}", shown());
            let denied = facts.denied.iter().map(|one| {
                let rules: BTreeSet<String> = one.rules.iter().cloned().collect();
                (one.coordinate.clone(), (one.because, rules))
            });
            let because = expected.denied.iter().map(|(coordinate, Denial { because, rules })| {
                let rules: BTreeSet<String> = rules.iter().map(|rule| rule_name(*rule)).collect();
                (coordinate.clone(), (*because, rules))
            });
            let (denied, because) = (denied.collect::<BTreeMap<_, _>>(), because.collect());
            prop_assert_eq!(denied, because, "{}", shown());
        }
    }
    Ok(())
}

/// How many requests are compared: `make properties` asks for more.
fn cases() -> u32 {
    let wanted = env::var("FIELDGATE_CASES").ok();
    wanted.map_or(5000, |wanted| wanted.parse().expect("a number"))
}

/// 5,000 requests, each under a schema and a policy of its own, by nine callers: 45,000 decisions. A
/// failure shows the smallest case that fails, and its seed: with that in `FIELDGATE_SEED` it is
/// asked alone.
#[test]
fn decides_as_a_naive_execution_would() {
    if let Ok(seed) = env::var("FIELDGATE_SEED") {
        let seeds: Seeds = seed.parse().expect("a seed");
        println!("{}", Case::new(&seeds));
        return agrees(&seeds).unwrap();
    }
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..Default::default() };
    let (tried, failed) = (Cell::new(0), Cell::new(false));
    let ran = TestRunner::new(config).run(&seeds(), |seeds| {
        tried.set(tried.get() + u32::from(!failed.get()));
        let agreed = agrees(&seeds);
        failed.set(failed.get() || agreed.is_err());
        agreed
    });
    if let Err(TestError::Fail(why, seeds)) = &ran {
        panic!("case {}: {why}\n\nFIELDGATE_SEED={seeds:?}", tried.get());
    }
    ran.unwrap();
}

/// A plan with a use at every place decides as the one that the filter makes.
fn decides_alike(seeds: &Seeds) -> Result<(), TestCaseError> {
    let case = Case::new(seeds);
    let policy = case.policy.built(&case.schema);
    let (text, body, limits) = (&case.printed.text, case.body(), Limits::CAP);
    let read = GraphqlRequest::read(&body, limits.variables_depth).unwrap();
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let document = Document::read(text, &bounds).unwrap();
    let Ok(choice) = Choice::new(&document, read.operation_name.as_deref()) else { return Ok(()) };
    let plans = [Plan::new, Plan::at_every_place];
    let plans = plans.map(|plan| plan(&document, choice, &policy, &limits));
    let [first, every] = match plans {
        [Ok(first), Ok(every)] => [first, every],
        [first, every] => {
            prop_assert_eq!(first, every);
            return Ok(());
        }
    };
    prop_assert!(first.uses.iter().all(|one| every.uses.contains(one)));
    prop_assert_eq!((&first.path, first.usage), (&every.path, every.usage));
    let included = first.evaluate(text, &|name| read.boolean(name));
    prop_assert_eq!(&included, &every.evaluate(text, &|name| read.boolean(name)));
    let Ok(included) = included else { return Ok(()) };
    let supply = |plan: &Plan| Supplied::new(plan, &policy, text, &|name| read.value(name));
    let (supplied, same) = (supply(&first), supply(&every));
    prop_assert_eq!(&supplied, &same);
    for caller in CALLERS {
        let mut roles = caller.parties.iter().map(|bits| RoleSet::from_bits(*bits));
        let scopes: Vec<Box<str>> = caller.scopes.iter().map(|scope| (*scope).into()).collect();
        let subject = roles.next().unwrap();
        let authority = Authority {
            caller: if caller.groups.is_some() { Caller::Verified } else { Caller::Anyone },
            scopes: policy.scopes_of(&scopes),
            subject,
            unclear: RoleSet::from_bits(caller.unclear()),
            actor: roles.next(),
            client: roles.next(),
        };
        let operation = choice.of(&document).unwrap();
        let name = operation.name.map(|name| name.text);
        let asked = Chosen { source: text.as_str(), name, kind: operation.kind };
        let circumstances =
            Circumstances::new(&policy, &first, asked, &read, None, None, OPERATION_STEPS);
        let question = Question {
            plan: &first,
            policy: &policy,
            authority: &authority,
            included: &included,
            supplied: &supplied,
            circumstances: &circumstances,
        };
        let decided = |plan: &Plan| Question { plan, ..question }.decide();
        prop_assert_eq!(decided(&first), decided(&every), "{}", &case);
        let mut nothing = supplied.clone();
        nothing.uses.clear();
        for one in &every.uses {
            let allowed = question.denial(one).is_none();
            let mut alone = first.clone();
            (alone.uses, alone.selected) = (vec![*one], 1);
            let question = Question { plan: &alone, supplied: &nothing, ..question };
            let executed = included.includes(one.condition) && nothing.has(one.presence);
            let is_floor = |denied: &Denied| denied.target.is_none();
            let granted = question.decide().denied.iter().all(is_floor);
            prop_assert_eq!(allowed || !executed, granted);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_places_decide_nothing_else(seeds in seeds()) {
        decides_alike(&seeds)?;
    }
}

/// The properties above say little if all of its requests end alike.
#[test]
fn generated_requests_end_in_many_ways() {
    let mut runner = TestRunner::deterministic();
    let mut codes = BTreeMap::<&str, usize>::new();
    let (mut removing, mut rewriting) = (0, 0);
    for _ in 0..3000 {
        let case = Case::new(&seeds().new_tree(&mut runner).unwrap().current());
        let expected = naive::expected(&case, &CALLERS[2]);
        *codes.entry(expected.code()).or_default() += 1;
        if expected.code() == "allow" {
            removing += usize::from(!expected.removed.is_empty());
            let text = naive::forwarded::forwarded(&case.request, &case.printed, &expected).0;
            rewriting += usize::from(text != case.printed.text);
        }
    }
    println!("{codes:?}, removing {removing}, rewriting {rewriting}");
    let often = ["allow", "field_denied", "input_denied", "condition_error", "floor_denied"];
    assert!(codes.len() > 12 && often.iter().all(|code| codes[code] > 50), "{codes:?}");
    assert!(removing > 60 && rewriting > 200, "removing {removing}, rewriting {rewriting}");
}
