//! Trusted documents -> a table, or what a client's tools read.

use fieldgate_core::policy::documents::DocumentMode;
use fieldgate_policy::documents::Listed;
use serde_json::{Value, json};

use super::of;
use crate::arguments::Listing;

/// The documents, in their order.
pub(crate) fn documents(listed: &[Listed<'_>], format: Listing) -> String {
    match format {
        Listing::Table => table(listed),
        Listing::Apollo => apollo(listed),
        Listing::Relay => relay(listed),
    }
}

/// What a client may ask for, in one line. `own` is the client if it has an entry.
pub(crate) fn summary(
    mode: DocumentMode,
    count: usize,
    client: Option<&str>,
    own: Option<&str>,
) -> String {
    let who = match (client, own) {
        (Some(client), Some(_)) => format!("`{}`", client.escape_debug()),
        (Some(client), None) => {
            format!("`{}`, as any client without an entry", client.escape_debug())
        }
        (None, _) => "clients without an entry".to_owned(),
    };
    format!("{}, mode {}: {who}\n", of(count, "document"), mode.name())
}

fn table(listed: &[Listed<'_>]) -> String {
    let width = listed.iter().map(|one| one.id.chars().count()).max().unwrap_or(0);
    let line = |one: &Listed<'_>| {
        let Listed { name, id, kind, .. } = one;
        format!("{id:width$}  {kind:12}  {}\n", name.unwrap_or("-"))
    };
    listed.iter().map(line).collect()
}

/// One operation a line. The members are in the order in which Apollo writes them.
fn apollo(listed: &[Listed<'_>]) -> String {
    let operation = |Listed { name, id, kind, text }: &Listed<'_>| {
        let (id, name, kind, text) = (json!(id), json!(name), json!(kind), json!(text));
        format!("    {{ \"id\": {id}, \"name\": {name}, \"type\": {kind}, \"body\": {text} }}")
    };
    let operations: Vec<String> = listed.iter().map(operation).collect();
    format!(
        "{{\n  \"format\": \"apollo-persisted-query-manifest\",\n  \"version\": 1,\n  \
         \"operations\": [{}]\n}}\n",
        lines(&operations, "  ")
    )
}

fn relay(listed: &[Listed<'_>]) -> String {
    let member = |one: &Listed<'_>| format!("  {}: {}", Value::from(one.id), Value::from(one.text));
    let members: Vec<String> = listed.iter().map(member).collect();
    format!("{{{}}}\n", lines(&members, ""))
}

/// Lines with commas between them, and a line of their own for the bracket behind.
fn lines(lines: &[String], indent: &str) -> String {
    match lines {
        [] => String::new(),
        lines => format!("\n{}\n{indent}", lines.join(",\n")),
    }
}
