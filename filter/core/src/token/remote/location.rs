//! Text -> [`Url`]: an absolute `https` or `http` URL, as far as a request needs it.

/// Scheme, authority and path with query (RFC 3986 section 3). No user, no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The scheme.
    pub scheme: Scheme,
    /// Host, and port if it is given.
    pub authority: Box<str>,
    /// Path and query: begins with `/`.
    pub path: Box<str>,
}

/// Which transport a URL is for. What is used is the cluster's; the scheme is what the request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `https`
    Https,
    /// `http`
    Http,
}

impl Scheme {
    /// As in `:scheme`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

impl Url {
    /// Reads a URL; none if it is not one that can be fetched.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://")? {
            (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            _ => return None,
        };
        // What reaches a header is plain: no blank, no control character, no other line.
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['#', '@', '\\']) {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let path = match path {
            "" => "/".into(),
            path if path.starts_with('/') => path.into(),
            query => format!("/{query}").into(),
        };
        (!authority.is_empty()).then(|| Self { scheme, authority: authority.into(), path })
    }

    /// The URL of the discovery document of an issuer (OpenID Connect Discovery 1.0 section 4): a
    /// final `/` of the issuer is removed first.
    #[must_use]
    pub fn discovery_of(issuer: &str) -> Option<Self> {
        let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
        if issuer.contains('?') {
            return None;
        }
        Self::read(&format!("{issuer}/.well-known/openid-configuration"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Scheme, Url};

    #[track_caller]
    fn check(text: &str, expected: Option<(Scheme, &str, &str)>) {
        let found = Url::read(text);
        let found = found.as_ref().map(|url| (url.scheme, &*url.authority, &*url.path));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn absolute_urls_are_read() {
        check("https://idp.test/keys", Some((Scheme::Https, "idp.test", "/keys")));
        check("HTTP://idp.test:8080", Some((Scheme::Http, "idp.test:8080", "/")));
        check("https://idp.test?a=b", Some((Scheme::Https, "idp.test", "/?a=b")));
        check("https://[::1]:1/k?v=2", Some((Scheme::Https, "[::1]:1", "/k?v=2")));
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            "keys",
            "/keys",
            "https:/idp.test",
            "https://",
            "https:///keys",
            "ftp://idp.test/",
            "https://user@idp.test/",
            "https://idp.test/#k",
            "https://idp.test/a b",
            "https://idp.test/\r\nx: y",
            "https://idp.test/é",
            "https://idp.test\\evil/",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn discovery_is_below_the_issuer() {
        let of = |issuer| Url::discovery_of(issuer).map(|url| url.path);
        let path = |path: &str| Some(path.into());
        assert_eq!(of("https://idp.test"), path("/.well-known/openid-configuration"));
        assert_eq!(of("https://idp.test/"), path("/.well-known/openid-configuration"));
        assert_eq!(of("https://idp.test/t/1"), path("/t/1/.well-known/openid-configuration"));
        assert_eq!(of("https://idp.test/?t=1"), None);
        assert_eq!(of("accounts.example"), None);
    }
}
