//! What operations may use, and what they cost, as written.

use std::collections::BTreeSet;

use fieldgate_core::limits::CEILINGS;
use fieldgate_core::policy::ceiling::{Counter, Mode};

use super::names::{read_name, read_roles};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::yaml::Node;
use crate::yaml::shape::{self, Keys};

/// How many items a list is taken to have of which nothing is said.
const LIST_SIZE: u32 = 10;

/// A rule that bounds operations.
#[derive(Clone, Debug)]
pub struct LimitSource {
    /// Its id.
    pub id: Text,
    /// For whoever holds any of these roles; none for everybody.
    pub roles: Option<Vec<Text>>,
    /// Whether it refuses.
    pub mode: Mode,
    /// The most of each, in the order of [`Counter::ALL`].
    pub most: Vec<(Counter, u32)>,
}

/// How costs are reckoned.
#[derive(Clone, Copy, Debug)]
pub struct CostSource {
    /// How many items a list has of which nothing is said.
    pub list_size: u32,
}

impl Default for CostSource {
    fn default() -> Self {
        Self { list_size: LIST_SIZE }
    }
}

impl LimitSource {
    pub(super) fn read(
        node: &Node,
        declared: &BTreeSet<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let names = Counter::ALL.map(Counter::name);
        let known: Vec<&str> = ["id", "for", "mode"].into_iter().chain(names).collect();
        let keys = Keys::read(node, &known, findings)?;
        let id = keys.required("id", findings).and_then(|node| read_name(node, findings));
        let roles = keys.optional("for").map(|node| read_roles(node, declared, findings));
        let mode = match keys.optional("mode") {
            Some(node) => read_mode(node, findings),
            None => Some(Mode::Enforce),
        };
        let counters = Counter::ALL.map(|counter| (counter, keys.optional(counter.name())));
        let given = counters.into_iter().filter_map(|(counter, node)| Some((counter, node?)));
        let most: Vec<(Counter, Option<u32>)> =
            given.map(|(counter, node)| (counter, shape::number(node, findings))).collect();
        if most.is_empty() {
            let message = "a limit has to bound something";
            let help =
                format!("give it any of {}", names.map(|name| format!("`{name}`")).join(", "));
            findings.add(Diagnostic::error(Code::EmptyRule, keys.place(), message).help(help));
        }
        let most = most.into_iter().map(|(counter, most)| Some((counter, most?)));
        let roles = match roles {
            Some(roles) => Some(roles?),
            None => None,
        };
        Some(Self { id: id?, roles, mode: mode?, most: most.collect::<Option<_>>()? })
    }

    pub(super) fn bounds(&self, counter: Counter) -> bool {
        self.most.iter().any(|(one, _)| *one == counter)
    }

    /// Whether it counts for a caller with the roles that `other` is for, in the same mode.
    fn hides(&self, other: &Self) -> bool {
        let covers = |roles: &Vec<Text>| {
            let of = |role: &Text| roles.iter().any(|one| one.text == role.text);
            other.roles.as_ref().is_some_and(|others| others.iter().all(of))
        };
        self.mode == other.mode && self.roles.as_ref().is_none_or(covers)
    }
}

/// Limits are tried in their order: one behind another that is for all of its roles never counts.
pub(super) fn check_order(limits: &[LimitSource], findings: &mut Findings) {
    for (at, limit) in limits.iter().enumerate() {
        let Some(first) = limits.iter().take(at).find(|first| first.hides(limit)) else { continue };
        let message = format!("the limit `{}` never counts", limit.id.text);
        let help =
            format!("`{}` comes first for everybody whom it is for: move it up", first.id.text);
        findings.add(Diagnostic::warning(Code::HiddenLimit, &limit.id.place, message).help(help));
    }
    if let Some(one_too_many) = limits.get(CEILINGS) {
        let message = format!("more than {CEILINGS} limits");
        findings.add(Diagnostic::error(Code::TooManyLimits, &one_too_many.id.place, message));
    }
}

fn read_mode(node: &Node, findings: &mut Findings) -> Option<Mode> {
    let Text { text, place } = shape::string(node, findings)?;
    let mode = [Mode::Enforce, Mode::Measure].into_iter().find(|mode| mode.name() == text);
    if mode.is_none() {
        let message = format!("`{}` is no mode of a limit", text.escape_debug());
        let help = "write `enforce` or `measure`";
        findings.add(Diagnostic::error(Code::WrongValue, &place, message).help(help));
    }
    mode
}

impl CostSource {
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let keys = Keys::read(node, &["list_size"], findings)?;
        match keys.optional("list_size") {
            Some(node) => Some(Self { list_size: shape::number(node, findings)? }),
            None => Some(Self::default()),
        }
    }
}
