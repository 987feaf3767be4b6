//! `policies/checks.md`: every code has a section there, its bad example gives that code alone, and its
//! good one nothing. A new code needs a section and no line here.

#![expect(clippy::unwrap_used, reason = "a test that fails stops by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const CODES: &str = include_str!("../../policy/src/diagnostic/code.rs");
const PAGE: &str = include_str!("../../../policies/checks.md");
const BUNDLE: &str = "The bundle of the examples";

/// The files of an example by name, and the commands that come after.
#[derive(Default)]
struct Example {
    files: BTreeMap<String, String>,
    commands: String,
}

#[derive(Default)]
struct Section {
    severity: String,
    /// Of the page's introduction there is one without a name.
    examples: BTreeMap<&'static str, Example>,
}

/// The names in `Code::name`: one arm a line.
fn codes() -> BTreeSet<&'static str> {
    let body =
        CODES.split("pub const fn name(self)").nth(1).unwrap().split("\nimpl ").next().unwrap();
    let arms = body.lines().filter_map(|line| line.trim().strip_prefix("Self::"));
    arms.filter_map(|arm| arm.split_once(" => \"")?.1.strip_suffix("\",")).collect()
}

/// The sections by heading. A line that begins with `Bad`, `Good` or a file name in backticks says what the
/// blocks behind it are; a good example is of the bad one's file if it names none.
fn sections() -> BTreeMap<&'static str, Section> {
    let mut sections: BTreeMap<&str, Section> = BTreeMap::new();
    let (mut heading, mut which, mut file) = ("", "", "");
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        let section = sections.entry(heading).or_default();
        if let Some(text) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            (heading, which, file) = (text, "", "");
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = format!("{}\n", block.join("\n"));
            let example = section.examples.entry(which).or_default();
            if language == "sh" {
                example.commands += &text;
            } else {
                assert!(!file.is_empty(), "{heading}: a block of no file");
                example.files.insert(file.to_owned(), text);
            }
        } else if let Some(severity) = line.strip_prefix('*') {
            let (severity, text) = severity.split_once("*: ").unwrap();
            assert!(text.ends_with('.') && text.len() > 30, "{heading}: {text}");
            severity.clone_into(&mut section.severity);
        } else if line.ends_with(':') && (line.starts_with(['B', 'G', '`'])) {
            let begins = |word: &&&str| line.starts_with(**word);
            which = ["Bad", "Good"].iter().find(begins).copied().unwrap_or_default();
            file = line.split('`').nth(1).unwrap_or(file);
        }
    }
    sections
}

/// A YAML file with the top-level keys that an example shows in place of its own.
fn with(base: &str, shown: &str) -> String {
    let key = |line: &str| {
        let key = line.split_once(':').map_or("", |(key, _)| key);
        let plain =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        plain.then(|| key.to_owned())
    };
    let replaced: BTreeSet<String> = shown.lines().filter_map(key).collect();
    let mut text = shown.to_owned();
    let mut kept = true;
    for line in base.lines() {
        kept = key(line).map_or(kept, |key| !replaced.contains(&key));
        text += &if kept { format!("{line}\n") } else { String::new() };
    }
    text
}

fn folder(name: &str, base: &Example, example: &Example) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checks").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let files: BTreeSet<&String> = base.files.keys().chain(example.files.keys()).collect();
    for file in files {
        let text = match (base.files.get(file), example.files.get(file)) {
            (Some(base), Some(shown)) if file.ends_with(".yaml") => with(base, shown),
            (_, Some(text)) | (Some(text), None) => text.clone(),
            (None, None) => continue,
        };
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The findings of an example: what `fieldgate check` says, or the command that it ends with.
fn findings(name: &str, base: &Example, example: &Example) -> Vec<(String, String)> {
    let folder = folder(name, base, example);
    let (asked, before): (Vec<&str>, Vec<&str>) =
        example.commands.lines().partition(|line| line.starts_with("fieldgate "));
    assert!(asked.len() <= 1, "{name}: {asked:?}");
    let script = before.join("\n");
    let done =
        Command::new("sh").args(["-e", "-c", &script]).current_dir(&folder).status().unwrap();
    assert!(done.success(), "{name}: {script}");
    let line = asked.first().copied().unwrap_or("fieldgate check .");
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let format = if words.starts_with(&["build"]) { "--message-format" } else { "--format" };
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    command.args(&words).args([format, "json"]).env_clear().current_dir(&folder);
    let Output { stdout, stderr, .. } = command.output().unwrap();
    let said = if words.starts_with(&["check"]) { stdout } else { stderr };
    let lines = String::from_utf8(said).unwrap();
    let values = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    values.filter_map(|value| Some((text(&value, "code")?, text(&value, "severity")?))).collect()
}

#[test]
fn every_code_is_on_the_page_and_nothing_else() {
    let codes = codes();
    assert!(codes.len() >= 50, "only {} codes", codes.len());
    let page: BTreeSet<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let missing: Vec<&&str> = codes.difference(&page).collect();
    assert!(missing.is_empty(), "policies/checks.md has no section on {missing:?}");
    let unknown: Vec<&&str> = page.difference(&codes).collect();
    assert!(unknown.is_empty(), "policies/checks.md has sections on {unknown:?}");
    let count = PAGE.lines().filter(|line| line.starts_with("### ")).count();
    assert_eq!(count, page.len(), "a section is there twice");
}

#[cfg(unix)]
#[test]
fn every_example_gives_what_the_page_says() {
    let sections = sections();
    let base = &sections[BUNDLE].examples[""];
    assert_eq!(base.files.len(), 4);
    assert_eq!(findings("base", base, &Example::default()), []);
    let mut wrong = Vec::new();
    for code in codes() {
        let Some(Section { severity, examples }) = sections.get(code) else { continue };
        let (Some(bad), Some(good)) = (examples.get("Bad"), examples.get("Good")) else {
            wrong.push(format!("{code}: has no bad or no good example"));
            continue;
        };
        let found = findings(&format!("{code}-bad"), base, bad);
        let expected = (code.to_owned(), severity.clone());
        if found.is_empty() || found.iter().any(|one| *one != expected) {
            wrong.push(format!("{code}: the bad example gives {found:?}, not {severity}"));
        }
        let found = findings(&format!("{code}-good"), base, good);
        if !found.is_empty() {
            wrong.push(format!("{code}: the good example gives {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
