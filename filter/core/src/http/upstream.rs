//! The headers of a request -> what has to change in them before it goes upstream.
//!
//! What goes upstream is the canonical request of a known caller: headers that describe the client's
//! body, that ask the server to read another request, that hold the caller's token or claim to be ours
//! are taken out, and what the server is to know of the caller is put in.

use std::borrow::Cow;

use super::head::{BODY_HEADERS, OVERRIDES, lower};
use super::{Head, Media, Method, Route};
use crate::identity::Principal;
use crate::settings::{Configuration, Settings};
use crate::token::source::{AUTHORIZATION, TokenRules, Upstream};

/// The content type of what is forwarded.
const CONTENT_TYPE: &str = "application/json";

/// What is sent: which kind of request, and with which body, if it is ours.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'m> {
    /// The kind.
    pub route: Route,
    /// The body.
    pub media: Option<&'m Media>,
}

/// Changes to a request's headers: first what is removed, then what is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderChanges {
    /// Names, as the request spells them; every value of each.
    pub removed: Vec<Cow<'static, [u8]>>,
    /// Names, and the one value that each has then.
    pub set: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl HeaderChanges {
    /// The changes for a request of this kind, and its caller; none is one that nobody knows.
    #[must_use]
    pub fn new(
        head: &Head<'_>,
        Sent { route, media }: Sent<'_>,
        principal: Option<&Principal>,
        configuration: &Configuration,
    ) -> Self {
        let Settings { tokens, identity_headers, .. } = &configuration.settings;
        let removes = tokens.upstream == Upstream::Remove || principal.is_none();
        // What nobody verified never goes on as the caller's.
        let holds_token = |name: &[u8]| match tokens.headers().any(|held| held.as_bytes() == name) {
            true => removes,
            false => name == AUTHORIZATION.as_bytes(),
        };
        // What passes keeps its body.
        let is_one_of =
            |names: &[&str], name: &[u8]| names.iter().any(|one| one.as_bytes() == name);
        let describes_body = |name: &[u8]| match route {
            Route::Body(_) | Route::Preflight => is_one_of(&BODY_HEADERS, name),
            Route::Url => is_one_of(&BODY_HEADERS, name) || name == b"content-type",
            Route::Other { .. } => false,
        };
        let mut changes = Self::default();
        for (name, _) in head.headers.iter() {
            let plain = lower(name);
            let goes = identity_headers.owns(&plain)
                || is_one_of(&OVERRIDES, &plain)
                || describes_body(&plain)
                || holds_token(&plain);
            if goes && !changes.removed.iter().any(|gone| **gone == *name) {
                changes.removed.push(spelled(name));
            }
        }
        if removes {
            changes.strip_cookies(head, tokens);
        }
        changes.set_path(head, route, tokens);
        if route == Route::Body(Method::Query) {
            changes.set.push((":method".into(), Method::Post.name().into()));
        }
        if let Some(media) = media {
            changes.set_content_type(head, media);
        }
        if let Some(principal) = principal {
            let identity = identity_headers.of(principal, configuration);
            changes.set.extend(identity.map(|(name, value)| (name.into(), value.into_bytes())));
        }
        changes
    }

    /// The same, with this URL query.
    #[must_use]
    pub fn asking(mut self, head: &Head<'_>, query: &[u8]) -> Self {
        let path = head.path.and_then(|path| path.split(|byte| *byte == b'?').next());
        let path = [path.unwrap_or_default(), query].join(&b'?');
        self.set.retain(|(name, _)| name != ":path");
        self.set.push((":path".into(), path));
        self
    }

    fn set_content_type(&mut self, head: &Head<'_>, media: &Media) {
        let content_type = match media {
            Media::Json => Cow::Borrowed(CONTENT_TYPE),
            Media::Multipart(boundary) => Cow::Owned(boundary.header()),
        };
        let mut types = head.values("content-type");
        if types.next() != Some(content_type.as_bytes()) || types.next().is_some() {
            self.set.push(("content-type".into(), content_type.as_bytes().to_vec()));
        }
    }

    /// No token goes on in a URL, and no GraphQL request that was not read.
    fn set_path(&mut self, head: &Head<'_>, route: Route, tokens: &TokenRules) {
        let (Some(path), Some(query)) = (head.path_without_query(), head.query()) else { return };
        let left = match route {
            Route::Body(_) | Route::Url | Route::Preflight => Vec::new(),
            Route::Other { .. } => tokens.query_without_tokens(query),
        };
        let path = if left.is_empty() { path.to_vec() } else { [path, &left].join(&b'?') };
        self.set.push((":path".into(), path));
    }

    fn strip_cookies(&mut self, head: &Head<'_>, tokens: &TokenRules) {
        let lines: Vec<&[u8]> = head.values("cookie").collect();
        // RFC 9113 section 8.2.3: several lines are one, joined like this.
        if let Some(left) = tokens.without_tokens(&lines.join(&b"; "[..])) {
            if left.is_empty() {
                self.removed.push(b"cookie".into());
            } else {
                self.set.push(("cookie".into(), left));
            }
        }
    }
}

/// A name as the request spells it; most are as they are written here.
fn spelled(name: &[u8]) -> Cow<'static, [u8]> {
    let known = BODY_HEADERS.iter().find(|known| known.as_bytes() == name);
    known.map_or_else(|| name.to_vec().into(), |known| known.as_bytes().into())
}
