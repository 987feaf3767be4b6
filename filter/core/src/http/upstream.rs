//! The headers of a request -> what has to change in them before it goes upstream.
//!
//! What goes upstream is the canonical request of a known caller: headers that describe the client's
//! body, that ask the server to read another request, or that hold the caller's token are taken out.

use super::Head;
use super::head::REMOVED_HEADERS;
use crate::settings::Settings;
use crate::token::source::{AUTHORIZATION, Upstream};

/// The content type of what is forwarded.
const CONTENT_TYPE: &str = "application/json";

/// Changes to a request's headers: first what is removed, then what is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderChanges {
    /// Names, as the request spells them; every value of each.
    pub removed: Vec<Vec<u8>>,
    /// Names, and the one value that each has then.
    pub set: Vec<(&'static str, Vec<u8>)>,
}

impl HeaderChanges {
    /// The changes for a request that was accepted.
    #[must_use]
    pub fn new(head: &Head<'_>, settings: &Settings) -> Self {
        let tokens = &settings.tokens;
        let goes = |name: &str| match tokens.upstream {
            Upstream::Remove => name == AUTHORIZATION || tokens.headers().any(|held| held == name),
            Upstream::Forward => false,
        };
        let mut changes = Self::default();
        for (name, _) in head.headers {
            let plain = name.to_ascii_lowercase();
            let removed = str::from_utf8(&plain)
                .is_ok_and(|name| REMOVED_HEADERS.contains(&name) || goes(name));
            if removed && !changes.removed.contains(name) {
                changes.removed.push(name.clone());
            }
        }
        if tokens.upstream == Upstream::Remove {
            changes.strip_cookies(head, settings);
        }
        if let (Some(path), Some(_)) = (head.path, head.query()) {
            let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
            changes.set.push((":path", path.to_vec()));
        }
        changes.set.push(("content-type", CONTENT_TYPE.into()));
        changes
    }

    fn strip_cookies(&mut self, head: &Head<'_>, settings: &Settings) {
        let lines: Vec<&[u8]> = head.values("cookie").collect();
        // RFC 9113 section 8.2.3: several lines are one, joined like this.
        if let Some(left) = settings.tokens.without_tokens(&lines.join(&b"; "[..])) {
            if left.is_empty() {
                self.removed.push(b"cookie".to_vec());
            } else {
                self.set.push(("cookie", left));
            }
        }
    }
}
