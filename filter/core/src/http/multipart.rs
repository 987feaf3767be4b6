//! A GraphQL multipart request -> its operation with the places of its files, and the canonical body
//! to forward (graphql-multipart-request-spec, version 2).
//!
//! One operation; `operations`, `map` and then the files, in this order, each once, as the specification
//! asks for: servers take the first or the last of what is there twice. A part has the headers that a
//! file needs and no others. Files go on byte for byte, between boundaries that are nowhere in them, nor in
//! anything else that goes on: some readers take one for the end of a part wherever it is, without a line
//! end before it (Django) or with half of one (Werkzeug). Nothing else is read of a file.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::{GraphqlRequest, Members};
use crate::denial::Reason;
use crate::json::{self, Json, JsonError};
use crate::limits::{Limits, UPLOADS};

/// The names of the parts that are no files.
const OPERATIONS: &str = "operations";
const MAP: &str = "map";

/// What stands between the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary(Box<str>);

/// A request with its files.
#[derive(Debug)]
pub struct MultipartRequest<'a> {
    /// The operation. Variables hold an upload where the request has a file.
    pub request: GraphqlRequest<'a>,
    boundary: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Debug)]
struct File<'a> {
    part: Part<'a>,
    /// The places that it is for, `variables.a.0.b`.
    paths: Vec<Cow<'a, str>>,
}

/// A part of the body.
#[derive(Debug)]
struct Part<'a> {
    name: &'a str,
    file_name: Option<&'a str>,
    content_type: Option<&'a str>,
    content: &'a [u8],
}

impl Boundary {
    /// Reads a content type (RFC 7578 section 4, RFC 2046 section 5.1.1).
    ///
    /// Stricter: no other parameter, no escapes, and of the characters of a boundary those that every
    /// reader takes as they are.
    #[must_use]
    pub fn read(content_type: &[u8]) -> Option<Self> {
        let (media, parameter) = str::from_utf8(content_type).ok()?.split_once(';')?;
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim_ascii_end();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = quoted.unwrap_or(value);
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.'".contains(&byte);
        let holds = media.trim_ascii().eq_ignore_ascii_case("multipart/form-data")
            && name.trim_ascii().eq_ignore_ascii_case("boundary")
            && (1..=70).contains(&value.len())
            && value.bytes().all(safe);
        holds.then(|| Self(value.into()))
    }

    /// The content type that is forwarded.
    #[must_use]
    pub fn header(&self) -> String {
        format!("multipart/form-data; boundary={}", self.0)
    }
}

impl<'a> MultipartRequest<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(boundary: &'a Boundary, body: &'a [u8], limits: &Limits) -> Result<Self, Reason> {
        let boundary = &*boundary.0;
        let mut parts = read_parts(boundary, body)?.into_iter();
        let mut field = |name: &str| {
            let part = parts.next().filter(|part| part.name == name && part.file_name.is_none());
            let part = part.filter(|part| part.content_type.is_none_or(is_text));
            let text = part.and_then(|part| str::from_utf8(part.content).ok());
            text.ok_or(Reason::MultipartMalformed)
        };
        let (operations, map) = (field(OPERATIONS)?, field(MAP)?);
        let mut request = GraphqlRequest::read(operations.as_bytes(), limits.variables_depth)?;
        let mut map = read_map(map)?;
        let mut files = Vec::new();
        for part in parts {
            // Some servers go by the name alone, and take the last of what is there twice.
            if [OPERATIONS, MAP].iter().any(|taken| part.name.eq_ignore_ascii_case(taken)) {
                return Err(Reason::MultipartMap);
            }
            let at = map.iter().position(|(name, _)| name == part.name);
            let (_, paths) = map.swap_remove(at.ok_or(Reason::MultipartMap)?);
            part.file_name.ok_or(Reason::MultipartMalformed)?;
            files.push(File { part, paths });
        }
        if !map.is_empty() {
            return Err(Reason::MultipartMap);
        }
        for path in files.iter().flat_map(|file| &file.paths) {
            let place = place(&mut request, path).ok_or(Reason::MultipartMap)?;
            // A place that two files are for has one already.
            if std::mem::replace(place, Json::Upload) != Json::Null {
                return Err(Reason::MultipartMap);
            }
        }
        Ok(Self { request, boundary, files })
    }

    /// The canonical body: these operations, and the files of variables that are defined.
    ///
    /// # Errors
    /// A boundary within a part; [`Reason::Internal`] if it cannot be written, which would be a defect.
    pub fn forward(&self, operations: &[u8], defined: &BTreeSet<&str>) -> Result<Vec<u8>, Reason> {
        let kept = |path: &&Cow<'a, str>| variable(path).is_some_and(|name| defined.contains(name));
        let mut map = Vec::new();
        let mut sent = Vec::new();
        for File { part, paths } in &self.files {
            let paths: Vec<&Cow<'a, str>> = paths.iter().filter(kept).collect();
            if !paths.is_empty() {
                let paths = serde_json::value::to_raw_value(&paths);
                // A number: the client's name for it could be another part's to somebody.
                map.push((sent.len().to_string(), paths.map_err(|_| Reason::Internal)?));
                sent.push(part);
            }
        }
        let files = map.iter().zip(&sent).map(|((name, _), part)| Part { name, ..**part });
        let files: Vec<Part<'_>> = files.collect();
        let map = Members(map.iter().map(|(name, paths)| (name.as_str(), &**paths)).collect());
        let map = serde_json::to_vec(&map).map_err(|_| Reason::Internal)?;
        let field = |name, content| Part { name, file_name: None, content_type: None, content };
        let mut body = Vec::new();
        field(OPERATIONS, operations).write(self.boundary, &mut body);
        field(MAP, &map).write(self.boundary, &mut body);
        files.iter().for_each(|part| part.write(self.boundary, &mut body));
        body.extend(b"--");
        body.extend(self.boundary.bytes());
        body.extend(b"--\r\n");
        // One before each part, of which two are the operations and the map, and one at the end.
        let delimiters = count(&body, format!("--{}", self.boundary).as_bytes());
        if delimiters == files.len().saturating_add(3) {
            Ok(body)
        } else {
            Err(Reason::MultipartMalformed)
        }
    }
}

impl Part<'_> {
    fn write(&self, boundary: &str, to: &mut Vec<u8>) {
        let Self { name, file_name, content_type, content } = self;
        let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"");
        if let Some(file_name) = file_name {
            head.push_str(&format!("; filename=\"{file_name}\""));
        }
        if let Some(content_type) = content_type.filter(|_| file_name.is_some()) {
            head.push_str(&format!("\r\ncontent-type: {content_type}"));
        }
        to.extend(head.bytes());
        to.extend(b"\r\n\r\n");
        to.extend(*content);
        to.extend(b"\r\n");
    }
}

/// `application/json` or nothing in particular: some clients say it of every part.
fn is_text(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim_ascii();
    media.eq_ignore_ascii_case("application/json") || media.eq_ignore_ascii_case("text/plain")
}

/// No preamble, no epilogue, and no blanks behind a boundary: readers differ in what they skip.
fn read_parts<'a>(boundary: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, Reason> {
    let malformed = Reason::MultipartMalformed;
    let delimiter = format!("\r\n--{boundary}");
    let first = delimiter.as_bytes().get(2..).unwrap_or_default();
    let mut rest = body.strip_prefix(first).ok_or(malformed)?;
    let mut parts: Vec<Part<'a>> = Vec::new();
    loop {
        rest = match rest {
            b"--" | b"--\r\n" => return Ok(parts),
            [b'\r', b'\n', rest @ ..] => rest,
            _ => return Err(malformed),
        };
        // Two more are the operation and its map.
        if parts.len() >= UPLOADS.saturating_add(2) {
            return Err(Reason::LimitUploads);
        }
        let end = find(rest, delimiter.as_bytes()).ok_or(malformed)?;
        let (part, after) = rest.split_at_checked(end).ok_or(malformed)?;
        parts.push(Part::read(part).ok_or(malformed)?);
        rest = after.get(delimiter.len()..).ok_or(malformed)?;
    }
}

/// The first place of a delimiter, which begins with the only CR in it.
fn find(text: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut from = 0_usize;
    loop {
        let rest = text.get(from..)?;
        let at = from.checked_add(rest.iter().position(|byte| *byte == b'\r')?)?;
        if text.get(at..)?.starts_with(delimiter) {
            return Some(at);
        }
        from = at.checked_add(1)?;
    }
}

/// How often a text is in another one.
fn count(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len()).filter(|window| *window == part).count()
}

impl<'a> Part<'a> {
    fn read(part: &'a [u8]) -> Option<Self> {
        let mut rest = part;
        let (mut disposition, mut content_type) = (None, None);
        loop {
            let line = find(rest, b"\r\n")?;
            let (line, after) = rest.split_at_checked(line)?;
            rest = after.get(2..)?;
            if line.is_empty() {
                break;
            }
            let plain = |byte: &char| !byte.is_control();
            let line =
                str::from_utf8(line).ok().filter(|line| line.chars().all(|one| plain(&one)))?;
            let (name, value) = line.split_once(':')?;
            let value = value.trim_ascii();
            match name.to_ascii_lowercase().as_str() {
                "content-disposition" if disposition.is_none() => disposition = Some(value),
                "content-type" if content_type.is_none() => content_type = Some(value),
                // Some clients say it; it is where the boundary is that ends a part.
                "content-length" => {}
                _ => return None,
            }
        }
        let (name, file_name) = read_disposition(disposition?)?;
        Some(Self { name, file_name, content_type, content: rest })
    }
}

/// `form-data; name="0"; filename="a.txt"` (RFC 7578 section 4.2), without escapes.
fn read_disposition(value: &str) -> Option<(&str, Option<&str>)> {
    let rest = value.get(..9).filter(|kind| kind.eq_ignore_ascii_case("form-data"));
    let mut rest = rest.and_then(|_| value.get(9..))?;
    let (mut name, mut file_name) = (None, None);
    while !rest.is_empty() {
        let (key, after) = rest.trim_ascii_start().strip_prefix(';')?.split_once('=')?;
        let (text, after) = after.strip_prefix('"')?.split_once('"')?;
        // An escape here, one character of a name there.
        if text.contains('\\') {
            return None;
        }
        let twice = match key.trim_ascii().to_ascii_lowercase().as_str() {
            "name" => name.replace(text).is_some(),
            "filename" => file_name.replace(text).is_some(),
            _ => return None,
        };
        if twice {
            return None;
        }
        rest = after;
    }
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = name.filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(safe))?;
    Some((name, file_name))
}

type Places<'a> = (Cow<'a, str>, Vec<Cow<'a, str>>);

/// Which file is for which places.
fn read_map<'a>(text: &'a str) -> Result<Vec<Places<'a>>, Reason> {
    let members = json::members(text).map_err(|error| match error {
        JsonError::DuplicateMember => Reason::DuplicateMember,
        JsonError::Syntax | JsonError::Depth => Reason::MultipartMap,
    })?;
    let read = |(name, raw): (Cow<'a, str>, &'a RawValue)| {
        let Ok(Json::Array(items)) = Json::read(raw.get(), 1) else { return None };
        let text = |item| if let Json::String(path) = item { Some(path) } else { None };
        let paths: Vec<_> = items.into_iter().map(text).collect::<Option<_>>()?;
        (!paths.is_empty()).then_some((name, paths))
    };
    let mut map = Vec::new();
    let mut left = UPLOADS;
    for member in members {
        let (name, paths) = read(member).ok_or(Reason::MultipartMap)?;
        // Each is looked for among all that it can be.
        left = left.checked_sub(paths.len()).ok_or(Reason::LimitUploads)?;
        map.push((name, paths));
    }
    Ok(map)
}

/// The variable that a path is in.
fn variable(path: &str) -> Option<&str> {
    path.strip_prefix("variables.")?.split('.').next()
}

/// The place in the variables' values that a path leads to.
///
/// Brackets are a part of a name here, and to some servers a step.
fn place<'r, 'a>(request: &'r mut GraphqlRequest<'a>, path: &str) -> Option<&'r mut Json<'a>> {
    if path.contains(['[', ']']) {
        return None;
    }
    let mut steps = path.strip_prefix("variables.")?.split('.');
    let name = steps.next()?;
    let variable = request.variables.iter_mut().find(|variable| variable.name == name)?;
    steps.try_fold(&mut variable.value, |value, step| match value {
        Json::Object(members) => {
            members.iter_mut().find(|(name, _)| name == step).map(|(_, value)| value)
        }
        // As written: `01` is another name to some servers.
        Json::Array(items) => {
            let at: usize = step.parse().ok()?;
            items.get_mut(at).filter(|_| at.to_string() == step)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Upload => None,
    })
}
