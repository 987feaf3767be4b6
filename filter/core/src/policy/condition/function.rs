//! The functions of the language, on values.

use std::borrow::Cow;

use super::held::Held;
use super::steps::Steps;
use super::{ConditionError, Value};
use crate::policy::data::Data;

/// A function. One that is called on a value (`a.startsWith(b)`) has it as its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// How many characters, elements or entries there are.
    Size,
    /// Whether a text begins with another.
    StartsWith,
    /// Whether a text ends with another.
    EndsWith,
    /// Whether a text is anywhere in another.
    Contains,
    /// A text with ASCII letters in lower case.
    LowerAscii,
    /// A text with ASCII letters in upper case.
    UpperAscii,
    /// The `int` that a number or a text is.
    Int,
    /// The `uint` that a number or a text is.
    Uint,
    /// The `double` that a number is. Narrower than CEL: no texts.
    Double,
    /// The text of an integer, a boolean or a text. Narrower than CEL: no doubles.
    String,
    /// The first owner of an entity, or null.
    Owner,
    /// The owners of an entity.
    Owners,
}

/// Bytes of text that are looked through in a step.
const BYTES: usize = 32;

impl Function {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Size,
        Self::StartsWith,
        Self::EndsWith,
        Self::Contains,
        Self::LowerAscii,
        Self::UpperAscii,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::String,
        Self::Owner,
        Self::Owners,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
            Self::LowerAscii => "lowerAscii",
            Self::UpperAscii => "upperAscii",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Owner => "owner",
            Self::Owners => "owners",
        }
    }

    /// How many arguments it has.
    #[must_use]
    pub const fn arguments(self) -> usize {
        match self {
            Self::StartsWith | Self::EndsWith | Self::Contains => 2,
            Self::Size
            | Self::LowerAscii
            | Self::UpperAscii
            | Self::Int
            | Self::Uint
            | Self::Double
            | Self::String
            | Self::Owner
            | Self::Owners => 1,
        }
    }
}

/// The value of a function of one argument.
pub(super) fn call<'a>(
    function: Function,
    argument: Held<'a>,
    data: &'a Data,
    steps: &mut Steps,
) -> Result<Held<'a>, ConditionError> {
    let value = argument.get();
    if let Value::String(text) = value {
        steps.spend(text.len() / BYTES)?;
    }
    Ok(Held::Owned(match (function, value) {
        (Function::Size, Value::String(text)) => length(text.chars().count())?,
        (Function::Size, Value::List(elements)) => length(elements.len())?,
        (Function::Size, Value::Map(entries)) => length(entries.len())?,
        (Function::LowerAscii, Value::String(text)) => owned(text.to_ascii_lowercase()),
        (Function::UpperAscii, Value::String(text)) => owned(text.to_ascii_uppercase()),
        (Function::Int, Value::String(text)) => Value::Int(parse(text)?),
        (Function::Uint, Value::String(text)) if !text.starts_with('+') => {
            Value::Uint(parse(text)?)
        }
        (Function::Int | Function::Uint | Function::Double, value) => {
            let number = value.as_number().ok_or(ConditionError::NoMatchingOverload)?;
            let whole = || number.truncated().ok_or(ConditionError::Conversion);
            match function {
                Function::Int => {
                    Value::Int(whole()?.try_into().map_err(|_| ConditionError::Conversion)?)
                }
                Function::Uint => {
                    // CEL truncates towards zero, but -0.5 is below all of them.
                    let negative = matches!(value, Value::Double(value) if *value < 0.0);
                    let whole = whole()?.try_into().map_err(|_| ConditionError::Conversion)?;
                    if negative {
                        return Err(ConditionError::Conversion);
                    }
                    Value::Uint(whole)
                }
                _ => Value::Double(number.double()),
            }
        }
        (Function::String, Value::String(_)) => return Ok(argument),
        (Function::String, Value::Int(value)) => owned(value.to_string()),
        (Function::String, Value::Uint(value)) => owned(value.to_string()),
        (Function::String, Value::Bool(value)) => {
            Value::text(if *value { "true" } else { "false" })
        }
        (Function::Owner, Value::String(reference)) => {
            return Ok(data.owner(reference).map_or(Held::Owned(Value::Null), Held::Borrowed));
        }
        (Function::Owners, Value::String(reference)) => {
            let none = || Held::Owned(Value::List(Vec::new()));
            return Ok(data.owners(reference).map_or_else(none, Held::Borrowed));
        }
        _ => return Err(ConditionError::NoMatchingOverload),
    }))
}

/// The value of a function of two texts.
pub(super) fn call_on_texts(
    function: Function,
    text: &Value<'_>,
    other: &Value<'_>,
    steps: &mut Steps,
) -> Result<bool, ConditionError> {
    let (Value::String(text), Value::String(other)) = (text, other) else {
        return Err(ConditionError::NoMatchingOverload);
    };
    match function {
        Function::StartsWith => Ok(text.starts_with(other.as_ref())),
        Function::EndsWith => Ok(text.ends_with(other.as_ref())),
        Function::Contains => {
            steps.spend(text.len() / BYTES)?;
            Ok(text.contains(other.as_ref()))
        }
        _ => Err(ConditionError::NoMatchingOverload),
    }
}

fn length(length: usize) -> Result<Value<'static>, ConditionError> {
    i64::try_from(length).map(Value::Int).map_err(|_| ConditionError::Overflow)
}

fn owned(text: String) -> Value<'static> {
    Value::String(Cow::Owned(text))
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, ConditionError> {
    text.parse().map_err(|_| ConditionError::Conversion)
}
