//! `@skip` and `@include` (spec 3.13.1, 3.13.2), the only directives that a caller may use: what
//! any other one does is up to the server, and unknown here.

use crate::denial::Reason;
use crate::document::{Argument, Directive, Operation, Span, Value, ValueKind};

use super::{Operand, PlanError, Test};

/// The tests that a selection's directives make. None is repeatable (spec 5.7.3).
pub(super) fn tests(
    directives: &[Directive<'_>],
    operation: &Operation<'_>,
) -> Result<Vec<Test>, PlanError> {
    let mut tests: Vec<Test> = Vec::new();
    for Directive { span, name, arguments } in directives {
        let stays_when = match name.text {
            "include" => true,
            "skip" => false,
            _ => return Err(PlanError::new(Reason::DirectiveNotAllowed, *span)),
        };
        let operand = match arguments.as_slice() {
            [Argument { name, value, .. }] if name.text == "if" => operand(value, operation)?,
            _ => return Err(PlanError::new(Reason::DirectiveInvalid, *span)),
        };
        if tests.iter().any(|test| test.stays_when == stays_when) {
            return Err(PlanError::new(Reason::DirectiveInvalid, *span));
        }
        tests.push(Test { stays_when, operand });
    }
    Ok(tests)
}

/// Where no condition can be: on operations, variables and fragment definitions.
pub(super) fn none(directives: &[Directive<'_>]) -> Result<(), PlanError> {
    match directives.first() {
        None => Ok(()),
        Some(first) => Err(PlanError::new(Reason::DirectiveNotAllowed, first.span)),
    }
}

fn operand(value: &Value<'_>, operation: &Operation<'_>) -> Result<Operand, PlanError> {
    match &value.kind {
        ValueKind::Boolean(literal) => Ok(Operand::Literal(*literal)),
        ValueKind::Variable(name) => boolean_variable(name.text, name.span, operation),
        ValueKind::Int
        | ValueKind::Float
        | ValueKind::String
        | ValueKind::BlockString
        | ValueKind::Null
        | ValueKind::Enum
        | ValueKind::List(_)
        | ValueKind::Object(_) => Err(PlanError::new(Reason::DirectiveInvalid, value.span)),
    }
}

/// A variable where `Boolean!` is wanted: `Boolean!`, or `Boolean` with a default that is not null
/// (spec 5.8.5).
fn boolean_variable(name: &str, at: Span, operation: &Operation<'_>) -> Result<Operand, PlanError> {
    let invalid = PlanError::new(Reason::VariableInvalid, at);
    let definition = operation.variables.iter().find(|variable| variable.name.text == name);
    let definition = definition.ok_or(invalid)?;
    let ty = &definition.ty;
    let default = match definition.default.as_ref().map(|value| &value.kind) {
        None => None,
        Some(ValueKind::Boolean(value)) => Some(*value),
        Some(_) => return Err(invalid),
    };
    let is_boolean = ty.name.text == "Boolean" && ty.wrappers.is_empty();
    if is_boolean && (ty.non_null || default.is_some()) {
        return Ok(Operand::Variable { name: at, default });
    }
    Err(invalid)
}
