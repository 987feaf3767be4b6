//! What Hive Router's own tests decide about directives, through our policy builder and gate: a
//! request is allowed here where it goes on unchanged there, and what is denied stands at the same
//! paths. Where it does not, `tests/corpus/operations/exceptions/hive.json` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;

use anyhow::{Context, Result};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::corpus::{WireRequest, native};
use fieldgate_e2e::envoy::Template;
use fieldgate_e2e::repository;
use fieldgate_e2e::token::TokenRecipe;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const SETTINGS: &str = "version: 1
request_headers: hold
anonymous: { role: anyone }
issuers:
  - issuer: https://idp.corpus.test
    audiences: [corpus]
    algorithms: [RS256, ES256, EdDSA]
    jwks: { file: jwks.json }
";

/// Everybody is granted everything: directives decide alone.
const POLICY: &str = "version: 1
name: hive
roles: { anyone: {}, member: { groups: [members] } }
rules:
  - { id: everything, fields: [\"*.*\"], allow: [anyone, member] }
";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    test: String,
    schema: Option<String>,
    /// None for a caller without a token.
    scopes: Option<Vec<String>>,
    query: String,
    expect: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    row: String,
    ours: String,
    reason: String,
}

impl Row {
    /// `allow`, or the paths of what is denied.
    fn theirs(&self) -> Result<String> {
        if self.expect.trim() == "[NoChange]" {
            return Ok("allow".to_owned());
        }
        let (_, errors) = self.expect.split_once("Errors:").context("a change has errors")?;
        let errors: Vec<String> = serde_json::from_str(errors.trim())?;
        let path = |error: &String| Some(error.split_once(" @ ")?.1.to_owned());
        let paths: Option<BTreeSet<String>> = errors.iter().map(path).collect();
        Ok(listed(&paths.context("an error has a path")?))
    }

    fn ours(&self) -> Result<String> {
        let Some(schema) = &self.schema else { return Ok("no schema".to_owned()) };
        let folder = tempfile::tempdir()?;
        let keys = fs::read_to_string(repository().join("tests/corpus/bundles/org/jwks.json"))?;
        let files = [
            ("fieldgate.yaml", SETTINGS),
            ("policy.yaml", POLICY),
            ("schema.graphql", schema),
            ("jwks.json", &keys),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(name), text)?;
        }
        let bundle = match Guarded::load_folder(folder.path()) {
            Ok(bundle) => bundle,
            Err(error) => {
                // What is wrong is in the list, so that it is wrong for no other reason.
                let error = error.to_string();
                let findings = error.lines().skip(1).map(str::trim);
                return Ok(findings.collect::<Vec<&str>>().join(", "));
            }
        };
        let observed = native::run(
            &bundle.configuration(Template::Hold).to_string(),
            &self.request(&bundle)?,
        )?;
        if observed.forwarded.is_some() {
            return Ok("allow".to_owned());
        }
        let denied = observed.record["denied"].as_array().context("what is denied")?;
        let paths = denied.iter().filter_map(|one| one["path"].as_str().map(str::to_owned));
        let paths: BTreeSet<String> = paths.collect();
        // Below what is denied they do not look.
        let outermost = |path: &&String| {
            !paths.iter().any(|other| {
                path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        Ok(listed(&paths.iter().filter(outermost).cloned().collect()))
    }

    fn request(&self, bundle: &Guarded) -> Result<WireRequest> {
        // Some rows came with the quotes of the text that they stood in.
        let query = self.query.replace("\\\"", "\"");
        // They decide without values; here a required variable needs one.
        let defined = query.split_once('{').map_or("", |(head, _)| head);
        let names = defined.split('$').skip(1).filter_map(|rest| Some(rest.split_once(':')?.0));
        let variables: Map<String, Value> =
            names.map(|name| (name.trim().to_owned(), json!("1"))).collect();
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = WireRequest::post(body);
        if let Some(scopes) = &self.scopes {
            let claims = json!({ "groups": ["members"], "scope": scopes.join(" ") });
            let token = TokenRecipe::claims(claims).mint(&bundle.audience);
            request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        Ok(request)
    }
}

fn listed(paths: &BTreeSet<String>) -> String {
    paths.iter().map(String::as_str).collect::<Vec<&str>>().join(" ")
}

#[test]
fn decisions_are_the_same_but_for_the_listed_ones() {
    let file = repository().join("../shared/data/hive/authz_rows.json");
    let Ok(text) = fs::read_to_string(file) else {
        let _ = writeln!(std::io::stderr(), "skipped: the decisions of Hive Router are not here");
        return;
    };
    let rows: Vec<Row> = serde_json::from_str(&text).unwrap();
    let exceptions = repository().join("tests/corpus/operations/exceptions/hive.json");
    let exceptions: Vec<Exception> =
        serde_json::from_str(&fs::read_to_string(exceptions).unwrap()).unwrap();
    let mut expected: BTreeMap<&str, &str> = BTreeMap::new();
    for Exception { row, ours, reason } in &exceptions {
        assert!(!reason.is_empty(), "{row}");
        assert!(expected.insert(row, ours).is_none(), "{row} is listed twice");
    }
    let mut failures = Vec::new();
    for row in &rows {
        let (theirs, ours) = (row.theirs().unwrap(), row.ours().unwrap());
        let stated = expected.remove(row.test.as_str());
        let as_stated = match stated {
            // One that no longer differs has to leave the list.
            Some(stated) => ours == stated && ours != theirs,
            None => ours == theirs,
        };
        if !as_stated {
            failures
                .push(format!("{}: there `{theirs}`, here `{ours}`, listed {stated:?}", row.test));
        }
    }
    assert!(expected.is_empty(), "no such rows: {expected:?}");
    assert!(rows.len() >= 38, "only {} rows were found", rows.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
