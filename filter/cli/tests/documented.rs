//! The pages of this repository: what they tell to type is run, and what they show is so.

#![expect(clippy::unwrap_used, reason = "a test that fails stops by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const IMAGE: &str = "oci://registry.example/fieldgate@sha256:\
                     0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const PAGES: [&str; 6] = [
    "README.md",
    "envoy/README.md",
    "envoy/file-xds/README.md",
    "envoy/management-server/README.md",
    "envoy/istio/README.md",
    "envoy/envoy-gateway/README.md",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// Runs words where a reader would, with a file of this test for what they write.
fn run(words: &[&str]) -> Output {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documented.out");
    let mut words: Vec<&str> = words.to_vec();
    if let Some(at) = words.iter().position(|word| *word == "-o") {
        words.splice(at + 1..at + 2, [file.to_str().unwrap()]);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    command.args(words).env_clear().current_dir(repository()).output().unwrap()
}

fn succeeds(page: &str, line: &str) {
    let line = line.replace("$IMAGE", IMAGE);
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let Output { status, stderr, .. } = run(&words);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{page}: {line}\n{said}");
}

/// The commands of a page's blocks of code that begin so, each on one line and without its comment.
fn commands(page: &str, begin: &str) -> Vec<String> {
    let joined = page.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| line.starts_with(begin));
    lines.map(|line| line.split(" # ").next().unwrap().to_owned()).collect()
}

#[test]
fn commands_that_build_run() {
    let mut count = 0;
    for name in PAGES {
        let commands = commands(&page(name), "fieldgate build ");
        assert!(!commands.is_empty(), "{name}");
        for line in commands {
            succeeds(name, &line);
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}

/// Those that a shell has to read first are left out.
#[test]
fn commands_that_import_run() {
    let name = "policies/catalog.md";
    let commands = commands(&page(name), "fieldgate catalog import ");
    let plain: Vec<&String> = commands.iter().filter(|line| !line.contains("$(")).collect();
    assert_eq!((commands.len(), plain.len()), (4, 3));
    plain.iter().for_each(|line| succeeds(name, line));
}

/// A pattern of the shell gives what is in the folder. Where GitHub's schema is not installed, its
/// bundle says so.
#[test]
fn commands_that_test_run() {
    let installed = repository().join("policies/github/node_modules").is_dir();
    let mut count = 0;
    for name in ["README.md", "policies/backstage/README.md", "policies/github/README.md"] {
        for line in commands(&page(name), "fieldgate test") {
            if line.contains("github") && !installed {
                continue;
            }
            succeeds(name, &line);
            count += 1;
        }
    }
    assert!(count >= 2, "{count}");
    let all = repository().join("policies").read_dir().unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut paths: Vec<String> = names.map(|name| format!("policies/{name}")).collect();
    paths.sort();
    let mut words = vec!["test"];
    words.extend(paths.iter().map(String::as_str));
    let Output { status, stderr, .. } = run(&words);
    let said = String::from_utf8(stderr).unwrap();
    if installed {
        assert_eq!(status.code(), Some(0), "{said}");
    } else {
        assert_eq!(status.code(), Some(3), "{said}");
        assert!(said.contains("install it: `npm ci` in the bundle's folder"), "{said}");
    }
}

/// The options of the tables `where to put it`: in backticks, at the begin of a cell.
#[test]
fn options_of_the_tables_build() {
    let build = format!("fieldgate build policies/backstage --image {IMAGE} --format");
    let options = |name: &str, begins: &[&str]| {
        let text = page(name);
        let cells = text.lines().filter(|line| line.starts_with('|')).flat_map(|l| l.split('|'));
        let quoted = cells.filter_map(|cell| cell.trim().strip_prefix('`')?.split('`').next());
        let wanted = quoted.filter(|text| begins.iter().any(|begin| text.starts_with(begin)));
        wanted.map(str::to_owned).collect::<Vec<String>>()
    };
    let name = "envoy/istio/README.md";
    let istio = options(name, &["--target-ref ", "--selector ", "--proxy "]);
    assert_eq!(istio.len(), 4, "{istio:?}");
    for options in istio {
        succeeds(name, &format!("{build} istio-wasmplugin {options}"));
        succeeds(name, &format!("{build} istio-trafficextension {options}"));
        if !options.contains("waypoint") {
            succeeds(name, &format!("{build} istio {options}"));
        }
    }
    let name = "envoy/envoy-gateway/README.md";
    let gateway = options(name, &["--listener "]);
    assert_eq!(gateway.len(), 2, "{gateway:?}");
    for options in gateway {
        succeeds(name, &format!("{build} envoy-gateway {options}"));
    }
}

/// What the README shows of an explanation is what is said.
#[test]
fn the_explanation_shown_is_what_is_said() {
    let text = page("README.md");
    let block = text.split("```console\n$ echo ").nth(1).unwrap().split("```").next().unwrap();
    let quoted: Vec<&str> = block.split('\'').collect();
    let (query, claims, shown) = (quoted[1], quoted[3], quoted[4].trim_start());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documented.graphql");
    fs::write(&file, query).unwrap();
    let operation = file.to_str().unwrap();
    assert!(block.contains("fieldgate explain policies/backstage --operation - \\\n"), "{block}");
    let words = ["explain", "policies/backstage", "--operation", operation, "--claims", claims];
    let Output { status, stdout, .. } = run(&words);
    assert_eq!((status.code(), String::from_utf8(stdout).unwrap().as_str()), (Some(2), shown));
}

/// A digest changes with the bundle and with the format of the blob.
#[test]
fn digests_shown_are_those_of_the_bundle() {
    let built = run(&["build", "policies/backstage", "--message-format", "json"]);
    let summary: Value = serde_json::from_slice(&built.stderr).unwrap();
    let first =
        |digits| summary["digest"].as_str().unwrap().chars().take(digits).collect::<String>();
    let shown = |name: &str, before: &str| {
        let text = page(name);
        let behind = text.split(before).skip(1);
        let digits = |text: &str| {
            let digits = text.trim_start().chars().take_while(char::is_ascii_hexdigit);
            digits.collect::<String>()
        };
        behind.map(digits).collect::<Vec<String>>()
    };
    assert_eq!(shown("README.md", "\"digest\": \""), [first(8)]);
    let listed = shown("envoy/README.md", "  backstage  2026-11-24.1  ");
    assert_eq!(listed, [first(12), first(12)]);
}
