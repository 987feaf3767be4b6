//! What a field is given, as the server has it: CoerceArgumentValues (GraphQL spec 6.4.1) and
//! CoerceVariableValues (6.1.2), but for what does not fit, which stays as it is.

use fieldgate_core::policy::schema::TypeKind;

use super::evaluate::Plain;
use super::fits;
use crate::random::case::Case;
use crate::random::schema::{Field, Input, Name, Ref};
use crate::random::value::{TEXTS, Value};

/// The arguments of a field as an object type has it.
pub(super) fn arguments(case: &Case, field: &Field, given: &[(Name, Value)]) -> Plain {
    members(case, &field.arguments, given)
}

/// Those of the inputs that have a value, their defaults included.
fn members(case: &Case, inputs: &[Input], given: &[(Name, Value)]) -> Plain {
    let value = |input: &Input| {
        let given = given.iter().find(|(name, _)| *name == input.name);
        let given = given.and_then(|(_, value)| coerced(case, value, &input.ty));
        let default = || coerced(case, input.default.as_ref()?, &input.ty);
        Some((input.name.to_owned(), given.or_else(default)?))
    };
    Plain::Map(inputs.iter().filter_map(value).collect())
}

/// None for a variable without a value.
fn coerced(case: &Case, value: &Value, ty: &Ref) -> Option<Plain> {
    let item = |one: &Value, ty: &Ref| coerced(case, one, ty).unwrap_or(Plain::Null);
    Some(match (value, ty) {
        // By its own type, wherever it stands.
        (Value::Variable(at), _) => {
            let variable = &case.request.variables[*at];
            let value = fits::value_of(case, variable)?;
            return coerced(case, value, &variable.ty);
        }
        (_, Ref::NonNull(inner)) => return coerced(case, value, inner),
        (Value::Null, _) => Plain::Null,
        (Value::List(items), Ref::List(of)) => {
            Plain::List(items.iter().map(|one| item(one, of)).collect())
        }
        (_, Ref::List(of)) => Plain::List(vec![coerced(case, value, of)?]),
        (Value::List(items), Ref::Named(_)) => {
            Plain::List(items.iter().map(|one| item(one, ty)).collect())
        }
        (Value::Object(given), Ref::Named(name)) => match case.schema.find(name) {
            Some(of) if matches!(of.kind, TypeKind::Input | TypeKind::OneOf) => {
                members(case, &of.members, given)
            }
            // Of a scalar that the server alone knows: without what has no value.
            _ => {
                let member = |(name, value): &(Name, Value)| {
                    Some(((*name).to_owned(), coerced(case, value, ty)?))
                };
                Plain::Map(given.iter().filter_map(member).collect())
            }
        },
        (Value::Number(text), Ref::Named("ID")) => Plain::Text((*text).to_owned()),
        (_, Ref::Named(_)) => constant(value),
    })
}

/// A leaf as it is.
pub(super) fn constant(value: &Value) -> Plain {
    match value {
        Value::Boolean(value) => Plain::Boolean(*value),
        Value::Number(text) => Plain::Number(text.parse().expect("a number")),
        Value::Text(at) => Plain::Text(TEXTS[*at].1.to_owned()),
        Value::Enum(name) => Plain::Text((*name).to_owned()),
        Value::Null | Value::List(_) | Value::Object(_) | Value::Variable(_) => Plain::Null,
    }
}
