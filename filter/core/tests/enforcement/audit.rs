//! The record: its JSON is what `envoy/audit.schema.json` says, and its `Struct` is its JSON.

use fieldgate_core::audit::{AuditRecord, ResponseFacts};
use fieldgate_core::denial::Reason;
use fieldgate_core::gate::Gate;
use proptest::prelude::*;
use prost::Message;
use prost_types::value::Kind;
use serde_json::{Value, json};

use crate::random::case::{Case, seeds};
use crate::world::{all_but, body, code, gate, pairs, post, request, token};

/// The faults of a value under a schema, for as much of JSON Schema as ours uses; a keyword that is
/// not known here is a fault too.
fn faults(value: &Value, schema: &Value, root: &Value, at: &str, out: &mut Vec<String>) {
    let size = |value: &Value| match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    let matches = |schema: &Value| {
        let mut inner = Vec::new();
        faults(value, schema, root, at, &mut inner);
        inner.is_empty()
    };
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let names = || rule.as_array().expect("names").iter().filter_map(Value::as_str);
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" | "then" | "else" => true,
            "$ref" => {
                matches(&root["$defs"][rule.as_str().expect("a reference").replace("#/$defs/", "")])
            }
            "type" => match rule.as_str().expect("a type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_u64(),
                other => panic!("type {other}"),
            },
            "const" => value == rule,
            "enum" => rule.as_array().expect("values").contains(value),
            "required" => names().all(|name| value.get(name).is_some()),
            "additionalProperties" => {
                let known = schema["properties"].as_object().expect("properties");
                *rule == json!(false)
                    && value
                        .as_object()
                        .expect("an object")
                        .keys()
                        .all(|key| known.contains_key(key))
            }
            "properties" => {
                for (name, rule) in rule.as_object().expect("properties") {
                    if let Some(member) = value.get(name) {
                        faults(member, rule, root, &format!("{at}.{name}"), out);
                    }
                }
                true
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    faults(item, rule, root, &format!("{at}[]"), out);
                }
                true
            }
            "minItems" => size(value) >= usize::try_from(rule.as_u64().unwrap()).unwrap(),
            "maxItems" | "maxLength" => {
                size(value) <= usize::try_from(rule.as_u64().unwrap()).unwrap()
            }
            "minimum" => value.as_u64() >= rule.as_u64(),
            "maximum" => value.as_u64() <= rule.as_u64(),
            "pattern" => {
                let text = value.as_str().expect("text");
                match rule.as_str().expect("a pattern") {
                    "^[0-9a-f]{64}$" => {
                        text.len() == 64
                            && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
                    }
                    "^[a-z][a-z0-9_]*$" => {
                        text.starts_with(|first: char| first.is_ascii_lowercase())
                            && text.bytes().all(|byte| {
                                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
                            })
                    }
                    other => panic!("pattern {other}"),
                }
            }
            "not" => !matches(rule),
            "allOf" => rule.as_array().expect("schemas").iter().all(&matches),
            "anyOf" => rule.as_array().expect("schemas").iter().any(&matches),
            "if" => schema.get(if matches(rule) { "then" } else { "else" }).is_none_or(&matches),
            other => panic!("keyword {other}"),
        };
        if !holds {
            out.push(format!("{at}: {keyword} {rule}"));
        }
    }
}

/// The record's JSON, checked against the schema and against its own `Struct`.
#[track_caller]
fn checked(record: &AuditRecord, response: &ResponseFacts) -> Value {
    let json = record.to_json(Some(response));
    let schema = include_str!("../../../../envoy/audit.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let mut out = Vec::new();
    faults(&json, &schema, &schema, "", &mut out);
    assert!(out.is_empty(), "{out:?} in {json}");

    let mut without = record.to_json(None);
    let given = json.as_object().expect("an object").get("response").cloned();
    without["response"] = given.expect("a response");
    assert_eq!(without, json);

    let bytes = record.to_struct(Some(response));
    let decoded = prost_types::Struct::decode(&bytes[..]).expect("a Struct");
    assert_eq!(as_json(Kind::StructValue(decoded)), as_doubles(&json));
    json
}

fn as_json(kind: Kind) -> Value {
    let of = |value: prost_types::Value| as_json(value.kind.expect("a kind"));
    match kind {
        Kind::NullValue(_) => Value::Null,
        Kind::NumberValue(number) => json!(number),
        Kind::StringValue(text) => json!(text),
        Kind::BoolValue(value) => json!(value),
        Kind::StructValue(value) => {
            Value::Object(value.fields.into_iter().map(|(name, value)| (name, of(value))).collect())
        }
        Kind::ListValue(list) => list.values.into_iter().map(of).collect(),
    }
}

/// JSON as a `Struct` has it: every number is a double.
fn as_doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(as_doubles).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), as_doubles(value))).collect(),
        ),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_in_the_schema(seeds in seeds(), status in 0_u64..600) {
        let gate = gate(&all_but(&["User.ssn", "Query.node", "Post.title", "Admin.perms"]), "");
        let token = token(&["g0"], r#","jti":"t","azp":"bot","act":{"sub":"agent","act":{"sub":"x"}}"#);
        let (_, record) = post(&gate, &token, &Case::fixed(&seeds).body());
        let status = (status >= 100).then_some(status);
        checked(&record, &ResponseFacts { status, details: status.map(|_| "via_upstream".into()) });
    }
}

#[test]
fn what_never_came_to_a_verdict_is_in_the_schema_too() {
    let open = gate(&all_but(&[]), "");
    for gate in [open, Gate::closed(Reason::NotConfigured)] {
        let unseen = checked(&gate.unseen(), &ResponseFacts::default());
        assert_eq!(
            (&unseen["decision"], &unseen["reason"]),
            (&json!("none"), &json!("not_evaluated"))
        );
        assert_eq!(unseen.get("policy").is_some(), gate.settings().is_some());
        for body in [
            &b""[..],
            b"{",
            b"[]",
            &body("{", ""),
            &body("{...F}", ""),
            &body("subscription S{version}", ""),
        ] {
            let (_, record) = post(&gate, "Bearer x", body);
            checked(&record, &ResponseFacts::default());
            let (_, record) = post(&gate, &token(&[], ""), body);
            let json = checked(&record, &ResponseFacts::default());
            assert_eq!(json["decision"], "deny");
        }
    }
}

/// A request, and its record without the policy.
#[test]
fn records_of_a_few_requests() {
    let gate = gate(&all_but(&["User.ssn", "Query.node"]), "");
    let response = ResponseFacts { status: Some(403), details: Some("d".into()) };
    let record = |token: &str, body: &[u8]| {
        let mut json = checked(&post(&gate, token, body).1, &response);
        let members = json.as_object_mut().expect("an object");
        assert_eq!(members.remove("policy").expect("a policy")["name"], "world");
        json
    };
    let query = "query Q { a: me { ssn b: nope } version @skip(if: true) }";
    let expected = json!({
        "version": 1, "decision": "deny", "reason": "field_denied", "mode": "stream",
        "request": { "method": "POST", "path": "/graphql" },
        "issuer": "i", "subject": "ann", "token_id": "t", "client": "app",
        "actors": ["agent", "earlier"], "roles": ["r0", "r2"], "actor_roles": ["r0", "r1"],
        "operation": {
            "name": "Q", "type": "query",
            "sha256": "4377515a2a6f2d8b00c8e82379641d84f52575b0528a44445867f9fcb7f285aa",
        },
        "requested": ["Query.me", "User.ssn"],
        "denied": [
            { "coordinate": "User.ssn", "because": "no_grant", "rules": ["rule"], "path": "a.ssn" },
            { "coordinate": "User.nope", "because": "unknown", "rules": [], "path": "a.b" },
        ],
        "usage": {
            "tokens": 21, "depth": 2, "root_fields": 2, "aliases": 2, "directives": 1,
            "expanded_fields": 4,
        },
        "response": { "status": 403, "details": "d" },
    });
    let claims = r#","jti":"t","client_id":"app","act":{"sub":"agent","act":{"sub":"earlier"}}"#;
    assert_eq!(record(&token(&["g0", "g2"], claims), &body(query, "")), expected);

    let expected = json!({
        "version": 1, "decision": "deny", "reason": "token_scheme", "mode": "stream",
        "request": { "method": "POST", "path": "/graphql" },
        "response": { "status": 403, "details": "d" },
    });
    assert_eq!(record("Basic eDp5", &body(query, "")), expected);
}

/// Nobody is in the record of a caller without a token, and nothing of a token that is not valid.
#[test]
fn anonymous_callers_say_so() {
    let gate = gate(&all_but(&["User.ssn"]), r#","anonymous":{"role":"r0"}"#);
    let headers =
        [(":method", "POST"), (":path", "/graphql"), ("content-type", "application/json")];
    for (query, expected) in [("{ version }", "allow"), ("{ me { ssn } }", "field_denied")] {
        let (_, record) = request(&gate, &pairs(&headers), &body(query, ""));
        assert_eq!(code(&record), expected);
        let json = checked(&record, &ResponseFacts::default());
        assert_eq!((&json["anonymous"], &json["roles"]), (&json!(true), &json!(["r0"])));
        assert!(json.get("subject").is_none() && json.get("issuer").is_none(), "{json}");
    }
    for token in ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c"] {
        let (_, record) = post(&gate, token, &body("{ version }", ""));
        let json = checked(&record, &ResponseFacts::default());
        assert_eq!((&json["decision"], json.get("anonymous")), (&json!("deny"), None), "{json}");
    }
}

/// What a caller chose is cut, on characters.
#[test]
fn callers_do_not_fill_the_log() {
    let gate = gate(&all_but(&[]), "");
    let long = "ä".repeat(1000);
    let name = "n".repeat(1000);
    let (_, record) = post(
        &gate,
        &token(
            &["g0"],
            &format!(r#","jti":"{long}","azp":"{long}","act":{{"sub":"{}"}}"#, "ä".repeat(500)),
        ),
        &body(&format!("query {name} {{ {name}: me {{ {name}: {name} }} }}"), ""),
    );
    let json = checked(&record, &ResponseFacts { status: None, details: Some(long) });
    assert_eq!(json["operation"]["name"], "n".repeat(256));
    assert_eq!(json["token_id"], "ä".repeat(256));
    assert_eq!(json["response"]["details"], "ä".repeat(256));
    assert!(json.to_string().len() < 8 << 10, "{json}");
    // The policy does not know the actor.
    assert_eq!(code(&record), "field_denied");
}

/// Neither the token nor a variable's value nor a literal is ever in a record.
#[test]
fn records_hold_no_secrets() {
    let gate = gate(&all_but(&["Query.hit"]), "");
    let token = token(&["g0"], r#","email":"s3cret","jti":"t""#);
    let query =
        r#"query($v: ID = "s3cret") { hit(q: "s3cret") { __typename } me { nope(a: "s3cret") } }"#;
    for query in [query, "{ version # s3cret\n }", "{ # s3cret"] {
        let body =
            body(query, r#","variables":{"v":"s3cret","s3cret":1},"extensions":{"a":"s3cret"}"#);
        let (_, record) = post(&gate, &token, &body);
        let text = checked(&record, &ResponseFacts::default()).to_string();
        assert!(
            !text.contains("s3cret") && token.split('.').all(|part| !text.contains(part)),
            "{text}"
        );
    }
}

#[test]
fn what_passes_and_what_comes_in_batches_is_in_the_schema_too() {
    let more = r#","endpoint":{"other_paths":"allow","unauthenticated_paths":["/open"],"methods":["POST","GET"],"preflight":"forward"},"limits":{"batch":3}"#;
    let gate = gate(&all_but(&["User.ssn"]), more);
    let token = token(&["g0"], "");
    let checked = |headers: &[(&str, &str)], body: &str| {
        let (_, record) = request(&gate, &pairs(headers), body.as_bytes());
        checked(&record, &ResponseFacts::default())
    };
    let at = |path: &'static str, more: &[(&'static str, &'static str)]| {
        let mut headers = vec![(":method", "GET"), (":path", path), ("authorization", &*token)];
        headers.extend(more);
        headers.into_iter().collect::<Vec<_>>()
    };
    for path in ["/x", "/open"] {
        let record = checked(&at(path, &[]), "");
        assert_eq!(record["passed"], json!("other_path"));
        assert_eq!(record.get("subject").is_some(), path == "/x");
    }
    let json = [
        (":method", "POST"),
        (":path", "/graphql"),
        ("authorization", &*token),
        ("content-type", "application/json"),
    ];
    let asked = |query: &str| json!({ "query": query });
    for (batch, reasons) in [
        (json!([asked("{version}")]), vec![Value::Null]),
        (
            json!([asked("{me{ssn}}"), asked("{"), asked("{version}")]),
            vec![json!("field_denied"), json!("document_syntax"), Value::Null],
        ),
    ] {
        let record = checked(&json, &batch.to_string());
        let found = record["batch"].as_array().expect("a batch").iter();
        assert_eq!(found.map(|one| one["reason"].clone()).collect::<Vec<_>>(), reasons);
        assert_eq!(record["decision"], json!(if reasons.len() == 1 { "allow" } else { "deny" }));
    }
}

#[test]
fn the_record_of_a_batch_lists_no_more_than_that_of_one() {
    let gate = gate(&all_but(&[]), r#","limits":{"batch":100}"#);
    let fields: Vec<String> = (0..60).map(|at| format!("f{at}")).collect();
    let one = format!("{{me{{{}:boss{{{}}}}}}}", "k".repeat(256), fields.join(" "));
    let batch = vec![json!({ "query": one }); 30];
    let (_, record) = post(&gate, &token(&["g0"], ""), json!(batch).to_string().as_bytes());
    let record = checked(&record, &ResponseFacts::default());
    let denied = record["batch"].as_array().expect("a batch").iter().map(|one| {
        assert_eq!(one["denied_total"], 60);
        one["denied"].as_array().expect("a list").len()
    });
    assert_eq!(denied.sum::<usize>(), 90);
}
