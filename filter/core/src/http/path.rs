//! Paths that servers could take for one another.
//!
//! Servers differ in what they make of a path: some decode escapes before they compare, merge slashes,
//! resolve dot segments, cut parameters behind `;`, read `\` as `/`, or compare without case. All of it
//! is done here, so that whatever one of them takes for the endpoint is like it. In which order they do it,
//! and what counts as a segment meanwhile (`//`, `%2f`), differs too: with a dot segment in a path, any of
//! its segments could be gone.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use super::percent;

/// Paths that are named in a configuration: one, or all below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    path: Box<str>,
    below: bool,
}

impl PathPattern {
    /// Reads `/path`, or `/prefix/*`; none if it is neither, or if it is not plain.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (path, below) = match text.strip_suffix('*') {
            Some(prefix) if prefix.ends_with('/') => (prefix, true),
            Some(_) => return None,
            None => (text, false),
        };
        is_plain(path.as_bytes()).then(|| Self { path: path.into(), below })
    }

    /// Whether a path is among them.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        let known = self.path.as_bytes();
        if self.below { path.starts_with(known) } else { path == known }
    }
}

/// Whether a path means the same to everybody: no escapes, parameters, backslashes, dot segments or
/// empty segments but the last.
#[must_use]
pub(crate) fn is_plain(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/") else { return false };
    let allowed = |byte: &u8| byte.is_ascii_graphic() && !b"%;\\?#*".contains(byte);
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    let mut plain = rest.iter().all(allowed);
    while let Some(segment) = segments.next() {
        let dots = segment == b"." || segment == b"..";
        plain &= !dots && (!segment.is_empty() || segments.peek().is_none());
    }
    plain
}

/// Whether some server could take a path for a known one, or for something below it, whatever comes
/// before.
#[must_use]
pub(super) fn is_like(path: &[u8], known: &[u8]) -> bool {
    /// Who escapes more often than this means no good.
    const ESCAPED: usize = 3;
    let known = segments(known).names;
    let Some(length) = NonZeroUsize::new(known.len()) else { return true };
    let mut path = Cow::Borrowed(path);
    for _ in 0..=ESCAPED {
        // Escapes are resolved by some servers before they compare, and again by others.
        let Segments { names, dots } = segments(&path);
        let found = match dots {
            false => names.windows(length.get()).any(|window| *window == *known),
            true => are_among(&known, &names),
        };
        if found {
            return true;
        }
        let plain: Vec<u8> = percent::lenient(&path).collect();
        if plain.len() == path.len() {
            return false;
        }
        path = plain.into();
    }
    true
}

/// Whether the known segments are among these in their order, whatever is between them.
fn are_among(known: &[Vec<u8>], names: &[Vec<u8>]) -> bool {
    let mut names = names.iter();
    known.iter().all(|known| names.any(|name| name == known))
}

struct Segments {
    /// Those that mean something, in lower case and without what is cut off them.
    names: Vec<Vec<u8>>,
    /// Whether there was one that takes another away.
    dots: bool,
}

fn segments(path: &[u8]) -> Segments {
    let mut kept = Segments { names: Vec::new(), dots: false };
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        let name = segment.split(|byte| matches!(byte, b';' | b'?' | b'#' | 0)).next();
        let name = name.unwrap_or_default().trim_ascii();
        kept.dots |= name == b"..";
        // Some file systems drop dots at the end.
        let end =
            name.iter().rposition(|byte| *byte != b'.').map_or(0, |last| last.saturating_add(1));
        let name = name.get(..end).unwrap_or_default();
        if !name.is_empty() {
            kept.names.push(name.to_ascii_lowercase());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_could_take_for_the_endpoint_is_like_it() {
        for path in [
            "/graphql",
            "/graphql/",
            "//graphql",
            "/GraphQL",
            "/graphql//",
            "/./graphql",
            "/x/../graphql",
            "/%67raphql",
            "/%2567raphql",
            "/graphql%2f",
            "/graphql%2Fx",
            "/graphql;a=b",
            "/graphql/foo",
            "/x\\graphql",
            "\\graphql",
            "/graphql%00",
            "/graphql%20",
            "/graphql.",
            "/a/graphql",
            "/graphql%3Fx",
            "/%2e%2e/graphql",
            "/a/%2e%2e/graphql",
            "/graphql%23",
            "/graphql/../x",
            "/%252525252567raphql",
        ] {
            assert!(is_like(path.as_bytes(), b"/graphql"), "{path}");
        }
        for path in
            ["/", "/graphiql", "/graph/ql", "/graphqls", "/x", "/graphql-docs/", "/g%2fraphql"]
        {
            assert!(!is_like(path.as_bytes(), b"/graphql"), "{path}");
        }
        assert!(is_like(b"/API//graphQL", b"/api/graphql"));
        assert!(!is_like(b"/api", b"/api/graphql"));
        for path in [
            "/api/../graphql",
            "/api/x/../graphql",
            "/api//../graphql",
            // To the URL standard an empty segment is one that dots take away,
            "/api/x/..//../graphql",
            "/api/x/../;/../graphql",
            "/api/x/%2e%2e//../graphql",
            // and `%2e%2e` is dots where `%2f` is no slash.
            "/api/x%2fy/%2e%2e/graphql",
            "/api/x%252fy/%252e%252e/graphql",
        ] {
            assert!(is_like(path.as_bytes(), b"/api/graphql"), "{path}");
        }
        for path in ["/api/x/graphql", "/api/..", "/x/../graphql", "/graphql/../api"] {
            assert!(!is_like(path.as_bytes(), b"/api/graphql"), "{path}");
        }
        assert!(is_like(b"/", b"/") && is_like(b"/..", b"/") && is_like(b"/x", b"/"));
    }

    #[test]
    fn a_long_path_is_read_in_time() {
        let begin = std::time::Instant::now();
        for part in ["%25", "/", "/a", "25", "/../", "%"] {
            let _ = is_like(format!("/%{}", part.repeat(20_000)).as_bytes(), b"/graphql");
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
    }

    #[test]
    fn a_plain_path_means_one_thing() {
        for path in ["/", "/a", "/a/", "/a/b.c", "/a/.well-known/x~y", "/@a"] {
            assert!(is_plain(path.as_bytes()), "{path}");
        }
        for path in [
            "", "a", "//", "/a//b", "/a/./b", "/..", "/a/../b", "/a%2fb", "/a;b", "/a\\b",
            "/\u{e9}",
        ] {
            assert!(!is_plain(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_pattern_is_a_path_or_all_below_one() {
        let matches = |pattern: &str, path: &str| {
            PathPattern::read(pattern).unwrap().matches(path.as_bytes())
        };
        assert!(matches("/healthz", "/healthz") && !matches("/healthz", "/healthz/"));
        assert!(matches("/assets/*", "/assets/") && matches("/assets/*", "/assets/a/b.js"));
        assert!(!matches("/assets/*", "/assets") && !matches("/assets/*", "/assetsx"));
        for pattern in ["", "*", "assets/*", "/assets*", "/a/*/b", "/../*", "/a%2f/*", "/**"] {
            assert_eq!(PathPattern::read(pattern), None, "{pattern}");
        }
        assert!(matches("/*", "/x"));
    }
}
