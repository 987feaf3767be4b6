//! The JSON Schemas of `schemas/`, which editors use, beside the reader: what it takes they take, what
//! they refuse it refuses for its structure, and every mapping has the same keys in both.
//!
//! The reader is asked which keys it knows: a key that it does not know is put into each mapping of the
//! bundle `every-key`, and the finding's help lists those that it does. A new key belongs into that
//! bundle and into the schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::{self, Bundle};
use fieldgate_policy::diagnostic::{Code, Diagnostic, Findings, Severity};
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::yaml;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::kubernetes::root;

const FILES: [(&str, &str); 3] = [
    ("fieldgate.yaml", "fieldgate.schema.json"),
    ("policy.yaml", "policy.schema.json"),
    ("cases/", "cases.schema.json"),
];
const UNKNOWN: &str = "this-is-no-key";
/// The findings about the structure of a file.
const STRUCTURE: [Code; 4] = [Code::UnknownKey, Code::MissingKey, Code::WrongType, Code::Version];

fn schema(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn validators() -> BTreeMap<&'static str, Validator> {
    let validator = |file| jsonschema::draft202012::new(&schema(file)).unwrap();
    FILES.into_iter().map(|(name, file)| (name, validator(file))).collect()
}

/// The text as the reader sees it, if it can be read without a finding.
fn value(name: &str, text: String) -> Option<Value> {
    let mut findings = Findings::default();
    let node = yaml::read(&SourceFile::new(name, text), &mut findings)?;
    (!findings.has_errors()).then(|| node.to_json())
}

/// The files of a bundle that have a schema: the schema's name, the file's, and what is in it.
fn files(folder: &Path) -> Vec<(&'static str, String, Value)> {
    let mut names = vec!["fieldgate.yaml".to_owned(), "policy.yaml".to_owned()];
    let cases = folder.join("cases").read_dir().into_iter().flatten();
    names.extend(cases.map(|entry| format!("cases/{}", entry.unwrap().file_name().display())));
    let read = |name: String| {
        let (schema, _) = FILES.into_iter().find(|(begin, _)| name.starts_with(begin))?;
        let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        let text = fs::read_to_string(folder.join(&name)).ok().filter(|_| yaml)?;
        let value = value(&name, text)?;
        Some((schema, name, value))
    };
    names.into_iter().filter_map(read).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_bundle_is_valid() {
    let root = root();
    let mut bundles = folders(&root.join("policies"));
    bundles.extend(folders(&root.join("tests/corpus/bundles")));
    bundles.push(root.join("tests/e2e/bundle"));
    assert!(bundles.len() > 15, "{bundles:?}");
    let validators = validators();
    for folder in bundles {
        let files = files(&folder);
        assert!(files.len() >= 2, "{}: {} files", folder.display(), files.len());
        for (schema, name, value) in files {
            let errors = validators[schema].iter_errors(&value);
            let errors: Vec<String> =
                errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{} {name}: {errors:#?}", folder.display());
        }
    }
}

/// What the recipes give to copy, without what is left to the reader of a page.
#[test]
fn recipes_are_valid() {
    let validators = validators();
    let mut count = 0;
    for entry in root().join("envoy/recipes").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        for block in page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let (name, text) = match block.split(':').next() {
                Some("issuers") => ("fieldgate.yaml", format!("version: 1\n{block}")),
                Some("roles") => {
                    ("policy.yaml", format!("version: 1\nname: a\nrules: []\n{block}"))
                }
                _ => continue,
            };
            let value = value(name, text).unwrap();
            assert!(validators[name].is_valid(&value), "{}: {value:#}", path.display());
            count += 1;
        }
    }
    assert!(count >= 12, "only {count} blocks");
}

/// A file that the reader takes is valid, and one whose structure it refuses is not.
#[test]
fn reader_and_schemas_agree() {
    let validators = validators();
    let mut refused = 0;
    for folder in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles")) {
        let findings = bundle::check(&folder);
        let loaded = Bundle::load(&folder, None).is_ok();
        for (schema, name, value) in files(&folder) {
            // Cases are read only where the bundle has no errors.
            if name.starts_with("cases/") && !loaded {
                continue;
            }
            let errors = |one: &&Diagnostic| {
                one.severity == Severity::Error
                    && one.place.as_ref().is_some_and(|place| place.file().name() == name)
            };
            let mut errors = findings.iter().filter(errors).peekable();
            let valid = validators[schema].is_valid(&value);
            let what = format!("{} {name}", folder.display());
            if errors.peek().is_none() {
                assert!(valid, "{what} has no error and is not valid");
            } else if errors.any(|one| STRUCTURE.contains(&one.code)) {
                assert!(!valid, "{what} has a wrong structure and is valid");
                refused += 1;
            }
        }
    }
    assert!(refused >= 8, "only {refused} files");
}

/// The examples of the page: an example shows top-level keys of a file of the page's bundle.
#[test]
fn examples_of_structure_are_not_valid() {
    let page = fs::read_to_string(root().join("policies/checks.md")).unwrap();
    let block = |text: &str| {
        text.split("```yaml\n").nth(1).and_then(|text| text.split("```").next()).unwrap().to_owned()
    };
    let validators = validators();
    for code in ["unknown-key", "missing-key", "wrong-type", "version"] {
        let section = page.split(&format!("### {code}\n")).nth(1).unwrap();
        let file = section.split("Bad, in `").nth(1).unwrap().split('`').next().unwrap();
        let base = block(page.split(&format!("\n`{file}`:\n")).nth(1).unwrap());
        let merged = |shown: &str| {
            let mut base = value(file, base.clone()).unwrap();
            let members = base.as_object_mut().unwrap();
            members.extend(value(file, shown.to_owned()).unwrap().as_object().unwrap().clone());
            base
        };
        let bad = block(section.split("\nBad").nth(1).unwrap());
        let good = block(section.split("\nGood").nth(1).unwrap());
        assert!(!validators[file].is_valid(&merged(&bad)), "{code}: {bad}");
        assert!(validators[file].is_valid(&merged(&good)), "{code}: {good}");
    }
}

/// A mapping with fixed keys, at a place of a value.
struct Mapping {
    /// Of the value.
    pointer: String,
    keys: BTreeSet<String>,
}

/// Walks a value along its schema; the mappings of fixed keys by their place in the schema.
struct Walk<'a> {
    schema: &'a Value,
    found: BTreeMap<String, Mapping>,
}

impl Walk<'_> {
    fn visit(&mut self, at: &str, value: &Value, pointer: &str) {
        let schema = self.schema.pointer(at).unwrap().clone();
        if let Some(reference) = schema["$ref"].as_str() {
            return self.visit(reference.trim_start_matches('#'), value, pointer);
        }
        for number in 0..schema["oneOf"].as_array().map_or(0, Vec::len) {
            self.visit(&format!("{at}/oneOf/{number}"), value, pointer);
        }
        match value {
            Value::Array(items) if schema["items"].is_object() => {
                for (number, item) in items.iter().enumerate() {
                    self.visit(&format!("{at}/items"), item, &format!("{pointer}/{number}"));
                }
            }
            Value::Object(members) if schema["type"] == "object" => {
                self.members(at, &schema, members, pointer);
            }
            _ => {}
        }
    }

    fn members(&mut self, at: &str, schema: &Value, members: &Map<String, Value>, pointer: &str) {
        let properties = schema["properties"].as_object();
        let keys: BTreeSet<String> =
            properties.into_iter().flat_map(|all| all.keys().cloned()).collect();
        let fixed = schema["additionalProperties"] == false;
        // Of two alternatives it is the other.
        if fixed && !members.keys().all(|key| keys.contains(key)) {
            return;
        }
        for (key, member) in members {
            let inner = if keys.contains(key) {
                format!("{at}/properties/{key}")
            } else if schema["additionalProperties"].is_object() {
                format!("{at}/additionalProperties")
            } else {
                continue;
            };
            let escaped = key.replace('~', "~0").replace('/', "~1");
            self.visit(&inner, member, &format!("{pointer}/{escaped}"));
        }
        if fixed {
            let pointer = pointer.to_owned();
            self.found.entry(at.to_owned()).or_insert(Mapping { pointer, keys });
        }
    }
}

/// The places of mappings in a schema; none may leave open whether it has other keys.
fn mappings(schema: &Value, at: &str, fixed: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            // A reference beside it says it.
            if schema["type"] == "object" && !members.contains_key("$ref") {
                let further = members.get("additionalProperties");
                assert!(further.is_some(), "{at} does not say whether it has other keys");
                if further == Some(&json!(false)) {
                    fixed.insert(at.to_owned());
                }
            }
            for (key, member) in members {
                mappings(member, &format!("{at}/{key}"), fixed);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                mappings(item, &format!("{at}/{number}"), fixed);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The keys that the reader knows in a mapping: those that it names for one that it does not.
fn known(file: &str, value: &Value, pointer: &str) -> BTreeSet<String> {
    let mut changed = value.clone();
    let mapping = changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
    mapping.insert(UNKNOWN.to_owned(), json!(1));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every-key");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("cases")).unwrap();
    let original = every_key();
    for name in NAMES {
        fs::copy(original.join(name), folder.join(name)).unwrap();
    }
    // JSON is YAML.
    fs::write(folder.join(file), changed.to_string()).unwrap();
    let findings = bundle::check(&folder);
    let named = |one: &&Diagnostic| one.code == Code::UnknownKey && one.message.contains(UNKNOWN);
    let finding = findings.iter().find(named);
    assert!(finding.is_some(), "{file} {pointer}: the reader takes any key");
    let help = finding.and_then(|one| one.help.as_ref()).unwrap();
    help.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The files of the bundle that names every key.
const NAMES: [&str; 8] = [
    "fieldgate.yaml",
    "policy.yaml",
    "schema.graphql",
    "jwks.json",
    "revoked.txt",
    "items.yaml",
    "catalog.yaml",
    "documents.json",
];

fn every_key() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/every-key")
}

#[test]
fn keys_are_those_of_the_reader() {
    let mut count = 0;
    for (name, file, value) in files(&every_key()) {
        let (_, schema_file) = FILES.into_iter().find(|(begin, _)| *begin == name).unwrap();
        let schema = schema(schema_file);
        let mut walk = Walk { schema: &schema, found: BTreeMap::new() };
        walk.visit("", &value, "");
        let mut all = BTreeSet::new();
        mappings(&schema, "", &mut all);
        let found: BTreeSet<String> = walk.found.keys().cloned().collect();
        assert_eq!(
            found, all,
            "{schema_file}: mappings that tests/bundles/every-key does not have"
        );
        for (at, Mapping { pointer, keys }) in &walk.found {
            let known = known(&file, &value, pointer);
            assert_eq!(*keys, known, "{schema_file}#{at}: the schema's keys, and the reader's");
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} mappings");
}

/// What an editor shows: a title for each schema, and a sentence for each key.
#[test]
fn every_key_is_described() {
    fn described(schema: &Value, at: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, property) in
                properties.iter().filter(|_| schema["additionalProperties"] == false)
            {
                let text = property["description"].as_str().unwrap_or_default();
                assert!(text.ends_with('.'), "{at}/{key} has no description");
            }
        }
        match schema {
            Value::Object(members) => {
                members.iter().for_each(|(key, one)| described(one, &format!("{at}/{key}")));
            }
            Value::Array(items) => items.iter().for_each(|one| described(one, at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for (_, file) in FILES {
        let schema = schema(file);
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{file}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        described(&schema, file);
    }
}
