//! A denied operation -> which other roles of a party would have it allowed, tried out on the core.

use fieldgate_core::decide::Question;
use fieldgate_core::identity::Authority;
use fieldgate_core::plan::Target;
use fieldgate_core::policy::rules::{Access, RoleSet};

use super::{Case, Party};

/// What would have to be otherwise for a party to be granted every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub party: Party,
    /// The roles that it has and that deny rules are about.
    pub without: Vec<String>,
    /// The roles that it does not have.
    pub needs: Needs,
}

/// Which roles are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// Any one of these.
    OneOf(Vec<String>),
    /// No single one; all of these would do, and none of them can be left out.
    All(Vec<String>),
    /// No roles would do.
    Impossible,
}

impl Case<'_> {
    pub(super) fn changes(&self) -> Vec<Change> {
        if self.question.decide().denied.is_empty() {
            return Vec::new();
        }
        let denied = self.parties().into_iter().filter(|(_, roles)| !self.would_allow(*roles));
        denied.map(|(party, roles)| self.change(party, roles)).collect()
    }

    fn change(&self, party: Party, held: RoleSet) -> Change {
        let forbidding = self.forbidding();
        let (without, left) = (held.intersection(forbidding), minus(held, forbidding));
        let names =
            |set: &[RoleSet]| self.names(set.iter().copied().fold(RoleSet::EMPTY, RoleSet::union));
        let declared = RoleSet::singles().take(self.question.policy.parts().roles.len());
        let may = |one: &RoleSet| !forbidding.intersects(*one) && !left.intersects(*one);
        let mut candidates: Vec<RoleSet> = declared.filter(may).collect();
        let with =
            |more: &[RoleSet]| self.would_allow(more.iter().copied().fold(left, RoleSet::union));
        let alone: Vec<RoleSet> = candidates.iter().copied().filter(|one| with(&[*one])).collect();
        let needs = if with(&[]) {
            Needs::Nothing
        } else if !alone.is_empty() {
            Needs::OneOf(names(&alone))
        } else if with(&candidates) {
            for at in (0..candidates.len()).rev() {
                let one = candidates.remove(at);
                if !with(&candidates) {
                    candidates.insert(at, one);
                }
            }
            Needs::All(names(&candidates))
        } else {
            Needs::Impossible
        };
        Change { party, without: self.names(without), needs }
    }

    /// Whether the operation would be allowed if this party alone had to be granted it.
    fn would_allow(&self, roles: RoleSet) -> bool {
        let (unclear, actor, client) = (RoleSet::EMPTY, None, None);
        let own = self.question.authority.clone();
        let authority = Authority { subject: roles, unclear, actor, client, ..own };
        Question { authority: &authority, ..*self.question }.allows()
    }

    /// The roles that deny rules are about, for the fields that are executed.
    fn forbidding(&self) -> RoleSet {
        let Question { policy, included, .. } = *self.question;
        let executed = self.question.uses().filter(|one| included.includes(one.condition));
        let denies = executed.filter_map(|one| match one.target {
            Target::Field(field) => policy.access(field),
            Target::Type(of) => policy.type_access(of),
            Target::Input(input) => policy.input_access(input),
            Target::Unknown { .. } => None,
        });
        let clauses = denies.chain(policy.floor()).flat_map(|Access { denies, .. }| denies);
        clauses.fold(RoleSet::EMPTY, |set, clause| set.union(clause.roles))
    }
}

fn minus(set: RoleSet, other: RoleSet) -> RoleSet {
    RoleSet::from_bits(set.bits() & !other.bits())
}
