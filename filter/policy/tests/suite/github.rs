//! The bundle on GitHub's schema: as large as schemas get. Its schema is installed by `make node`;
//! where it is not, these tests say so and pass.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::{self, Bundle};
use fieldgate_policy::cases::{self, Checked};
use fieldgate_policy::diagnostic::Code;

use crate::coverage;

/// What the configuration may weigh on its way to every proxy, in base64.
const TRANSPORT_BYTES: usize = 300 * 1024;

/// The folder, if its schema is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/github");
    if folder.join("node_modules").is_dir() {
        return Some(folder);
    }
    let _ = writeln!(
        std::io::stderr(),
        "skipped: the schema of policies/github is not installed (`make node`)"
    );
    None
}

fn load() -> Option<Bundle> {
    Some(Bundle::load(&folder()?, None).unwrap())
}

/// The published schema defines two fields twice, with one meaning; nothing else is to be said.
#[test]
fn nothing_is_wrong_with_it() {
    let Some(folder) = folder() else { return };
    let findings = bundle::check(&folder);
    let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::SdlRepeatedField; 2], "{findings:#?}");
}

#[test]
fn it_does_what_its_cases_say() {
    let Some(bundle) = load() else { return };
    let all = cases::run(&bundle, "").unwrap().cases;
    assert!(all.len() >= 100, "only {} cases", all.len());
    let failed: Vec<&Checked> = all.iter().filter(|case| !case.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_rule_and_every_role_is_in_a_case() {
    let Some(bundle) = load() else { return };
    assert_eq!(coverage::not_shown(&bundle), [""; 0]);
}

#[test]
fn it_travels() {
    let Some(bundle) = load() else { return };
    let schema = bundle.policy().schema();
    assert!(schema.field_count() > 6_000, "{} coordinates", schema.field_count());
    let transported = bundle.configuration_value()["policy"].as_str().unwrap().len();
    println!("policies/github: {transported} bytes of base64");
    assert!(transported <= TRANSPORT_BYTES, "{transported} bytes");
}
