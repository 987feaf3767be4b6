//! Arguments, input objects and variables: each name once, whatever the schema is. A server that
//! takes the first and one that takes the last would execute different things. And each variable is
//! defined, and of use.

use crate::denial::Reason;
use crate::document::{Argument, Name, Value, ValueKind, VariableDefinition};
use crate::limits::NESTING;

use super::PlanError;

/// The variables of an operation, and which of them are of use.
pub(super) struct Names<'d, 'a> {
    /// By name, each with its position.
    sorted: Vec<(&'d Name<'a>, usize)>,
    used: Vec<bool>,
}

impl<'d, 'a> Names<'d, 'a> {
    /// Spec 5.8.1.
    pub(super) fn new(variables: &'d [VariableDefinition<'a>]) -> Result<Self, PlanError> {
        unique(variables.iter().map(|variable| variable.name), Reason::VariableDuplicate)?;
        let mut sorted: Vec<_> = variables.iter().map(|variable| &variable.name).zip(0..).collect();
        sorted.sort_unstable_by_key(|(name, _)| name.text);
        let mut used = Vec::new();
        used.resize(variables.len(), false);
        Ok(Self { sorted, used })
    }

    /// The position of a variable.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let at = self.sorted.binary_search_by(|(one, _)| one.text.cmp(name)).ok()?;
        self.sorted.get(at).map(|(_, position)| *position)
    }

    /// Spec 5.8.3.
    pub(super) fn note(&mut self, name: &Name<'_>) -> Result<(), PlanError> {
        let at = self.position(name.text);
        let used = at.and_then(|at| self.used.get_mut(at));
        *used.ok_or(PlanError::new(Reason::VariableUndefined, name.span))? = true;
        Ok(())
    }

    /// Spec 5.8.4.
    pub(super) fn all_used(&self) -> Result<(), PlanError> {
        let unused = self.sorted.iter().filter(|(_, at)| self.used.get(*at) != Some(&true));
        let first = unused.min_by_key(|(_, at)| *at);
        first.map_or(Ok(()), |(name, _)| Err(PlanError::new(Reason::VariableUnused, name.span)))
    }

    /// Spec 5.4.2, and 5.6.3 for every input object in an argument.
    pub(super) fn arguments(&mut self, arguments: &[Argument<'_>]) -> Result<(), PlanError> {
        let names = arguments.iter().map(|argument| argument.name);
        unique(names, Reason::ArgumentDuplicate)?;
        arguments.iter().try_for_each(|argument| self.value(&argument.value, 0))
    }

    /// Spec 5.6.3, for every input object in a value.
    pub(super) fn value(&mut self, value: &Value<'_>, nesting: u32) -> Result<(), PlanError> {
        if nesting > NESTING {
            return Err(PlanError::new(Reason::LimitNesting, value.span));
        }
        let nesting = nesting.saturating_add(1);
        match &value.kind {
            ValueKind::List(items) => items.iter().try_for_each(|item| self.value(item, nesting)),
            ValueKind::Object(members) => {
                unique(members.iter().map(|member| member.name), Reason::ArgumentDuplicate)?;
                members.iter().try_for_each(|member| self.value(&member.value, nesting))
            }
            ValueKind::Variable(name) => self.note(name),
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String
            | ValueKind::BlockString
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum => Ok(()),
        }
    }
}

fn unique<'n>(
    names: impl ExactSizeIterator<Item = Name<'n>>,
    reason: Reason,
) -> Result<(), PlanError> {
    if names.len() < 2 {
        return Ok(());
    }
    let mut names: Vec<Name<'n>> = names.collect();
    names.sort_unstable_by_key(|name| name.text);
    match names.array_windows().find(|[one, next]| one.text == next.text) {
        None => Ok(()),
        Some([_, second]) => Err(PlanError::new(reason, second.span)),
    }
}
