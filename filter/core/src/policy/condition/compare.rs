//! Equality and order of values, and what is in what: `==`, `<`, `in`.

use std::cmp::Ordering;

use super::number::Number;
use super::steps::Steps;
use super::{ConditionError, Value};

/// Bytes of text that are compared in a step.
const BYTES: usize = 64;
/// Entries of a map that are passed by in a step.
const ENTRIES: usize = 16;

/// Whether two values are equal. Values of two types are not, but numbers are by what they are.
pub(super) fn equal(
    one: &Value<'_>,
    other: &Value<'_>,
    steps: &mut Steps,
) -> Result<bool, ConditionError> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            if one.len() != other.len() {
                return Ok(false);
            }
            steps.spend(one.len() / BYTES)?;
            Ok(one == other)
        }
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(one), Value::Bool(other)) => Ok(one == other),
        (Value::List(one), Value::List(other)) => {
            if one.len() != other.len() {
                return Ok(false);
            }
            for (one, other) in one.iter().zip(other) {
                steps.spend(1)?;
                if !equal(one, other, steps)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(one), Value::Map(other)) => {
            if one.len() != other.len() {
                return Ok(false);
            }
            for (key, value) in one {
                let same = match find(other, key, steps)? {
                    Some(found) => equal(value, &found.1, steps)?,
                    None => false,
                };
                if !same {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (one, other) => Ok(matches!(
            one.as_number().zip(other.as_number()),
            Some((one, other)) if one.compare(other) == Some(Ordering::Equal)
        )),
    }
}

/// The order of two values. NaN has none.
pub(super) fn order(
    one: &Value<'_>,
    other: &Value<'_>,
    steps: &mut Steps,
) -> Result<Ordering, ConditionError> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            steps.spend(one.len().min(other.len()) / BYTES)?;
            Ok(one.cmp(other))
        }
        (Value::Bool(one), Value::Bool(other)) => Ok(one.cmp(other)),
        (one, other) => match one.as_number().zip(other.as_number()) {
            Some((one, other)) => one.compare(other).ok_or(ConditionError::NoMatchingOverload),
            None => Err(ConditionError::NoMatchingOverload),
        },
    }
}

/// Whether a value is in a list, or a key of a map.
pub(super) fn is_in(
    one: &Value<'_>,
    of: &Value<'_>,
    steps: &mut Steps,
) -> Result<bool, ConditionError> {
    match of {
        Value::List(elements) => {
            for element in elements {
                steps.spend(1)?;
                if equal(one, element, steps)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Map(entries) => Ok(find(entries, one, steps)?.is_some()),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::String(_) => Err(ConditionError::NoMatchingOverload),
    }
}

/// The entry of a key.
pub(super) fn find<'e, 'v>(
    entries: &'e [(Value<'v>, Value<'v>)],
    key: &Value<'_>,
    steps: &mut Steps,
) -> Result<Option<&'e (Value<'v>, Value<'v>)>, ConditionError> {
    Ok(position(entries, key, steps)?.and_then(|at| entries.get(at)))
}

/// The place of a key among the entries.
pub(super) fn position(
    entries: &[(Value<'_>, Value<'_>)],
    key: &Value<'_>,
    steps: &mut Steps,
) -> Result<Option<usize>, ConditionError> {
    steps.spend(entries.len() / ENTRIES)?;
    match key {
        Value::String(name) => {
            Ok(entries.iter().position(|(key, _)| matches!(key, Value::String(key) if key == name)))
        }
        Value::Bool(value) => Ok(entries.iter().position(|(key, _)| *key == Value::Bool(*value))),
        key => {
            // A double is the key that it is, exactly.
            let number = key.as_number().ok_or(ConditionError::NoMatchingOverload)?;
            let Some(whole) = number.whole() else { return Ok(None) };
            let is = |key: &Value<'_>| key.as_number().and_then(Number::whole) == Some(whole);
            Ok(entries.iter().position(|(key, _)| is(key)))
        }
    }
}
