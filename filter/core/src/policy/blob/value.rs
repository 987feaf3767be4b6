//! Values on the wire: one behind the other, those inside of another before it. Nothing nests there,
//! so that reading needs no recursion: a list takes what it has from those before it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::BlobError;
use crate::policy::condition::Value;

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum WireValue<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(&'a str),
    /// Of so many values before it.
    List(u32),
    /// Of so many keys and values before it, by turns.
    Map(u32),
}

/// Writes a value behind others.
pub(super) fn write<'a, T>(
    value: &'a Value<'_>,
    to: &mut Vec<T>,
    wrap: fn(WireValue<'a>) -> T,
) -> Result<(), BlobError> {
    let count = |items: usize| u32::try_from(items).map_err(|_| BlobError::Payload);
    let wire = match value {
        Value::Null => WireValue::Null,
        Value::Bool(value) => WireValue::Bool(*value),
        Value::Int(value) => WireValue::Int(*value),
        Value::Uint(value) => WireValue::Uint(*value),
        Value::Double(value) => WireValue::Double(*value),
        Value::String(text) => WireValue::String(text),
        Value::List(elements) => {
            elements.iter().try_for_each(|element| write(element, to, wrap))?;
            WireValue::List(count(elements.len())?)
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                write(key, to, wrap)?;
                write(value, to, wrap)?;
            }
            WireValue::Map(count(entries.len())?)
        }
    };
    to.push(wrap(wire));
    Ok(())
}

/// What has nothing inside; `None` for a list or a map.
pub(super) fn scalar(wire: WireValue<'_>) -> Option<Value<'static>> {
    match wire {
        WireValue::Null => Some(Value::Null),
        WireValue::Bool(value) => Some(Value::Bool(value)),
        WireValue::Int(value) => Some(Value::Int(value)),
        WireValue::Uint(value) => Some(Value::Uint(value)),
        WireValue::Double(value) => Some(Value::Double(value)),
        WireValue::String(text) => Some(Value::String(Cow::Owned(text.to_owned()))),
        WireValue::List(_) | WireValue::Map(_) => None,
    }
}

/// The last `count` items, and how deep they nest: one more than the deepest.
pub(super) fn take<T>(
    stack: &mut Vec<(T, u32)>,
    count: usize,
    limit: u32,
) -> Result<(Vec<T>, u32), BlobError> {
    let at = stack.len().checked_sub(count).ok_or(BlobError::Payload)?;
    let (items, depths): (Vec<T>, Vec<u32>) = stack.drain(at..).unzip();
    let depth = depths.into_iter().max().unwrap_or(0).saturating_add(1);
    if depth > limit { Err(BlobError::Payload) } else { Ok((items, depth)) }
}

/// `a, b, c, d` -> `[a, b], [c, d]`
pub(super) fn pairs<T>(items: Vec<T>) -> Vec<[T; 2]> {
    let mut items = items.into_iter();
    std::iter::from_fn(|| Some([items.next()?, items.next()?])).collect()
}

pub(super) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
