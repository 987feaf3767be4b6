//! `@skip` and `@include` (spec 3.13.1, 3.13.2), and where they are on `@defer` and `@stream`
//! (Incremental Delivery over HTTP; the specification's draft of incremental delivery): the only
//! directives that a caller may use. What any other one does is up to the server, and unknown here.
//!
//! An answer in parts holds what an answer at once would: what `@defer` and `@stream` are on is
//! decided as if they were not there.

use crate::denial::Reason;
use crate::document::{Argument, Directive, Operation, Selection, Span, Value, ValueKind};
use crate::limits::Limits;

use super::{Operand, PlanError, Test};

/// What the directives of a selection come to.
#[derive(Default)]
pub(super) struct Directed {
    /// Whether it is executed.
    pub(super) tests: Vec<Test>,
    /// The names' places of variables that say how its part of the answer comes.
    pub(super) delivery: Vec<Span>,
}

/// What a selection's directives come to. None is repeatable (spec 5.7.3).
pub(super) fn directed(
    selection: &Selection<'_>,
    operation: &Operation<'_>,
    limits: &Limits,
) -> Result<Directed, PlanError> {
    let Directed { mut tests, mut delivery } = Directed::default();
    let directives = selection.directives();
    for (at, Directive { span, name, arguments }) in directives.iter().enumerate() {
        let stays_when = match (name.text, selection) {
            ("include", _) => true,
            ("skip", _) => false,
            ("defer", Selection::InlineFragment(_) | Selection::FragmentSpread(_))
            | ("stream", Selection::Field(_))
                if limits.incremental =>
            {
                let before = directives.iter().take(at);
                if before.into_iter().any(|other| other.name.text == name.text) {
                    return Err(PlanError::new(Reason::DirectiveInvalid, *span));
                }
                for (at, argument) in arguments.iter().enumerate() {
                    let same = |one: &Argument<'_>| one.name.text == argument.name.text;
                    if arguments.iter().take(at).any(same) {
                        return Err(PlanError::new(Reason::ArgumentDuplicate, argument.name.span));
                    }
                    delivery.extend(self::delivery(name.text, argument, operation)?);
                }
                continue;
            }
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
    Ok(Directed { tests, delivery })
}

/// An argument of `@defer` or `@stream`, and the variable in it: a condition, a name, which is static,
/// or how many items come at first, which is so here.
fn delivery(
    directive: &str,
    Argument { name, value, .. }: &Argument<'_>,
    operation: &Operation<'_>,
) -> Result<Option<Span>, PlanError> {
    match (directive, name.text, &value.kind) {
        (_, "if", _) => Ok(match operand(value, operation)? {
            Operand::Variable { name, .. } => Some(name),
            Operand::Literal(_) => None,
        }),
        (_, "label", ValueKind::String) | ("stream", "initialCount", ValueKind::Int) => Ok(None),
        _ => Err(PlanError::new(Reason::DirectiveInvalid, value.span)),
    }
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
