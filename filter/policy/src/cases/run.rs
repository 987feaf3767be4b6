//! Cases -> verdicts, as the filter's gate gives them.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::audit::{self, AuditRecord};
use fieldgate_core::denial::Reason;
use serde_json::value::to_raw_value;

use super::{Case, Checked, Verdict};
use crate::bundle::Bundle;
use crate::court::{Body, Court};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Text;

/// Runs the cases.
pub(super) fn run(bundle: &Bundle, cases: Vec<Case>) -> Result<Vec<Checked>, Box<Diagnostic>> {
    let failed = |what: String| Box::new(Diagnostic::anywhere(Code::CaseValue, what));
    let court = Court::new(bundle).map_err(failed)?;
    cases.into_iter().map(|case| check(&court, case).map_err(failed)).collect()
}

fn check(court: &Court, case: Case) -> Result<Checked, String> {
    let Case { name, claims, query, variables, operation, expected } = case;
    let variables = variables.as_ref().map(to_raw_value).transpose();
    let variables = variables.map_err(|error| error.to_string())?;
    let (variables, operation_name) = (variables.as_deref(), operation.as_deref());
    let body = Body { query: &query, variables, operation_name }.text()?;
    let (_, record) = court.hear(claims, body.as_bytes());
    let Text { text: name, place } = name;
    Ok(Checked { name, place, expected, found: Verdict::of(&record) })
}

impl Verdict {
    /// What a record says.
    #[must_use]
    pub fn of(record: &AuditRecord) -> Self {
        match record.verdict() {
            audit::Verdict::Allow => Self::Allow,
            audit::Verdict::Deny(Reason::FieldDenied) => {
                let denied = &record.facts().denied;
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
