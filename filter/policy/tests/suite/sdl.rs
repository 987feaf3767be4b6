//! Schemas as data: each row of `sdl/*.txt` is SDL with everything that is said of it - findings, or
//! the marks, types and defaults of its coordinates. `UPDATE_EXPECT=1 cargo test` rewrites them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::schema::document::{Document, FieldSource, Kind, Marks};
use fieldgate_policy::schema::{self, SchemaSource};
use fieldgate_policy::source::SourceFile;

use crate::bundles::describe;
use crate::hostile::{self, INSERTED};

/// Before a row's name.
const ROW: &str = "=== ";
/// Between a row's SDL and what is said of it.
const SAID: &str = "---\n";

struct Row {
    name: String,
    sdl: String,
    said: String,
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdl");
    let files = root.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|one| one == "txt")).collect();
    files.sort();
    files
}

fn rows(text: &str) -> Vec<Row> {
    let (text, before) = (format!("\n{text}"), format!("\n{ROW}"));
    let row = |row: &str| {
        let (name, row) = row.split_once('\n').unwrap();
        let (sdl, said) = row.split_once(SAID).unwrap_or((row, ""));
        // The last row's end is the file's.
        let sdl = format!("{}\n", sdl.trim_end_matches('\n'));
        Row { name: name.to_owned(), sdl, said: said.trim_end().to_owned() }
    };
    text.split(&before).skip(1).map(row).collect()
}

/// Everything that the reader says of a text.
fn said(sdl: &str) -> String {
    let file = SourceFile::new("sdl", sdl.to_owned());
    let mut findings = Findings::default();
    let source = schema::read(&file, &mut findings);
    assert_eq!(source.is_none(), findings.has_errors());
    let mut text: String = findings.into_sorted().iter().map(describe).collect();
    if let Some(SchemaSource { document, .. }) = &source {
        text += "sound\n";
        coordinates(document, &mut text);
    }
    text.trim_end().to_owned()
}

fn coordinates(document: &Document, text: &mut String) {
    let mut line = |coordinate: &str, field: Option<&FieldSource>, marks: Option<&Marks>| {
        let default = field.and_then(|field| field.default.as_ref());
        let marks = marks.unwrap().to_string();
        if default.is_some() || !marks.is_empty() {
            write!(text, "{coordinate}").unwrap();
            field.iter().for_each(|field| write!(text, ": {}", field.written_type()).unwrap());
            default.iter().for_each(|one| write!(text, " = {}", one.value.json()).unwrap());
            writeln!(text, "{}{marks}", if marks.is_empty() { "" } else { " <- " }).unwrap();
        }
    };
    for (name, source) in &document.types {
        line(name, None, document.marks_of_type(name));
        for field in &source.fields {
            let of = &field.name.text;
            let marks = match source.kind {
                Kind::Input => document.marks_of_input(name, of),
                _ => document.marks_of_field(name, of),
            };
            line(&format!("{name}.{of}"), Some(field), marks);
            for argument in &field.arguments {
                let marks = document.marks_of_argument(name, of, &argument.name.text);
                let coordinate = format!("{name}.{of}({}:)", argument.name.text);
                line(&coordinate, Some(argument), marks);
            }
        }
        for value in &source.values {
            let marks = document.marks_of_input(name, &value.name.text);
            line(&format!("{name}.{}", value.name.text), None, marks);
        }
    }
    // What a subgraph's server adds is told by its names.
    let is_added = |name: &str| name.starts_with('_');
    let typed = |one: &FieldSource| format!("{}: {}", one.name.text, one.written_type());
    for (of, source) in document.types.iter().filter(|(_, one)| one.kind != Kind::Input) {
        for field in source.fields.iter().filter(|field| is_added(&field.name.text)) {
            let arguments: Vec<String> = field.arguments.iter().map(typed).collect();
            writeln!(text, "{of} has {} of ({})", typed(field), arguments.join(", ")).unwrap();
        }
        if is_added(of) {
            let members = source.members.iter().map(|one| one.text.clone());
            let parts: Vec<String> = members.chain(source.fields.iter().map(typed)).collect();
            let line = format!("{of} is {} {}", source.kind.described(), parts.join(", "));
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    for (name, why) in &document.hidden {
        writeln!(text, "{name} hidden: {why:?}").unwrap();
    }
}

#[test]
fn every_schema_is_read_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let (mut count, mut differing) = (0, Vec::new());
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut updated = String::new();
        for Row { name, sdl, said: expected } in rows(&text) {
            count += 1;
            let found = said(&sdl);
            if !update && found != expected {
                differing.push(format!("--- {}: {name}\n{found}\n", path.display()));
            }
            writeln!(updated, "{ROW}{name}\n{sdl}{SAID}{found}\n").unwrap();
        }
        if update {
            std::fs::write(&path, updated).unwrap();
        }
    }
    assert!(count >= 60, "the rows are not where they should be");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn messages_of_schemas_follow_the_grammar() {
    for path in files() {
        for Row { sdl, .. } in rows(&std::fs::read_to_string(&path).unwrap()) {
            let mut findings = Findings::default();
            let _ = schema::read(&SourceFile::new("sdl", sdl), &mut findings);
            for finding in findings.into_sorted() {
                for text in [Some(&finding.message), finding.help.as_ref()].into_iter().flatten() {
                    assert!(!text.chars().next().unwrap().is_ascii_uppercase(), "{text}");
                    assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
                }
            }
        }
    }
}

/// Cut off or with something inserted, each row is read to an end; see `hostile`.
#[test]
fn schemas_with_defects_are_read_to_an_end() {
    let mut inserted = INSERTED.iter().cycle();
    for path in files() {
        for Row { sdl, .. } in rows(&std::fs::read_to_string(&path).unwrap()) {
            for (at, _) in sdl.char_indices().step_by(29) {
                let (head, tail) = sdl.split_at(at);
                hostile::read("schema.graphql", head.to_owned());
                let between = inserted.next().unwrap();
                hostile::read("schema.graphql", format!("{head}{between}{tail}"));
            }
        }
    }
}
