//! What an engine observed x what a case expects -> what differs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Case, Decision, Expect, Forwarded};

/// What an engine saw of one request.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The answer's status; none where the engine has no upstream to answer.
    pub status: Option<u16>,
    /// The answer's body.
    pub answer: Value,
    /// The audit record.
    pub record: Value,
    /// The body that went upstream.
    pub forwarded: Option<Vec<u8>>,
    /// The headers that went upstream with it, `:path` too.
    pub forwarded_headers: Vec<(String, String)>,
    /// Each `www-authenticate` of the answer.
    pub challenges: Vec<String>,
}

impl Observed {
    /// The record without what differs between engines: the mode and the host's answer.
    #[must_use]
    pub fn comparable_record(&self) -> Value {
        let mut record = self.record.clone();
        if let Value::Object(members) = &mut record {
            members.remove("mode");
            members.remove("response");
        }
        record
    }

    /// Everything that is not as the case expects.
    #[must_use]
    pub fn differences(&self, case: &Case) -> Vec<String> {
        let Expect {
            decision,
            status,
            reason,
            code,
            denied,
            requested,
            forwarded,
            challenge,
            cost,
            record,
        } = &case.expect;
        let mut differences = Vec::new();
        let mut same = |what: &str, expected: Value, found: Value| {
            if expected != found {
                differences.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        let name = match decision {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
            Decision::None => "none",
        };
        same("version", json!(1), self.record["version"].clone());
        same("decision", json!(name), self.record["decision"].clone());
        if let Some(found) = self.status {
            let expected = status.or((*decision == Decision::Allow).then_some(200));
            same("status", json!(expected.unwrap_or(found)), json!(found));
        }
        if let Some(reason) = reason {
            same("reason", json!(reason), self.record["reason"].clone());
        }
        if let Some(code) = code {
            same("code", json!(code), self.answer["errors"][0]["extensions"]["code"].clone());
        }
        if let Some(challenge) = challenge {
            let expected: Vec<&String> = challenge.iter().collect();
            same("challenge", json!(expected), json!(self.challenges));
        }
        if let Some(cost) = cost {
            same("cost", json!(cost), self.record["usage"]["cost"].clone());
        }
        for (name, expected) in record {
            same(name, expected.clone(), self.record[name].clone());
        }
        if let Some(denied) = denied {
            same("denied", sorted(denied), self.denied());
        }
        if let Some(requested) = requested {
            let sort = |list: &Value| {
                let list = list.as_array().into_iter().flatten();
                let mut list: Vec<_> =
                    list.filter_map(|one| one.as_str().map(str::to_owned)).collect();
                list.sort();
                json!(list)
            };
            same("requested", sort(&json!(requested)), sort(&self.record["requested"]));
        }
        match (decision, &self.forwarded) {
            (Decision::Allow, None) => differences.push("nothing was forwarded".to_owned()),
            (Decision::Deny | Decision::None, Some(body)) => {
                let body = String::from_utf8_lossy(body);
                differences.push(format!("the upstream got a whole request: {body}"));
            }
            (Decision::Allow, Some(_)) | (Decision::Deny | Decision::None, None) => {}
        }
        if *decision == Decision::Deny && !is_refusal(&self.answer) {
            differences.push(format!("not a GraphQL refusal: {}", self.answer));
        }
        if self.forwarded.is_some() && self.record["passed"].is_null() {
            let extended = forwarded
                .as_ref()
                .is_some_and(|one| one.extensions.is_some() || one.body.is_some());
            differences.extend(foreign_members(&self.sent(), extended));
        }
        if let Some(forwarded) = forwarded {
            self.compare_forwarded(forwarded, &mut differences);
        }
        differences
    }

    /// What was forwarded: the body, or its first part, or the parameters of the URL as a body would
    /// have them.
    fn sent(&self) -> Value {
        let header = |name: &str| self.forwarded_headers.iter().find(|(known, _)| known == name);
        let query = header(":path").and_then(|(_, path)| path.split_once('?'));
        match (self.forwarded.as_deref(), query) {
            (Some([]), Some((_, query))) => {
                let mut sent = Map::new();
                for (name, value) in form_urlencoded::parse(query.as_bytes()) {
                    let json = ["variables", "extensions"].contains(&&*name);
                    let value = if json {
                        serde_json::from_str(&value).unwrap_or_default()
                    } else {
                        Value::from(value)
                    };
                    let twice = sent.insert(name.into_owned(), value).is_some();
                    assert!(!twice, "a parameter is forwarded twice: {query}");
                }
                Value::Object(sent)
            }
            (Some(body), _) if body.starts_with(b"--") => {
                let text = String::from_utf8_lossy(body);
                let part = text.split("\r\n\r\n").nth(1).unwrap_or_default();
                let content = part.split("\r\n").next().unwrap_or_default();
                serde_json::from_str(content).unwrap_or_default()
            }
            (body, _) => serde_json::from_slice(body.unwrap_or_default()).unwrap_or_default(),
        }
    }

    fn denied(&self) -> Value {
        let list = self.record["denied"].as_array().into_iter().flatten();
        let read = |one: &Value| {
            let rules = one["rules"].as_array().cloned().unwrap_or_default();
            let rules = rules.iter().filter_map(|rule| rule.as_str().map(str::to_owned));
            (one["coordinate"].as_str().unwrap_or_default().to_owned(), rules.collect())
        };
        sorted(&list.map(read).collect())
    }

    fn compare_forwarded(&self, expected: &Forwarded, differences: &mut Vec<String>) {
        let Forwarded {
            query,
            variables,
            operation_name,
            extensions,
            text,
            body: whole,
            headers_absent,
            headers_present,
            headers,
        } = expected;
        if let Some(text) = text {
            let found = String::from_utf8_lossy(self.forwarded.as_deref().unwrap_or_default());
            if *text != found {
                differences.push(format!("forwarded text: expected {text:?}, found {found:?}"));
            }
        }
        let sent = self.sent();
        if let Some(expected) = whole.as_ref().filter(|expected| **expected != sent) {
            differences.push(format!("forwarded body: expected {expected}, found {sent}"));
        }
        let parts = [
            ("query", query.as_ref().map(|query| json!(query))),
            ("variables", variables.clone()),
            ("operationName", operation_name.as_ref().map(|name| json!(name))),
            ("extensions", extensions.clone()),
        ];
        for (name, expected) in parts {
            if let Some(expected) = expected
                && sent[name] != expected
            {
                let found = &sent[name];
                differences.push(format!("forwarded {name}: expected {expected}, found {found}"));
            }
        }
        let got = |wanted: &str| self.forwarded_headers.iter().any(|(name, _)| name == wanted);
        for absent in headers_absent.iter().filter(|name| got(name)) {
            differences.push(format!("the upstream got the header `{absent}`"));
        }
        for missing in headers_present.iter().filter(|name| !got(name)) {
            differences.push(format!("the upstream did not get the header `{missing}`"));
        }
        for (name, expected) in headers {
            let named = self.forwarded_headers.iter().filter(|(known, _)| known == name);
            let found: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
            if found != [expected] {
                let found = found.join("` and `");
                differences
                    .push(format!("header `{name}`: expected `{expected}`, found `{found}`"));
            }
        }
    }
}

/// Whatever a canonical request does not have.
fn foreign_members(sent: &Value, extended: bool) -> Option<String> {
    let canonical = ["query", "operationName", "variables"];
    let known = |name: &str| canonical.contains(&name) || extended && name == "extensions";
    let holds = |one: &Value| {
        let members = one.as_object().into_iter().flatten();
        one["query"].is_string() && members.filter(|(name, _)| !known(name)).count() == 0
    };
    let all = match sent.as_array() {
        Some(entries) => !entries.is_empty() && entries.iter().all(holds),
        None => holds(sent),
    };
    (!all).then(|| format!("not a canonical request: {sent}"))
}

fn sorted(denied: &BTreeMap<String, Vec<String>>) -> Value {
    let mut denied = denied.clone();
    denied.values_mut().for_each(|rules| rules.sort());
    json!(denied)
}

/// A request error of the GraphQL specification (7.1.2): errors with a message and our code, and
/// no data.
fn is_refusal(answer: &Value) -> bool {
    let Some([error]) = answer["errors"].as_array().map(Vec::as_slice) else { return false };
    answer.get("data").is_none()
        && error["message"].is_string()
        && error["extensions"]["code"].is_string()
}
