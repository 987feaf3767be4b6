//! The headers of a request -> what has to change in them before it goes upstream.
//!
//! What goes upstream is the canonical request of a known caller: headers that describe the client's
//! body, that ask the server to read another request, that hold the caller's token or claim to be ours
//! are taken out, and what the server is to know of the caller is put in.

use super::Head;
use super::head::lower;
use std::borrow::Cow;

use super::head::REMOVED_HEADERS;
use crate::identity::Principal;
use crate::settings::{Configuration, Settings};
use crate::token::source::{AUTHORIZATION, TokenRules, Upstream};

/// The content type of what is forwarded.
const CONTENT_TYPE: &str = "application/json";

/// Changes to a request's headers: first what is removed, then what is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderChanges {
    /// Names, as the request spells them; every value of each.
    pub removed: Vec<Vec<u8>>,
    /// Names, and the one value that each has then.
    pub set: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl HeaderChanges {
    /// The changes for a caller's request.
    #[must_use]
    pub fn new(head: &Head<'_>, principal: &Principal, configuration: &Configuration) -> Self {
        let Settings { tokens, identity_headers, .. } = &configuration.settings;
        // What nobody verified never goes on as the caller's.
        let holds_token =
            |name: &str| match (tokens.headers().any(|held| held == name), tokens.upstream) {
                (true, Upstream::Remove) => true,
                (true, Upstream::Forward) => false,
                (false, Upstream::Remove | Upstream::Forward) => name == AUTHORIZATION,
            };
        let mut changes = Self::default();
        for (name, _) in head.headers {
            let plain = lower(name);
            let goes = identity_headers.owns(&plain)
                || str::from_utf8(&plain)
                    .is_ok_and(|name| REMOVED_HEADERS.contains(&name) || holds_token(name));
            if goes && !changes.removed.contains(name) {
                changes.removed.push(name.clone());
            }
        }
        if tokens.upstream == Upstream::Remove {
            changes.strip_cookies(head, tokens);
        }
        if let Some(path) = head.path_without_query() {
            changes.set.push((":path".into(), path.to_vec()));
        }
        let mut types = head.values("content-type");
        if types.next() != Some(CONTENT_TYPE.as_bytes()) || types.next().is_some() {
            changes.set.push(("content-type".into(), CONTENT_TYPE.into()));
        }
        let identity = identity_headers.of(principal, configuration);
        changes.set.extend(identity.map(|(name, value)| (name.into(), value.into_bytes())));
        changes
    }

    fn strip_cookies(&mut self, head: &Head<'_>, tokens: &TokenRules) {
        let lines: Vec<&[u8]> = head.values("cookie").collect();
        // RFC 9113 section 8.2.3: several lines are one, joined like this.
        if let Some(left) = tokens.without_tokens(&lines.join(&b"; "[..])) {
            if left.is_empty() {
                self.removed.push(b"cookie".to_vec());
            } else {
                self.set.push(("cookie".into(), left));
            }
        }
    }
}
