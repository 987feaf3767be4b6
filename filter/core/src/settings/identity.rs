//! `identity_headers` as JSON has it -> [`IdentityHeaders`].

use serde::Deserialize;

use super::ConfigurationError;
use super::wire::value;
use crate::identity::headers::{IdentityHeaders, Part};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireIdentityHeaders {
    prefix: Option<Box<str>>,
    send: Option<Vec<Box<str>>>,
}

impl WireIdentityHeaders {
    pub(super) fn read(self) -> Result<IdentityHeaders, ConfigurationError> {
        let Self { prefix, send } = self;
        let prefix = match prefix {
            None => IdentityHeaders::default().prefix,
            Some(prefix) if is_prefix(&prefix) => prefix,
            Some(_) => {
                return Err(value(
                    "identity_headers.prefix",
                    "expected the beginning of names that is yours alone, like `x-name-`",
                ));
            }
        };
        let mut parts = Vec::new();
        for (at, name) in send.unwrap_or_default().iter().enumerate() {
            let part = Part::ALL.into_iter().find(|part| part.name() == name.as_ref());
            match part {
                Some(part) if !parts.contains(&part) => parts.push(part),
                Some(_) => {
                    let at = format!("identity_headers.send[{at}]");
                    return Err(value(&at, "this header is listed twice"));
                }
                None => {
                    return Err(value(
                        &format!("identity_headers.send[{at}]"),
                        "expected any of `subject`, `issuer`, `client`, `actor`, `roles`, `groups`, `scopes`",
                    ));
                }
            }
        }
        Ok(IdentityHeaders { prefix, send: parts })
    }
}

/// Whatever a client sends under the prefix is removed: it must not be that of others' headers.
fn is_prefix(prefix: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let name = prefix.strip_prefix("x-").and_then(|rest| rest.strip_suffix('-'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(inner))
        && !["x-envoy-", "x-forwarded-"].iter().any(|other| prefix.starts_with(other))
}
