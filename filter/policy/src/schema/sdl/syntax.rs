//! The parser's errors -> findings in our words.

use std::sync::Arc;

use apollo_parser::Error;

use super::NESTING;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::SourceFile;

/// As many errors as somebody would read; after the first dozen they are mostly echoes.
const REPORTED: usize = 20;

/// What is quoted of a text that is not understood.
const QUOTED: usize = 32;

/// What the parser says where a definition could begin, and nothing else.
const DEFINITION: [&str; 3] = [
    "Unexpected <EOF>.",
    "expected definition",
    "expected a StringValue, Name or OperationDefinition",
];

/// What a definition begins with.
const KEYWORDS: &str = "schema, extend, scalar, type, interface, union, enum, input or directive";

/// Tokens by the parser's names for them.
const TOKENS: [(&str, &str); 12] = [
    ("BANG", "`!`"),
    ("L_PAREN", "`(`"),
    ("R_PAREN", "`)`"),
    ("L_CURLY", "`{`"),
    ("R_CURLY", "`}`"),
    ("L_BRACK", "`[`"),
    ("R_BRACK", "`]`"),
    ("AT", "`@`"),
    ("AMP", "`&`"),
    ("PIPE", "`|`"),
    ("EQ", "`=`"),
    ("COLON", "`:`"),
];

/// Reports them.
pub(super) fn report<'a>(
    file: &Arc<SourceFile>,
    errors: impl ExactSizeIterator<Item = &'a Error>,
    findings: &mut Findings,
) {
    let more = errors.len().saturating_sub(REPORTED);
    for error in errors.take(REPORTED) {
        findings.add(diagnostic(file, error));
    }
    if more > 0 {
        let message = format!("there are {more} more syntax errors");
        findings.add(Diagnostic::error(Code::SdlSyntax, &file.place(0, 0), message));
    }
}

fn diagnostic(file: &Arc<SourceFile>, error: &Error) -> Diagnostic {
    let quoted = quoted(error.data());
    let place = file.place(error.index(), error.index().saturating_add(quoted.len()));
    let said = error.message();
    let wanted = said.split_once(", got ").map_or(said, |(wanted, _)| wanted);
    let is_top_level = DEFINITION.contains(&said);
    let mut message = if error.is_limit() && said.contains("recursion") {
        format!("it nests more than {NESTING} deep")
    } else if error.is_limit() {
        format!("it has more than {} tokens", super::TOKENS)
    } else if is_top_level {
        "expected a definition".to_owned()
    } else {
        in_our_words(wanted)
    };
    if error.is_eof() {
        message += ", and the file ends";
    } else if !quoted.is_empty() && message.starts_with("exp") {
        message += &format!(", found `{quoted}`");
    }
    let message = format!("not a schema definition: {message}");
    let error = Diagnostic::error(Code::SdlSyntax, &place, message);
    error.maybe_help(is_top_level.then(|| format!("expected {KEYWORDS}")))
}

/// The first line of it, or as much as can be read at a glance.
fn quoted(data: &str) -> &str {
    let line = data.lines().next().unwrap_or_default();
    line.get(..line.floor_char_boundary(QUOTED)).unwrap_or_default()
}

/// Without capitals, final periods and names of the parser's own.
fn in_our_words(message: &str) -> String {
    if let Some(kind) = message.strip_prefix("expected ")
        && let Some((_, token)) = TOKENS.iter().find(|(name, _)| *name == kind)
    {
        return format!("expected {token}");
    }
    // The parser capitalizes what the grammar calls a thing, misspells a word, and goes on.
    let message = message.split_once(". ").map_or(message, |(first, _)| first);
    let message = message.trim_end_matches('.').replace("exptected", "expected");
    let message = message.replace('"', "`");
    message.split(' ').map(in_lower_case).collect::<Vec<String>>().join(" ")
}

fn in_lower_case(word: &str) -> String {
    if word.contains('`') { word.to_owned() } else { word.to_lowercase() }
}
