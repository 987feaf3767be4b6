//! The same bundle, the same bytes; and what has no meaning has no effect on them.

use std::path::Path;

use fieldgate_core::policy::blob;
use fieldgate_policy::bundle::Bundle;

use crate::support::policy;

const SCHEMA: &str = "
type Query { node(id: ID!, at: Int = 3): Node, b: B }
interface Node { id: ID!, name: String }
type A implements Node { id: ID!, name: String }
type B implements Node { id: ID!, name: String }
union AB = A | B
";

const POLICY: &str = "
version: 1
name: order
roles:
  x: { groups: [p, q] }
  y: { groups: [r] }
  z: {}
actors:
  bot: [z, y]
  app: [y]
rules:
  - { id: one, fields: [Query.node, 'A.*'], allow: [x, y] }
  - { id: two, fields: ['*.name'], deny: [z] }
  - { id: three, fields: ['Node.*'], allow: [y, z] }
";

/// The same with everything in another order, and descriptions and comments on top.
const SCHEMA_REORDERED: &str = "
union AB = B | A
# A comment with a brace }
\"\"\" described \"\"\"
type B implements Node { name: String, \"the key\" id: ID! @key(fields: \"}\") }
type A implements Node { id: ID! }
extend type A { name: String }
interface Node { name: String, id: ID! }
schema { query: Query }
type Query { b: B, node(at: Int = 3, id: ID!): Node }
";

const POLICY_REORDERED: &str = "
rules:
  - fields: ['Node.*']
    allow: [z, y]
    id: three
  - id: one
    allow: [y, x]
    fields: ['A.*', Query.node]
  - { id: two, deny: [z], fields: ['*.name'] }
actors: { app: [y], bot: [y, z] }
roles: { z: { groups: [] }, y: { groups: [r] }, x: { groups: [q, p] } }
name: order
version: 1
";

fn bytes(schema: &str, text: &str) -> Vec<u8> {
    blob::encode(&policy(schema, text)).unwrap().0
}

#[test]
fn order_without_meaning_does_not_show() {
    let expected = bytes(SCHEMA, POLICY);
    assert_eq!(bytes(SCHEMA_REORDERED, POLICY), expected);
    assert_eq!(bytes(SCHEMA, POLICY_REORDERED), expected);
    assert_eq!(bytes(SCHEMA_REORDERED, POLICY_REORDERED), expected);
}

#[test]
fn what_has_meaning_shows() {
    let expected = bytes(SCHEMA, POLICY);
    let changes = [
        ("name: order", "name: other"),
        ("version: 1", "version: 1\nrevision: r2"),
        ("groups: [r]", "groups: [s]"),
        ("bot: [z, y]", "bot: [z]"),
        ("id: two", "id: too"),
        ("deny: [z]", "deny: [y]"),
        ("'Node.*'", "Node.id"),
        ("allow: [x, y]", "allow: [x]"),
    ];
    for (from, to) in changes {
        let changed = POLICY.replace(from, to);
        assert_ne!(changed, POLICY, "{from}");
        assert_ne!(bytes(SCHEMA, &changed), expected, "{to}");
    }
    assert_ne!(bytes(&SCHEMA.replace("at: Int", "on: Int"), POLICY), expected);
}

#[test]
fn a_bundle_builds_to_the_same_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/minimal");
    let build = |revision| Bundle::load(&folder, revision).unwrap().configuration();
    assert_eq!(build(None), build(None));
    assert_ne!(build(None), build(Some("r2")));
}

#[test]
fn a_given_revision_replaces_the_author_s_and_the_digest_stands_in_for_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/minimal");
    let given = Bundle::load(&folder, Some("2026-11-24.1")).unwrap();
    assert_eq!(given.revision(), "2026-11-24.1");
    let none = Bundle::load(&folder, None).unwrap();
    assert_eq!(none.revision(), none.digest().to_string()[..12]);
    assert!(Bundle::load(&folder, Some("no spaces")).is_err());
}
