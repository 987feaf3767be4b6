//! The head of a request and the places where tokens may be -> the one token, or none.
//!
//! Every place is looked at, whatever was found in another: who sends two tokens wants one part of
//! the system to see the one and another part the other. Deliberately absent: the request body
//! (RFC 6750 section 2.2) and trailers.

use crate::http::{Head, percent};
use crate::token::TokenError;
use crate::token::bearer::{BEARER, Presented, only};

/// Where tokens are looked for, and what becomes of the one that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// The places.
    pub sources: Vec<Source>,
    /// Whether the token goes upstream.
    pub upstream: Upstream,
}

/// A place where a token may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A header, by its name in lower case, and what stands before the token in it.
    Header {
        /// Its name.
        name: Box<str>,
        /// Compared without case; may be empty.
        prefix: Box<str>,
    },
    /// A cookie, by its exact name (RFC 6265 section 4.2).
    Cookie(Box<str>),
    /// A parameter of the URL query, by its exact name (RFC 6750 section 2.3, which warns of it).
    Query(Box<str>),
}

/// What becomes of a verified token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// It ends here, and so does `authorization`, wherever the token was.
    Remove,
    /// It stays where it was; not in the URL query. An `authorization` that is none of the places ends
    /// here.
    Forward,
}

impl Default for TokenRules {
    fn default() -> Self {
        let bearer = Source::Header { name: AUTHORIZATION.into(), prefix: BEARER.into() };
        Self { sources: vec![bearer], upstream: Upstream::Remove }
    }
}

/// The header of RFC 9110 section 11.6.2.
pub const AUTHORIZATION: &str = "authorization";

impl TokenRules {
    /// What is in the place of the one token of a request, of so many bytes at most; none if no place
    /// has a value.
    ///
    /// # Errors
    /// `Duplicate` for more than one value in all places, or the fault of the one.
    pub fn find<'a>(
        &'a self,
        head: &Head<'a>,
        longest: usize,
    ) -> Result<Option<Presented<'a>>, TokenError> {
        only(self.sources.iter().flat_map(|source| source.values(head)).flatten(), longest)
    }

    /// Whether every parameter of a URL query is one of ours.
    #[must_use]
    pub fn owns(&self, query: &[u8]) -> bool {
        parameters(query).all(|(name, _)| self.names(name))
    }

    /// Whether a parameter of a URL query is one of ours, by its name as it is written.
    #[must_use]
    pub fn names(&self, parameter: &[u8]) -> bool {
        let ours =
            |source: &Source| matches!(source, Source::Query(name) if name.as_bytes() == parameter);
        self.sources.iter().any(ours)
    }

    /// What is left of a URL query without the tokens.
    #[must_use]
    pub fn query_without_tokens(&self, query: &[u8]) -> Vec<u8> {
        let kept = query.split(|byte| *byte == b'&').filter(|parameter| {
            let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
            !self
                .sources
                .iter()
                .any(|source| matches!(source, Source::Query(known) if is_named(name, known)))
        });
        kept.collect::<Vec<_>>().join(&b'&')
    }

    /// Whether a URL query is one of the places.
    #[must_use]
    pub fn may_be_in_query(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Query(_)))
    }

    /// The names of the headers that tokens are looked for in.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            Source::Header { name, .. } => Some(name.as_ref()),
            Source::Cookie(_) | Source::Query(_) => None,
        })
    }

    /// What is left of a `cookie` header without the tokens; none if nothing is there to be left
    /// out.
    #[must_use]
    pub fn without_tokens(&self, cookies: &[u8]) -> Option<Vec<u8>> {
        let names: Vec<&str> = self.cookies().collect();
        if names.is_empty() {
            return None;
        }
        let holds = |crumb: &&[u8]| {
            crumb_values(crumb).any(|(name, _)| names.iter().any(|known| is_named(name, known)))
        };
        let (tokens, kept): (Vec<&[u8]>, Vec<&[u8]>) =
            cookies.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).partition(holds);
        (!tokens.is_empty()).then(|| kept.join(&b"; "[..]))
    }

    /// The names of the cookies that tokens are looked for in.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            Source::Cookie(name) => Some(name.as_ref()),
            Source::Header { .. } | Source::Query(_) => None,
        })
    }
}

impl Source {
    /// The values in this place, each with what stands before its token: the first two, as more than
    /// one is too many.
    fn values<'a>(&'a self, head: &Head<'a>) -> [Option<(&'a [u8], &'a str)>; 2] {
        match self {
            Self::Header { name, prefix } => {
                two(head.values(name).map(|value| (value, prefix.as_ref())))
            }
            Self::Cookie(known) => two(head
                .values("cookie")
                .flat_map(|cookies| cookies.split(|byte| *byte == b';'))
                .flat_map(crumb_values)
                .filter(|(name, _)| is_named(name, known))
                .map(|(_, value)| (value, ""))),
            Self::Query(known) => two(parameters(head.query().unwrap_or_default())
                .filter(|(name, _)| *name == known.as_bytes())
                .map(|(_, value)| (value, ""))),
        }
    }

    /// What no two sources may share.
    pub(crate) fn place(&self) -> (u8, &str) {
        match self {
            Self::Header { name, .. } => (0, name),
            Self::Cookie(name) => (1, name),
            Self::Query(name) => (2, name),
        }
    }
}

fn two<T>(mut all: impl Iterator<Item = T>) -> [Option<T>; 2] {
    [all.next(), all.next()]
}

/// The names in one part of a `cookie` header, each with the rest of the part as its value.
///
/// RFC 6265 has one pair between two semicolons. RFC 2109 had commas there too, and a proxy that
/// joins two headers writes one: a pair behind a comma counts, and a value with one is no token.
fn crumb_values(crumb: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let crumb = crumb.trim_ascii();
    let mut next = 0_usize;
    crumb.split(|byte| *byte == b',').filter_map(move |part| {
        let begin = next;
        next = begin.saturating_add(part.len()).saturating_add(1);
        let length = part.iter().position(|byte| *byte == b'=')?;
        let (name, value) = crumb.get(begin..)?.split_at_checked(length)?;
        Some((name.trim_ascii(), value.get(1..)?.trim_ascii_start()))
    })
}

/// Whether a cookie's name is a known one, in any spelling that a server was seen to take for it:
/// with escapes (RFC 3986 section 2.1), in quotes, with blanks or controls around it.
fn is_named(name: &[u8], known: &str) -> bool {
    name == known.as_bytes() || plain(name).eq(known.bytes())
}

fn plain(name: &[u8]) -> impl Iterator<Item = u8> {
    percent::lenient(name).filter(|byte| byte.is_ascii_graphic() && *byte != b'"')
}

/// The parameters of a URL query, as written: a name or value with an escape is another one here,
/// and has to be, as a token has nothing to escape.
pub(crate) fn parameters(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|byte| *byte == b'&').map(|parameter| {
        let mut parts = parameter.splitn(2, |byte| *byte == b'=');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;
    use crate::token::bearer::RawToken;

    fn rules() -> TokenRules {
        TokenRules {
            sources: vec![
                Source::Header { name: AUTHORIZATION.into(), prefix: BEARER.into() },
                Source::Header { name: "x-token".into(), prefix: "".into() },
                Source::Cookie("session".into()),
                Source::Query("access_token".into()),
            ],
            upstream: Upstream::Remove,
        }
    }

    fn pairs(headers: &[(&str, &str)]) -> Headers {
        headers.iter().copied().collect()
    }

    #[track_caller]
    fn check(headers: &[(&str, &str)], expected: Result<Option<&str>, TokenError>) {
        let (rules, pairs) = (rules(), pairs(headers));
        let head = Head::read(&pairs);
        let found = rules.find(&head, 8192);
        let found = found.and_then(|one| one.map(Presented::read).transpose());
        let found = found.map(|token| token.map(RawToken::expose));
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn one_token_in_any_place() {
        check(&[("cookie", "a=b"), (":path", "/")], Ok(None));
        check(&[("authorization", "Bearer a")], Ok(Some("a")));
        check(&[("X-Token", "a")], Ok(Some("a")));
        check(&[("cookie", "x=y; session=a.b; z")], Ok(Some("a.b")));
        check(&[("cookie", "x"), ("Cookie", " session = a ")], Ok(Some("a")));
        check(&[("cookie", "x=1,session=a")], Ok(Some("a")));
        check(&[("cookie", "x,session=a ; =,=")], Ok(Some("a")));
        check(&[(":path", "/?access_token=a=")], Ok(Some("a=")));
        // Another cookie, another parameter, another place.
        check(&[("cookie", "Session=a; xsession=a; session; session-id=a")], Ok(None));
        check(&[(":path", "/?Access_token=a")], Ok(None));
        check(&[("x-other", "a"), ("proxy-authorization", "Bearer a")], Ok(None));
    }

    #[test]
    fn two_are_none() {
        let places: [(&str, &str); 4] = [
            ("authorization", "Bearer a"),
            ("x-token", "a"),
            ("cookie", "session=a"),
            (":path", "/?access_token=a"),
        ];
        for one in places {
            for other in places {
                if one != other || one.0 != ":path" {
                    check(&[one, other], Err(TokenError::Duplicate));
                }
            }
        }
        for (name, value) in [
            ("authorization", "Bearer a,Bearer b"),
            ("x-token", "a,b"),
            ("cookie", "session=a; session=a"),
            ("cookie", "session=a,session=b"),
            ("cookie", "session=a,b"),
            ("cookie", "x=1,session=a; session=b"),
            (":path", "/?access_token=a&access_token=b"),
            (":path", "/?access_token=a,b"),
        ] {
            check(&[(name, value)], Err(TokenError::Duplicate));
        }
        // Servers take these for the same name.
        for other in ["%73ession", "%73%65ssion", "\"session\"", "\u{b}session", "ses\u{1f}sion"] {
            check(&[("cookie", &format!("session=a; {other}=b"))], Err(TokenError::Duplicate));
        }
        // A place without a token in it is a second place all the same.
        check(&[("authorization", "Basic eDp5"), ("x-token", "a")], Err(TokenError::Duplicate));
        check(&[("authorization", ""), ("cookie", "session=a")], Err(TokenError::Duplicate));
    }

    #[test]
    fn a_value_that_is_no_token_is_not_passed_over() {
        for (name, value) in [
            ("x-token", ""),
            ("x-token", "Bearer a"),
            ("cookie", "session="),
            ("cookie", "session=\"a\""),
            (":path", "/?access_token"),
            (":path", "/?access_token="),
            (":path", "/?access_token=a%2Eb"),
        ] {
            check(&[(name, value)], Err(TokenError::Scheme));
        }
    }

    #[test]
    fn a_query_is_ours_or_not() {
        let rules = rules();
        assert!(rules.owns(b"access_token=a") && rules.owns(b"access_token=a&access_token=b"));
        for query in ["", "query={a}", "access_token=a&", "access_token=a&x", "access%5Ftoken=a"] {
            assert!(!rules.owns(query.as_bytes()), "{query}");
        }
        assert!(!TokenRules::default().owns(b"access_token=a"));
    }

    #[test]
    fn cookies_go_without_the_token() {
        let left = |cookies: &str| {
            let left = rules().without_tokens(cookies.as_bytes());
            left.map(|left| String::from_utf8(left).unwrap())
        };
        assert_eq!(left("a=b; c"), None);
        assert_eq!(left("a=b;session=x;  c=d"), Some("a=b; c=d".to_owned()));
        assert_eq!(left("session=x"), Some(String::new()));
        assert_eq!(left("a=1,session=x; b"), Some("b".to_owned()));
        assert_eq!(left("a=1; %73ession=x; b=%; c=%7"), Some("a=1; b=%; c=%7".to_owned()));
        assert_eq!(TokenRules::default().without_tokens(b"session=x"), None);
    }

    /// Whoever sends a header decides how much work it is: no more than its length.
    #[test]
    fn a_long_cookie_is_read_once() {
        let begin = std::time::Instant::now();
        for part in [",", ";", "=", ",=", " ,", "=, ", "a=,", "session,", "%,", "%73=,", "; ="] {
            let blanks = " ".repeat(part.len() * 30_000);
            for cookies in [part.repeat(60_000), part.repeat(30_000) + &blanks, blanks + part] {
                check(&[("cookie", &cookies)], Ok(None));
                assert_eq!(rules().without_tokens(cookies.as_bytes()), None);
            }
        }
        // Linear, 33 times: some 0.2 s unoptimised. Quadratic: minutes.
        assert!(begin.elapsed() < std::time::Duration::from_secs(10), "{:?}", begin.elapsed());
    }
}
