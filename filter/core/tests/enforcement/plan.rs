//! Plan and decide: what an operation touches is what a naive execution of it would touch, and
//! every refusal has its own reason.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::decide::{Circumstances, Question};
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::gate::{Chosen, Effect};
use fieldgate_core::http::GraphqlRequest;
use fieldgate_core::identity::Authority;
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, Plan, Supplied};
use fieldgate_core::policy::rules::{Caller, RoleSet, ScopeSet};
use fieldgate_core::reply::Reply;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::naive;
use crate::print::{self, Printed};
use crate::request::{self, Choices, Request, VARIABLES};
use crate::world::{self, Rule, TYPES, WIDE, all_but, body, code, gate, post, token};

/// Choices for a request, for its layout, and for a policy.
pub(crate) type Seeds = (Vec<u16>, Vec<u16>, Vec<u16>);

pub(crate) fn seeds() -> impl Strategy<Value = Seeds> {
    let choices = |most| proptest::collection::vec(any::<u16>(), 0..most);
    (choices(300), choices(200), choices(120))
}

pub(crate) fn printed(seeds: &Seeds) -> (Request, Printed) {
    let request = request::request(&mut Choices(&seeds.0));
    let printed = print::print(&request, &mut Choices(&seeds.1));
    (request, printed)
}

/// A request's body: the query, the name of the chosen operation if it has one, all variables.
pub(crate) fn body_of(request: &Request, printed: &Printed) -> Vec<u8> {
    let operation = &request.operations[request.chosen];
    let given = VARIABLES.iter().filter_map(|(name, _, value, _)| Some((name, (*value)?)));
    let given: Vec<String> = given.map(|(name, value)| format!("\"{name}\" : {value}")).collect();
    let mut more = format!(",\"variables\":{{{},\"unused\":{{}}}}", given.join(","));
    if let Some(name) = operation.name {
        more += &format!(",\"operationName\":\"{name}\"");
    }
    body(&printed.text, &more)
}

/// For each coordinate one of a few rules. Half of the policies grant nearly everything.
pub(crate) fn rules(choices: &mut Choices<'_>) -> BTreeMap<String, Rule> {
    let mostly = choices.below(2) == 0;
    let mut rules = BTreeMap::new();
    for (parent, _, _, fields) in TYPES {
        for (field, ..) in *fields {
            let common = if mostly { 12 } else { 2 };
            let grants = match choices.below(common + 4) {
                0 => vec![0b0010],
                1 => vec![0b0101, 0b0011],
                2 => Vec::new(),
                3 => vec![0b1111, 0b1000],
                _ => vec![0b1111],
            };
            let denies = match choices.below(common * 2 + 2) {
                0 => vec![0b1000],
                1 => vec![0b0100, 0b0010],
                _ => Vec::new(),
            };
            rules.insert(format!("{parent}.{field}"), Rule { grants, denies });
        }
    }
    rules
}

/// Who asks: the groups and more claims of the token, and the roles of every party to it.
const CALLERS: [(&[&str], &str, &[u64]); 8] = [
    (&["g0"], "", &[0b1]),
    (&["g1", "other"], "", &[0b10]),
    (&["g0", "g1", "g2"], "", &[0b111]),
    (&["g3", "g0"], "", &[0b1001]),
    (&[], "", &[0]),
    (&["g0", "g1", "g2", "g3"], r#","act":{"sub":"agent"}"#, &[0b1111, 0b11]),
    (&["g2"], r#","azp":"agent","act":{"sub":"bot"}"#, &[0b100, 0b11, 0b1]),
    (&["g0", "g1"], r#","act":{"sub":"stranger"}"#, &[0b11, 0]),
];

fn agrees(seeds: &Seeds) -> Result<(), TestCaseError> {
    let (request, printed) = printed(seeds);
    let rules = rules(&mut Choices(&seeds.2));
    let policy = world::policy(world::schema_of(TYPES), |coordinate| rules[coordinate].clone());
    let gate = gate(&policy, WIDE);
    let body = body_of(&request, &printed);
    for (groups, claims, parties) in CALLERS {
        let expected = naive::expected(&request, &rules, parties);
        let (effect, record) = post(&gate, &token(groups, claims), &body);
        let again = post(&gate, &token(groups, claims), &body);
        prop_assert_eq!((&effect, &record), (&again.0, &again.1), "{}", &printed.text);
        prop_assert_eq!(code(&record), expected.code(), "{} {:?}", &printed.text, &expected);
        prop_assert_eq!(matches!(effect, Effect::Forward(_)), expected.code() == "allow");
        let facts = record.facts();
        let requested: BTreeSet<String> =
            facts.requested.iter().flat_map(|all| all.iter()).cloned().collect();
        prop_assert_eq!(requested, expected.executed, "{}", &printed.text);
        if !expected.faulty {
            let denied = facts.denied.iter().map(|denied| denied.coordinate.clone());
            prop_assert_eq!(denied.collect::<BTreeSet<_>>(), expected.denied);
        }
    }
    Ok(())
}

/// How many requests are compared: `make properties` asks for more.
fn cases() -> u32 {
    let wanted = std::env::var("FIELDGATE_CASES").ok();
    wanted.map_or(800, |wanted| wanted.parse().expect("a number"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// 800 requests, each under a policy of its own, by eight callers: 6,400 decisions.
    #[test]
    fn decides_as_a_naive_execution_would(seeds in seeds()) {
        agrees(&seeds)?;
    }
}

/// A plan with a use at every place decides as the one that the filter makes.
fn decides_alike(seeds: &Seeds) -> Result<(), TestCaseError> {
    let (request, printed) = printed(seeds);
    let rules = rules(&mut Choices(&seeds.2));
    let policy = world::policy(world::schema_of(TYPES), |coordinate| rules[coordinate].clone());
    let (body, limits) = (body_of(&request, &printed), Limits::CAP);
    let read = GraphqlRequest::read(&body, limits.variables_depth).unwrap();
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let document = Document::read(&printed.text, &bounds).unwrap();
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
    let included = first.evaluate(&printed.text, &|name| read.boolean(name));
    prop_assert_eq!(&included, &every.evaluate(&printed.text, &|name| read.boolean(name)));
    let Ok(included) = included else { return Ok(()) };
    let supply =
        |plan: &Plan| Supplied::new(plan, &policy, &printed.text, &|name| read.value(name));
    let (supplied, same) = (supply(&first), supply(&every));
    prop_assert_eq!(&supplied, &same);
    for (_, _, parties) in CALLERS {
        let mut roles = parties.iter().map(|bits| RoleSet::from_bits(*bits));
        let subject = roles.next().unwrap();
        let authority = Authority {
            caller: Caller::Verified,
            scopes: ScopeSet::default(),
            subject,
            unclear: RoleSet::EMPTY,
            actor: roles.next(),
            client: roles.next(),
        };
        let operation = choice.of(&document).unwrap();
        let name = operation.name.map(|name| name.text);
        let asked = Chosen { source: &printed.text, name, kind: operation.kind };
        let circumstances = Circumstances::new(&policy, &first, asked, &read, None, None);
        let question = Question {
            plan: &first,
            policy: &policy,
            authority: &authority,
            included: &included,
            supplied: &supplied,
            circumstances: &circumstances,
        };
        let decided = |plan: &Plan| Question { plan, ..question }.decide();
        prop_assert_eq!(decided(&first), decided(&every), "{}", &printed.text);
        for one in &every.uses {
            let allowed = question.denial(one).is_none();
            let mut alone = first.clone();
            alone.uses = vec![*one];
            let switched_off = !included.includes(one.condition);
            prop_assert_eq!(allowed || switched_off, decided(&alone).denied.is_empty());
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
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut codes = BTreeMap::<&str, usize>::new();
    let (mut removing, mut rewriting) = (0, 0);
    for _ in 0..800 {
        let seeds = seeds().new_tree(&mut runner).unwrap().current();
        let (request, printed) = printed(&seeds);
        let expected = naive::expected(&request, &rules(&mut Choices(&seeds.2)), &[0b111]);
        *codes.entry(expected.code()).or_default() += 1;
        if expected.code() == "allow" {
            removing += usize::from(!expected.removed.is_empty());
            let text = naive::forwarded(&request, &printed, &expected).0;
            rewriting += usize::from(text != printed.text);
        }
    }
    println!("{codes:?}, removing {removing}, rewriting {rewriting}");
    assert!(codes.len() >= 6 && codes["allow"] > 100 && codes["field_denied"] > 100, "{codes:?}");
    assert!(removing > 30 && rewriting > 60, "removing {removing}, rewriting {rewriting}");
}

/// An operation that cannot be planned or is denied, and why. `User.ssn` and `Query.node` are.
const REASONS: &[(&str, &str)] = &[
    ("{", "document_syntax"),
    ("type T { a: ID }", "document_syntax"),
    ("{version} {version}", "operation_name_taken"),
    ("{version} query A{version}", "operation_name_taken"),
    ("query A{version} query A{version}", "operation_name_taken"),
    ("query A{version} mutation B{wipe}", "operation_ambiguous"),
    ("fragment F on Query{version}", "operation_unknown"),
    ("subscription{version}", "operation_type_not_allowed"),
    ("subscription{...F}", "operation_type_not_allowed"),
    ("{...F}", "fragment_unknown"),
    ("{...F} fragment F on Query{version} fragment F on Query{version}", "fragment_name_taken"),
    ("{version} fragment F on Query{version} fragment F on Query{version}", "fragment_name_taken"),
    ("{...F} fragment F on Query{...F}", "fragment_cycle"),
    (
        "{...F} fragment F on Query{me{boss{...G}}} fragment G on User{boss{...H}} fragment H on User{...G}",
        "fragment_cycle",
    ),
    ("{...F @skip(if:true)} fragment F on Query{...F}", "fragment_cycle"),
    ("{version@x}", "directive_not_allowed"),
    ("{version@Skip(if:true)}", "directive_not_allowed"),
    ("{...@defer{version}}", "directive_not_allowed"),
    ("query@skip(if:true){version}", "directive_not_allowed"),
    ("query($v:Boolean@skip(if:true)){version}", "directive_not_allowed"),
    ("{...F} fragment F on Query@skip(if:true){version}", "directive_not_allowed"),
    ("{version@skip}", "directive_invalid"),
    ("{version@skip(if:true if:false)}", "directive_invalid"),
    ("{version@skip(unless:true)}", "directive_invalid"),
    ("{version@skip(if:\"true\")}", "directive_invalid"),
    ("{version@skip(if:null)}", "directive_invalid"),
    ("{version@skip(if:1)}", "directive_invalid"),
    ("{version@skip(if:[true])}", "directive_invalid"),
    ("{version@skip(if:TRUE)}", "directive_invalid"),
    ("{version@skip(if:true)@skip(if:false)}", "directive_invalid"),
    ("{version@include(if:false)@skip(if:false)@include(if:true)}", "directive_invalid"),
    ("{version@skip(if:$v)}", "variable_invalid"),
    ("query($v:Boolean){version@skip(if:$v)}", "variable_invalid"),
    ("query($v:Boolean!){version@skip(if:$v)}", "variable_invalid"),
    ("query($v:Boolean=null){version@skip(if:$v)}", "variable_invalid"),
    ("query($v:Boolean=1){version@skip(if:$v)}", "variable_invalid"),
    ("query($v:[Boolean!]=true){version@skip(if:$v)}", "variable_invalid"),
    ("query($v:String=true){version@skip(if:$v)}", "variable_invalid"),
    ("query($s:Boolean=true){version@skip(if:$s)}", "variable_invalid"),
    ("query($n:Boolean=true){version@skip(if:$n)}", "variable_invalid"),
    ("query($v:ID=1 $v:ID=2){version}", "variable_duplicate"),
    ("query($v:Boolean=true $v:Boolean=false){version@skip(if:$v)}", "variable_duplicate"),
    ("{hit(q:1 q:1){__typename}}", "argument_duplicate"),
    ("{hit(q:{a:1 b:[{c:1 c:2}]}){__typename}}", "argument_duplicate"),
    ("{me@skip(if:true){posts(first:1 first:2){id}}}", "argument_duplicate"),
    (
        "{me{...F@skip(if:true)}...F} fragment F on Query{hit(q:1 q:2){__typename}}",
        "argument_duplicate",
    ),
    ("query($v:ID={a:1 a:2}){version}", "argument_duplicate"),
    ("{__schema{types{name}}}", "introspection_disabled"),
    ("{__type(name:\"User\"){name}}", "introspection_disabled"),
    ("{a:__schema{__typename}}", "introspection_disabled"),
    ("{...{...on Query{__schema{__typename}}}}", "introspection_disabled"),
    ("{me{__schema{__typename}}}", "unknown_field"),
    ("{nope}", "unknown_field"),
    ("{Version}", "unknown_field"),
    ("{_service{sdl}}", "unknown_field"),
    ("{hit{id}}", "unknown_field"),
    ("{person{ssn}}", "unknown_field"),
    ("mutation{version}", "unknown_field"),
    ("{version(x:1)}", "unknown_argument"),
    ("{me{posts(First:1){id}}}", "unknown_argument"),
    ("{__typename(x:1)}", "unknown_argument"),
    ("{version{x}}", "selection_invalid"),
    ("{me}", "selection_invalid"),
    ("{__typename{x}}", "selection_invalid"),
    ("{...on Nope{x}}", "unknown_type"),
    ("{...on ID{x}}", "unknown_type"),
    ("{...on UF{x}}", "unknown_type"),
    ("{...on User{id}}", "fragment_impossible"),
    ("{person{...on Post{id}}}", "fragment_impossible"),
    ("{hit{...on Admin{id}}}", "fragment_impossible"),
    ("{...F} fragment F on User{id}", "fragment_impossible"),
    ("{node{id}}", "field_denied"),
    ("{version node{id}}", "field_denied"),
    ("{me{a:ssn}}", "field_denied"),
    ("{person{...on User{ssn}}}", "field_denied"),
    ("{hit{...on Node{...on User{ssn}}}}", "field_denied"),
    (
        "{me{boss{boss{...F}}}} fragment F on Person{...on User{ssn@include(if:true)}}",
        "field_denied",
    ),
    // The first in the order of the document counts.
    ("{nope node{id}}", "unknown_field"),
    ("{node{nope} nope}", "field_denied"),
    // No value is an Admin and a Post or a User at once: decided as if one were.
    ("{person{...on Admin{...on Person{...on User{ssn}}}}}", "field_denied"),
    ("{person{...on Admin{...on Person{...on User{nope}}}}}", "unknown_field"),
    ("{person{...on Admin{...on Person{...on User{id}}}}}", "allow"),
];

#[test]
fn every_refusal_has_its_reason() {
    let gate = gate(&all_but(&["User.ssn", "Query.node"]), "");
    let token = token(&["g0"], "");
    for (query, expected) in REASONS {
        let (_, record) =
            post(&gate, &token, &body(query, r#","variables":{"s":"true","n":null}"#));
        assert_eq!(code(&record), *expected, "{query}");
    }
}

/// What is sent around a name: `%` stands for a field of the query root, `#` for a field of `User`,
/// `~` for a type.
const PROBES: &[&str] = &[
    "{%}",
    "{%{id}}",
    "{version %{id}}",
    "{a:%{id}}",
    "{% @skip(if:true){id}}",
    "{version % @include(if:false){id}}",
    "{%(id:1){id}}",
    "{%(nope:1){id}}",
    "{%(id:1 id:1){id}}",
    "{%{id(a:1 a:1)}}",
    "{%{nope}}",
    "{%{id{x}}}",
    "{%{...Nope}}",
    "{%{...on Nope{x}}}",
    "{%{...on User{ssn}}}",
    "{%{...F}} fragment F on Node{...F}",
    "{%{...F}} fragment F on Node{id}",
    "{version %@skip(if:true){...F}} fragment F on Node{id}",
    "{%{id@x}}",
    "{%{id@skip}}",
    "{%{id@skip(if:$nope)}}",
    "query($v:Boolean!){%{id@skip(if:$v)}}",
    "{%{__schema{types}}}",
    "{%{__typename}}",
    "{%{a:id b:id c:id d:id}}",
    "{%{id@skip(if:true)id@skip(if:true)id@skip(if:true)id@skip(if:true)}}",
    "{%{a{a{a{a{a{a{a}}}}}}}}",
    "{%{id id id id id id id id id id id id id id id id id id id id id id id id id}}",
    "{me{#}}",
    "{me{#{id}}}",
    "{me{#(a:1)}}",
    "{me{id #@skip(if:true)}}",
    "{person{...on User{#}}}",
    "{person{...on Admin{...on Person{...on User{#}}}}}",
    "{hit{...on Tag{...on Hit{...on User{#}}}}}",
    "{...on ~{id}}",
    "{me{...on ~{id}}}",
    "{me{...F}} fragment F on ~{id}",
    "{version ...on ~@skip(if:true){id}}",
    "{hit{...on Tag{...on Hit{...on ~{name}}}}}",
    "mutation{rename{...on ~{id}}}",
];

/// A caller cannot tell a name that it is not granted from one that does not exist.
#[test]
fn what_is_denied_looks_like_what_does_not_exist() {
    const TIGHT: &str = r#","limits":{"aliases":3,"directives":3,"depth":6,"expanded_fields":20}"#;
    // Of `Admin` nothing is granted, nor what leads to it alone.
    let gate = gate(
        &all_but(&[
            "Query.node",
            "User.ssn",
            "Admin.id",
            "Admin.name",
            "Admin.perms",
            "Admin.boss",
            "Node.id",
        ]),
        TIGHT,
    );
    let token = token(&["g0"], "");
    let end = |probe: &str, names: [&str; 3]| {
        let [field, leaf, kind] = names;
        let query = probe.replace('%', field).replace('#', leaf).replace('~', kind);
        let (effect, record) = post(&gate, &token, &body(&query, ""));
        let answer = match effect {
            // What is forwarded holds no such name, so that it is the same text too.
            Effect::Forward(body) => (200, Vec::new(), body),
            Effect::Reply(Reply { status, headers, body, details: _ }) => (status, headers, body),
        };
        (answer, code(&record))
    };
    let mut failures = Vec::new();
    for probe in PROBES {
        let (denied, one) = end(probe, ["node", "ssn", "Admin"]);
        let (unknown, other) = end(probe, ["nodf", "ssm", "Admim"]);
        if denied != unknown {
            failures.push(format!("{probe}: {one} and {other}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
