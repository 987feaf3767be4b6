//! What decides one coordinate, and the verdict on it.
//!
//! Rules arrive lowered: the precedence of the source language (exact over `Type.*` over `*.field`
//! over tags over `*.*`, object AND interface) has been worked out at build time, so that a verdict
//! is a few AND operations, and a condition where a rule has one. Deny wins; no grant, no access; a
//! condition that cannot be evaluated denies, also that of a rule without which access is granted.

use super::{ConditionId, RoleSet, RuleId, ScopeId, ScopeSet};

/// Rules that speak as one, to whoever holds any of `roles`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clause {
    /// To any of these,
    pub roles: RoleSet,
    /// where this holds.
    pub condition: Option<ConditionId>,
    /// The rules that it was lowered from, for the audit record.
    pub rules: Vec<RuleId>,
}

/// The rules of one tier: any of them is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// Its clauses: at most one without a condition.
    pub any: Vec<Clause>,
}

/// What has to be met beside rules: a directive of the schema, or who may reach a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Requirement {
    /// What asks for it, as records name it.
    pub rule: RuleId,
    /// Any of these is enough; there is one.
    pub any: Vec<Need>,
}

/// All of it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Need {
    /// Each of these roles,
    pub roles: RoleSet,
    /// and each of these scopes,
    pub scopes: Vec<ScopeId>,
    /// of such a caller.
    pub caller: Caller,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Caller {
    /// Also one without a token, where the settings allow that.
    Anyone,
    /// One whose token was verified.
    Verified,
}

/// What holds where no rule speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Otherwise {
    /// No access.
    #[default]
    Deny,
    /// Access.
    Allow,
}

/// What decides a coordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Access {
    /// All of them must be satisfied.
    pub grants: Vec<Grant>,
    /// None of them may apply.
    pub denies: Vec<Clause>,
    /// All of them must be met.
    pub requires: Vec<Requirement>,
    /// What holds if there is no grant at all.
    pub otherwise: Otherwise,
}

/// One of those who have to be granted access.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// The roles that it holds.
    pub held: RoleSet,
    /// The roles of which that cannot be said: their condition cannot be evaluated.
    pub unclear: RoleSet,
    /// The scopes of its token.
    pub scopes: &'a ScopeSet,
    /// Whether there is a token.
    pub caller: Caller,
}

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It cannot be evaluated.
    Error,
}

/// The answer for one coordinate and one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every grant is satisfied, every requirement met, and no deny applies.
    Granted,
    /// These deny rules apply.
    Forbidden(Vec<RuleId>),
    /// The conditions of these rules, or of their roles, cannot be evaluated.
    Undecidable(Vec<RuleId>),
    /// A grant is not satisfied: the rules that would have granted. Empty if no rule grants it.
    NotGranted(Vec<RuleId>),
    /// These requirements are not met.
    NotMet(Vec<RuleId>),
}

impl Clause {
    fn truth(&self, condition: &dyn Fn(ConditionId) -> Truth) -> Truth {
        self.condition.map_or(Truth::Holds, condition)
    }

    /// Whether it grants.
    fn grants(&self, party: &Party<'_>, condition: &dyn Fn(ConditionId) -> Truth) -> Truth {
        if self.roles.intersects(party.held) { self.truth(condition) } else { Truth::Fails }
    }

    /// Whether it denies. A role that may be held is one that forbids.
    fn denies(&self, party: &Party<'_>, condition: &dyn Fn(ConditionId) -> Truth) -> Truth {
        let held = self.roles.intersects(party.held);
        if !held && !self.roles.intersects(party.unclear) {
            return Truth::Fails;
        }
        match self.truth(condition) {
            Truth::Holds if held => Truth::Holds,
            Truth::Holds | Truth::Error => Truth::Error,
            Truth::Fails => Truth::Fails,
        }
    }
}

impl Requirement {
    /// Whether it is met.
    #[must_use]
    pub fn is_met(&self, party: &Party<'_>) -> bool {
        self.any.iter().any(|need| {
            party.held.contains(need.roles)
                && need.scopes.iter().all(|scope| party.scopes.contains(*scope))
                && (need.caller == Caller::Anyone || party.caller == Caller::Verified)
        })
    }
}

impl Access {
    /// Whether a party has access. The hot path: no allocation.
    #[must_use]
    pub fn grants(&self, party: &Party<'_>, condition: &dyn Fn(ConditionId) -> Truth) -> bool {
        let granted = |grant: &Grant| {
            // Every rule that speaks to the party is asked: one that cannot answer forbids.
            let mut any = false;
            for clause in &grant.any {
                match clause.grants(party, condition) {
                    Truth::Holds => any = true,
                    Truth::Fails => {}
                    Truth::Error => return false,
                }
            }
            any
        };
        let forbidden = |clause: &Clause| clause.denies(party, condition) != Truth::Fails;
        (self.otherwise == Otherwise::Allow || !self.grants.is_empty())
            && self.grants.iter().all(granted)
            && !self.denies.iter().any(forbidden)
            && self.requires.iter().all(|requirement| requirement.is_met(party))
    }

    /// The same with its reasons.
    #[must_use]
    pub fn verdict(&self, party: &Party<'_>, condition: &dyn Fn(ConditionId) -> Truth) -> Verdict {
        if self.grants(party, condition) {
            return Verdict::Granted;
        }
        let (mut forbidding, mut undecidable, mut missing) =
            (Vec::<RuleId>::new(), Vec::<RuleId>::new(), Vec::<RuleId>::new());
        for clause in &self.denies {
            match clause.denies(party, condition) {
                Truth::Holds => forbidding.extend(&clause.rules),
                Truth::Error => undecidable.extend(&clause.rules),
                Truth::Fails => {}
            }
        }
        let mut granted = self.otherwise == Otherwise::Allow || !self.grants.is_empty();
        for grant in &self.grants {
            let mut any = false;
            for clause in &grant.any {
                match clause.grants(party, condition) {
                    Truth::Holds => any = true,
                    Truth::Error => undecidable.extend(&clause.rules),
                    Truth::Fails => {}
                }
            }
            if !any {
                granted = false;
                missing.extend(grant.any.iter().flat_map(|clause| &clause.rules));
            }
        }
        let unmet = self.requires.iter().filter(|requirement| !requirement.is_met(party));
        let unmet: Vec<RuleId> = unmet.map(|requirement| requirement.rule).collect();
        match (forbidding.is_empty(), undecidable.is_empty()) {
            (false, _) => Verdict::Forbidden(sorted(forbidding)),
            (true, false) => Verdict::Undecidable(sorted(undecidable)),
            (true, true) if granted => Verdict::NotMet(sorted(unmet)),
            (true, true) => Verdict::NotGranted(sorted(missing)),
        }
    }

    /// Every clause of its grants and denies.
    pub fn clauses(&self) -> impl Iterator<Item = &Clause> {
        self.grants.iter().flat_map(|grant| &grant.any).chain(&self.denies)
    }
}

fn sorted(mut rules: Vec<RuleId>) -> Vec<RuleId> {
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: RoleSet = RoleSet::from_bits(1);
    const B: RoleSet = RoleSet::from_bits(2);
    const C: RoleSet = RoleSet::from_bits(4);

    fn clause(roles: RoleSet, rule: u32) -> Clause {
        Clause { roles, condition: None, rules: vec![RuleId(rule)] }
    }

    /// One whose condition has the number of its rule.
    fn conditional(roles: RoleSet, rule: u32) -> Clause {
        Clause { condition: Some(ConditionId(rule)), ..clause(roles, rule) }
    }

    fn grants(grants: &[&[Clause]]) -> Access {
        let grant = |any: &&[Clause]| Grant { any: any.to_vec() };
        Access { grants: grants.iter().map(grant).collect(), ..Access::default() }
    }

    /// Condition 1 holds, 2 fails, and others cannot be evaluated.
    fn truth(id: ConditionId) -> Truth {
        match id.0 {
            1 => Truth::Holds,
            2 => Truth::Fails,
            _ => Truth::Error,
        }
    }

    #[track_caller]
    fn check(access: &Access, held: RoleSet, unclear: RoleSet, expected: Verdict) {
        let scopes = ScopeSet::new(&["r".into(), "w".into()], &["w".into()]);
        let party = Party { held, unclear, scopes: &scopes, caller: Caller::Verified };
        assert_eq!(access.verdict(&party, &truth), expected);
        assert_eq!(access.grants(&party, &truth), expected == Verdict::Granted);
    }

    const NONE: RoleSet = RoleSet::EMPTY;

    #[test]
    fn no_grant_no_access() {
        check(&Access::default(), A, NONE, Verdict::NotGranted(vec![]));
        let open = Access { otherwise: Otherwise::Allow, ..Access::default() };
        check(&open, NONE, NONE, Verdict::Granted);
    }

    #[test]
    fn all_grants_and_no_deny() {
        let access = Access {
            denies: vec![clause(C, 3)],
            ..grants(&[&[clause(A, 1)], &[clause(B.union(C), 2)]])
        };
        check(&access, A, NONE, Verdict::NotGranted(vec![RuleId(2)]));
        check(&access, A.union(B), NONE, Verdict::Granted);
        check(&access, A.union(C), NONE, Verdict::Forbidden(vec![RuleId(3)]));
        check(&access, NONE, NONE, Verdict::NotGranted(vec![RuleId(1), RuleId(2)]));
        // Whether C is held is not known: it grants nothing, and may forbid.
        check(&access, A.union(B), C, Verdict::Undecidable(vec![RuleId(3)]));
        check(&access, A, B, Verdict::NotGranted(vec![RuleId(2)]));
    }

    #[test]
    fn conditions_grant_and_deny() {
        let one = |rule| grants(&[&[conditional(A, rule)]]);
        check(&one(1), A, NONE, Verdict::Granted);
        check(&one(2), A, NONE, Verdict::NotGranted(vec![RuleId(2)]));
        check(&one(3), A, NONE, Verdict::Undecidable(vec![RuleId(3)]));
        // One who does not hold the role is not asked.
        check(&one(3), B, NONE, Verdict::NotGranted(vec![RuleId(3)]));
        let deny = |rule| Access {
            denies: vec![conditional(A, rule)],
            otherwise: Otherwise::Allow,
            ..Access::default()
        };
        check(&deny(1), A, NONE, Verdict::Forbidden(vec![RuleId(1)]));
        check(&deny(2), A, NONE, Verdict::Granted);
        check(&deny(3), A, NONE, Verdict::Undecidable(vec![RuleId(3)]));
        check(&deny(3), B, NONE, Verdict::Granted);
        check(&deny(2), NONE, A, Verdict::Granted);
        check(&deny(1), NONE, A, Verdict::Undecidable(vec![RuleId(1)]));
    }

    /// In whatever order the rules are.
    #[test]
    fn an_error_is_not_made_good_by_another_rule() {
        for any in [[clause(A, 0), conditional(A, 3)], [conditional(A, 3), clause(A, 0)]] {
            check(&grants(&[&any]), A, NONE, Verdict::Undecidable(vec![RuleId(3)]));
        }
    }

    #[test]
    fn requirements_are_any_of_all() {
        let need = |roles, scopes: &[u32], caller| Need {
            roles,
            scopes: scopes.iter().map(|id| ScopeId(*id)).collect(),
            caller,
        };
        let requires = |any: &[Need]| Access {
            requires: vec![Requirement { rule: RuleId(7), any: any.to_vec() }],
            otherwise: Otherwise::Allow,
            ..Access::default()
        };
        let unmet = || Verdict::NotMet(vec![RuleId(7)]);
        let anyone = Caller::Anyone;
        check(&requires(&[need(NONE, &[1], anyone)]), NONE, NONE, Verdict::Granted);
        check(&requires(&[need(NONE, &[0], anyone)]), NONE, NONE, unmet());
        check(&requires(&[need(NONE, &[0, 1], anyone)]), NONE, NONE, unmet());
        let either = [need(NONE, &[0], anyone), need(A.union(B), &[], Caller::Verified)];
        check(&requires(&either), A.union(B), NONE, Verdict::Granted);
        check(&requires(&either), A, B, unmet());
        check(&requires(&[]), A, NONE, unmet());
        let anonymous =
            Party { held: A.union(B), unclear: NONE, scopes: &ScopeSet::default(), caller: anyone };
        assert_eq!(requires(&either).verdict(&anonymous, &truth), unmet());
        // What is not granted is said first.
        let access = Access { grants: vec![Grant::default()], ..requires(&[]) };
        check(&access, A, NONE, Verdict::NotGranted(vec![]));
    }
}
