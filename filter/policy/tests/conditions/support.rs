//! One request that every condition is about, and the data pushed with it.

use std::collections::BTreeMap;

use fieldgate_core::policy::condition::{ConditionError, Expression, Value, Variables};
use fieldgate_core::policy::data::{Data, DataParts};
use fieldgate_policy::condition::{Scope, Shape, read};
use fieldgate_policy::diagnostic::{Diagnostic, Findings};
use fieldgate_policy::source::{SourceFile, Text};
use serde_json::{Value as Json, json};

/// The variables of the request.
pub(crate) fn world() -> Json {
    json!({
        "claims": {
            "sub": "alice", "admin": true, "age": 42, "score": 1.5, "big": u64::MAX, "neg": -3,
            "zero": 0, "groups": ["a", "b"], "nothing": null, "nested": {"a": {"b": [1, 2, 3]}},
            "empty": "", "text": "Grüße", "list": [], "map": {}, "mixed": [1, "a", null, true],
        },
        "subject": {
            "id": "alice", "issuer": "https://idp", "client": null,
            "groups": ["group:default/team-a", "ops"], "roles": ["employee"], "scopes": ["read"],
            "actor": null,
        },
        "args": {
            "component": "component:default/shop", "env": "prod", "count": 3, "force": true,
            "ratio": 0.5, "note": null, "tags": ["a", "b"],
            "input": {"name": "x", "deep": {"k": 1}},
        },
        "operation": {"name": "Q", "type": "query"},
        "request": {
            "method": "POST", "path": "/graphql", "host": "api.example.com",
            "mtls_peer": null,
        },
    })
}

/// Who owns what.
pub(crate) fn owners() -> BTreeMap<String, Vec<String>> {
    let of = |names: &[&str]| names.iter().map(|name| format!("group:default/{name}")).collect();
    BTreeMap::from([
        ("component:default/shared".to_owned(), of(&["team-a", "team-b"])),
        ("component:default/shop".to_owned(), of(&["team-a"])),
    ])
}

/// The tables beside it.
pub(crate) fn tables() -> BTreeMap<String, BTreeMap<String, Json>> {
    let tiers = [
        ("flags", json!({"x": true})),
        ("list", json!(["prod", "dev"])),
        ("n", json!(3)),
        ("shop", json!("gold")),
    ];
    let tiers = tiers.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    BTreeMap::from([("empty".to_owned(), BTreeMap::new()), ("tiers".to_owned(), tiers)])
}

/// Both as the core has them.
pub(crate) fn data() -> Data {
    let mut parts = DataParts::default();
    for (entity, owners) in owners() {
        let at = u32::try_from(parts.values.len()).unwrap();
        let owners = owners.into_iter().map(|owner| Value::String(owner.into()));
        parts.values.push(Value::List(owners.collect()));
        parts.owners.push((entity.into(), at));
    }
    for (name, table) in tables() {
        let mut entries = Vec::new();
        for (key, value) in table {
            entries.push((key.into(), u32::try_from(parts.values.len()).unwrap()));
            parts.values.push(owned(&value));
        }
        parts.tables.push((name.into(), entries));
    }
    Data::new(parts).unwrap()
}

fn owned(json: &Json) -> Value<'static> {
    let text = |text: &String| Value::String(text.clone().into());
    match json {
        Json::Array(elements) => Value::List(elements.iter().map(owned).collect()),
        Json::Object(members) => {
            Value::Map(members.iter().map(|(name, value)| (text(name), owned(value))).collect())
        }
        Json::String(value) => text(value),
        Json::Number(number) => number.into(),
        Json::Bool(value) => Value::Bool(*value),
        Json::Null => Value::Null,
    }
}

/// A rule's, with the arguments of the request, of which nothing more is known.
pub(crate) fn scope() -> Scope {
    let world = world();
    let names = world["args"].as_object().unwrap().keys();
    let args = names.map(|name| (name.clone(), Shape::Dyn)).collect();
    Scope::rule(args).with_tables(["empty", "tiers"])
}

/// What comes of a text.
pub(crate) fn compile(text: &str, scope: &Scope) -> (Option<Expression>, Vec<Diagnostic>) {
    let file = SourceFile::new("policy.yaml", format!("if: \"{text}\"\n"));
    let place = file.place(4, 6 + text.len());
    let mut findings = Findings::default();
    let expression = read(&Text { text: text.to_owned(), place }, scope, &mut findings);
    assert_eq!(expression.is_none(), findings.has_errors(), "{text}");
    (expression, findings.into_sorted())
}

/// What an expression says of the request.
pub(crate) fn evaluate(expression: &Expression) -> Result<bool, ConditionError> {
    let world = world();
    let value = |name: &str| Value::from(&world[name]);
    let values = ["claims", "subject", "args", "operation", "request"].map(value);
    let [claims, subject, args, operation, request] = &values;
    let variables = Variables {
        claims: Some(claims),
        subject: Some(subject),
        args: Some(args),
        operation: Some(operation),
        request: Some(request),
    };
    expression.evaluate(&variables, &data())
}
