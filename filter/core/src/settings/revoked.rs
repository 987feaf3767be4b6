//! An issuer's `revoked` as JSON has it -> [`Revocations`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::ConfigurationError;
use super::wire::value;
use crate::limits::REVOKED;
use crate::token::UnixTime;
use crate::token::revocation::{Digests, Revocations};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRevoked {
    jti: Option<Box<str>>,
    subjects: Option<Box<str>>,
    issued_before: Option<u64>,
}

impl WireRevoked {
    pub(super) fn read(self, at: &str) -> Result<Revocations, ConfigurationError> {
        let Self { jti, subjects, issued_before } = self;
        Ok(Revocations {
            tokens: read_digests(jti, &format!("{at}.jti"))?,
            subjects: read_digests(subjects, &format!("{at}.subjects"))?,
            issued_before: issued_before.map(UnixTime),
        })
    }
}

fn read_digests(text: Option<Box<str>>, at: &str) -> Result<Digests, ConfigurationError> {
    let Some(text) = text else { return Ok(Digests::default()) };
    let bytes = STANDARD.decode(text.as_bytes()).ok();
    let digests = bytes.and_then(|bytes| Digests::read(bytes).ok());
    let digests = digests.ok_or_else(|| value(at, "expected sorted digests in base64"))?;
    if digests.len() > REVOKED {
        return Err(value(at, "more names than can be revoked one by one"));
    }
    Ok(digests)
}
