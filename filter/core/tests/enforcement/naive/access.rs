//! What a rule says to a caller (policies/language.md): every party to the token has to be granted.

use std::collections::BTreeMap;

use super::coerce;
use super::evaluate::{self, Plain, World};
use crate::random::callers::{Caller, Level};
use crate::random::case::Case;
use crate::random::policy::{Clause, Need, ROLES, Rule, SCOPES};
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
type Given<'g> = (&'g Field, &'g [(Name, Value)]);

/// What a rule is to one party.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    /// A deny rule applies.
    Forbidden,
    /// A condition of a rule that is for it cannot be evaluated.
    Unclear,
    /// A grant or a requirement is not met.
    Refused,
    Granted,
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

    /// The code if every operation is denied.
    pub(super) fn floor(&self, rule: &Rule) -> Option<&'static str> {
        self.rule(rule, None, "floor_denied")
    }

    /// The code if the rule denies: `denied`, unless it cannot be said.
    pub(super) fn rule(
        &self,
        rule: &Rule,
        given: Option<Given<'_>>,
        denied: &'static str,
    ) -> Option<&'static str> {
        let args = given.map(|(field, given)| coerce::arguments(self.case, field, given));
        let mut world = self.world.clone();
        world.args = args.unwrap_or(Plain::Null);
        let truth = |clause: &Clause| match clause.when {
            None => Ok(true),
            Some(at) => evaluate::holds(&self.case.policy.conditions[at], &world),
        };
        let parties = self.caller.parties.iter().enumerate();
        let answers = parties.map(|(at, held)| {
            // Only of the subject's roles it may be unclear whether they are held.
            let unclear = if at == 0 { self.caller.unclear() } else { 0 };
            self.answer(rule, *held, unclear, &truth)
        });
        match answers.min().expect("there is a subject") {
            Answer::Granted => None,
            Answer::Unclear => Some("condition_error"),
            Answer::Forbidden | Answer::Refused => Some(denied),
        }
    }

    fn answer(
        &self,
        rule: &Rule,
        held: u64,
        unclear: u64,
        truth: &dyn Fn(&Clause) -> Result<bool, ()>,
    ) -> Answer {
        let is_for = |clause: &Clause| clause.roles & held != 0;
        let may_be_for = |clause: &Clause| clause.roles & unclear != 0;
        if rule.denies.iter().any(|clause| is_for(clause) && truth(clause) == Ok(true)) {
            return Answer::Forbidden;
        }
        let asked = rule.grants.iter().flatten().chain(&rule.denies).filter(|one| is_for(one));
        let has_error = asked.map(truth).any(|truth| truth.is_err());
        let may_deny = |clause: &Clause| may_be_for(clause) && truth(clause) != Ok(false);
        if has_error || rule.denies.iter().any(may_deny) {
            return Answer::Unclear;
        }
        let grants = |clause: &Clause| is_for(clause) && truth(clause) == Ok(true);
        let is_granted = (rule.open || !rule.grants.is_empty())
            && rule.grants.iter().all(|any| any.iter().any(grants));
        let is_met = rule.requires.iter().all(|any| any.iter().any(|need| self.meets(need, held)));
        if is_granted && is_met { Answer::Granted } else { Answer::Refused }
    }

    fn meets(&self, need: &Need, held: u64) -> bool {
        need.roles & held == need.roles
            && need.scopes.iter().all(|at| self.caller.scopes.contains(&SCOPES[*at]))
            && (!need.token || self.caller.groups.is_some())
    }
}
