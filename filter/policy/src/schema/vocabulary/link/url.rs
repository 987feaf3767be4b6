//! The URL of a specification: `https://HOST/PATH/NAME/vMAJOR.MINOR`
//! (<https://specs.apollo.dev/link/v1.0/#@link.url>).

/// What a URL says.
pub(super) struct Url<'a> {
    /// The name, if it is one of <https://specs.apollo.dev>.
    pub(super) known: Option<&'a str>,
    /// The name, wherever it is from.
    pub(super) name: Option<&'a str>,
    /// The first number of the version.
    pub(super) major: Option<u32>,
}

impl<'a> Url<'a> {
    pub(super) fn read(url: &'a str) -> Self {
        let own = url.strip_prefix("https://specs.apollo.dev/");
        let path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        // The host is no name.
        let mut segments = path.split('/').skip(1).collect::<Vec<&str>>().into_iter().rev();
        let last = segments.next();
        let major = last.and_then(major);
        let name = if major.is_some() { segments.next() } else { last };
        Self {
            known: name.filter(|_| own.is_some()),
            name: name.filter(|name| is_namespace(name)),
            major,
        }
    }
}

/// `v2.3` -> 2.
fn major(segment: &str) -> Option<u32> {
    let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    (number(major) && number(minor) && !minor.is_empty()).then(|| major.parse().ok())?
}

/// A GraphQL name (spec 2.1.9).
pub(super) fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    text.bytes().all(inner) && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// A name that can stand before `__`.
pub(super) fn is_namespace(text: &str) -> bool {
    is_name(text) && !text.contains("__") && !text.starts_with('_') && !text.ends_with('_')
}
