//! The events of `serde_json` -> `Json`, or the raw members of one object.
//!
//! Recursion is `serde_json`'s; its depth is counted here, where every array and object passes.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Json, JsonError};

/// Whether a name occurs twice, by sorting: an object of n members costs n log n.
pub(super) fn repeats<V>(members: &[(Cow<'_, str>, V)]) -> bool {
    /// Up to here it is quicker to compare each with each.
    const FEW: usize = 8;
    if members.len() <= FEW {
        let mut rest = members.iter();
        return std::iter::from_fn(|| rest.next().map(|one| (one, rest.as_slice())))
            .any(|((name, _), rest)| rest.iter().any(|(other, _)| other == name));
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.array_windows().any(|[one, next]| one == next)
}

/// Reads one value, and what is in it with one level less.
#[derive(Clone, Copy)]
pub(super) struct Level<'f> {
    pub(super) left: u32,
    /// `serde_json` carries messages, not values: the reason is kept beside it.
    pub(super) fault: &'f Cell<JsonError>,
}

impl Level<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.fail(JsonError::Depth)),
        }
    }

    fn fail<E: Error>(self, fault: JsonError) -> E {
        self.fault.set(fault);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Json<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        serde_json::Number::from_f64(value)
            .map(Json::Number)
            .ok_or_else(|| self.fail(JsonError::Syntax))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(inner)? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(Name)? {
            members.push((name, access.next_value_seed(inner)?));
        }
        if repeats(&members) {
            return Err(self.fail(JsonError::DuplicateMember));
        }
        Ok(Json::Object(members))
    }
}

/// Reads a member name, borrowed unless it holds an escape.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a member name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Reads an object whose values stay text.
pub(super) struct RawMembers;

impl<'de> Visitor<'de> for RawMembers {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(Name)? {
            members.push((name, access.next_value()?));
        }
        Ok(members)
    }
}

/// Reads an array, of which no more than so many elements are kept.
pub(super) struct RawElements {
    pub(super) most: usize,
}

impl<'de> Visitor<'de> for RawElements {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        let mut more = false;
        while let Some(element) = elements.next_element::<&'de RawValue>()? {
            if kept.len() < self.most {
                kept.push(element);
            } else {
                more = true;
            }
        }
        Ok((!more).then_some(kept))
    }
}
