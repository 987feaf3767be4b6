//! A manifest that a client's build wrote down -> its documents with their ids: Apollo's
//! (`"format": "apollo-persisted-query-manifest"`), or an object of ids and texts as Relay and
//! GraphQL Code Generator write it.
//!
//! JSON has no places here: a document is where its id is in the file.

use std::borrow::Cow;
use std::sync::Arc;

use fieldgate_core::document::{Bounds, Document, Span};
use fieldgate_core::json::{Json, JsonError, MAX_DEPTH};
use fieldgate_core::limits::NESTING;

use super::{Found, Origin, given_id};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile};

const APOLLO: &str = "apollo-persisted-query-manifest";

/// The documents of a manifest.
pub(super) fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Vec<Found> {
    let mut places = Places { file, from: 0 };
    let entries = match Json::read(file.text(), MAX_DEPTH) {
        Ok(json) => entries(&json, &mut places),
        Err(error) => Err(syntax(file, error)),
    };
    match entries {
        Ok(entries) => entries.into_iter().filter_map(|entry| document(entry, findings)).collect(),
        Err(Wrong { message, place }) => {
            let finding = Diagnostic::error(Code::DocumentManifest, &place, message);
            let help = "a manifest is Apollo's, or an object with a document for each id";
            findings.add(finding.help(help));
            Vec::new()
        }
    }
}

/// An id with its text.
struct Entry {
    id: String,
    text: String,
    place: Place,
}

/// Why a file is no manifest.
struct Wrong {
    message: String,
    place: Place,
}

/// Where ids are: each behind the one before, in the order of the file.
struct Places<'a> {
    file: &'a Arc<SourceFile>,
    from: usize,
}

impl Places<'_> {
    fn next(&mut self, text: &str) -> Place {
        let written = serde_json::Value::from(text).to_string();
        let rest = self.file.text().get(self.from..).unwrap_or_default();
        let start = self.from + rest.find(&written).unwrap_or(0);
        self.from = start + written.len();
        self.file.place(start, self.from)
    }

    fn wrong(&self, message: String) -> Wrong {
        Wrong { message, place: self.file.place(self.from, self.from) }
    }
}

fn syntax(file: &Arc<SourceFile>, error: JsonError) -> Wrong {
    let message = match error {
        JsonError::Syntax => "the file is not JSON",
        JsonError::DuplicateMember => "a member, or an id, is there twice",
        JsonError::Depth => "the file is nested too deeply",
    };
    let place = match serde_json::from_str::<serde_json::Value>(file.text()) {
        Ok(_) => file.place(0, 0),
        Err(error) => {
            let at = file.offset(error.line(), error.column());
            file.place(at, at)
        }
    };
    Wrong { message: message.to_owned(), place }
}

fn entries(json: &Json<'_>, places: &mut Places<'_>) -> Result<Vec<Entry>, Wrong> {
    let Json::Object(members) = json else {
        return Err(places.wrong("a manifest has to be an object".to_owned()));
    };
    if json.member("operations").is_some_and(|member| member.as_str().is_none()) {
        return apollo(json, places);
    }
    let entry = |(id, text): &(Cow<'_, str>, Json<'_>)| {
        let id: &str = id;
        let place = places.next(id);
        let text = text.as_str().ok_or_else(|| Wrong {
            message: format!("`{}` has no document: that would be a string", id.escape_debug()),
            place: place.clone(),
        })?;
        Ok(Entry { id: id.to_owned(), text: text.to_owned(), place })
    };
    members.iter().map(entry).collect()
}

fn apollo(json: &Json<'_>, places: &mut Places<'_>) -> Result<Vec<Entry>, Wrong> {
    if json.member("format").and_then(Json::as_str) != Some(APOLLO) {
        return Err(places.wrong(format!("the `format` is not `{APOLLO}`")));
    }
    let version = json.member("version");
    if !matches!(version, Some(Json::Number(number)) if number.as_u64() == Some(1)) {
        return Err(places.wrong("the `version` of the manifest is not 1".to_owned()));
    }
    let Some(Json::Array(operations)) = json.member("operations") else {
        return Err(places.wrong("`operations` is not a list".to_owned()));
    };
    let entry = |(at, operation): (usize, &Json<'_>)| {
        let text = |name| operation.member(name).and_then(Json::as_str);
        let Some((id, body)) = text("id").zip(text("body")) else {
            let message = format!("the operation {} has no `id` or no `body`", at + 1);
            return Err(places.wrong(message));
        };
        let place = places.next(id);
        Ok(Entry { id: id.to_owned(), text: body.to_owned(), place })
    };
    operations.iter().enumerate().map(entry).collect()
}

/// A document of one operation.
fn document(entry: Entry, findings: &mut Findings) -> Option<Found> {
    let Entry { id, text, place } = entry;
    let id = given_id(&id, &text, &place, findings)?;
    let origin = Origin { place, parts: Vec::new() };
    let bounds = Bounds { tokens: u32::MAX, nesting: NESTING };
    let wrong = match Document::read(&text, &bounds) {
        Ok(document) if document.operations.len() == 1 => None,
        Ok(document) => {
            let count = document.operations.len();
            let message = format!("a document has to have one operation, this one has {count}");
            let finding = Diagnostic::error(Code::DocumentOperation, &origin.place, message);
            Some(finding.help("write down each operation with the fragments that it needs"))
        }
        Err(error) => {
            let (span, message) = (Span { start: error.at, end: error.at }, error.kind.to_string());
            let finding = Diagnostic::error(Code::DocumentSyntax, &origin.place, message);
            Some(Diagnostic { label: origin.label(span, &text), ..finding })
        }
    };
    if let Some(finding) = wrong {
        findings.add(finding);
        return None;
    }
    Some(Found { id, text: text.into(), origin })
}
