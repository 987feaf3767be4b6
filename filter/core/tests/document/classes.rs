//! The classes of differences between this project's reader and its peers, each recognised by
//! undoing it: a text is edited at the places that the class names, and the readers must agree on
//! what is left. A peer that reads the text but selects something else is in no class.

use std::collections::BTreeSet;
use std::panic;

use fieldgate_core::document::{
    Argument, Bounds, Directive, Document, DocumentErrorKind, Expected, Selection, SelectionSet,
    Span, Value, ValueKind,
};

use crate::flat;

const BOUNDS: Bounds = Bounds { tokens: 15_000, nesting: 200 };

/// A reader to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Apollo,
    GraphqlParser,
}

/// What may be in a text that a peer refuses though it is grammatical, and the edits that take it
/// out.
struct Feature {
    class: &'static str,
    edits: fn(&Document<'_>) -> Vec<(Span, &'static str)>,
}

const APOLLO_REFUSES: &[Feature] =
    &[Feature { class: "apollo: descriptions", edits: descriptions }];

const GRAPHQL_PARSER_REFUSES: &[Feature] = &[
    Feature { class: "graphql-parser: descriptions", edits: descriptions },
    Feature { class: "graphql-parser: directives on variables", edits: variable_directives },
    Feature { class: "graphql-parser: numbers", edits: numbers },
    Feature { class: "graphql-parser: escapes", edits: escapes },
];

impl Peer {
    fn refuses(self) -> &'static [Feature] {
        match self {
            Self::Apollo => APOLLO_REFUSES,
            Self::GraphqlParser => GRAPHQL_PARSER_REFUSES,
        }
    }

    /// What the peer selects; an error if it panics.
    fn read(self, source: &str) -> Result<Option<Vec<String>>, ()> {
        let read = match self {
            Self::Apollo => flat::apollo_parser,
            Self::GraphqlParser => flat::graphql_parser,
        };
        panic::catch_unwind(|| read(source)).map_err(drop)
    }
}

/// The classes of the differences that `source` shows, none if the readers agree; an error if a
/// difference is in no class.
pub(crate) fn explain(peer: Peer, source: &str) -> Result<BTreeSet<&'static str>, String> {
    let ours = Document::read(source, &BOUNDS);
    match (ours, peer.read(source)) {
        (_, Err(())) => panicked(peer, source),
        (Ok(document), Ok(theirs)) if theirs.as_ref() == Some(&flat::ours(&document)) => {
            Ok(BTreeSet::new())
        }
        (Ok(_), Ok(Some(theirs))) => Err(format!("something else is selected: {theirs:?}")),
        (Ok(document), Ok(None)) => refused(peer, source, &document),
        (Err(_), Ok(Some(theirs))) => accepted(peer, source, &theirs),
        (Err(_), Ok(None)) => Ok(BTreeSet::new()),
    }
}

/// graphql-parser cuts the indentation of a block string in bytes, and so into a character.
fn panicked(peer: Peer, source: &str) -> Result<BTreeSet<&'static str>, String> {
    let ascii: String = source.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    if peer != Peer::GraphqlParser || !source.contains("\"\"\"") || ascii == source {
        return Err("the peer panics".to_owned());
    }
    let mut classes = explain(peer, &ascii)?;
    classes.insert("graphql-parser: panic");
    Ok(classes)
}

/// Takes one feature after the other out, until the peer selects what the whole text selects.
fn refused(
    peer: Peer,
    source: &str,
    document: &Document<'_>,
) -> Result<BTreeSet<&'static str>, String> {
    let expected = flat::ours(document);
    let mut classes = BTreeSet::new();
    if peer == Peer::GraphqlParser && document.nesting > 50 {
        classes.insert("graphql-parser: nesting");
        return Ok(classes);
    }
    let mut text = source.to_owned();
    for feature in peer.refuses() {
        let document = Document::read(&text, &BOUNDS).map_err(|error| error.to_string())?;
        let edited = edit(&text, (feature.edits)(&document));
        if edited != text {
            classes.insert(feature.class);
            text = edited;
            if peer.read(&text) == Ok(Some(expected.clone())) {
                return Ok(classes);
            }
        }
    }
    Err(format!("the peer refuses it, and `{text}` as well"))
}

/// Repairs one error after the other that the peer does not see, until this reader selects what the
/// peer does.
fn accepted(peer: Peer, source: &str, theirs: &[String]) -> Result<BTreeSet<&'static str>, String> {
    // The repair of that class renames the fragment.
    let renamed = |line: &String| match line.strip_prefix("fragment on on ") {
        Some(condition) => format!("fragment on_ on {condition}"),
        None => line.clone(),
    };
    let renamed: Vec<_> = theirs.iter().map(renamed).collect();
    let mut classes = BTreeSet::new();
    let mut text = source.to_owned();
    loop {
        let error = match Document::read(&text, &BOUNDS) {
            Ok(document) if flat::ours(&document) == renamed => return Ok(classes),
            Ok(document) => {
                return Err(format!("repaired, it selects {:?}", flat::ours(&document)));
            }
            Err(error) => error,
        };
        let (before, behind) = text.split_at(usize::try_from(error.at).unwrap());
        let at = |start, length| Span { start: error.at + start, end: error.at + start + length };
        use DocumentErrorKind as Kind;
        let (class, repair) = match (peer, error.kind) {
            (Peer::Apollo, Kind::TypeSystemDefinition)
                if theirs.iter().any(|line| line == "type system") =>
            {
                classes.insert("apollo: type system definitions");
                return Ok(classes);
            }
            (Peer::Apollo, Kind::Expected(Expected::Colon)) => {
                ("apollo: names without a value", (at(0, 0), ":0 "))
            }
            (Peer::Apollo, Kind::UnterminatedString)
                if behind.starts_with(['\n', '\r']) && before.ends_with('"') =>
            {
                ("apollo: line terminator first in a string", (at(0, 1), " "))
            }
            (Peer::GraphqlParser, Kind::Expected(Expected::FragmentName))
                if behind.starts_with("on") =>
            {
                ("graphql-parser: fragment named on", (at(2, 0), "_"))
            }
            (Peer::GraphqlParser, Kind::InvalidEscape) if behind.starts_with("\\u+") => {
                ("graphql-parser: sign in an escape", (at(2, 1), "0"))
            }
            (Peer::GraphqlParser, Kind::UnterminatedString) if behind.starts_with('\r') => {
                ("graphql-parser: carriage return in a string", (at(0, 1), " "))
            }
            _ => return Err(format!("{error}, but the peer reads it: {theirs:?}")),
        };
        classes.insert(class);
        text = edit(&text, vec![repair]);
    }
}

fn edit(text: &str, mut edits: Vec<(Span, &str)>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let mut edited = String::new();
    let mut end = 0;
    for (span, replacement) in edits {
        edited += &text[end..usize::try_from(span.start).unwrap()];
        edited += replacement;
        end = usize::try_from(span.end).unwrap();
    }
    edited + &text[end..]
}

fn descriptions(document: &Document<'_>) -> Vec<(Span, &'static str)> {
    let operations = document.operations.iter().map(|operation| operation.description);
    let fragments = document.fragments.iter().map(|fragment| fragment.description);
    let variables = document.operations.iter().flat_map(|operation| &operation.variables);
    let variables = variables.map(|variable| variable.description);
    operations.chain(fragments).chain(variables).flatten().map(|span| (span, " ")).collect()
}

fn variable_directives(document: &Document<'_>) -> Vec<(Span, &'static str)> {
    let variables = document.operations.iter().flat_map(|operation| &operation.variables);
    let directives = variables.flat_map(|variable| &variable.directives);
    directives.map(|directive| (directive.span, " ")).collect()
}

/// Exponents that begin with 0 or 9, ints beyond 64 bits, and a number with no blank behind it.
fn numbers(document: &Document<'_>) -> Vec<(Span, &'static str)> {
    literals(document, |value, _| match value.kind {
        ValueKind::Int | ValueKind::Float => Some(" 0 "),
        _ => None,
    })
}

/// `\u{..}` and surrogate pairs.
fn escapes(document: &Document<'_>) -> Vec<(Span, &'static str)> {
    literals(document, |value, text| match value.kind {
        ValueKind::String => {
            let text = text.to_ascii_lowercase();
            (text.contains("\\u{") || text.contains("\\ud")).then_some("\"\"")
        }
        _ => None,
    })
}

/// Every scalar in the document for which `replacement` has one.
fn literals(
    document: &Document<'_>,
    replacement: fn(&Value<'_>, &str) -> Option<&'static str>,
) -> Vec<(Span, &'static str)> {
    let mut values = Vec::new();
    for operation in &document.operations {
        for variable in &operation.variables {
            values.extend(&variable.default);
            in_directives(&variable.directives, &mut values);
        }
        in_directives(&operation.directives, &mut values);
        in_set(&operation.selection_set, &mut values);
    }
    for fragment in &document.fragments {
        in_directives(&fragment.directives, &mut values);
        in_set(&fragment.selection_set, &mut values);
    }
    let mut edits = Vec::new();
    while let Some(value) = values.pop() {
        match &value.kind {
            ValueKind::List(items) => values.extend(items),
            ValueKind::Object(fields) => values.extend(fields.iter().map(|field| &field.value)),
            _ => {
                let text = value.span.text(document.source).unwrap();
                edits.extend(replacement(value, text).map(|text| (value.span, text)));
            }
        }
    }
    edits
}

fn in_set<'d, 'a>(set: &'d SelectionSet<'a>, values: &mut Vec<&'d Value<'a>>) {
    for selection in &set.selections {
        in_directives(selection.directives(), values);
        match selection {
            Selection::Field(field) => {
                in_arguments(&field.arguments, values);
                field.selection_set.iter().for_each(|set| in_set(set, values));
            }
            Selection::FragmentSpread(_) => {}
            Selection::InlineFragment(fragment) => in_set(&fragment.selection_set, values),
        }
    }
}

fn in_directives<'d, 'a>(directives: &'d [Directive<'a>], values: &mut Vec<&'d Value<'a>>) {
    directives.iter().for_each(|directive| in_arguments(&directive.arguments, values));
}

fn in_arguments<'d, 'a>(arguments: &'d [Argument<'a>], values: &mut Vec<&'d Value<'a>>) {
    values.extend(arguments.iter().map(|argument| &argument.value));
}
