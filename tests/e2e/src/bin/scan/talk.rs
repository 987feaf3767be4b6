//! Operations of which some server would say what is wrong, and name what the schema has in its place.
//! All of them are asked by somebody who may read `viewer { name }`, and `phone` is denied.

use anyhow::Result;
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::client::Client;
use serde_json::json;

/// The tag of these requests.
pub(crate) const TALK: &str = "talk";

/// A misspelt name, or a denied one, wherever a server could still see it.
pub(crate) const DOCUMENTS: [&str; 24] = [
    // Beside the operation that is executed.
    "query A { viewer { name } } query B { viewer { phne } }",
    "query A { viewer { name } } mutation B { deplo(input: {}) { userErrors { message } } }",
    "query A { viewer { name } } fragment F on User { phne }",
    "query A { viewer { name } } fragment F on Usr { name }",
    "query A { viewer { name } } fragment F on User { phone }",
    // Switched off.
    "query A { viewer { name phne @skip(if: true) } }",
    "query A { viewer { name phone @skip(if: true) } }",
    "query A { viewer { name ... on Usr @skip(if: true) { phone } } }",
    "query A { viewer { name ...F @include(if: false) } } fragment F on User { phne }",
    "query A { viewer { name } component(nme: \"x\") @skip(if: true) { name } }",
    // In what is given.
    "query A($unused: Usr) { viewer { name } }",
    "query A($unused: EntityKnd) { viewer { name } }",
    "query A($kind: EntityKind = COMPONNT) { viewer { name } entities(kind: $kind) { totalCount } }",
    "query A { entities(kind: COMPONNT) { totalCount } }",
    "query A { component(nme: \"checkout\") { name } }",
    "mutation A { deploy(input: { componnt: \"x\" }) { userErrors { message } } }",
    // Directives.
    "query A { viewer { name @include(iff: true) } }",
    "query A { viewer { name @includ(if: true) } }",
    "query A { viewer { name @listSize(assumedSiz: 1) } }",
    // What cannot be merged, or cannot be at all.
    "query A { viewer { a: name a: email } }",
    "query A { viewer { a: name a: id } }",
    "query A { viewer { a: groups { name } a: name } }",
    "query A { viewer { ... on Entity { name } ... on Componnt { name } } }",
    "query A { viewer { name { lol } } }",
];

/// Asks each of them.
pub(crate) async fn talk(client: Client, token: &str) -> Result<()> {
    for document in DOCUMENTS {
        let body = json!({ "query": document, "operationName": "A" }).to_string();
        client.post("/graphql").header(TAG, TALK).bearer(token).body(body).send().await?;
    }
    Ok(())
}
