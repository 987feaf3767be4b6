//! Cases that were run, and what they cover -> lines.

use fieldgate_policy::cases::{Checked, Coverage, Run, Share};
use serde_json::{Value, json};

use super::{Form, Ink, line, paint};

/// The bundle whose cases are shown.
pub(crate) struct Shown<'a> {
    pub(crate) folder: &'a str,
    /// Whether there are others beside it, so that each line has to say which it is of.
    pub(crate) several: bool,
}

impl Shown<'_> {
    /// A case that was run.
    pub(crate) fn case(&self, checked: &Checked, form: Form, ink: Ink) -> String {
        let Checked { name, place, expected, found } = checked;
        let (file, start) = (place.file().name(), place.position());
        if form == Form::Json {
            return line(&json!({
                "kind": "case",
                "bundle": self.folder,
                "file": file,
                "line": start.line,
                "name": name,
                "passed": checked.passed(),
                "expected": expected.to_string(),
                "found": found.to_string(),
            }));
        }
        let before = self.prefix("/");
        // A name cannot move a terminal's cursor.
        let name = name.replace(char::is_control, "\u{fffd}");
        if checked.passed() {
            return format!("{} {before}{file}: {name}\n", paint("ok  ", "32", ink));
        }
        let failed = paint("FAIL", "31", ink);
        let verdicts = format!("     expected {expected}\n     found    {found}\n");
        format!("{failed} {before}{place}: {name}\n{verdicts}")
    }

    /// What the cases leave out: for scripts always, for people if they ask for it.
    pub(crate) fn uncovered(&self, coverage: &Coverage, asked: bool, form: Form) -> String {
        let Coverage { rules, coordinates } = coverage;
        if form == Form::Json {
            return line(&json!({
                "kind": "coverage",
                "bundle": self.folder,
                "rules": share_json(rules),
                "coordinates": share_json(coordinates),
            }));
        }
        let before = self.prefix(": ");
        let lines = |what: &str, share: &Share| -> String {
            share.uncovered.iter().map(|one| format!("{before}uncovered {what} {one}\n")).collect()
        };
        if asked { lines("rule", rules) + &lines("coordinate", coordinates) } else { String::new() }
    }

    /// The sum of the cases, and of what they cover.
    pub(crate) fn sum(&self, run: &Run) -> String {
        let Run { cases, coverage: Coverage { rules, coordinates } } = run;
        let before = self.prefix(": ");
        let failed = cases.iter().filter(|case| !case.passed()).count();
        format!(
            "{before}{} passed, {failed} failed\n{before}covered {}, {}\n",
            cases.len() - failed,
            share(rules, "rules"),
            share(coordinates, "coordinates"),
        )
    }

    /// What is said of each share that is less than `percent`.
    pub(crate) fn too_little(&self, coverage: &Coverage, percent: usize) -> Vec<String> {
        let Coverage { rules, coordinates } = coverage;
        let of = if self.several { format!(" of `{}`", self.folder) } else { String::new() };
        [("rules", rules), ("coordinates", coordinates)]
            .into_iter()
            .filter(|(_, share)| share.percent() < percent)
            .map(|(what, share)| {
                let found = share.percent();
                let wanted = format!("`--min-coverage` asks for {percent} %");
                let help = "  help: `--uncovered` lists what they leave out\n";
                format!("error: the cases cover {found} % of the {what}{of}, {wanted}\n{help}")
            })
            .collect()
    }

    fn prefix(&self, end: &str) -> String {
        if self.several { format!("{}{end}", self.folder) } else { String::new() }
    }
}

fn share(share: &Share, what: &str) -> String {
    format!("{} of {} {what} ({} %)", share.covered, share.total(), share.percent())
}

fn share_json(share: &Share) -> Value {
    json!({
        "covered": share.covered,
        "total": share.total(),
        "percent": share.percent(),
        "uncovered": share.uncovered,
    })
}
