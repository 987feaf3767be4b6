//! What a server executed, and what the audit records say of it.

use serde_json::Value;

use crate::servers::Executed;

/// What `tests/corpus/bundles/servers` denies to everybody, whatever a request says. Introspection
/// is off.
const SECRET: [&str; 7] = [
    "Query.secret",
    "User.ssn",
    "Post.draft",
    "Mutation.wipe",
    "Subscription.leaks",
    "Query.__schema",
    "Query.__type",
];

/// What was executed and never may be.
pub fn secrets(executed: &[Executed]) -> impl Iterator<Item = String> {
    executed.iter().filter(|one| is_secret(one)).map(|one| {
        let Executed { coordinate, arguments } = one;
        format!("{coordinate} {arguments}")
    })
}

fn is_secret(executed: &Executed) -> bool {
    let Executed { coordinate, arguments } = executed;
    let victim =
        matches!(coordinate.as_str(), "Query.user" | "Query.node") && arguments["id"] == "victim";
    SECRET.contains(&coordinate.as_str()) || victim || has_hidden(arguments)
}

/// Whether the input field `Filter.hidden` is given.
fn has_hidden(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_hidden),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name == "hidden" || has_hidden(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What is wrong: a secret was executed, or what no record says was allowed.
#[must_use]
pub fn violations(executed: &[Executed], records: &[&Value]) -> Vec<String> {
    let mut wrong: Vec<String> =
        secrets(executed).map(|secret| format!("the secret {secret} was executed")).collect();
    let allowed: Vec<&Value> =
        records.iter().filter(|record| record["decision"] == "allow").copied().collect();
    let requested = |coordinate: &str| {
        let batches = allowed.iter().filter_map(|record| record["batch"].as_array()).flatten();
        let all = allowed.iter().copied().chain(batches);
        let lists = all.filter_map(|asked| asked["requested"].as_array());
        lists.flatten().any(|one| one == coordinate)
    };
    for Executed { coordinate, .. } in executed {
        if !requested(coordinate) {
            wrong.push(format!("{coordinate} was executed, and no record says it was allowed"));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::servers::Executed;
    use serde_json::{Value, json};

    fn executed(calls: &[(&str, Value)]) -> Vec<Executed> {
        let call = |(coordinate, arguments): &(&str, Value)| Executed {
            coordinate: (*coordinate).to_owned(),
            arguments: arguments.clone(),
        };
        calls.iter().map(call).collect()
    }

    #[test]
    fn only_what_a_record_allows() {
        let allow = json!({ "decision": "allow", "requested": ["Query.open", "Query.user"] });
        let deny = json!({ "decision": "deny", "requested": ["Query.open"] });
        let open = executed(&[("Query.open", json!({}))]);
        assert_eq!(violations(&open, &[&allow]), [""; 0]);
        assert_eq!(violations(&[], &[]), [""; 0]);
        assert_eq!(violations(&open, &[&deny]).len(), 1);
        assert_eq!(violations(&open, &[]).len(), 1);
        let batch = json!({ "decision": "allow", "batch": [allow, { "requested": ["Query.me"] }] });
        let other = executed(&[("Query.me", json!({}))]);
        assert_eq!(violations(&other, &[&batch]), [""; 0]);
        assert_eq!(violations(&other, &[&allow, &deny]).len(), 1);
    }

    #[test]
    fn secrets_are_secret_whatever_a_record_says() {
        let record = json!({
            "decision": "allow",
            "requested": ["Query.secret", "Query.user", "Query.search"],
        });
        for (wrong, call) in [
            (1, ("Query.secret", json!({}))),
            (1, ("Query.user", json!({ "id": "victim" }))),
            (0, ("Query.user", json!({ "id": "other" }))),
            (1, ("Query.search", json!({ "filter": { "and": [{ "hidden": null }] } }))),
            (0, ("Query.search", json!({ "filter": { "and": [{ "text": "hidden" }] } }))),
        ] {
            assert_eq!(violations(&executed(&[call]), &[&record]).len(), wrong);
        }
    }
}
