//! The rows of Envoy: its own filters, fieldgate, what is asked of it, and what its policy holds.

use anyhow::Result;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Listener, Template};
use fieldgate_e2e::repository;
use serde_json::json;

use crate::bundles::{self, Shape};
use crate::hostcalls;
use crate::listeners::{Parts, Record};
use crate::way::{FEW, PASS, Refuses, Table, Traffic, Way, request};

pub(crate) const JWT: &str = "jwt_authn";
pub(crate) const JWT_NEW: &str = "jwt_authn, each token once";
pub(crate) const AUTHORIZED: &str = "jwt_authn cached + ext_authz (gRPC, allows all)";
/// What the goals are about: the record is in the access log as text.
pub(crate) const WARM: &str = "fieldgate, warm";
pub(crate) const NEW_TOKEN: &str = "fieldgate, each token once";
pub(crate) const NEW_DOCUMENT: &str = "fieldgate, each document once";

/// Tokens of a row in which they come in turn.
const TOKENS: usize = 2_000;

/// Of GitHub's schema, about as long as the page's query.
const GITHUB: &str = "query Q($owner: String!, $name: String!, $n: Int = 10) { viewer { login name } repository(owner: $owner, name: $name) { name description owner { login } issues(first: $n) { totalCount nodes { number title author { login } } } releases(first: 3) { nodes { name tagName } } } }";

/// All of them, in the order of the page.
pub(crate) fn ways(parts: &Parts, authorizer: u32, portal: &Guarded) -> Result<Vec<Way>> {
    let mut ways = envoy(parts, authorizer, portal);
    ways.extend(hostcalls::ways(parts, portal));
    ways.extend(fieldgate(parts, portal));
    ways.extend(requests(parts, portal)?);
    ways.extend(policies(parts, portal)?);
    // A table has its rows together, whoever made them.
    ways.sort_by_key(|way| way.table);
    Ok(ways)
}

fn envoy(parts: &Parts, authorizer: u32, portal: &Guarded) -> Vec<Way> {
    let way = |name, listener| Way::new(name, Table::Envoy, listener, portal);
    vec![
        way(PASS, parts.pass()),
        way(JWT, parts.jwt()).refusing(Refuses::Forged),
        way("jwt_authn with its cache", parts.jwt_cached()).refusing(Refuses::Forged),
        way(JWT_NEW, parts.jwt()).traffic(Traffic::NewToken),
        Way { processes: vec![authorizer], ..way(AUTHORIZED, parts.ext_authz()) },
    ]
}

fn fieldgate(parts: &Parts, portal: &Guarded) -> Vec<Way> {
    let way = |name, listener| Way::new(name, Table::Envoy, listener, portal);
    let text = || parts.fieldgate("text", portal, Record::Text);
    let nested = || parts.fieldgate("nested", portal, Record::Nested);
    let unlogged = parts.fieldgate("unlogged", portal, Record::Unlogged);
    vec![
        way(WARM, text()).refusing(Refuses::Fields),
        way(NEW_TOKEN, text()).traffic(Traffic::NewToken),
        way(NEW_DOCUMENT, text()).traffic(Traffic::NewDocument),
        way("fieldgate, warm, the record nested", nested()).refusing(Refuses::Fields),
        way("fieldgate, each token once, nested", nested()).traffic(Traffic::NewToken),
        way("fieldgate, each document once, nested", nested()).traffic(Traffic::NewDocument),
        way("fieldgate, warm, no record in the log", unlogged).refusing(Refuses::Fields),
    ]
}

fn requests(parts: &Parts, portal: &Guarded) -> Result<Vec<Way>> {
    let way = |name, listener| Way::new(name, Table::Requests, listener, portal);
    let mut keeping = portal.configuration(Template::Hold);
    keeping["limits"]["known_tokens"] = json!(2 * TOKENS);
    let keeping = parts.configured("keeping", keeping, Record::Text);
    let mut ways = vec![
        Way {
            groups: FEW,
            status: 403,
            goes_upstream: false,
            refuses: Refuses::Forged,
            ..way("always denied", parts.fieldgate("text", portal, Record::Text))
        },
        way("2,000 tokens in turn", keeping).traffic(Traffic::Tokens(TOKENS)),
    ];
    let wide = Shape::Wide.build()?;
    for (pass, warm, cold, fields) in [
        ("pass-through (10 fields)", "10 fields", "10 fields, each document once", 10),
        ("pass-through (100 fields)", "100 fields", "100 fields, each document once", 100),
        ("pass-through (1,000 fields)", "1,000 fields", "1,000 fields, each document once", 1_000),
    ] {
        let body = bundles::wide(fields);
        let listener = || parts.fieldgate("wide", &wide, Record::Text);
        let asked = |name, listener, over| {
            Way::new(name, Table::Requests, listener, &wide).asked(&body, over)
        };
        ways.push(asked(pass, parts.pass(), None));
        ways.push(asked(warm, listener(), Some(pass)));
        ways.push(asked(cold, listener(), Some(pass)).traffic(Traffic::NewDocument));
    }
    Ok(ways)
}

fn policies(parts: &Parts, portal: &Guarded) -> Result<Vec<Way>> {
    const PASS_ROOTS: &str = "pass-through (ten root fields)";
    const PASS_INPUTS: &str = "pass-through (inputs)";
    const PASS_GITHUB: &str = "pass-through (GitHub)";
    let way = |name, listener: Listener, bundle: &Guarded, body: &str, over| {
        Way::new(name, Table::Policies, listener, bundle).asked(body, over)
    };
    let roots = bundles::ten_roots();
    let mut ways = vec![way(PASS_ROOTS, parts.pass(), portal, &roots, None)];
    let here = Some("'employees' in subject.groups");
    let owner = Some("owner(args.ref) in subject.groups");
    for (name, listener, rules, condition, owners) in [
        ("10 rules", "rules-10", 10, None, 0),
        ("100 rules", "rules-100", 100, None, 0),
        ("1,000 rules", "rules-1000", 1_000, None, 0),
        ("10,000 rules", "rules-10000", 10_000, None, 0),
        ("one condition", "condition", 100, here, 0),
        ("ten lookups of 100 owners", "owners-100", 100, owner, 100),
        ("ten lookups of 100,000 owners", "owners-100000", 100, owner, 100_000),
    ] {
        let bundle = Shape::Rules { rules, condition, owners }.build()?;
        let listener = parts.fieldgate(listener, &bundle, Record::Text);
        ways.push(way(name, listener, &bundle, &roots, Some(PASS_ROOTS)));
    }
    let inputs = bundles::inputs();
    ways.push(way(PASS_INPUTS, parts.pass(), portal, &inputs, None));
    for (name, listener, rules) in [
        ("twelve input fields, no rules for them", "inputs-free", false),
        ("twelve input fields with rules", "inputs", true),
    ] {
        let bundle = Shape::Inputs { rules }.build()?;
        let listener = parts.fieldgate(listener, &bundle, Record::Text);
        ways.push(way(name, listener, &bundle, &inputs, Some(PASS_INPUTS)));
    }
    if has_github() {
        let bundle = Guarded::load("policies/github")?;
        let body = request(GITHUB, &json!({ "owner": "tarnbeck", "name": "checkout" }));
        let listener = || parts.fieldgate("github", &bundle, Record::Text);
        ways.push(way(PASS_GITHUB, parts.pass(), portal, &body, None));
        ways.push(way("GitHub's schema", listener(), &bundle, &body, Some(PASS_GITHUB)));
        let name = "GitHub's schema, each document once";
        let cold = way(name, listener(), &bundle, &body, Some(PASS_GITHUB));
        ways.push(cold.traffic(Traffic::NewDocument));
    }
    Ok(ways)
}

/// Whether GitHub's schema is here.
pub(crate) fn has_github() -> bool {
    repository().join("policies/github/node_modules").is_dir()
}
