//! The values that conditions are about.

use std::borrow::Cow;

use super::number::Number;
use crate::json::Json;

/// A value of CEL. It borrows its texts where it can.
///
/// `Debug` shows it: whoever holds a secret in one must not print it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'v> {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    String(Cow<'v, str>),
    /// `list`
    List(Vec<Value<'v>>),
    /// `map`: no two keys are equal, and each is a text, an integer or a boolean.
    Map(Vec<(Value<'v>, Value<'v>)>),
}

impl<'v> Value<'v> {
    /// A text, without a copy of it.
    #[must_use]
    pub const fn text(text: &'v str) -> Self {
        Self::String(Cow::Borrowed(text))
    }

    /// A list of texts, without copies of them.
    #[must_use]
    pub fn texts(texts: &'v [Box<str>]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(text)).collect())
    }

    /// A map of these members; their names must not repeat.
    #[must_use]
    pub fn members<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        Self::Map(members.into_iter().map(|(name, value)| (Self::text(name), value)).collect())
    }

    /// The same, with copies of its texts.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::Uint(value),
            Self::Double(value) => Value::Double(value),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::List(elements) => {
                Value::List(elements.into_iter().map(Self::into_owned).collect())
            }
            Self::Map(entries) => {
                let entries =
                    entries.into_iter().map(|(key, value)| (key.into_owned(), value.into_owned()));
                Value::Map(entries.collect())
            }
        }
    }

    /// The same, without copies of its texts.
    pub(super) fn borrowed(&'v self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Bool(value) => Self::Bool(*value),
            Self::Int(value) => Self::Int(*value),
            Self::Uint(value) => Self::Uint(*value),
            Self::Double(value) => Self::Double(*value),
            Self::String(text) => Self::text(text),
            Self::List(elements) => Self::List(elements.iter().map(Self::borrowed).collect()),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.borrowed(), value.borrowed()));
                Self::Map(entries.collect())
            }
        }
    }

    pub(super) const fn as_number(&self) -> Option<Number> {
        match self {
            Self::Int(value) => Some(Number::Int(*value)),
            Self::Uint(value) => Some(Number::Uint(*value)),
            Self::Double(value) => Some(Number::Double(*value)),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let inside = match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Double(_) => 0,
            Self::String(text) => text.len(),
            Self::List(elements) => elements.iter().map(Self::bytes).fold(0, usize::saturating_add),
            Self::Map(entries) => {
                let all = entries.iter().flat_map(|(key, value)| [key, value]);
                all.map(Self::bytes).fold(0, usize::saturating_add)
            }
        };
        inside.saturating_add(size_of::<Self>())
    }

    /// How many values it is, with those inside; `None` if they nest deeper than `depth`.
    pub(in crate::policy) fn weight(&self, depth: u32) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let add = |sum: usize, value: &Self| Some(sum.saturating_add(value.weight(depth)?));
        match self {
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Double(_)
            | Self::String(_) => Some(1),
            Self::List(elements) => elements.iter().try_fold(1, add),
            Self::Map(entries) => {
                entries.iter().flat_map(|(key, value)| [key, value]).try_fold(1, add)
            }
        }
    }

    /// Whether each number in it has a place on the line.
    pub(in crate::policy) fn is_finite(&self) -> bool {
        match self {
            Self::Double(value) => value.is_finite(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::String(_) => true,
            Self::List(elements) => elements.iter().all(Self::is_finite),
            Self::Map(entries) => {
                entries.iter().all(|(key, value)| key.is_finite() && value.is_finite())
            }
        }
    }
}

/// A whole number is an `int` if it fits, or else a `uint`; what fits neither is a double.
impl From<&serde_json::Number> for Value<'_> {
    fn from(number: &serde_json::Number) -> Self {
        let whole = number.as_i64().map(Self::Int).or_else(|| number.as_u64().map(Self::Uint));
        // INVARIANT: without the feature that keeps a number's text, each has one of the three.
        whole.or_else(|| number.as_f64().map(Self::Double)).unwrap_or(Self::Null)
    }
}

impl<'v> From<&'v Json<'v>> for Value<'v> {
    fn from(json: &'v Json<'v>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::from(number),
            // An object without members: it is there, and nothing can be read of it.
            Json::Upload => Self::Map(Vec::new()),
            Json::String(text) => Self::text(text),
            Json::Array(elements) => Self::List(elements.iter().map(Self::from).collect()),
            Json::Object(members) => {
                let members = members.iter().map(|(name, value)| (Self::text(name), value.into()));
                Self::Map(members.collect())
            }
        }
    }
}

impl<'v> From<&'v serde_json::Value> for Value<'v> {
    fn from(json: &'v serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::from(number),
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(elements) => {
                Self::List(elements.iter().map(Self::from).collect())
            }
            serde_json::Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (Self::text(name), value.into()));
                Self::Map(members.collect())
            }
        }
    }
}
