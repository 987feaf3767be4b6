//! Explanations of the cases that were run -> [`Coverage`]: which rules and coordinates they put to
//! the test.
//!
//! It counts what the filter's decision was about, not what a file names: a case that is refused
//! before its fields are decided covers nothing, nor does a field that `@skip` switches off. A limit
//! is covered by what exceeds it.

use std::collections::BTreeSet;

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::schema::{Schema, TypeId, TypeKind};

use super::Verdict;
use crate::explain::{Clause, Explanation, Field, Outcome, Use};

/// What the cases of a bundle put to the test.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The rules that granted or refused something: those that a record would name, and those that
    /// granted.
    pub rules: Share,
    /// The coordinates that were asked for, granted or not. Those of interfaces are asked for on the
    /// object types that they can be; what no operation can reach does not count.
    pub coordinates: Share,
}

/// How much of a set is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many are.
    pub covered: usize,
    /// Those that are not, sorted.
    pub uncovered: Vec<String>,
}

impl Share {
    fn new(all: BTreeSet<String>, hit: &BTreeSet<String>) -> Self {
        let (covered, uncovered): (Vec<String>, Vec<String>) =
            all.into_iter().partition(|one| hit.contains(one));
        Self { covered: covered.len(), uncovered }
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.covered + self.uncovered.len()
    }

    /// The covered ones in percent, rounded down: 100 is all of them. Of nothing all is covered.
    #[must_use]
    pub fn percent(&self) -> usize {
        (self.covered * 100).checked_div(self.total()).unwrap_or(100)
    }
}

/// What is covered so far.
#[derive(Default)]
pub(super) struct Tally {
    rules: BTreeSet<String>,
    coordinates: BTreeSet<String>,
}

impl Tally {
    /// Adds what a case put to the test.
    pub(super) fn add(&mut self, explanation: &Explanation) {
        self.rules.extend(explanation.exceeded.iter().map(|limit| limit.rule.clone()));
        match &explanation.verdict {
            Verdict::Allow | Verdict::Deny(_) => {}
            Verdict::Refuse(_) => return,
        }
        let mut left: Vec<&Field> = explanation.fields.iter().collect();
        while let Some(field) = left.pop() {
            left.extend(&field.fields);
            field.uses.iter().filter(|one| !one.switched_off).for_each(|one| self.count(one));
        }
    }

    fn count(&mut self, one: &Use) {
        match &one.outcome {
            Outcome::Granted => {
                let met = |clause: &&Clause| {
                    clause.speaks() && clause.met_by.iter().any(|(_, roles)| !roles.is_empty())
                };
                let clauses = one.grants.iter().flat_map(|grant| &grant.any);
                let rules = clauses.filter(met).flat_map(|clause| &clause.rules);
                let required = one.requires.iter().map(|requirement| requirement.rule.clone());
                self.rules.extend(required);
                self.rules.extend(rules.cloned());
            }
            Outcome::Denied(_, rules) => self.rules.extend(rules.iter().cloned()),
            Outcome::Unknown(_) => return,
        }
        self.coordinates.insert(one.coordinate.clone());
    }

    /// Of everything that a policy has.
    pub(super) fn of(self, policy: &Policy) -> Coverage {
        let rules = policy.parts().rules.iter().map(|rule| rule.to_string()).collect();
        Coverage {
            rules: Share::new(rules, &self.rules),
            coordinates: Share::new(askable(policy.schema()), &self.coordinates),
        }
    }
}

/// The coordinates that a query or a mutation can reach.
fn askable(schema: &Schema) -> BTreeSet<String> {
    let mut coordinates = BTreeSet::new();
    let mut seen: BTreeSet<TypeId> = BTreeSet::new();
    let mut left: Vec<TypeId> =
        [Some(schema.query()), schema.mutation()].into_iter().flatten().collect();
    while let Some(id) = left.pop() {
        let Some(def) = schema.type_def(id).filter(|_| seen.insert(id)) else { continue };
        left.extend(def.possible);
        if def.kind == TypeKind::Object {
            coordinates.extend(def.fields().map(|field| schema.coordinate(field)));
            left.extend(
                def.fields().filter_map(|field| Some(schema.field_def(field)?.returns.named)),
            );
        }
    }
    coordinates
}
