//! What the router fetches for a field, beside what is asked of both.

use fieldgate_core::policy::data::Data;
use fieldgate_policy::diagnostic::{Code, Findings};
use fieldgate_policy::lint::fetched;
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{lower, schema, yaml};

/// `Item.price` requires `cost`, and whatever stands in `extra` is there too.
fn federated(extra: &str) -> String {
    format!(
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@requires\", \"@policy\", \"@authenticated\", \"@requiresScopes\"])
        type Query {{ item: Item }} {extra}"
    )
}

const ROLES: &str = "version: 1\nname: x\nroles: { a: { groups: [a] }, b: { groups: [b] }, c: { groups: [c] } }\nrules:\n";

/// The findings about a schema under rules: `field for field`.
#[track_caller]
fn check(sdl: &str, rules: &str, expected: &[&str]) {
    let mut findings = Findings::default();
    let file = SourceFile::new("schema.graphql", sdl.to_owned());
    let source = schema::read(&file, &mut findings).unwrap();
    let text =
        format!("{ROLES}  - {{ id: root, fields: [Query.item], allow: [a, b, c] }}\n{rules}");
    let file = SourceFile::new("policy.yaml", text);
    let node = yaml::read(&file, &mut findings).unwrap();
    let policy = PolicySource::read(&node, &mut findings);
    let conditions = lower::check(&policy, &source, &mut findings);
    assert!(!findings.has_errors(), "{:#?}", findings.into_sorted());
    let fetched = fetched::read(&source);
    let policy = lower::lower(&policy, source, (&conditions, Data::default()), None).unwrap();
    let mut findings = Findings::default();
    fetched::lint(&fetched, &policy, &mut findings);
    let found: Vec<String> = findings
        .iter()
        .map(|one| {
            assert_eq!(one.code, Code::RequiresMore);
            let mut names = one.message.split('`').skip(1).step_by(2);
            format!("{} for {}", names.next().unwrap(), names.next().unwrap())
        })
        .collect();
    assert_eq!(found, expected, "{sdl}\n{rules}");
}

const ITEM: &str = "type Item { cost: Int, price: Int @requires(fields: \"cost\") }";
const FOUND: [&str; 1] = ["Item.cost for Item.price"];

#[test]
fn a_field_for_which_another_is_fetched_is_for_those_who_may_read_that() {
    let item = federated(ITEM);
    check(&item, "  - { id: x, fields: [Item.cost, Item.price], allow: [a] }", &[]);
    check(
        &item,
        "  - { id: x, fields: [Item.cost], allow: [a, b] }\n  - { id: y, fields: [Item.price], allow: [a] }",
        &[],
    );
    check(
        &item,
        "  - { id: x, fields: [Item.cost], allow: [a] }\n  - { id: y, fields: [Item.price], allow: [a, b] }",
        &FOUND,
    );
    check(&item, "  - { id: y, fields: [Item.price], allow: [a] }", &FOUND);
    check(&item, "  - { id: x, fields: [Item.cost], allow: [a] }", &[]);
}

#[test]
fn what_is_denied_of_one_is_denied_of_the_other() {
    let item = federated(ITEM);
    let both = "  - { id: x, fields: [\"Item.*\"], allow: [a, b] }\n";
    check(&item, &format!("{both}  - {{ id: d, fields: [Item.cost], deny: [c] }}"), &FOUND);
    check(&item, &format!("{both}  - {{ id: d, fields: [\"Item.*\"], deny: [c] }}"), &[]);
    check(&item, &format!("{both}  - {{ id: d, fields: [Item.price], deny: [c] }}"), &[]);
    let less = "  - { id: x, fields: [Item.cost], allow: [a] }\n  - { id: y, fields: [Item.price], allow: [a, b] }\n";
    check(&item, &format!("{less}  - {{ id: d, fields: [Item.price], deny: [b] }}"), &[]);
    let holds = "if: \"operation.type == 'query'\" }";
    check(&item, &format!("{less}  - {{ id: d, fields: [Item.price], deny: [b], {holds}"), &FOUND);
}

#[test]
fn conditions_are_the_same_or_none() {
    let item = federated(ITEM);
    let (one, other) = ("if: \"operation.type == 'query'\"", "if: \"subject.id == 'x'\"");
    let rules = |cost: &str, price: &str| {
        format!(
            "  - {{ id: x, fields: [Item.cost], allow: [a]{cost} }}\n  - {{ id: y, fields: [Item.price], allow: [a]{price} }}"
        )
    };
    check(&item, &rules("", &format!(", {one}")), &[]);
    check(&item, &rules(&format!(", {one}"), &format!(", {one}")), &[]);
    check(&item, &rules(&format!(", {one}"), &format!(", {other}")), &FOUND);
    check(&item, &rules(&format!(", {one}"), ""), &FOUND);
    // One argument is not the other.
    let item = federated(
        "type Item { cost(of: Int): Int, price(of: Int): Int @requires(fields: \"cost(of: 1)\") }",
    );
    let own = ", if: \"args.of == 1\"";
    check(&item, &rules(own, own), &FOUND);
    check(&item, &rules("", own), &[]);
}

#[test]
fn requirements_of_the_schema_count() {
    let all = "  - { id: x, fields: [\"Item.*\"], allow: [a] }";
    let item = |cost: &str, price: &str| {
        federated(&format!(
            "type Item {{ cost: Int {cost}, price: Int @requires(fields: \"cost\") {price} }}"
        ))
    };
    check(&item("@authenticated", ""), all, &FOUND);
    check(&item("@authenticated", "@authenticated"), all, &[]);
    check(&item("@authenticated", "@policy(policies: [[\"a\"]])"), all, &FOUND);
    check(&item("@authenticated", "@requiresScopes(scopes: [[\"s\"]])"), all, &[]);
    check(
        &item("@requiresScopes(scopes: [[\"s\"]])", "@requiresScopes(scopes: [[\"s\", \"t\"]])"),
        all,
        &[],
    );
    check(
        &item("@requiresScopes(scopes: [[\"s\", \"t\"]])", "@requiresScopes(scopes: [[\"s\"]])"),
        all,
        &FOUND,
    );
    check(
        &item("@policy(policies: [[\"b\"]])", "@policy(policies: [[\"b\"], [\"c\"]])"),
        all,
        &FOUND,
    );
    check(&item("@policy(policies: [[\"b\"], [\"c\"]])", "@policy(policies: [[\"b\"]])"), all, &[]);
    let reached = "  - { id: x, fields: [\"Item.*\", \"Cost.*\"], allow: [a] }\ntypes: { Cost: { reach: [b] } }";
    let nested = federated(
        "type Cost { net: Int } type Item { cost: Cost, price: Int @requires(fields: \"cost { net }\") }",
    );
    check(&nested, reached, &["Cost.net for Item.price", "Item.cost for Item.price"]);
}

#[test]
fn selections_are_followed_to_every_object() {
    let sdl = federated(
        "interface Cost { net: Int } type Flat implements Cost { net: Int } type Tiered implements Cost { net: Int, tiers(of: Int): Int }
        type Item { name: String, cost: Cost, price: Int @requires(fields: \"name cost { __typename ... on Tiered { tiers(of: 1) } net }\") }",
    );
    let rules = "  - { id: x, fields: [Item.price, Item.cost, Flat.net], allow: [a] }\n  - { id: y, fields: [\"Tiered.*\"], allow: [b] }\n";
    let rules = format!("{rules}  - {{ id: z, fields: [Cost.net], allow: [a] }}");
    let expected =
        ["Item.name for Item.price", "Tiered.net for Item.price", "Tiered.tiers for Item.price"];
    check(&sdl, &rules, &expected);
}

#[test]
fn the_directive_is_federations_under_whatever_name() {
    let rules = "  - { id: x, fields: [Item.price], allow: [a] }";
    let link = |rest: &str| {
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\"{rest}) type Query {{ item: Item }} "
        )
    };
    let item = |directive: &str| {
        format!("type Item {{ cost: Int, price: Int {directive}(fields: \"cost\") }}")
    };
    check(&(link("") + &item("@federation__requires")), rules, &FOUND);
    check(&(link(", as: \"fed\"") + &item("@fed__requires")), rules, &FOUND);
    let renamed = link(", import: [{ name: \"@requires\", as: \"@needs\" }]");
    check(&(renamed.clone() + &item("@needs")), rules, &FOUND);
    check(
        &(renamed
            + "directive @requires(fields: String) on FIELD_DEFINITION "
            + &item("@requires")),
        rules,
        &[],
    );
    check(&("type Query { item: Item } ".to_owned() + &item("@requires")), rules, &FOUND);
    let supergraph = "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") @link(url: \"https://specs.apollo.dev/join/v0.5\", for: EXECUTION) { query: Query }
        type Query { item: Item } type Item { cost: Int @join__field(graph: A), price: Int @join__field(graph: B, requires: \"cost\") }";
    check(supergraph, rules, &FOUND);
}

#[test]
fn what_nobody_can_ask_for_is_left_to_the_router() {
    let rules = "  - { id: x, fields: [Item.price], allow: [a] }";
    check(&federated("type Item { price: Int @requires(fields: \"cost\") }"), rules, &[]);
    check(&federated("type Item { price: Int @requires(fields: \"cost {\") }"), rules, &[]);
    check(
        &federated("type Item { price: Int @requires(fields: \"price { price } ...X\") }"),
        rules,
        &[],
    );
    check(
        &federated(&format!(
            "type Item {{ price: Int @requires(fields: \"{}\") }}",
            "{".repeat(500)
        )),
        rules,
        &[],
    );
}
