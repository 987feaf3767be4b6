//! Cases -> verdicts, as the filter's gate gives them, and what they put to the test.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::audit::{self, AuditRecord};
use fieldgate_core::denial::Reason;
use serde_json::value::to_raw_value;

use super::coverage::Tally;
use super::{Case, Checked, Run, Verdict};
use crate::bundle::Bundle;
use crate::court::Court;
use crate::diagnostic::{Code, Diagnostic};
use crate::explain::{self, Request};
use crate::source::Text;

/// Runs the cases.
pub(super) fn run(bundle: &Bundle, cases: Vec<Case>) -> Result<Run, Box<Diagnostic>> {
    let failed = |what: String| Box::new(Diagnostic::anywhere(Code::CaseValue, what));
    let court = Court::new(bundle).map_err(failed)?;
    let mut tally = Tally::default();
    let checked: Result<Vec<Checked>, String> =
        cases.into_iter().map(|case| check(&court, bundle, case, &mut tally)).collect();
    Ok(Run { cases: checked.map_err(failed)?, coverage: tally.of(bundle.policy()) })
}

fn check(court: &Court, bundle: &Bundle, case: Case, tally: &mut Tally) -> Result<Checked, String> {
    let Case { name, claims, query, variables, operation, expected } = case;
    let variables = variables.as_ref().map(to_raw_value).transpose();
    let variables = variables.map_err(|error| error.to_string())?;
    let request = Request { claims, query, variables, operation };
    let explanation = explain::hear(court, bundle, request)?;
    tally.add(&explanation);
    let Text { text: name, place } = name;
    Ok(Checked { name, place, expected, found: explanation.verdict })
}

impl Verdict {
    /// What a record says.
    #[must_use]
    pub fn of(record: &AuditRecord) -> Self {
        match record.verdict() {
            audit::Verdict::Allow => Self::Allow,
            audit::Verdict::Deny(
                Reason::FieldDenied
                | Reason::TypeDenied
                | Reason::InputDenied
                | Reason::FloorDenied
                | Reason::ConditionError
                | Reason::PartiallyGranted,
            ) => {
                let denied = &record.facts().asked.denied;
                let by_coordinate: BTreeMap<String, BTreeSet<String>> = denied
                    .iter()
                    .map(|one| (one.coordinate.clone(), one.rules.iter().cloned().collect()))
                    .collect();
                Self::Deny(by_coordinate)
            }
            audit::Verdict::Deny(reason) | audit::Verdict::None(reason) => {
                Self::Refuse(reason.code().to_owned())
            }
        }
    }
}
