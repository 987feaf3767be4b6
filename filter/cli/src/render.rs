//! Values -> text, in one of three forms. Nothing here writes.

pub(crate) mod cases;
pub(crate) mod documents;
mod expansion;
pub(crate) mod explain;
pub(crate) mod junit;
pub(crate) mod matrix;
pub(crate) mod status;

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::catalog::Counts;
use fieldgate_policy::diagnostic::{Diagnostic, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::{Value, json};

/// The width of messages, whatever the terminal's: output is the same everywhere.
const WIDTH: usize = 100;

/// How to show things.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) form: Form,
    /// On stdout.
    pub(crate) data: Ink,
    /// On stderr.
    pub(crate) note: Ink,
}

/// The form of what is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// With lines of the file.
    Human,
    /// One line each.
    Plain,
    /// JSON lines.
    Json,
}

/// Whether to use escape codes.
#[derive(Clone, Copy)]
pub(crate) enum Ink {
    Plain,
    Colored,
}

/// Findings, in their order.
pub(crate) fn diagnostics(all: &[Diagnostic], form: Form, ink: Ink) -> String {
    all.iter()
        .map(|one| match form {
            Form::Human => human(one, ink),
            Form::Plain => plain(one),
            Form::Json => line(&diagnostic_json(one)),
        })
        .collect()
}

/// What was built, in one line.
pub(crate) fn summary(bundle: &Bundle, form: Form) -> String {
    let parts = bundle.policy().parts();
    let (coordinates, rules) = (parts.schema.field_count(), parts.rules.len());
    let documents = parts.documents.texts().len();
    let bytes = bundle.configuration().len();
    if form == Form::Json {
        return line(&json!({
            "name": parts.name,
            "revision": bundle.revision(),
            "digest": bundle.digest().to_string(),
            "coordinates": coordinates,
            "rules": rules,
            "documents": documents,
            "blob_bytes": bundle.blob_bytes(),
            "bytes": bytes,
        }));
    }
    format!(
        "{} revision {} digest {}: {}, {}, {}{}\n",
        parts.name,
        bundle.revision(),
        bundle.digest().short(),
        of(coordinates, "coordinate"),
        of(rules, "rule"),
        of(bytes, "byte"),
        and_documents(documents),
    )
}

/// What was imported, in one line.
pub(crate) fn catalog(counts: Counts, form: Form) -> String {
    let Counts { files, entities, owned, unowned, not_ownable } = counts;
    if form == Form::Json {
        return line(&json!({
            "files": files,
            "entities": entities,
            "owned": owned,
            "unowned": unowned,
            "not_ownable": not_ownable,
        }));
    }
    let entities =
        if entities == 1 { "1 entity".to_owned() } else { format!("{entities} entities") };
    format!(
        "{entities} in {}: {owned} owned, {unowned} without an owner, {not_ownable} of kinds that have none\n",
        of(files, "file"),
    )
}

/// The number of findings, and of trusted documents, in one line.
pub(crate) fn count(all: &[Diagnostic], documents: usize) -> String {
    let number = |severity| all.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let notes = match number(Severity::Note) {
        0 => String::new(),
        notes => format!(", {}", of(notes, "note")),
    };
    let documents = and_documents(documents);
    format!("{}, {}{notes}{documents}\n", of(errors, "error"), of(warnings, "warning"))
}

/// Nothing where there are none.
fn and_documents(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", {}", of(count, "document")) }
}

fn human(diagnostic: &Diagnostic, ink: Ink) -> String {
    let theme = match ink {
        Ink::Plain => GraphicalTheme::unicode_nocolor(),
        Ink::Colored => GraphicalTheme::unicode(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => text + "\n",
        // A place that cannot be shown must not hide the finding.
        Err(_) => plain(diagnostic),
    }
}

fn plain(diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, severity, message, place, label, help } = diagnostic;
    let place = place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let label = label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    let help = help.as_ref().map(|help| format!("  help: {help}\n")).unwrap_or_default();
    format!("{place}{severity}[{code}]: {message}{label}\n{help}")
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let Diagnostic { code, severity, message, place, label, help } = diagnostic;
    let start = place.as_ref().map(|place| place.position());
    json!({
        "code": code.name(),
        "severity": severity.to_string(),
        "message": message,
        "file": place.as_ref().map(|place| place.file().name()),
        "line": start.map(|start| start.line),
        "column": start.map(|start| start.column),
        "offset": place.as_ref().map(|place| place.start()),
        "length": place.as_ref().map(|place| place.length()),
        "label": label,
        "help": help,
    })
}

fn of(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn paint(text: &str, code: &str, ink: Ink) -> String {
    match ink {
        Ink::Plain => text.to_owned(),
        Ink::Colored => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    }
}
