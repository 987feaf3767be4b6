//! The rules of one effect, by the coordinates that they name and how.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::rules::Clause;

use super::coordinates::{Coordinate, Coordinates, Tier};
use crate::policy::RuleSource;
use crate::policy::pattern::Kind;

/// What names one coordinate, from the most specific form to the least.
#[derive(Default)]
pub(super) struct Tiers {
    /// `Type.field`
    pub(super) exact: BTreeSet<Clause>,
    /// `Type.*`
    pub(super) owner: BTreeSet<Clause>,
    /// `*.field`
    pub(super) name: BTreeSet<Clause>,
    /// `tag:name`
    pub(super) tag: BTreeSet<Clause>,
    /// `*.*`
    pub(super) all: BTreeSet<Clause>,
}

#[derive(Default)]
pub(super) struct Named(BTreeMap<Coordinate, Tiers>);

impl Tiers {
    pub(super) fn every(&self) -> impl Iterator<Item = &Clause> {
        let Self { exact, owner, name, tag, all } = self;
        exact.iter().chain(owner).chain(name).chain(tag).chain(all)
    }

    fn of(&mut self, tier: Tier) -> &mut BTreeSet<Clause> {
        match tier {
            Tier::Exact => &mut self.exact,
            Tier::Owner => &mut self.owner,
            Tier::Name => &mut self.name,
            Tier::Tag => &mut self.tag,
            Tier::All => &mut self.all,
        }
    }
}

impl Named {
    pub(super) fn add(&mut self, rule: &RuleSource, clause: &Clause, all: &Coordinates<'_>) {
        let patterns = [(Kind::Fields, &rule.fields), (Kind::Inputs, &rule.inputs)];
        for (kind, patterns) in patterns {
            for pattern in patterns {
                let (tier, found) = all.named(&pattern.matches, kind);
                for coordinate in found {
                    let tiers = self.0.entry(coordinate).or_default();
                    tiers.of(tier).insert(clause.clone());
                }
            }
        }
    }

    pub(super) fn of(&self, coordinate: Coordinate) -> Option<&Tiers> {
        self.0.get(&coordinate)
    }
}
