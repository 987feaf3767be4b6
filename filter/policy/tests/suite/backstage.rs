//! The example bundle: it builds without a warning, and does what its cases say.

use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::{self, Bundle};
use fieldgate_policy::cases::{self, Checked, Coverage, Run};

use crate::coverage;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/backstage")
}

fn tested(filter: &str) -> Run {
    cases::run(&Bundle::load(&folder(), None).unwrap(), filter).unwrap()
}

fn run(filter: &str) -> Vec<Checked> {
    tested(filter).cases
}

#[test]
fn nothing_is_wrong_with_it() {
    let findings = bundle::check(&folder());
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn it_does_what_its_cases_say() {
    let all = run("");
    assert!(all.len() >= 60, "only {} cases", all.len());
    let failed: Vec<&Checked> = all.iter().filter(|case| !case.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_rule_and_every_role_is_in_a_case() {
    assert_eq!(coverage::not_shown(&Bundle::load(&folder(), None).unwrap()), [""; 0]);
}

#[test]
fn its_cases_ask_for_nearly_everything() {
    let Coverage { rules, coordinates } = tested("").coverage;
    assert!(rules.percent() >= 90 && rules.total() >= 60, "{rules:#?}");
    assert!(coordinates.percent() >= 90 && coordinates.total() >= 400, "{coordinates:#?}");
}

#[test]
fn the_filter_chooses_by_name_and_by_file() {
    let all = run("").len();
    let by_file = run("cases/security.yaml").len();
    assert!(0 < by_file && by_file < all);
    assert_eq!(run("no case is called this").len(), 0);
}
