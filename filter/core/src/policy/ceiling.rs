//! How much of what an operation may use, by who asks. What bounds the work on a request is in
//! `crate::limits`; these are for what the server and other callers are to be spared, and are looked
//! at when everything is granted: so what they count tells nobody of what is denied.

use super::rules::{RoleSet, RuleId};
use crate::denial::Reason;
use crate::identity::Authority;
use crate::limits::MOST_COST;
use crate::plan::Usage;

/// A rule that bounds operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Its id, for records.
    pub rule: RuleId,
    /// For whoever holds any of these roles; none for everybody.
    pub roles: Option<RoleSet>,
    /// Whether it refuses.
    pub mode: Mode,
    /// The most of each, in the order of [`Counter::ALL`].
    pub most: Vec<(Counter, u32)>,
}

/// What becomes of an operation that exceeds a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It is recorded.
    Measure,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// The static cost.
    Cost,
    /// The request's body, in bytes.
    BodyBytes,
    /// See [`Usage`] for these.
    Tokens,
    /// Fields within one another.
    Depth,
    /// Fields of the operation itself.
    RootFields,
    /// Aliased fields.
    Aliases,
    /// Directives.
    Directives,
    /// Selections after expansion.
    ExpandedFields,
}

/// What an operation used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its cost; none where nothing asks for it.
    pub cost: Option<u64>,
    /// The request's body, in bytes.
    pub body_bytes: usize,
    /// What the plan counted.
    pub usage: Usage,
}

/// A rule that an operation exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The rule.
    pub rule: RuleId,
    /// Whether it refuses.
    pub mode: Mode,
    /// Of what,
    pub counter: Counter,
    /// how much may be used,
    pub most: u32,
    /// and was.
    pub used: u64,
}

impl Mode {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Measure => "measure",
        }
    }
}

impl Counter {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Cost,
        Self::BodyBytes,
        Self::Tokens,
        Self::Depth,
        Self::RootFields,
        Self::Aliases,
        Self::Directives,
        Self::ExpandedFields,
    ];

    /// Its name in policies, settings and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::BodyBytes => "body_bytes",
            Self::Tokens => "tokens",
            Self::Depth => "depth",
            Self::RootFields => "root_fields",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::ExpandedFields => "expanded_fields",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|counter| counter.name() == name)
    }

    /// The refusal of what exceeds it.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Cost => Reason::LimitCost,
            Self::BodyBytes => Reason::BodyTooLarge,
            Self::Tokens => Reason::LimitTokens,
            Self::Depth => Reason::LimitDepth,
            Self::RootFields => Reason::LimitRootFields,
            Self::Aliases => Reason::LimitAliases,
            Self::Directives => Reason::LimitDirectives,
            Self::ExpandedFields => Reason::LimitExpandedFields,
        }
    }
}

impl Used {
    /// How much of one was used; none of a cost that was not reckoned.
    #[must_use]
    pub fn known(&self, counter: Counter) -> Option<u64> {
        let Self { cost, body_bytes, usage } = self;
        let Usage { tokens, depth, root_fields, aliases, directives, expanded_fields } = *usage;
        Some(match counter {
            Counter::Cost => (*cost)?,
            Counter::BodyBytes => u64::try_from(*body_bytes).unwrap_or(u64::MAX),
            Counter::Tokens => tokens.into(),
            Counter::Depth => depth.into(),
            Counter::RootFields => root_fields.into(),
            Counter::Aliases => aliases.into(),
            Counter::Directives => directives.into(),
            Counter::ExpandedFields => expanded_fields.into(),
        })
    }
}

/// The rules that an operation exceeds, each once. For each party and mode the first rule counts that
/// is for it: who acts for somebody is bound by what binds either. A rule before it counts too where it
/// cannot be said whether its role is held.
#[must_use]
pub fn exceeded(ceilings: &[Ceiling], authority: &Authority, used: &Used) -> Vec<Exceeded> {
    let mut found: Vec<Exceeded> = Vec::new();
    for party in authority.parties() {
        for mode in [Mode::Enforce, Mode::Measure] {
            for Ceiling { rule, roles, most, .. } in ceilings.iter().filter(|one| one.mode == mode)
            {
                let held = roles.is_none_or(|roles| roles.intersects(party.held));
                if !held && !roles.is_some_and(|roles| roles.intersects(party.unclear)) {
                    continue;
                }
                for (counter, most) in most {
                    let (rule, counter, most) = (*rule, *counter, *most);
                    // A cost that was not reckoned is too much.
                    let used = used.known(counter).unwrap_or(MOST_COST);
                    let exceeded = Exceeded { rule, mode, counter, most, used };
                    if exceeded.used > u64::from(most) && !found.contains(&exceeded) {
                        found.push(exceeded);
                    }
                }
                if held {
                    break;
                }
            }
        }
    }
    found
}
