//! The tour on the screen: readable in colour and without, at a hundred columns.

use std::io::{IsTerminal, Write, stdout};

use fieldgate_e2e::backend::Seen;
use fieldgate_e2e::client::Answer;
use serde_json::Value;

use crate::tour::{Defect, Outcome, Step};

/// Lines of an answer's data that are shown.
const ANSWER_LINES: usize = 24;
const COLUMNS: usize = 96;

/// Standard output.
pub(crate) struct Screen {
    colours: bool,
}

#[derive(Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Good,
    Bad,
    Key,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        Self { colours: wanted && (forced || stdout().is_terminal()) }
    }

    /// One line. A reader that went away is no reason to fail.
    pub(crate) fn line(&self, text: &str) {
        let _gone = writeln!(stdout(), "{text}");
    }

    /// What is being waited for: not part of the tour.
    pub(crate) fn progress(&self, what: &str) {
        eprintln!("{}", self.styled(Style::Dim, &format!("... {what}")));
    }

    pub(crate) fn heading(&self, text: &str) {
        self.line(&format!("\n{}", self.styled(Style::Bold, text)));
        self.line(&self.styled(Style::Dim, &"=".repeat(text.chars().count())));
    }

    pub(crate) fn fault(&self, fault: &str) {
        self.line(&self.styled(Style::Bad, &format!("  NOT AS ANNOUNCED: {fault}")));
    }

    pub(crate) fn step(
        &self,
        number: usize,
        step: &Step,
        answer: &Answer,
        record: &Value,
        seen: &[Seen],
    ) {
        self.heading(&format!("{number}. {}", step.title));
        let who = match step.defect {
            Defect::Absent => "nobody: there is no authorization header".to_owned(),
            Defect::Nothing => step.persona.introduction(),
            Defect::Forged => format!("claims to be {}", step.persona.introduction()),
            Defect::Expired => format!("was {}", step.persona.introduction()),
        };
        self.labelled("who", &who);
        self.labelled("asks", step.query);
        if let Some((name, value)) = step.variables {
            self.labelled("with", &format!("${name} = \"{value}\""));
        }
        let style = if answer.status == 200 { Style::Good } else { Style::Bad };
        let status = self.styled(style, &format!("HTTP {}", answer.status));
        let challenge =
            answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
        let challenge =
            challenge.map_or(String::new(), |text| format!("  WWW-Authenticate: {text}"));
        self.labelled("answer", &format!("{status}{challenge}\n{}", pretty(&answer.json())));
        self.labelled("backend", &backend(seen));
        self.labelled("audit", &self.audit(record));
    }

    /// The verdict and its reasons first, then the whole record as the log has it.
    fn audit(&self, record: &Value) -> String {
        let style = if record["decision"] == "allow" { Style::Good } else { Style::Bad };
        let decision = self.styled(style, &plain(&record["decision"]));
        let reason = record.get("reason").map_or(String::new(), |one| format!("  {}", plain(one)));
        let mut lines = vec![format!("{decision}{reason}")];
        for denied in record["denied"].as_array().into_iter().flatten() {
            let coordinate = self.styled(Style::Bad, &plain(&denied["coordinate"]));
            let (path, because) = (plain(&denied["path"]), plain(&denied["because"]));
            let rules = plain(&denied["rules"]);
            lines.push(format!("denied {coordinate} at {path}: {because} {rules}"));
        }
        for (name, value) in record.as_object().into_iter().flatten() {
            let name = self.styled(Style::Key, name);
            let value = wrapped(&value.to_string(), COLUMNS - 24);
            lines.push(format!("{name} {}", value.join("\n    ")));
        }
        lines.join("\n")
    }

    pub(crate) fn summary(&self, outcomes: &[Outcome]) {
        self.heading("The tour");
        for outcome in outcomes {
            let mark = match outcome.fault {
                None => self.styled(Style::Good, "as announced"),
                Some(_) => self.styled(Style::Bad, "NOT as announced"),
            };
            self.line(&format!("  {}  {mark:<12}  {}", outcome.status, outcome.title));
        }
    }

    fn labelled(&self, label: &str, text: &str) {
        for (at, line) in text.lines().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.line(&format!("  {} {line}", self.styled(Style::Key, &format!("{label:<8}"))));
        }
    }

    fn styled(&self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Bad => "31",
            Style::Key => "36",
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn backend(seen: &[Seen]) -> String {
    match seen {
        [] => "saw nothing".to_owned(),
        seen => {
            let executed = seen.iter().flat_map(|one| one.executed.iter().map(String::as_str));
            let mut executed: Vec<&str> = executed.collect();
            executed.sort_unstable();
            executed.dedup();
            cut(&format!("executed {}", executed.join(" ")), COLUMNS)
        }
    }
}

fn pretty(answer: &Value) -> String {
    let text = format!("{answer:#}");
    let lines: Vec<&str> = text.lines().collect();
    match lines.get(..ANSWER_LINES) {
        Some(shown) if lines.len() > ANSWER_LINES => {
            format!("{}\n... {} more lines", shown.join("\n"), lines.len() - ANSWER_LINES)
        }
        Some(_) | None => text,
    }
}

/// Lines of about `columns` characters, broken behind commas.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in text.split_inclusive(',') {
        match lines.last_mut() {
            Some(line) if line.len() + piece.len() <= columns => line.push_str(piece),
            Some(_) | None => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// A value on one line, without the quotation marks of a string.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} ...", text.get(..end).unwrap_or_default()),
    }
}
