//! [`Principal`] -> the headers that tell the server who asks.
//!
//! A value is ASCII whatever a token says: letters, digits and `-._~:/@|+=` stand for themselves,
//! every other byte of the UTF-8 text is `%` and two hex digits (RFC 3986 section 2.1). A list is one
//! of strings (RFC 8941 section 3.1), each written like that. What is not known has no header.

use super::Principal;
use crate::settings::Configuration;
use crate::token::verify::Actor;

/// Which headers the server gets, and how their names begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// In lower case. What a client sends under such a name never goes upstream.
    pub prefix: Box<str>,
    /// What is sent.
    pub send: Vec<Part>,
}

/// A part of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `sub`.
    Subject,
    /// `iss`.
    Issuer,
    /// The client.
    Client,
    /// Who acts for the subject: `act.sub`.
    Actor,
    /// The roles under the policy that the subject and whoever acts for it all have.
    Roles,
    /// The subject's groups.
    Groups,
    /// The token's scopes.
    Scopes,
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self { prefix: "x-fieldgate-".into(), send: Vec::new() }
    }
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Subject,
        Self::Issuer,
        Self::Client,
        Self::Actor,
        Self::Roles,
        Self::Groups,
        Self::Scopes,
    ];

    /// Its name in the configuration, and behind the prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Issuer => "issuer",
            Self::Client => "client",
            Self::Actor => "actor",
            Self::Roles => "roles",
            Self::Groups => "groups",
            Self::Scopes => "scopes",
        }
    }

    fn value(self, principal: &Principal, configuration: &Configuration) -> Option<String> {
        let Configuration { settings, policy, .. } = configuration;
        let claims = principal.claims.as_ref();
        match self {
            Self::Subject => claims.map(|claims| encode(claims.subject())),
            Self::Issuer => {
                let issuer = settings.issuers.get(claims?.issuer());
                issuer.map(|issuer| encode(&issuer.issuer))
            }
            Self::Client => claims?.client().map(encode),
            Self::Actor => claims?.actor().map(Actor::subject).map(encode),
            Self::Roles => list(policy.role_names(principal.authority.common())),
            Self::Groups => list(claims?.groups().iter().map(AsRef::as_ref)),
            Self::Scopes => list(claims?.scopes().iter().map(AsRef::as_ref)),
        }
    }
}

impl IdentityHeaders {
    /// Whether a header is named like one of ours, also with `_` for `-`, as which servers behind
    /// CGI-like interfaces read it.
    #[must_use]
    pub fn owns(&self, name: &[u8]) -> bool {
        let plain = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        name.len() >= self.prefix.len()
            && self.prefix.bytes().eq(name.iter().map(plain).take(self.prefix.len()))
    }

    /// Names and values for a caller.
    pub fn of<'a>(
        &'a self,
        principal: &'a Principal,
        configuration: &'a Configuration,
    ) -> impl Iterator<Item = (String, String)> {
        self.send.iter().filter_map(|part| {
            let value = part.value(principal, configuration)?;
            Some((format!("{}{}", self.prefix, part.name()), value))
        })
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@|+=".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 0xf].map(hex));
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or_default().to_ascii_uppercase()
}

/// RFC 8941 section 3.1: a list without members has no header.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.map(|name| format!("\"{}\"", encode(name))).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ascii_without_separators() {
        for (text, expected) in [
            ("user:default/mira", "user:default/mira"),
            ("auth0|5f7c@x+y=z~a_b-c.d", "auth0|5f7c@x+y=z~a_b-c.d"),
            ("a b,c;d\"e\\f%g", "a%20b%2Cc%3Bd%22e%5Cf%25g"),
            ("a\r\nx-evil: 1\0", "a%0D%0Ax-evil:%201%00"),
            ("ä€😀\u{7f}", "%C3%A4%E2%82%AC%F0%9F%98%80%7F"),
            ("", ""),
        ] {
            assert_eq!(encode(text), expected);
        }
        assert_eq!(
            list(["a", "b\", \"c"].into_iter()).as_deref(),
            Some("\"a\", \"b%22%2C%20%22c\"")
        );
        assert_eq!(list([].into_iter()), None);
    }

    #[test]
    fn names_are_ours_however_they_are_spelled() {
        let headers = IdentityHeaders::default();
        for name in [
            "x-fieldgate-subject",
            "X-Fieldgate-Roles",
            "x_fieldgate_any",
            "x-fieldgate_-",
            "x-fieldgate-",
        ] {
            assert!(headers.owns(name.as_bytes()), "{name}");
        }
        for name in ["x-fieldgate", "fieldgate-subject", "x-fieldgates-subject", ""] {
            assert!(!headers.owns(name.as_bytes()), "{name}");
        }
    }
}
