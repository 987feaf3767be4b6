//! Plan x policy x authority x variables -> [`Decision`]: which of the operation's fields and inputs
//! are denied and by which rules, and which selections must not be in what goes upstream.

mod circumstances;

use std::collections::BTreeSet;

pub use self::circumstances::Circumstances;
use crate::denial::Reason;
use crate::document::Span;
use crate::identity::Authority;
use crate::plan::{Included, PathId, Plan, Supplied, Target, Use};
use crate::policy::Policy;
use crate::policy::rules::{Access, ConditionId, RuleId, Truth, Verdict};

/// A request, as far as it decides.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// What the operation touches,
    pub plan: &'q Plan,
    /// under this policy,
    pub policy: &'q Policy,
    /// for this caller,
    pub authority: &'q Authority,
    /// where these conditions hold,
    pub included: &'q Included,
    /// this is given for its variables,
    pub supplied: &'q Supplied,
    /// and conditions look at this.
    pub circumstances: &'q Circumstances<'q>,
}

/// The verdict on an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Each denied coordinate once, at its first place. Empty: everything is granted.
    pub denied: Vec<Denied>,
    /// Whether all that is denied are fields that are granted on other object types of an interface
    /// or union which is expanded.
    pub partial: bool,
    /// Selections that `@skip` or `@include` switch off and that hold a denied field: they are
    /// removed, so that no other reading of the directive can bring the field back. Then variables
    /// are not decided yet: one that only they use goes with them, and has to be decided in what is
    /// left, or else its type and value would tell what the schema has to whoever is granted nothing.
    pub removed: Vec<Span>,
}

/// A denied coordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The coordinate; none for the operation as a whole.
    pub target: Option<Target>,
    /// Where the operation first asks for it.
    pub at: Option<PathId>,
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
    /// A condition cannot be evaluated.
    ConditionError,
    /// No rule grants it, to the subject or to who acts for it.
    NoGrant,
    /// Something that the schema or the policy asks for beside rules is not met.
    Requirement,
    /// The schema does not have it, or a value does not fit.
    Unknown,
}

impl Decision {
    /// The reason to refuse: the first denied coordinate's. None if everything is granted.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        if self.partial {
            return Some(Reason::PartiallyGranted);
        }
        self.denied.first().map(|denied| match (denied.because, denied.target) {
            (_, Some(Target::Unknown { reason, .. })) => reason,
            (Because::ConditionError, _) => Reason::ConditionError,
            (_, None) => Reason::FloorDenied,
            (_, Some(Target::Field(_))) => Reason::FieldDenied,
            (_, Some(Target::Type(_))) => Reason::TypeDenied,
            (_, Some(Target::Input(_))) => Reason::InputDenied,
        })
    }

    /// Whether more is denied than the definitions and values of variables.
    #[must_use]
    pub fn denies_selections(&self, plan: &Plan) -> bool {
        let of_variable = |denied: &Denied| denied.at.is_some_and(|at| plan.is_of_variable(at));
        !self.denied.iter().all(of_variable)
    }

    /// Where the first denied field stands: what the client may be told. Not the others: how many
    /// there are would tell what is unknown from what is denied.
    #[must_use]
    pub fn place(&self, plan: &Plan) -> Option<Span> {
        self.denied.first().and_then(|denied| plan.place(denied.at?))
    }
}

impl<'q> Question<'q> {
    /// Decides an operation.
    #[must_use]
    pub fn decide(&self) -> Decision {
        let mut decision = Decision::default();
        let (mut seen, mut cut) = (BTreeSet::new(), BTreeSet::new());
        decision.denied.extend(self.below_floor());
        // Whether anything is denied as a whole.
        let mut whole = !decision.denied.is_empty();
        for place in self.places() {
            let mut partial = None;
            for one in self.present(place).filter(|one| !self.grants(one)) {
                match self.switched_off(one) {
                    Some(selection) => {
                        if cut.insert((selection.start, selection.end)) {
                            decision.removed.push(selection);
                        }
                    }
                    None => {
                        let partial = *partial.get_or_insert_with(|| self.is_partial(place));
                        whole |= !partial || !is_field(one);
                        if seen.insert((one.target, unknown_at(one))) {
                            decision.denied.push(self.explain(one));
                        }
                    }
                }
            }
        }
        if decision.removed.is_empty() {
            for one in self.of_variables().filter(|one| !self.grants(one)) {
                whole = true;
                if seen.insert((one.target, unknown_at(one))) {
                    decision.denied.push(self.explain(one));
                }
            }
        }
        decision.partial = !whole && !decision.denied.is_empty();
        decision
    }

    /// Whether the decision is without a denial.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.below_floor().is_none()
            && self.uses().all(|one| self.grants(one) || self.switched_off(one).is_some())
    }

    /// Why the operation is denied whatever it asks for; none if it is not.
    #[must_use]
    pub fn below_floor(&self) -> Option<Denied> {
        let floor = self.policy.floor().filter(|floor| !self.is_met(floor, None))?;
        let (because, rules) = self.reasons(floor, None);
        Some(Denied { target: None, at: None, because, rules })
    }

    /// What the operation costs in this request, where the policy asks.
    #[must_use]
    pub fn cost(&self) -> Option<u64> {
        self.plan.cost(self.policy, self.included, self.circumstances.given())
    }

    /// What a condition comes to for a use, or for the operation, for whoever shows it.
    #[must_use]
    pub fn truth(&self, condition: ConditionId, one: Option<&Use>) -> Truth {
        self.circumstances.truth(condition, one)
    }

    /// Why one use is denied, wherever it stands; none if it is granted.
    #[must_use]
    pub fn denial(&self, one: &Use) -> Option<Denied> {
        (!self.grants(one)).then(|| self.explain(one))
    }

    /// What the request touches: the uses of the plan that are there, and those of its variables.
    pub fn uses(&self) -> impl Iterator<Item = &'q Use> {
        self.selected().chain(self.of_variables())
    }

    fn selected(&self) -> impl Iterator<Item = &'q Use> {
        self.places().flat_map(|place| self.present(place))
    }

    /// The uses of the selections, those of one field at one place together.
    fn places(&self) -> impl Iterator<Item = &'q [Use]> + use<'q> {
        let selected = self.plan.uses.get(..self.plan.selected).unwrap_or(&self.plan.uses);
        selected.chunk_by(|one, next| one.at == next.at)
    }

    fn present(&self, uses: &'q [Use]) -> impl Iterator<Item = &'q Use> + use<'q> {
        let supplied = self.supplied;
        uses.iter().filter(|one| supplied.has(one.presence))
    }

    /// Whether a field that is denied on some object types is granted on others, and that is enough
    /// there.
    fn is_partial(&self, place: &[Use]) -> bool {
        let expanded = |one: &Use| self.plan.expanded.binary_search(&one.at).is_ok();
        place.first().is_some_and(expanded)
            && place.iter().any(|one| is_field(one) && self.grants(one))
    }

    fn of_variables(&self) -> impl Iterator<Item = &'q Use> {
        let Self { plan, supplied, .. } = *self;
        let defined = plan.uses.iter().skip(plan.selected);
        defined.filter(|one| supplied.has(one.presence)).chain(&supplied.uses)
    }

    fn switched_off(&self, one: &Use) -> Option<Span> {
        one.condition.and_then(|condition| self.plan.switched_off(condition, self.included))
    }

    /// What has no access entry is granted to nobody, but for types and inputs: where no rule speaks
    /// of one, it comes with the field.
    fn grants(&self, one: &Use) -> bool {
        match one.target {
            Target::Unknown { .. } => false,
            Target::Field(field) => {
                self.policy.access(field).is_some_and(|access| self.is_met(access, Some(one)))
            }
            Target::Type(_) | Target::Input(_) => {
                self.access(one).is_none_or(|access| self.is_met(access, Some(one)))
            }
        }
    }

    /// Every party must be granted.
    fn is_met(&self, access: &Access, one: Option<&Use>) -> bool {
        let condition = |id| self.circumstances.truth(id, one);
        self.authority.parties().all(|party| access.grants(&party, &condition))
    }

    fn access(&self, one: &Use) -> Option<&'q Access> {
        match one.target {
            Target::Field(field) => self.policy.access(field),
            Target::Type(of) => self.policy.type_access(of),
            Target::Input(input) => self.policy.input_access(input),
            Target::Unknown { .. } => None,
        }
    }

    fn explain(&self, one: &Use) -> Denied {
        let (because, rules) = match (one.target, self.access(one)) {
            (Target::Unknown { .. }, _) => (Because::Unknown, Vec::new()),
            (_, Some(access)) => self.reasons(access, Some(one)),
            (_, None) => (Because::NoGrant, Vec::new()),
        };
        Denied { target: Some(one.target), at: Some(one.at), because, rules }
    }

    /// The gravest reason of any party, with its rules.
    fn reasons(&self, access: &Access, one: Option<&Use>) -> (Because, Vec<RuleId>) {
        let condition = |id| self.circumstances.truth(id, one);
        let mut found: [(Because, Vec<RuleId>); 4] = [
            (Because::DenyRule, Vec::new()),
            (Because::ConditionError, Vec::new()),
            (Because::NoGrant, Vec::new()),
            (Because::Requirement, Vec::new()),
        ];
        let mut gravest = found.len();
        for party in self.authority.parties() {
            let (grave, rules) = match access.verdict(&party, &condition) {
                Verdict::Granted => continue,
                Verdict::Forbidden(rules) => (0, rules),
                Verdict::Undecidable(rules) => (1, rules),
                Verdict::NotGranted(rules) => (2, rules),
                Verdict::NotMet(rules) => (3, rules),
            };
            gravest = gravest.min(grave);
            if let Some((_, all)) = found.get_mut(grave) {
                all.extend(rules);
            }
        }
        let reason = found.into_iter().nth(gravest);
        let (because, mut rules) = reason.unwrap_or((Because::NoGrant, Vec::new()));
        rules.sort_unstable();
        rules.dedup();
        (because, rules)
    }
}

/// Whether it is of a field, and not of what is given to it.
fn is_field(one: &Use) -> bool {
    matches!(one.target, Target::Field(_) | Target::Type(_))
}

/// Unknown coordinates are told apart by where they are, as they have no number.
fn unknown_at(one: &Use) -> Option<PathId> {
    match one.target {
        Target::Field(_) | Target::Type(_) | Target::Input(_) => None,
        Target::Unknown { .. } => Some(one.at),
    }
}
