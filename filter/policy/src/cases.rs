//! cases/*.yaml x [`Bundle`] -> for each case whether the policy does what its author expects.
//!
//! A case goes through the filter's own [`fieldgate_core::gate::Gate`] as a signed request does, so
//! that what passes here is what happens there. `read` knows the files, `run` asks `court`, `coverage`
//! counts.

mod coverage;
mod read;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

pub use self::coverage::{Coverage, Share};
use crate::bundle::Bundle;
use crate::diagnostic::{Diagnostic, Findings};
use crate::source::{Place, Text};

/// The folder of a bundle that its cases are in.
pub const FOLDER: &str = "cases";

/// The version of the case format.
pub const VERSION: u32 = 1;

/// One request, and what should become of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: Text,
    /// The token's claims; those that every token has are filled in where they are not given. None for
    /// a request without a token.
    pub claims: Option<Map<String, Value>>,
    /// The document.
    pub query: String,
    /// The variables.
    pub variables: Option<Value>,
    /// The operation's name.
    pub operation: Option<String>,
    /// What should become of it.
    pub expected: Verdict,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is forwarded.
    Allow,
    /// These coordinates are denied: by these deny rules, or for want of one of these rules.
    Deny(BTreeMap<String, BTreeSet<String>>),
    /// It is refused for another reason, by its code.
    Refuse(String),
}

/// A case that was run.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The case's name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// What should have become of it.
    pub expected: Verdict,
    /// What did.
    pub found: Verdict,
}

/// The cases of a bundle that were run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Each of them, in the order of the files.
    pub cases: Vec<Checked>,
    /// What they put to the test, together.
    pub coverage: Coverage,
}

impl Checked {
    /// Whether it is as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }
}

/// Reads the cases of a bundle without running them.
pub fn read(bundle: &Bundle, findings: &mut Findings) -> Vec<Case> {
    let files = bundle.folder().yaml_files(FOLDER, findings);
    let read = |name: &String| read::read(name, bundle, findings);
    files.iter().flat_map(read).collect()
}

/// Runs those cases of a bundle whose file or name contains `filter`.
///
/// # Errors
/// Everything that is wrong with the case files; none is run then.
pub fn run(bundle: &Bundle, filter: &str) -> Result<Run, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let mut cases = read(bundle, &mut findings);
    if findings.has_errors() {
        return Err(findings.into_sorted());
    }
    cases.retain(|case| {
        let Text { text, place } = &case.name;
        text.contains(filter) || place.file().name().contains(filter)
    });
    run::run(bundle, cases).map_err(|diagnostic| vec![*diagnostic])
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::Refuse(reason) => write!(f, "refuse: {reason}"),
            Self::Deny(denied) => {
                f.write_str("deny:")?;
                for (coordinate, rules) in denied {
                    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
                    write!(f, " {coordinate} [{}]", rules.join(", "))?;
                }
                Ok(())
            }
        }
    }
}
