//! The access log file -> its entries, found by the tag that the client sent.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

/// One line of the access log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The whole line.
    pub line: Value,
    /// Whether its record is in the form that nests.
    pub nests: bool,
}

impl Entry {
    /// The audit record in the form that nests (`wasm.fieldgate.audit_struct`), or else from its text.
    #[must_use]
    pub fn record(&self) -> &Value {
        &self.line["fieldgate"]
    }

    /// The audit record from its text form: `wasm.fieldgate.audit`.
    #[must_use]
    pub fn text_record(&self) -> Value {
        let text = self.line["text"].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Envoy's response code details.
    #[must_use]
    pub fn details(&self) -> &str {
        self.line["response_code_details"].as_str().unwrap_or_default()
    }
}

/// Reads the log as it grows.
#[derive(Debug)]
pub(super) struct LogReader {
    path: PathBuf,
    offset: u64,
    entries: BTreeMap<String, Vec<Entry>>,
}

impl LogReader {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, offset: 0, entries: BTreeMap::new() }
    }

    /// All entries so far with a tag; the empty tag has those without one.
    pub(super) fn entries(&mut self, tag: &str) -> Vec<Entry> {
        self.read();
        self.entries.get(tag).cloned().unwrap_or_default()
    }

    /// All entries so far, by their tags.
    pub(super) fn all(&mut self) -> Vec<Entry> {
        self.read();
        self.entries.values().flatten().cloned().collect()
    }

    fn read(&mut self) {
        // Not there until the first listener is.
        let Ok(mut file) = File::open(&self.path) else { return };
        let mut text = String::new();
        file.seek(SeekFrom::Start(self.offset)).expect("the access log is a file");
        file.read_to_string(&mut text).expect("the access log is UTF-8");
        // What is not a whole line yet is read again.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.offset += u64::try_from(whole).expect("a length");
        for line in text[..whole].lines() {
            let mut line: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("an access log line is JSON: {error}: {line}"));
            whole_numbers(&mut line["fieldgate"]);
            if line["fieldgate"].is_string() {
                line["text"] = line["fieldgate"].take();
            }
            let nests = !line["fieldgate"].is_null();
            let mut entry = Entry { line, nests };
            if !nests {
                entry.line["fieldgate"] = entry.text_record();
            }
            let tag = entry.line["tag"].as_str().unwrap_or_default().to_owned();
            self.entries.entry(tag).or_default().push(entry);
        }
    }
}

/// Envoy writes 100000 as 1e5, which is the same number.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let text = number.as_f64().map(|number| format!("{number:.1}"));
            let whole =
                text.as_deref().and_then(|text| text.strip_suffix(".0")?.parse::<u64>().ok());
            if let Some(whole) = whole {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(members) => members.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
