//! `endpoint` as JSON has it -> [`Endpoint`].

use serde::Deserialize;

use super::ConfigurationError;
use super::tokens::is_token;
use super::wire::value;
use crate::http::{
    Endpoint, Method, Methods, Multipart, OtherPaths, PathPattern, Preflight, is_ours, is_plain,
};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireEndpoint {
    paths: Option<Vec<Box<str>>>,
    other_paths: Option<Box<str>>,
    unauthenticated_paths: Option<Vec<Box<str>>>,
    methods: Option<Vec<Box<str>>>,
    preflight: Option<Box<str>>,
    csrf_headers: Option<Vec<Box<str>>>,
    extensions: Option<Vec<Box<str>>>,
    #[serde(default)]
    multipart: bool,
    /// Read apart: it is about documents.
    #[serde(default)]
    pub(super) incremental: bool,
}

impl WireEndpoint {
    pub(super) fn read(self) -> Result<Endpoint, ConfigurationError> {
        /// What GraphQL clients send for it already.
        const CSRF_HEADERS: [&str; 3] =
            ["apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight"];
        let Self {
            paths,
            other_paths,
            unauthenticated_paths,
            methods,
            preflight,
            csrf_headers,
            extensions,
            multipart,
            incremental: _,
        } = self;
        let paths = paths.unwrap_or_else(|| vec!["/graphql".into()]);
        if paths.is_empty() {
            return Err(value("endpoint.paths", "expected at least one path"));
        }
        each("endpoint.paths", &paths, |path| is_plain(path.as_bytes()), PATH)?;
        let csrf_headers = csrf_headers
            .unwrap_or_else(|| CSRF_HEADERS.iter().map(|name| (*name).into()).collect());
        let csrf_headers: Vec<Box<str>> =
            csrf_headers.iter().map(|name| name.to_ascii_lowercase().into()).collect();
        let custom = |name: &str| {
            is_token(name) && !name.contains('_') && !is_ours(name) && !is_simple(name)
        };
        each("endpoint.csrf_headers", &csrf_headers, custom, HEADER)?;
        let extensions = extensions.unwrap_or_default();
        let forwardable = |name: &str| !name.is_empty() && name != "persistedQuery";
        each("endpoint.extensions", &extensions, forwardable, EXTENSION)?;
        Ok(Endpoint {
            paths,
            others: read_others(other_paths.as_deref(), unauthenticated_paths)?,
            methods: methods.map_or_else(|| Ok(Methods::post()), |names| read_methods(&names))?,
            preflight: match preflight.as_deref() {
                None | Some("deny") => Preflight::Deny,
                Some("forward") => Preflight::Forward,
                Some(_) => {
                    return Err(value("endpoint.preflight", "expected `deny` or `forward`"));
                }
            },
            csrf_headers,
            extensions,
            multipart: if multipart { Multipart::On } else { Multipart::Off },
        })
    }
}

const PATH: &str = "expected a path that begins with `/`, without escapes, `?`, `#`, `;`, `\\`, `*`, \
                    empty segments and dot segments";
const PATTERN: &str = "expected a plain path, or a prefix and `/*`";
const HEADER: &str =
    "expected the name of a header that no form can send, without `_`, that means nothing else";
const EXTENSION: &str = "expected the name of an extension other than `persistedQuery`";
const METHOD: &str = "expected `POST`, `GET`, `HEAD` or `QUERY`, each once";

/// What a page of another site can have a browser send without asking first (Fetch standard), and what
/// is in every request anyway.
fn is_simple(name: &str) -> bool {
    const SIMPLE: [&str; 17] = [
        "accept",
        "accept-language",
        "accept-encoding",
        "content-language",
        "origin",
        "referer",
        "range",
        "user-agent",
        "cache-control",
        "pragma",
        "dnt",
        "if-none-match",
        "if-modified-since",
        "priority",
        "save-data",
        "upgrade-insecure-requests",
        // Proxies add it.
        "x-request-id",
    ];
    const PREFIXES: [&str; 4] = ["sec-", "proxy-", "x-forwarded-", "x-envoy-"];
    SIMPLE.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn each(
    at: &str,
    values: &[Box<str>],
    good: impl Fn(&str) -> bool,
    message: &'static str,
) -> Result<(), ConfigurationError> {
    match values.iter().position(|one| !good(one)) {
        None => Ok(()),
        Some(position) => Err(value(&format!("{at}[{position}]"), message)),
    }
}

fn read_others(
    others: Option<&str>,
    unauthenticated: Option<Vec<Box<str>>>,
) -> Result<OtherPaths, ConfigurationError> {
    match (others, unauthenticated) {
        (None | Some("deny"), None) => Ok(OtherPaths::Deny),
        (None | Some("deny"), Some(_)) => {
            Err(value("endpoint.unauthenticated_paths", "needs `other_paths: allow`"))
        }
        (Some("allow"), patterns) => {
            let mut unauthenticated = Vec::new();
            for (at, text) in patterns.unwrap_or_default().iter().enumerate() {
                let pattern = PathPattern::read(text);
                let at = format!("endpoint.unauthenticated_paths[{at}]");
                unauthenticated.push(pattern.ok_or_else(|| value(&at, PATTERN))?);
            }
            Ok(OtherPaths::Allow { unauthenticated })
        }
        (Some(_), _) => Err(value("endpoint.other_paths", "expected `deny` or `allow`")),
    }
}

fn read_methods(names: &[Box<str>]) -> Result<Methods, ConfigurationError> {
    if names.is_empty() {
        return Err(value("endpoint.methods", "expected at least one method"));
    }
    let mut methods = Methods::default();
    for (at, name) in names.iter().enumerate() {
        let method = Method::ALL.into_iter().find(|one| one.name() == &**name);
        match method.filter(|one| !methods.contains(*one)) {
            Some(method) => methods = methods.with(method),
            None => return Err(value(&format!("endpoint.methods[{at}]"), METHOD)),
        }
    }
    Ok(methods)
}
