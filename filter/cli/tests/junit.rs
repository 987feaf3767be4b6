//! `fieldgate test --junit`: the report is what the XML schema of the format's readers (Jenkins' xUnit
//! plugin) lets be in one, and says what the command says.

#![expect(clippy::unwrap_used, reason = "a test that fails stops by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use roxmltree::{Document, Node};

struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
}

const ELEMENTS: [Element; 7] = [
    Element {
        name: "testsuites",
        required: &[],
        optional: &["name", "tests", "failures", "errors"],
        children: &["testsuite"],
    },
    Element {
        name: "testsuite",
        required: &["name", "tests", "failures", "errors"],
        optional: &["skipped"],
        children: &["properties", "testcase"],
    },
    Element { name: "properties", required: &[], optional: &[], children: &["property"] },
    Element { name: "property", required: &["name", "value"], optional: &[], children: &[] },
    Element {
        name: "testcase",
        required: &["name"],
        optional: &["classname"],
        children: &["failure", "error"],
    },
    Element { name: "failure", required: &[], optional: &["message", "type"], children: &[] },
    Element { name: "error", required: &[], optional: &["message", "type"], children: &[] },
];

/// The exit code and the report.
fn report(name: &str, words: &[&str]) -> (i32, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&file);
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    let bundles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/bundles");
    command.args(["test", "--junit"]).arg(&file).args(words).env_clear().current_dir(bundles);
    let done = command.output().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    (done.status.code().unwrap(), text)
}

fn expect_valid(node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let known = ELEMENTS.iter().find(|element| element.name == name).unwrap();
    let Element { name: _, required, optional, children } = known;
    let given: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
    assert!(required.iter().all(|one| given.contains(one)), "{name}: {given:?}");
    assert!(given.iter().all(|one| required.contains(one) || optional.contains(one)), "{given:?}");
    for child in node.children().filter(Node::is_element) {
        assert!(children.contains(&child.tag_name().name()), "{child:?}");
        expect_valid(child);
    }
    let number = |name: &str| node.attribute(name).map(|text| text.parse::<usize>().unwrap());
    let count = |name: &str| node.descendants().filter(|one| one.has_tag_name(name)).count();
    for (attribute, element) in
        [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
    {
        assert!(number(attribute).is_none_or(|number| number == count(element)), "{attribute}");
    }
}

fn named<'a>(document: &'a Document<'_>, element: &str, name: &str) -> Node<'a, 'a> {
    let all = document.descendants().filter(|node| node.has_tag_name(element));
    let mut matching = all.filter(|node| node.attribute("name") == Some(name));
    let found = matching.next().unwrap();
    assert!(matching.next().is_none(), "{name} is there twice");
    found
}

#[test]
fn every_case_is_in_the_report() {
    let (exit, text) = report("all.xml", &["minimal", "case-fails", "covers"]);
    assert_eq!(exit, 2);
    let document = Document::parse(&text).unwrap();
    expect_valid(document.root_element());
    assert_eq!(document.root_element().attribute("tests"), Some("12"));
    assert_eq!(document.root_element().attribute("failures"), Some("2"));
    let suite = named(&document, "testsuite", "covers/cases/refused.yaml");
    let properties = suite.descendants().filter(|node| node.has_tag_name("property"));
    let properties: BTreeMap<&str, &str> = properties
        .map(|node| (node.attribute("name").unwrap(), node.attribute("value").unwrap()))
        .collect();
    for (name, value) in [("rules", "6"), ("rules.covered", "2"), ("coordinates.covered", "6")] {
        assert_eq!(properties.get(name), Some(&value), "{properties:?}");
    }
    let case = named(&document, "testcase", "a stranger reads");
    assert_eq!(case.attribute("classname"), Some("minimal.wrong"));
    let failure = case.first_element_child().unwrap();
    let message = "expected allow, found deny: Query.item [read]";
    assert_eq!(failure.attribute("message"), Some(message));
    assert!(failure.text().unwrap().starts_with("cases/wrong.yaml:7:11\n"));
}

/// What stands in a name comes back as it was, but for what XML cannot hold.
#[test]
fn names_are_escaped() {
    let (exit, text) = report("escaped.xml", &["covers"]);
    assert_eq!(exit, 0);
    let document = Document::parse(&text).unwrap();
    named(&document, "testcase", "a <stranger> & \"everybody\"\tgets ]]> nothing\u{fffd}");
}

/// A report must not look as if all was well.
#[test]
fn what_cannot_be_tested_is_an_error() {
    for (folder, code, message) in
        [("everywhere", 3, "the bundle has errors"), ("warnings", 1, "no case to run")]
    {
        let (exit, text) = report("broken.xml", &["minimal", folder]);
        assert_eq!(exit, code);
        let document = Document::parse(&text).unwrap();
        expect_valid(document.root_element());
        let suite = named(&document, "testsuite", folder);
        let error = suite.descendants().find(|node| node.has_tag_name("error")).unwrap();
        assert_eq!(error.attribute("message"), Some(message));
        assert_eq!(document.root_element().attribute("errors"), Some("1"));
    }
}
