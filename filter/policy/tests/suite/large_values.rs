//! A value of thousands of faults, or of one enum value, is noted once for each thing that it says.

use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::json::Json;
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, Plan, Supplied};

use crate::support::policy;

const SCHEMA: &str = "
type Query { find(by: [By!], of: [Kind!]): ID }
input By { name: String, kind: Kind }
enum Kind { OPEN SECRET }
";

const POLICY: &str = "
version: 1
name: large
roles:
  x: { groups: [x] }
rules:
  - { id: find, fields: ['Query.*'], allow: [x] }
  - { id: secret, inputs: [Kind.SECRET, By.name], allow: [x] }
";

const MANY: usize = 4000;

/// How many uses there are of the selections and definitions, and of what is given for variables.
fn uses(query: &str, values: &str) -> [usize; 2] {
    let policy = policy(SCHEMA, POLICY);
    let bounds = Bounds { tokens: Limits::CAP.tokens, nesting: NESTING };
    let document = Document::read(query, &bounds).unwrap();
    let choice = Choice::new(&document, None).unwrap();
    let plan = Plan::new(&document, choice, &policy, &Limits::CAP).unwrap();
    let values = Json::read(values, 64).unwrap();
    let supplied = Supplied::new(&plan, &policy, query, &|name| values.member(name));
    [plan.uses.len(), supplied.uses.len()]
}

#[test]
fn a_literal() {
    let faults: String = (0..MANY).map(|at| format!("n{at}:1 ")).collect();
    let wrong = "{name:1}".repeat(MANY);
    let secret = "SECRET ".repeat(MANY);
    let by = "{name:\"a\" kind:SECRET}".repeat(MANY);
    // The field, and one use for what each argument says.
    assert_eq!(uses(&format!("{{find(by:[{{{faults}}}] of:[{secret}])}}"), "{}"), [3, 0]);
    // The name that has a rule, and the fault.
    assert_eq!(uses(&format!("{{find(by:[{wrong}])}}"), "{}"), [3, 0]);
    assert_eq!(uses(&format!("{{find(by:[{by}])}}"), "{}"), [3, 0]);
    let default = format!("query($k:[Kind!]=[{secret}]){{find(of:$k)}}");
    assert_eq!(uses(&default, "{}"), [2, 0]);
}

#[test]
fn a_variable() {
    let query = "query($b:[By!] $k:[Kind!]){find(by:$b of:$k)}";
    let secret = vec!["\"SECRET\""; MANY].join(",");
    let faults: Vec<String> = (0..MANY).map(|at| format!("\"n{at}\":1")).collect();
    let values = format!("{{\"k\":[{secret}],\"b\":[{{{}}}]}}", faults.join(","));
    assert_eq!(uses(query, &values), [1, 2]);
}
