//! Plan x policy x authority x variables -> [`Decision`]: which of the operation's fields are
//! denied and by which rules, and which selections must not be in what goes upstream.

use std::collections::BTreeSet;

use crate::denial::Reason;
use crate::document::Span;
use crate::identity::Authority;
use crate::plan::{FieldUse, Included, PathId, Plan, Target};
use crate::policy::Policy;
use crate::policy::rules::{Access, RuleId, Verdict};

/// The verdict on an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Each denied coordinate once, at its first place. Empty: everything is granted.
    pub denied: Vec<Denied>,
    /// Selections that `@skip` or `@include` switch off and that hold a denied field: they are
    /// removed, so that no other reading of the directive can bring the field back.
    pub removed: Vec<Span>,
}

/// A denied coordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The coordinate.
    pub target: Target,
    /// Where the operation first asks for it.
    pub at: PathId,
    /// Why.
    pub because: Because,
    /// The deny rules that apply, or the rules that would have granted it.
    pub rules: Vec<RuleId>,
}

/// Why a coordinate is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// A deny rule applies.
    DenyRule,
    /// No rule grants it, to the subject or to who acts for it.
    NoGrant,
    /// The schema does not have it.
    Unknown,
}

impl Decision {
    /// The reason to refuse: the first denied field's. None if everything is granted.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.denied.first().map(|denied| match denied.target {
            Target::Field(_) => Reason::FieldDenied,
            Target::Unknown { reason, .. } => reason,
        })
    }

    /// Where the first denied field stands: what the client may be told. Not the others: how many
    /// there are would tell what is unknown from what is denied.
    #[must_use]
    pub fn place(&self, plan: &Plan) -> Option<Span> {
        self.denied.first().and_then(|denied| plan.place(denied.at))
    }
}

/// Decides an operation.
#[must_use]
pub fn decide(
    plan: &Plan,
    policy: &Policy,
    authority: &Authority,
    included: &Included,
) -> Decision {
    let mut decision = Decision::default();
    let (mut seen, mut cut) = (BTreeSet::new(), BTreeSet::new());
    for one in plan.uses.iter().filter(|one| !is_granted(policy, authority, one)) {
        match one.condition.and_then(|condition| plan.switched_off(condition, included)) {
            Some(selection) => {
                if cut.insert((selection.start, selection.end)) {
                    decision.removed.push(selection);
                }
            }
            None => {
                if seen.insert((one.target, unknown_at(one))) {
                    decision.denied.push(explain(policy, authority, one));
                }
            }
        }
    }
    decision
}

/// Whether the decision on an operation is without a denial.
#[must_use]
pub fn allows(plan: &Plan, policy: &Policy, authority: &Authority, included: &Included) -> bool {
    plan.uses.iter().all(|one| {
        is_granted(policy, authority, one)
            || one.condition.is_some_and(|id| plan.switched_off(id, included).is_some())
    })
}

/// Why one use is denied, wherever it stands; none if it is granted.
#[must_use]
pub fn denial(policy: &Policy, authority: &Authority, one: &FieldUse) -> Option<Denied> {
    (!is_granted(policy, authority, one)).then(|| explain(policy, authority, one))
}

/// Every party must be granted; what has no access entry is granted to nobody.
fn is_granted(policy: &Policy, authority: &Authority, one: &FieldUse) -> bool {
    access(policy, one).is_some_and(|access| authority.parties().all(|roles| access.grants(roles)))
}

fn access<'p>(policy: &'p Policy, one: &FieldUse) -> Option<&'p Access> {
    match one.target {
        Target::Field(field) => policy.access(field),
        Target::Unknown { .. } => None,
    }
}

fn explain(policy: &Policy, authority: &Authority, one: &FieldUse) -> Denied {
    let (mut forbidding, mut missing) = (Vec::new(), Vec::new());
    for roles in authority.parties() {
        match access(policy, one).map(|access| access.verdict(roles)) {
            None | Some(Verdict::Granted) => {}
            Some(Verdict::Forbidden(rules)) => forbidding.extend(rules),
            Some(Verdict::NotGranted(rules)) => missing.extend(rules),
        }
    }
    let (because, mut rules) = match one.target {
        Target::Unknown { .. } => (Because::Unknown, Vec::new()),
        Target::Field(_) if forbidding.is_empty() => (Because::NoGrant, missing),
        Target::Field(_) => (Because::DenyRule, forbidding),
    };
    rules.sort_unstable();
    rules.dedup();
    Denied { target: one.target, at: one.at, because, rules }
}

/// Unknown coordinates are told apart by where they are, as they have no number.
fn unknown_at(one: &FieldUse) -> Option<PathId> {
    match one.target {
        Target::Field(_) => None,
        Target::Unknown { .. } => Some(one.at),
    }
}
