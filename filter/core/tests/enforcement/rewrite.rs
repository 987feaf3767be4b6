//! What is forwarded: the text as it was sent, or exactly that without what had to go.

use apollo_parser::Parser;
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::gate::Effect;
use proptest::prelude::*;
use serde_json::Value;

use crate::naive;
use crate::random::callers::CALLERS;
use crate::random::case::{Case, Seeds, seeds};
use crate::world::{all_but, body, code, gate, post, token};

/// The forwarded body, if it was forwarded, as a reader that is not ours reads it.
pub(crate) fn forwarded(effect: Effect) -> Option<Value> {
    match effect {
        Effect::Forward(body) => Some(serde_json::from_slice(&body).expect("JSON")),
        Effect::Pass(_) => panic!("passes unread"),
        Effect::Reply(_) => None,
    }
}

/// Reads a document as our reader does, and as one does that is not ours.
#[track_caller]
pub(crate) fn reads_anew(text: &str) {
    Document::read(text, &Bounds { tokens: 15_000, nesting: 200 }).expect(text);
    // It does not look past a comma behind `...`; a blank means the same, in strings too.
    let errors: Vec<_> = Parser::new(&text.replace(',', " ")).parse().errors().cloned().collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
}

fn forwards_what_stays(seeds: &Seeds) -> Result<(), TestCaseError> {
    let case = Case::new(seeds);
    let (gate, caller) = (case.gate(), &CALLERS[2]);
    let (effect, record) = Case::ask(&gate, caller, &case.body());
    let expected = naive::expected(&case, caller);
    prop_assert_eq!(code(&record), expected.code(), "{}", &case);
    let Some(sent) = forwarded(effect) else { return Ok(()) };

    let Case { request, printed, .. } = &case;
    let (text, left) = naive::forwarded::forwarded(request, printed, &expected);
    prop_assert_eq!(sent["query"].as_str(), Some(text.as_str()), "from {}", &printed.text);
    prop_assert_eq!(
        sent.get("operationName").and_then(Value::as_str),
        request.operations[request.chosen].name
    );
    for (at, variable) in request.variables.iter().enumerate() {
        let value = variable.given.as_ref().filter(|_| left.contains(&at));
        let value = value.map(|value| serde_json::from_str::<Value>(&value.json()).unwrap());
        prop_assert_eq!(
            sent.get("variables").and_then(|all| all.get(variable.name)),
            value.as_ref()
        );
    }
    let known = ["query", "operationName", "variables"];
    prop_assert!(sent.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
    reads_anew(&text);

    // Once more: nothing is left to be done.
    let again = Case::ask(&gate, caller, sent.to_string().as_bytes());
    prop_assert_eq!(code(&again.1), "allow");
    prop_assert_eq!(&again.1.facts().asked.requested, &record.facts().asked.requested);
    prop_assert_eq!(forwarded(again.0), Some(sent));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stays_is_forwarded_byte_for_byte(seeds in seeds()) {
        forwards_what_stays(&seeds)?;
    }
}

/// A query, and what of it is forwarded where `User.ssn`, `Query.node` and `Mutation.wipe` are
/// denied.
const ROWS: &[(&str, &str)] = &[
    // Nothing to remove: as sent.
    ("\u{feff}{ me{id}, # x\r version }#", "\u{feff}{ me{id}, # x\r version }#"),
    ("{ version @skip(if:true) }", "{ version @skip(if:true) }"),
    ("\"d\" query Q { version }", "\"d\" query Q { version }"),
    // No blank anywhere.
    ("{version...F@skip(if:true)me{id}}fragment F on Query{node{id}}", "query  {version me{id}}"),
    (
        "{version...@skip(if:true){node{id}}...F}fragment F on Query{me{id}}",
        "query  {version ...F}\nfragment F on Query{me{id}}",
    ),
    (
        "{a:version@skip(if:true)b:node@skip(if:true){id}c:version}",
        "query  {a:version@skip(if:true) c:version}",
    ),
    // Everything goes.
    ("{me{ssn@skip(if:true)}}", "query  {me{__typename @include(if: false)}}"),
    (
        "{me{ssn@skip(if:true)nope@include(if:false)}}",
        "query  {me{__typename @include(if: false) }}",
    ),
    (
        "{me{...on User@skip(if:true){ssn}...on Nope@skip(if:true){x}}}",
        "query  {me{__typename @include(if: false) }}",
    ),
    // The outermost selection that is off goes, and what only it used.
    (
        "query Q($a:Any $b:Any=1){me@skip(if:true){boss(level:$b){ssn@skip(if:true)}}person{boss(level:$a){id}}}",
        "query Q($a:Any) { person{boss(level:$a){id}}}",
    ),
    (
        "{ me{id ...A} } fragment A on User{ id ...B @skip(if:true) } fragment B on User{ ssn }",
        "query  { me{id ...A} }\nfragment A on User{ id   }",
    ),
    // A fragment that is off in one place and on in another loses only what is off in both.
    (
        "{ me{...A @skip(if:true)} b:me{...A} } fragment A on User{ id ssn @include(if:false) }",
        "query  { me{__typename @include(if: false)} b:me{...A} }\nfragment A on User{ id   }",
    ),
    // Other operations and the fragments of nobody.
    ("query A{version} mutation B{wipe}", "query A {version}"),
    (
        "query A{...F} fragment G on Query{node{id}} fragment F on Query{version} query B{...G}",
        "query A {...F}\nfragment F on Query{version}",
    ),
    // A comment before what goes ends before it, and one in a definition stays whole.
    ("{ version # ssn\r ssn @skip(if:true) # }\n }", "query  { version # ssn\r   # }\n }"),
    ("query A($v # )\n :Boolean=true #(\n){ version @skip(if:$v) } {", ""),
    (
        "query A($v # )\n :Boolean=true #(\n){ version @skip(if:$v) } query B{me{id}}",
        "query A($v # )\n :Boolean=true) { version @skip(if:$v) }",
    ),
    (
        "query A($d:Any=\"\"\"#)\"\"\"){ person{boss(level:$d){id}} } query B{me{id}}",
        "query A($d:Any=\"\"\"#)\"\"\") { person{boss(level:$d){id}} }",
    ),
    (
        "query A(\"d\" $v:Boolean=true){ version @skip(if:$v) } query B{me{id}}",
        "query A(\"d\" $v:Boolean=true) { version @skip(if:$v) }",
    ),
];

#[test]
fn what_is_removed_and_what_stays() {
    let gate = gate(&all_but(&["User.ssn", "Query.node", "Mutation.wipe"]), "");
    let token = token(&["g0"], "");
    for (query, expected) in ROWS {
        let named = query.contains("query A").then_some(r#","operationName":"A""#);
        let (effect, record) = post(&gate, &token, &body(query, named.unwrap_or_default()));
        match forwarded(effect) {
            None => assert_eq!(*expected, "", "{query}: {}", code(&record)),
            Some(sent) => {
                assert_eq!(sent["query"].as_str(), Some(*expected), "{query}");
                // It does not know descriptions of what is executed either.
                if !query.contains("\"d\"") {
                    reads_anew(expected);
                }
            }
        }
    }
}
