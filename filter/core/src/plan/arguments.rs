//! Arguments, input objects and variables: each name once. A server that takes the first and one
//! that takes the last would execute different things.

use crate::denial::Reason;
use crate::document::{Argument, Name, Value, ValueKind, VariableDefinition};
use crate::limits::NESTING;

use super::PlanError;

/// Spec 5.4.2, and 5.6.3 for every input object in an argument.
pub(super) fn unique_arguments(arguments: &[Argument<'_>]) -> Result<(), PlanError> {
    let names = arguments.iter().map(|argument| argument.name);
    unique(names, Reason::ArgumentDuplicate)?;
    arguments.iter().try_for_each(|argument| unique_members(&argument.value, 0))
}

/// Spec 5.8.1.
pub(super) fn unique_variables(variables: &[VariableDefinition<'_>]) -> Result<(), PlanError> {
    unique(variables.iter().map(|variable| variable.name), Reason::VariableDuplicate)
}

/// Spec 5.6.3, for every input object in a value.
pub(super) fn unique_members(value: &Value<'_>, nesting: u32) -> Result<(), PlanError> {
    if nesting > NESTING {
        return Err(PlanError::new(Reason::LimitNesting, value.span));
    }
    let nesting = nesting.saturating_add(1);
    match &value.kind {
        ValueKind::List(items) => items.iter().try_for_each(|item| unique_members(item, nesting)),
        ValueKind::Object(members) => {
            unique(members.iter().map(|member| member.name), Reason::ArgumentDuplicate)?;
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

fn unique<'n>(names: impl Iterator<Item = Name<'n>>, reason: Reason) -> Result<(), PlanError> {
    let mut names: Vec<Name<'n>> = names.collect();
    names.sort_unstable_by_key(|name| name.text);
    match names.array_windows().find(|[one, next]| one.text == next.text) {
        None => Ok(()),
        Some([_, second]) => Err(PlanError::new(reason, second.span)),
    }
}
