//! `tokens` as JSON has it -> [`TokenRules`].

use serde::Deserialize;

use super::ConfigurationError;
use super::wire::{Object, value};
use crate::http::is_ours;
use crate::token::bearer::BEARER;
use crate::token::source::{AUTHORIZATION, Source, TokenRules, Upstream};
use crate::token::verify::{IssuerRules, KeySource};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTokens {
    sources: Option<Vec<Object<WireSource>>>,
    upstream: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSource {
    header: Option<Box<str>>,
    prefix: Option<Box<str>>,
    cookie: Option<Box<str>>,
    query: Option<Box<str>>,
}

impl WireTokens {
    pub(super) fn read(self, issuers: &[IssuerRules]) -> Result<TokenRules, ConfigurationError> {
        let Self { sources, upstream } = self;
        let default = TokenRules::default();
        let upstream = match upstream.as_deref() {
            None => default.upstream,
            Some("remove") => Upstream::Remove,
            Some("forward") => Upstream::Forward,
            Some(_) => return Err(value("tokens.upstream", "expected `remove` or `forward`")),
        };
        let attested = |rules: &IssuerRules| matches!(rules.keys, KeySource::Attested(_));
        let wires = match sources {
            // Nobody here can verify a token.
            None if issuers.iter().all(attested) => Vec::new(),
            None => return Ok(TokenRules { upstream, ..default }),
            Some(wires) if wires.is_empty() => {
                return Err(value("tokens.sources", "expected at least one source"));
            }
            Some(wires) => wires,
        };
        let mut sources: Vec<Source> = Vec::with_capacity(wires.len());
        for (at, wire) in wires.into_iter().enumerate() {
            let at = format!("tokens.sources[{at}]");
            let source = wire.0.read(&at)?;
            // Its token would be there twice, and always be refused.
            if sources.iter().any(|other| other.place() == source.place()) {
                return Err(value(&at, "this place is listed twice"));
            }
            sources.push(source);
        }
        Ok(TokenRules { sources, upstream })
    }
}

impl WireSource {
    fn read(self, at: &str) -> Result<Source, ConfigurationError> {
        let Self { header, prefix, cookie, query } = self;
        match (header, prefix, cookie, query) {
            (Some(name), prefix, None, None) => header_source(&name, prefix, at),
            (None, None, Some(name), None) if is_token(&name) => Ok(Source::Cookie(name)),
            (None, None, Some(_), None) => {
                Err(value(&format!("{at}.cookie"), "expected the name of a cookie"))
            }
            (None, None, None, Some(name)) if is_unreserved(&name) => Ok(Source::Query(name)),
            (None, None, None, Some(_)) => Err(value(
                &format!("{at}.query"),
                "expected a name of letters, digits, `-`, `.`, `_` and `~`",
            )),
            _ => Err(value(
                at,
                "expected one of `header` (which may have a `prefix`), `cookie` and `query`",
            )),
        }
    }
}

fn header_source(
    name: &str,
    prefix: Option<Box<str>>,
    at: &str,
) -> Result<Source, ConfigurationError> {
    let name = name.to_ascii_lowercase();
    if !is_token(&name) || name.contains('_') {
        let message = "expected the name of a header, without `_`";
        return Err(value(&format!("{at}.header"), message));
    }
    if is_ours(&name) {
        return Err(value(&format!("{at}.header"), "this header has another meaning"));
    }
    let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic() && byte != b',';
    let prefix = match prefix {
        None if name == AUTHORIZATION => BEARER.into(),
        None => "".into(),
        Some(prefix) if prefix.bytes().all(visible) => prefix,
        Some(_) => {
            let message = "expected visible ASCII characters and blanks, without `,`";
            return Err(value(&format!("{at}.prefix"), message));
        }
    };
    Ok(Source::Header { name: name.into(), prefix })
}

/// RFC 9110 section 5.6.2: what names of headers and cookies are made of.
pub(super) fn is_token(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(inner)
}

/// RFC 3986 section 2.3: what is the same with and without percent-encoding.
fn is_unreserved(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !name.is_empty() && name.bytes().all(inner)
}
