//! Files of rows -> the requests, one for each combination of a row's values.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::encoding::Encoding;
use super::template::{Values, combinations, filled};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    texts: Values,
    rows: Vec<Map<String, Value>>,
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its place in all files, and the numbers of its values.
    pub name: String,
    /// What it is a case of: an id of the attack list.
    #[serde(default)]
    pub covers: Option<String>,
    pub request: Request,
    /// Under which settings it has to be allowed; it may always be refused where nothing is said.
    #[serde(default)]
    pub allowed: Option<Allowed>,
    /// How many requests the bytes are, at most.
    #[serde(default = "one")]
    pub requests: usize,
    /// Whether they may be none at all, to Envoy.
    #[serde(default)]
    pub may_vanish: bool,
}

fn one() -> usize {
    1
}

/// Under which settings a request has to be allowed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    Always,
    /// Where everything is on.
    WhenOpen,
}

/// What is sent. Texts become bytes: a character below U+0100 is that byte in heads, and in bodies
/// with the encoding `bytes`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    pub method: Option<String>,
    pub path: Option<String>,
    /// Behind the path in the request line.
    pub protocol: Option<String>,
    /// Through Envoy by HTTP/2.
    pub http2: bool,
    /// Each name here replaces the default of that name; a null value sends none; `+name` adds.
    pub headers: Vec<(String, Option<String>)>,
    /// Further lines of the head as they are, without their ends.
    pub lines: Vec<String>,
    /// A body with this document alone, as JSON.
    pub document: Option<String>,
    /// The body's text.
    pub body: Option<String>,
    /// What is done to the body, in this order.
    pub encodings: Vec<Encoding>,
    /// In two chunks.
    pub chunked: bool,
    pub trailers: Vec<(String, String)>,
    /// In place of everything above: the bytes of the connection.
    pub raw: Option<String>,
    /// Every answer comes, or the connection ends, before so many milliseconds without a byte.
    pub patience: Option<u64>,
}

/// Reads all files of a folder.
///
/// # Errors
/// One of them is not readable, or a name is there twice.
pub fn load(folder: &Path) -> Result<Vec<Row>> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let context = || file.display().to_string();
        let text = fs::read_to_string(&file).with_context(context)?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).context("a file name")?;
        rows.extend(read(stem, &text).with_context(context)?);
    }
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    ensure!(names.len() == rows.len(), "a name is there twice");
    Ok(rows)
}

fn read(file: &str, text: &str) -> Result<Vec<Row>> {
    let File { version, texts, rows: templates } = serde_saphyr::from_str(text)?;
    ensure!(version == 1, "version {version}");
    let mut rows = Vec::new();
    for mut template in templates {
        let name = template.get("name").and_then(Value::as_str).context("a row has a name")?;
        let name = format!("{file}: {name}");
        let axes = template.remove("each").unwrap_or(Value::Array(Vec::new()));
        let axes: Vec<Map<String, Value>> =
            serde_json::from_value(axes).with_context(|| name.clone())?;
        for (label, chosen) in combinations(&axes).with_context(|| name.clone())? {
            // An axis stands before a text of the same name.
            let mut values = texts.clone();
            values.extend(chosen);
            let whole = Value::Object(template.clone());
            let whole = filled(&whole, &values).with_context(|| name.clone())?;
            let mut row: Row = serde_json::from_value(whole).with_context(|| name.clone())?;
            row.name = format!("{name}{label}");
            rows.push(row);
        }
    }
    Ok(rows)
}
