//! What a rule says to a caller (policies/language.md): every party to the token has to be granted.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::decide::Because;

use super::coerce;
use super::evaluate::{self, Plain, World};
use crate::random::callers::{Caller, Level};
use crate::random::case::Case;
use crate::random::policy::{Clause, Need, ROLES, Requirement, Rule, SCOPES};
use crate::random::request::Operation;
use crate::random::schema::{Field, Name};
use crate::random::value::Value;

/// Who asks what.
pub(super) struct Asked<'a> {
    case: &'a Case,
    caller: &'a Caller,
    /// What conditions see, but for arguments.
    world: World,
}

/// A field as an object type has it, and what it is given.
pub(super) type Given<'g> = (&'g Field, &'g [(Name, Value)]);

const GRAVEST_FIRST: [Because; 4] =
    [Because::DenyRule, Because::ConditionError, Because::NoGrant, Because::Requirement];

/// Why something is denied, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) because: Because,
    pub(crate) rules: BTreeSet<usize>,
}

impl Denial {
    /// The code, if the kind of what is denied has this one.
    pub(super) fn code(&self, denied: &'static str) -> &'static str {
        if self.because == Because::ConditionError { "condition_error" } else { denied }
    }
}

impl<'a> Asked<'a> {
    pub(super) fn new(case: &'a Case, caller: &'a Caller, operation: &Operation) -> Self {
        let text = |text: &str| Plain::Text(text.to_owned());
        let texts = |all: &[Name]| Plain::List(all.iter().map(|one| text(one)).collect());
        let nullable = |name: Option<Name>| name.map_or(Plain::Null, text);
        let held = (0..ROLES).filter(|at| caller.parties[0] >> at & 1 == 1);
        let roles = held.map(|at| Plain::Text(format!("r{at}"))).collect();
        let subject = [
            ("groups", texts(caller.groups.unwrap_or_default())),
            ("scopes", texts(caller.scopes)),
            ("roles", Plain::List(roles)),
            ("client", nullable(caller.client)),
            ("actor", nullable(caller.actor)),
        ];
        let level = match caller.level {
            Level::Number(number) => Some(Plain::Number(f64::from(number))),
            Level::Text => Some(text("high")),
            Level::Missing => None,
        };
        let operation = [("type", text(operation.kind)), ("name", nullable(operation.name))];
        let map = |members: &[(&str, Plain)]| {
            Plain::Map(members.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect())
        };
        let world = World {
            subject: map(&subject),
            claims: Plain::Map(
                level.map(|level| ("level".to_owned(), level)).into_iter().collect(),
            ),
            operation: map(&operation),
            args: Plain::Map(BTreeMap::new()),
        };
        Self { case, caller, world }
    }

    /// Why the rule denies, if it does: the gravest reason of any party, with the rules of all
    /// parties that have it.
    pub(super) fn denial(&self, rule: &Rule, given: Option<Given<'_>>) -> Option<Denial> {
        let args = given.map(|(field, given)| coerce::arguments(self.case, field, given));
        let mut world = self.world.clone();
        world.args = args.unwrap_or(Plain::Null);
        let truth = |clause: &Clause| match clause.when {
            None => Ok(true),
            Some(at) => evaluate::holds(&self.case.policy.conditions[at], &world),
        };
        let parties = self.caller.parties.iter().enumerate();
        let denials: Vec<Denial> = parties
            .filter_map(|(at, held)| {
                // Only of the subject's roles it may be unclear whether they are held.
                let unclear = if at == 0 { self.caller.unclear() } else { 0 };
                self.of_party(rule, *held, unclear, &truth)
            })
            .collect();
        let mut gravest = GRAVEST_FIRST.into_iter();
        let because = gravest.find(|one| denials.iter().any(|it| it.because == *one))?;
        let denials = denials.into_iter().filter(|it| it.because == because);
        Some(Denial { because, rules: denials.flat_map(|it| it.rules).collect() })
    }

    fn of_party(
        &self,
        rule: &Rule,
        held: u64,
        unclear: u64,
        truth: &dyn Fn(&Clause) -> Result<bool, ()>,
    ) -> Option<Denial> {
        let is_for = |clause: &&Clause| clause.roles & held != 0;
        let may_be_for = |clause: &&Clause| clause.roles & unclear != 0;
        let is_granted =
            |any: &&Vec<Clause>| any.iter().filter(is_for).any(|clause| truth(clause) == Ok(true));
        let denying = rule.denies.iter().filter(is_for).filter(|one| truth(one) == Ok(true));
        // A rule that is not for the caller's roles is not asked, unless it may deny.
        let asked = rule.grants.iter().flatten().chain(&rule.denies).filter(is_for);
        let failing = asked.filter(|clause| truth(clause).is_err());
        let doubtful = rule.denies.iter().filter(|one| !is_for(one) && may_be_for(one));
        let doubtful = doubtful.filter(|clause| truth(clause) != Ok(false));
        let missing = rule.grants.iter().filter(|any| !is_granted(any)).flatten();
        let is_met = |one: &&Requirement| one.any.iter().any(|need| self.meets(need, held));
        let unmet = rule.requires.iter().filter(|one| !is_met(one));

        let because = |because, rules: BTreeSet<usize>| {
            (!rules.is_empty()).then_some(Denial { because, rules })
        };
        let no_grant = || {
            let nobody = !rule.open && rule.grants.is_empty();
            nobody.then(|| Denial { because: Because::NoGrant, rules: BTreeSet::new() })
        };
        because(Because::DenyRule, denying.map(|one| one.rule).collect())
            .or_else(|| {
                let rules = failing.chain(doubtful).map(|one| one.rule).collect();
                because(Because::ConditionError, rules)
            })
            .or_else(|| because(Because::NoGrant, missing.map(|one| one.rule).collect()))
            .or_else(no_grant)
            .or_else(|| because(Because::Requirement, unmet.map(|one| one.rule).collect()))
    }

    fn meets(&self, need: &Need, held: u64) -> bool {
        need.roles & held == need.roles
            && need.scopes.iter().all(|at| self.caller.scopes.contains(&SCOPES[*at]))
            && (!need.token || self.caller.groups.is_some())
    }
}
