//! An issuer's `trust` as JSON has it -> [`Trust`].

use serde::Deserialize;

use super::ConfigurationError;
use super::wire::{Object, value};
use crate::token::attested::{JWT_AUTHN, Trust};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTrust {
    metadata: Object<WireMetadata>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMetadata {
    filter: Option<Box<str>>,
    key: Box<str>,
}

impl WireTrust {
    pub(super) fn read(self, at: &str) -> Result<Trust, ConfigurationError> {
        let Self { metadata: Object(WireMetadata { filter, key }) } = self;
        let filter = filter.unwrap_or_else(|| JWT_AUTHN.into());
        for (name, text) in [("filter", &filter), ("key", &key)] {
            if text.is_empty() {
                let at = format!("{at}.metadata.{name}");
                return Err(value(&at, "expected a name that the other filter writes under"));
            }
        }
        Ok(Trust { filter, key })
    }
}
