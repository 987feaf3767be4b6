//! Arguments and input objects: each name once.

use crate::denial::Reason;
use crate::document::{Argument, Span, Value, ValueKind};
use crate::limits::NESTING;

use super::PlanError;

/// Spec 5.4.2 and 5.6.3, for the arguments and every input object inside them: a server that takes
/// the first and one that takes the last would execute different things.
pub(super) fn unique_arguments(arguments: &[Argument<'_>]) -> Result<(), PlanError> {
    unique(arguments.iter().map(|argument| (argument.name.text, argument.name.span)))?;
    arguments.iter().try_for_each(|argument| unique_members(&argument.value, 0))
}

fn unique_members(value: &Value<'_>, nesting: u32) -> Result<(), PlanError> {
    if nesting > NESTING {
        return Err(PlanError::new(Reason::LimitNesting, value.span));
    }
    let nesting = nesting.saturating_add(1);
    match &value.kind {
        ValueKind::List(items) => items.iter().try_for_each(|item| unique_members(item, nesting)),
        ValueKind::Object(members) => {
            unique(members.iter().map(|member| (member.name.text, member.name.span)))?;
            members.iter().try_for_each(|member| unique_members(&member.value, nesting))
        }
        ValueKind::Variable(_)
        | ValueKind::Int
        | ValueKind::Float
        | ValueKind::String
        | ValueKind::BlockString
        | ValueKind::Boolean(_)
        | ValueKind::Null
        | ValueKind::Enum => Ok(()),
    }
}

fn unique<'n>(names: impl Iterator<Item = (&'n str, Span)>) -> Result<(), PlanError> {
    let mut names: Vec<(&str, Span)> = names.collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    match names.iter().zip(names.iter().skip(1)).find(|((a, _), (b, _))| a == b) {
        None => Ok(()),
        Some((_, (_, second))) => Err(PlanError::new(Reason::ArgumentDuplicate, *second)),
    }
}
