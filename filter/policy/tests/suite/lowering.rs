//! The precedence of the policy language, as a table: rules, and what decides a coordinate.

use fieldgate_core::policy::schema::InputId;

use crate::support::{access, describe, policy};

const SCHEMA: &str = "
type Query { node: Node, found: Found, a: A }
interface Node { id: ID!, name: String }
interface Named { name: String }
interface Alone { id: ID! }
type A implements Node & Named { id: ID!, name: String, own: Int }
type B implements Node { id: ID!, name: String }
type C { name: String }
union Found = A | C
";

/// Rules, one a line: `id: allow|deny ROLES: PATTERNS`.
#[track_caller]
fn check(rules: &str, expected: &[(&str, &str)]) {
    let mut text = "version: 1\nname: table\nroles:\n".to_owned();
    for role in ["x", "y", "z"] {
        text += &format!("  {role}: {{ groups: [{role}-group] }}\n");
    }
    text += if rules.is_empty() { "rules: []\n" } else { "rules:\n" };
    for rule in rules.lines() {
        let mut parts = rule.split(": ");
        let (id, effect, fields) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let (effect, roles) = effect.split_once(' ').unwrap();
        let fields: Vec<String> = fields.split(' ').map(|field| format!("\"{field}\"")).collect();
        let (roles, fields) = (roles.replace(' ', ", "), fields.join(", "));
        text += &format!("  - id: {id}\n    fields: [{fields}]\n    {effect}: [{roles}]\n");
    }
    let policy = policy(SCHEMA, &text);
    for (coordinate, expected) in expected {
        let found = describe(&policy, access(&policy, coordinate));
        assert_eq!(found, *expected, "{coordinate} under\n{rules}");
    }
}

#[test]
fn what_no_rule_names_is_granted_to_nobody() {
    check("", &[("A.id", "nobody"), ("Query.a", "nobody"), ("Node.id", "nobody")]);
    check("r: allow x: A.own", &[("A.own", "x<-r"), ("A.id", "nobody")]);
}

#[test]
fn only_the_most_specific_tier_counts() {
    let all =
        "exact: allow x: C.name\ntype: allow y: C.*\nname: allow z: *.name\nall: allow x: *.*";
    check(all, &[("C.name", "x<-exact"), ("Query.a", "x<-all")]);
    check("type: allow y: C.*\nname: allow z: *.name", &[("C.name", "y<-type")]);
    check("name: allow z: *.name\nall: allow x: *.*", &[("C.name", "z<-name")]);
    check("all: allow x: *.*", &[("C.name", "x<-all")]);
}

#[test]
fn a_tier_is_a_union() {
    check("a: allow x: C.name\nb: allow y: C.name", &[("C.name", "x|y<-a+b")]);
    check("a: allow x: C.*\nb: allow y: C.*\nc: allow x: C.*", &[("C.name", "x|y<-a+b+c")]);
    check("a: allow x: *.name\nb: allow y: *.name", &[("C.name", "x|y<-a+b")]);
    check("a: allow x: *.*\nb: allow y z: *.*", &[("C.name", "x|y|z<-a+b")]);
}

#[test]
fn object_and_interface_must_both_grant() {
    check(
        "object: allow x: A.name\nnode: allow y: Node.*\nnamed: allow z: Named.name",
        &[
            ("A.name", "x<-object & y<-node & z<-named"),
            ("B.name", "y<-node"),
            ("A.id", "y<-node"),
            ("A.own", "nobody"),
            ("C.name", "nobody"),
        ],
    );
    // Each source has its own most specific tier.
    check(
        "type: allow x: A.*\nexact: allow y: Node.name\nwide: allow z: Node.*",
        &[("A.name", "x<-type & y<-exact"), ("A.id", "x<-type & z<-wide"), ("A.own", "x<-type")],
    );
    // One rule that names both is one condition.
    check("r: allow x: A.* Node.*", &[("A.name", "x<-r")]);
    // The interface speaks although the object is not named: the general tiers do not.
    check("node: allow x: Node.name\nall: allow y: *.* *.name", &[("A.name", "x<-node")]);
}

#[test]
fn an_interface_speaks_of_what_it_declares() {
    check("alone: allow x: Alone.id", &[("A.id", "nobody"), ("Alone.id", "x<-alone")]);
    check("named: allow x: Named.*", &[("A.id", "nobody"), ("A.name", "x<-named")]);
    check("object: allow x: A.name", &[("Node.name", "nobody"), ("B.name", "nobody")]);
    check("node: allow y: Node.name\nobject: allow x: A.name", &[("Node.name", "y<-node")]);
}

#[test]
fn a_deny_counts_wherever_it_matches() {
    let deny = |pattern: &str| format!("all: allow x: *.*\nno: deny y: {pattern}");
    for pattern in ["A.name", "A.*", "*.name", "*.*", "Node.name", "Node.*", "Named.*"] {
        check(&deny(pattern), &[("A.name", "x<-all, not y<-no")]);
    }
    for pattern in ["B.*", "Node.id", "Alone.*", "*.id", "Query.*"] {
        check(&deny(pattern), &[("A.name", "x<-all")]);
    }
    // A deny on the object does not reach another object through their interface.
    check(&deny("A.name"), &[("B.name", "x<-all"), ("Node.name", "x<-all")]);
}

#[test]
fn denies_stay_apart_and_count_once() {
    check(
        "a: deny x: A.name *.name\nb: deny y: Node.*\nc: allow z: *.*",
        &[("A.name", "z<-c, not x<-a, y<-b"), ("C.name", "z<-c, not x<-a")],
    );
    check("a: deny x: A.*", &[("A.id", "nobody, not x<-a")]);
}

/// The most specific form decides an argument, as it does a field.
#[test]
fn arguments_by_form() {
    let sdl = "type Query { find(limit: Int, text: ID): ID  seek(limit: Int): ID }";
    let text = "
version: 1
name: arguments
roles: { a: { groups: [a] }, b: { groups: [b] }, c: { groups: [c] }, d: { groups: [d] } }
rules:
  - { id: fields, fields: ['Query.*'], allow: [a, b, c, d] }
  - { id: exact, inputs: ['Query.find(limit:)'], allow: [a] }
  - { id: owner, inputs: ['Query.find(*:)'], allow: [b] }
  - { id: name, inputs: ['*.seek(limit:)'], allow: [c] }
  - { id: all, inputs: ['*.seek(*:)', '*.find(*:)'], allow: [d] }
";
    let policy = policy(sdl, text);
    let described = |field: &str, argument: &str| {
        let schema = policy.schema();
        let id = schema.field_named(schema.query(), field).unwrap();
        let def = schema.field_def(id).unwrap();
        let at = schema.argument(&def, argument).unwrap().at;
        describe(&policy, policy.input_access(InputId::Argument(id, at)).unwrap())
    };
    assert_eq!(described("find", "limit"), "a<-exact");
    assert_eq!(described("find", "text"), "b<-owner");
    assert_eq!(described("seek", "limit"), "c<-name");
}
