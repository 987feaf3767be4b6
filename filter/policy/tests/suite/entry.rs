//! The entry points of a subgraph, and the rules that open them without a word.

use fieldgate_core::policy::data::Data;
use fieldgate_policy::diagnostic::{Code, Findings};
use fieldgate_policy::lint::{Tagged, lint};
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{lower, schema, yaml};

const SUBGRAPH: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])
    type Query { user: User }
    type User @key(fields: \"id\") { id: ID! }";

const BOTH: [&str; 2] = ["Query._entities", "Query._service"];
const ENTITIES: [&str; 1] = ["Query._entities"];

/// The entry points that a wildcard is found to open, each with the text that stands there.
#[track_caller]
fn found(sdl: &str, rules: &str) -> Vec<(String, String)> {
    let mut findings = Findings::default();
    let file = SourceFile::new("schema.graphql", sdl.to_owned());
    let source = schema::read(&file, &mut findings).unwrap();
    let head = "version: 1\nname: x\nroles: { a: { groups: [a] }, b: { groups: [b] } }\nrules:\n";
    let text =
        format!("{head}  - {{ id: own, fields: [Query.user, User.id], allow: [a, b] }}\n{rules}");
    let file = SourceFile::new("policy.yaml", text.clone());
    let node = yaml::read(&file, &mut findings).unwrap();
    let policy = PolicySource::read(&node, &mut findings);
    let conditions = lower::check(&policy, &source, &mut findings);
    assert!(!findings.has_errors(), "{:#?}", findings.into_sorted());
    let tagged = Tagged::sensitive(&source);
    let lowered = lower::lower(&policy, source, (&conditions, Data::default()), None).unwrap();
    let mut findings = Findings::default();
    lint(&policy, &lowered, &tagged, None, &mut findings);
    let mut found = Vec::new();
    for one in findings.iter().filter(|one| one.code == Code::EntryPoint) {
        let place = one.place.as_ref().unwrap();
        let there = text.get(place.start()..place.start() + place.length()).unwrap();
        let coordinate = one.message.split('`').nth(1).unwrap();
        found.push((coordinate.to_owned(), there.trim_matches('"').to_owned()));
    }
    found
}

#[track_caller]
fn check(rules: &str, expected: &[&str]) {
    let found = found(SUBGRAPH, rules);
    let coordinates: Vec<&str> = found.iter().map(|(coordinate, _)| coordinate.as_str()).collect();
    assert_eq!(coordinates, expected, "{rules}");
}

#[test]
fn a_wildcard_opens_them() {
    check("", &[]);
    check("  - { id: x, fields: [\"*.*\"], allow: [a] }", &BOTH);
    check("  - { id: x, fields: [\"*.sdl\", \"*._service\", \"*._entities\"], allow: [a] }", &BOTH);
    check("  - { id: x, fields: [\"_Serv*.*\", \"Query._*\"], allow: [a] }", &BOTH);
    // Of a schema that is not told nothing is known but that there is one.
    check("  - { id: x, fields: [\"Query.*\"], allow: [a] }", &ENTITIES);
    check("  - { id: x, fields: [\"User.*\", \"_Service.*\"], allow: [a] }", &[]);
}

#[test]
fn a_rule_that_names_them_means_them() {
    let named =
        "  - { id: x, fields: [Query._entities, Query._service, _Service.sdl], allow: [a] }";
    check(named, &[]);
    let beside = "  - { id: x, fields: [Query._entities, \"Query.*\"], allow: [a] }";
    check(beside, &[]);
    // What one rule names, another of a wider form does not grant.
    check(&format!("{named}\n  - {{ id: y, fields: [\"*.*\"], allow: [b] }}"), &[]);
    // A star within the name is of the same form, and grants beside it.
    check(&format!("{named}\n  - {{ id: y, fields: [\"Query._e*\"], allow: [b] }}"), &ENTITIES);
}

#[test]
fn what_is_denied_is_not_open() {
    let all = "  - { id: x, fields: [\"*.*\"], allow: [a, b] }\n";
    let deny = |fields: &str, roles: &str| {
        format!("{all}  - {{ id: y, fields: [{fields}], deny: [{roles}] }}")
    };
    check(&deny("Query._entities, Query._service", "a, b"), &[]);
    check(&deny("Query._service", "a, b"), &ENTITIES);
    check(&deny("_Service.sdl", "a, b"), &ENTITIES);
    check(&deny("\"Query._*\"", "a"), &BOTH);
    let once = format!(
        "{all}  - {{ id: y, fields: [\"Query._*\"], deny: [a, b], if: \"operation.name == null\" }}"
    );
    check(&once, &BOTH);
}

#[test]
fn the_finding_is_at_the_wildcard() {
    let rules = "  - { id: x, fields: [\"User.*\", \"Query.*\"], allow: [a] }";
    assert_eq!(found(SUBGRAPH, rules), [("Query._entities".to_owned(), "Query.*".to_owned())]);
}

#[test]
fn they_are_known_by_their_names() {
    let rules = "  - { id: x, fields: [\"*.*\"], allow: [a] }";
    let plain = "type Query { user: User } type User { id: ID! }";
    assert_eq!(found(plain, rules), []);
    let written = "schema { query: Ask } type Query { user: User } type User { id: ID! }
        type Ask { _service: Told } type Told { sdl: String! }";
    assert_eq!(found(written, rules), [("Ask._service".to_owned(), "*.*".to_owned())]);
}
