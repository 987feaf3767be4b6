//! `anonymous` as JSON has it -> [`Anonymous`]: a word, or an object with a role of the policy.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::wire::value;
use super::{Anonymous, ConfigurationError};
use crate::policy::Policy;
use crate::policy::rules::RoleSet;

#[derive(Default)]
pub(super) enum WireAnonymous {
    #[default]
    Deny,
    Word,
    Role(Box<str>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRole {
    role: Box<str>,
}

impl WireAnonymous {
    pub(super) fn read(self, policy: &Policy) -> Result<Anonymous, ConfigurationError> {
        let role = match self {
            Self::Deny => return Ok(Anonymous::Deny),
            Self::Word => {
                return Err(value("anonymous", "expected `deny`, or an object with a `role`"));
            }
            Self::Role(role) => role,
        };
        match policy.roles_named(&[role]) {
            RoleSet::EMPTY => Err(value("anonymous.role", "the policy has no such role")),
            role => Ok(Anonymous::Role(role)),
        }
    }
}

impl<'de> Deserialize<'de> for WireAnonymous {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(AnonymousVisitor)
    }
}

struct AnonymousVisitor;

impl<'de> Visitor<'de> for AnonymousVisitor {
    type Value = WireAnonymous;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("`deny`, or an object with a `role`")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<WireAnonymous, E> {
        Ok(if word == "deny" { WireAnonymous::Deny } else { WireAnonymous::Word })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<WireAnonymous, A::Error> {
        let WireRole { role } = WireRole::deserialize(MapAccessDeserializer::new(members))?;
        Ok(WireAnonymous::Role(role))
    }
}
