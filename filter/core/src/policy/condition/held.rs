//! Values on their way through an evaluation: borrowed wherever they are somewhere.

use super::{ConditionError, Value};

/// A value that is somewhere, or was made.
pub(super) enum Held<'a> {
    Borrowed(&'a Value<'a>),
    Owned(Value<'a>),
}

impl<'a> Held<'a> {
    pub(super) const fn get(&self) -> &Value<'a> {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }

    pub(super) fn into_value(self) -> Value<'a> {
        match self {
            Self::Borrowed(value) => value.borrowed(),
            Self::Owned(value) => value,
        }
    }
}

/// The elements of a list, or the keys of a map.
pub(super) enum Elements<'a> {
    List(std::slice::Iter<'a, Value<'a>>),
    Map(std::slice::Iter<'a, (Value<'a>, Value<'a>)>),
    OwnList(std::vec::IntoIter<Value<'a>>),
    OwnMap(std::vec::IntoIter<(Value<'a>, Value<'a>)>),
}

impl<'a> Elements<'a> {
    pub(super) fn of(range: Held<'a>) -> Result<Self, ConditionError> {
        match range {
            Held::Borrowed(Value::List(elements)) => Ok(Self::List(elements.iter())),
            Held::Borrowed(Value::Map(entries)) => Ok(Self::Map(entries.iter())),
            Held::Owned(Value::List(elements)) => Ok(Self::OwnList(elements.into_iter())),
            Held::Owned(Value::Map(entries)) => Ok(Self::OwnMap(entries.into_iter())),
            Held::Borrowed(_) | Held::Owned(_) => Err(ConditionError::NoMatchingOverload),
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Held<'a>;

    fn next(&mut self) -> Option<Held<'a>> {
        match self {
            Self::List(elements) => elements.next().map(Held::Borrowed),
            Self::Map(entries) => entries.next().map(|(key, _)| Held::Borrowed(key)),
            Self::OwnList(elements) => elements.next().map(Held::Owned),
            Self::OwnMap(entries) => entries.next().map(|(key, _)| Held::Owned(key)),
        }
    }
}

pub(super) const fn truth<'a>(value: bool) -> Held<'a> {
    Held::Owned(Value::Bool(value))
}

pub(super) fn entries<'e, 'v>(
    value: &'e Value<'v>,
) -> Result<&'e [(Value<'v>, Value<'v>)], ConditionError> {
    match value {
        Value::Map(entries) => Ok(entries),
        _ => Err(ConditionError::NoMatchingOverload),
    }
}

/// The value of the entry at a place of a map.
pub(super) fn entry(of: Held<'_>, at: Option<usize>) -> Result<Held<'_>, ConditionError> {
    let at = at.ok_or(ConditionError::NoSuchKey)?;
    let found = match of {
        Held::Borrowed(Value::Map(entries)) => {
            entries.get(at).map(|entry| Held::Borrowed(&entry.1))
        }
        Held::Owned(Value::Map(mut entries)) => Some(Held::Owned(entries.swap_remove(at).1)),
        Held::Borrowed(_) | Held::Owned(_) => None,
    };
    found.ok_or(ConditionError::NoMatchingOverload)
}

/// What it takes to copy a value, in steps.
pub(super) fn weight(value: &Value<'_>) -> usize {
    const BYTES: usize = 32;
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) => 1,
        Value::String(text) => (text.len() / BYTES).saturating_add(1),
        Value::List(elements) => elements.iter().map(weight).fold(1, usize::saturating_add),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| weight(key).saturating_add(weight(value)))
            .fold(1, usize::saturating_add),
    }
}
