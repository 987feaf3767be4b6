//! Constant values in SDL (GraphQL spec 2.9), with places.

use serde_json::Value as Json;

use crate::source::{Place, Text};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct ValueSource {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A value without variables. Numbers are as they are written: none of them is rounded.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number without fraction and exponent.
    Int(String),
    /// Any other number.
    Float(String),
    /// A string, with escapes resolved.
    String(String),
    /// A value of an enum.
    Enum(String),
    /// A list.
    List(Vec<ValueSource>),
    /// An input object, in the order as written.
    Object(Vec<(Text, ValueSource)>),
}

impl Value {
    /// As JSON text: enum values are strings, and numbers have the digits that are written. The
    /// parser bounds the nesting.
    #[must_use]
    pub fn json(&self) -> String {
        let string = |text: &str| Json::from(text).to_string();
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Int(digits) | Self::Float(digits) => digits.clone(),
            Self::String(text) | Self::Enum(text) => string(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.json()).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(members) => {
                let member = |(name, value): &(Text, ValueSource)| {
                    format!("{}:{}", string(&name.text), value.value.json())
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// In the words of messages.
    #[must_use]
    pub const fn described(&self) -> &'static str {
        match self {
            Self::Null => "`null`",
            Self::Boolean(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number with a fraction or exponent",
            Self::String(_) => "a string",
            Self::Enum(_) => "an enum value",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
