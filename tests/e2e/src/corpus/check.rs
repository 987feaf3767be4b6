//! What an engine observed x what a case expects -> what differs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

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
        if let Some(body) = &self.forwarded {
            differences.extend(foreign_members(body));
        }
        if let Some(forwarded) = forwarded {
            self.compare_forwarded(forwarded, &mut differences);
        }
        differences
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
            headers_absent,
            headers_present,
            headers,
        } = expected;
        let body = self.forwarded.as_deref().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let parts = [
            ("query", query.as_ref().map(|query| json!(query))),
            ("variables", variables.clone()),
            ("operationName", operation_name.as_ref().map(|name| json!(name))),
        ];
        for (name, expected) in parts {
            if let Some(expected) = expected
                && body[name] != expected
            {
                let found = &body[name];
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

/// Whatever a canonical body does not have.
fn foreign_members(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let canonical = ["query", "operationName", "variables"];
    let members = body.as_object().into_iter().flatten();
    let foreign = members.filter(|(name, _)| !canonical.contains(&name.as_str())).count();
    let holds = body["query"].is_string() && foreign == 0;
    (!holds).then(|| format!("not a canonical body: {body}"))
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
