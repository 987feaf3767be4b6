//! Plan and decide: every refusal has its own reason, and what is denied looks like what is not there.

use fieldgate_core::gate::Effect;
use fieldgate_core::reply::Reply;

use crate::world::{all_but, body, code, gate, post, token};

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
            Effect::Pass(_) => panic!("passes unread: {query}"),
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
