//! Method and path -> [`Route`]: which kind of request this is, or that it is none for us.
//!
//! The endpoint's paths are compared byte for byte, methods exactly: HTTP/2 lets `post` through, and
//! some servers execute it. What is beside the endpoint is refused, or passes where the configuration
//! says so; a path that some server could take for the endpoint never passes as another one.

use super::Head;
use super::path::{PathPattern, is_like, is_plain};
use crate::denial::Reason;
use crate::settings::Settings;

/// How the endpoint is asked, and what is beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its paths.
    pub paths: Vec<Box<str>>,
    /// What becomes of all others.
    pub others: OtherPaths,
    /// Its methods.
    pub methods: Methods,
    /// Whether CORS preflights for it pass.
    pub preflight: Preflight,
    /// Names of headers that no form of another site can send, in lower case.
    pub csrf_headers: Vec<Box<str>>,
    /// Names of the extensions that go upstream.
    pub extensions: Vec<Box<str>>,
    /// Whether uploads are read.
    pub multipart: Multipart,
}

/// What becomes of a request for a path that is not the endpoint's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherPaths {
    /// It is refused.
    Deny,
    /// It passes, of a known caller; on these paths of anybody.
    Allow {
        /// The paths that need no token.
        unauthenticated: Vec<PathPattern>,
    },
}

/// Whether CORS preflights pass (Fetch standard, CORS-preflight request).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// They are refused as any other OPTIONS.
    Deny,
    /// They are sent upstream, without a token: browsers send none with them.
    Forward,
}

/// Whether GraphQL multipart requests are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multipart {
    /// `multipart/form-data` is no content type of this endpoint.
    Off,
    /// It is.
    On,
}

/// A method by which the endpoint can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The request is in the body.
    Post,
    /// The request is in the URL query.
    Get,
    /// The same, for the head of the answer.
    Head,
    /// As POST, for queries alone.
    Query,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Post, Self::Get, Self::Head, Self::Query];

    const fn bit(self) -> u8 {
        match self {
            Self::Post => 1,
            Self::Get => 2,
            Self::Head => 4,
            Self::Query => 8,
        }
    }

    /// The one that a request has, if the endpoint could be asked by it.
    pub(crate) fn read(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().as_bytes() == name)
    }

    /// As requests have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Query => "QUERY",
        }
    }
}

/// Some methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// POST alone.
    #[must_use]
    pub fn post() -> Self {
        Self::default().with(Method::Post)
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// Whether one is among them.
    #[must_use]
    pub fn contains(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// The value of `allow` (RFC 9110 section 10.2.1).
    #[must_use]
    pub fn allow(self) -> String {
        let names = Method::ALL.into_iter().filter(|one| self.contains(*one)).map(Method::name);
        names.collect::<Vec<_>>().join(", ")
    }
}

/// What kind of request this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// One with the GraphQL request in its body.
    Body(Method),
    /// One with the GraphQL request in its URL query.
    Url,
    /// A CORS preflight that passes.
    Preflight,
    /// One for another path, that passes.
    Other {
        /// Whether it may be anybody's.
        unauthenticated: bool,
    },
}

impl Head<'_> {
    /// Whether this is a request that can be taken, and of which kind. Comes before authentication
    /// and tells nothing but what the URL already says. `ends`: it has no body.
    ///
    /// # Errors
    /// The refusal.
    pub fn route(&self, settings: &Settings, ends: bool) -> Result<Route, Reason> {
        let endpoint = &settings.endpoint;
        let (Some(method), Some(path), false) = (self.method, self.path, self.ambiguous) else {
            return Err(Reason::HeadMalformed);
        };
        if self.disguises(settings) {
            return Err(Reason::HeadMalformed);
        }
        let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
        if !endpoint.paths.iter().any(|known| known.as_bytes() == path) {
            return self.route_beside(endpoint, method, path);
        }
        if self.upgrade {
            return Err(Reason::UpgradeNotAllowed);
        }
        let known = Method::read(method);
        match known.filter(|one| endpoint.methods.contains(*one)) {
            Some(method @ (Method::Post | Method::Query)) => match self.query() {
                None => Ok(Route::Body(method)),
                Some(query) if settings.tokens.owns(query) => Ok(Route::Body(method)),
                Some(_) => Err(Reason::UrlQueryNotAllowed),
            },
            // Some servers read the body of any request.
            Some(Method::Get | Method::Head) if !ends => Err(Reason::BodyNotAllowed),
            Some(Method::Get | Method::Head) => Ok(Route::Url),
            None if self.is_preflight(method) && endpoint.preflight == Preflight::Forward => {
                if ends { Ok(Route::Preflight) } else { Err(Reason::BodyNotAllowed) }
            }
            None => Err(Reason::MethodNotAllowed),
        }
    }

    fn route_beside(
        &self,
        endpoint: &Endpoint,
        method: &[u8],
        path: &[u8],
    ) -> Result<Route, Reason> {
        /// RFC 9110 section 9.1, RFC 5789; no CONNECT, which has no path, and no TRACE, which tells
        /// what a proxy added.
        const METHODS: [&[u8]; 7] =
            [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"];
        let OtherPaths::Allow { unauthenticated } = &endpoint.others else {
            return Err(Reason::PathNotServed);
        };
        if endpoint.paths.iter().any(|known| is_like(path, known.as_bytes())) {
            return Err(Reason::PathNotServed);
        }
        if self.upgrade {
            return Err(Reason::UpgradeNotAllowed);
        }
        if !METHODS.contains(&method) {
            return Err(Reason::MethodNotAllowed);
        }
        let open = unauthenticated.iter().any(|pattern| pattern.matches(path));
        Ok(Route::Other { unauthenticated: open && is_plain(path) })
    }

    /// Fetch standard: what makes an OPTIONS a CORS preflight.
    fn is_preflight(&self, method: &[u8]) -> bool {
        let once = |name| {
            let mut values = self.values(name);
            values.next().is_some_and(|value| !value.is_empty()) && values.next().is_none()
        };
        method == b"OPTIONS" && once("origin") && once("access-control-request-method")
    }

    /// Whether no other site can have had a browser send this (a request that is not simple, by the
    /// Fetch standard, needs a preflight): it has a token in a header, or one of the headers that are
    /// for it, or a content type that no form has.
    ///
    /// # Errors
    /// The refusal.
    pub fn expect_no_forgery(&self, settings: &Settings) -> Result<(), Reason> {
        let (tokens, endpoint) = (&settings.tokens, &settings.endpoint);
        let given = |name: &str| self.values(name).any(|value| !value.is_empty());
        let named = tokens.headers().any(given)
            || endpoint.csrf_headers.iter().any(|name| given(name))
            || self.is_json();
        if named { Ok(()) } else { Err(Reason::CsrfHeaderMissing) }
    }
}
