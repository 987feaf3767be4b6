//! Bundles that were tested -> a report in JUnit's XML, as CI servers read it.
//!
//! A suite is a file of cases; what a bundle's cases cover is among the properties of each. No times:
//! the same bundles give the same report.

use std::fmt;

use fieldgate_policy::cases::{Checked, Coverage, Run};

use super::{Form, Ink, diagnostics};
use crate::command::test::{Outcome, Tested};

/// The whole report.
pub(crate) fn report(all: &[Tested]) -> String {
    let suites: Vec<Suite> = all.iter().flat_map(suites).collect();
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let (tests, failures) = (sum(|suite| suite.cases.len()), sum(Suite::failures));
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\"", sum(Suite::errors));
    let suites: String = suites.iter().map(Suite::to_string).collect();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    format!("{head}<testsuites name=\"fieldgate test\" {counts}>\n{suites}</testsuites>\n")
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

struct Case {
    class: String,
    name: String,
    wrong: Option<Wrong>,
}

struct Wrong {
    /// `failure` or `error`.
    kind: &'static str,
    /// What JUnit takes for the class of an exception.
    reason: &'static str,
    message: String,
    text: String,
}

/// The suites of a bundle. One that could not be tested is one with an error.
fn suites(tested: &Tested) -> Vec<Suite> {
    let Tested { folder, outcome } = tested;
    let broken = |message: &str, text: String| {
        let (kind, message) = ("error", message.to_owned());
        let wrong = Some(Wrong { kind, reason: "bundle", message, text });
        let case =
            Case { class: "bundle".to_owned(), name: "its cases can be run".to_owned(), wrong };
        vec![Suite { name: folder.clone(), properties: Vec::new(), cases: vec![case] }]
    };
    match outcome {
        Outcome::Broken(findings) => {
            broken("the bundle has errors", diagnostics(findings, Form::Plain, Ink::Plain))
        }
        Outcome::NoCase => broken("no case to run", String::new()),
        Outcome::Ran { policy, revision, run: Run { cases, coverage } } => {
            let properties = properties(policy, revision, coverage);
            cases
                .chunk_by(|one, next| one.place.file().name() == next.place.file().name())
                .filter_map(|cases| {
                    let file = cases.first()?.place.file().name();
                    let stem = file.rsplit('/').next().unwrap_or(file);
                    let class = format!("{policy}.{}", stem.split('.').next().unwrap_or(stem));
                    let cases = cases.iter().map(|one| case(&class, one)).collect();
                    let name = format!("{folder}/{file}");
                    Some(Suite { name, properties: properties.clone(), cases })
                })
                .collect()
        }
    }
}

fn properties(policy: &str, revision: &str, coverage: &Coverage) -> Vec<(&'static str, String)> {
    let Coverage { rules, coordinates } = coverage;
    vec![
        ("policy", policy.to_owned()),
        ("revision", revision.to_owned()),
        ("rules", rules.total().to_string()),
        ("rules.covered", rules.covered.to_string()),
        ("coordinates", coordinates.total().to_string()),
        ("coordinates.covered", coordinates.covered.to_string()),
    ]
}

fn case(class: &str, checked: &Checked) -> Case {
    let Checked { name, place, expected, found } = checked;
    let wrong = (!checked.passed()).then(|| Wrong {
        kind: "failure",
        reason: "verdict",
        message: format!("expected {expected}, found {found}"),
        text: format!("{place}\nexpected {expected}\nfound    {found}\n"),
    });
    Case { class: class.to_owned(), name: name.clone(), wrong }
}

impl Suite {
    fn failures(&self) -> usize {
        self.wrong("failure")
    }

    fn errors(&self) -> usize {
        self.wrong("error")
    }

    fn wrong(&self, kind: &str) -> usize {
        let wrong = self.cases.iter().filter_map(|case| case.wrong.as_ref());
        wrong.filter(|wrong| wrong.kind == kind).count()
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, properties, cases } = self;
        let (failures, errors) = (self.failures(), self.errors());
        write!(f, "  <testsuite name=\"{}\" tests=\"{}\" ", Escaped(name), cases.len())?;
        writeln!(f, "failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">")?;
        if !properties.is_empty() {
            f.write_str("    <properties>\n")?;
            for (name, value) in properties {
                writeln!(f, "      <property name=\"{name}\" value=\"{}\"/>", Escaped(value))?;
            }
            f.write_str("    </properties>\n")?;
        }
        cases.iter().try_for_each(|case| case.fmt(f))?;
        f.write_str("  </testsuite>\n")
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, name, wrong } = self;
        write!(f, "    <testcase name=\"{}\" classname=\"{}\"", Escaped(name), Escaped(class))?;
        let Some(Wrong { kind, reason, message, text }) = wrong else { return f.write_str("/>\n") };
        write!(f, ">\n      <{kind} message=\"{}\" type=\"{reason}\">", Escaped(message))?;
        writeln!(f, "{}</{kind}>\n    </testcase>", Escaped(text))
    }
}

/// Text in an attribute or an element; what XML 1.0 cannot hold is U+FFFD.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            // In an attribute these would be read as spaces.
            '\n' | '\r' | '\t' => write!(f, "&#{};", u32::from(char)),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_str("\u{fffd}"),
            char => write!(f, "{char}"),
        })
    }
}
