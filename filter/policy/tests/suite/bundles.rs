//! Bundles as data: each folder of `bundles/` with everything that `check` says of it, and what
//! was built if it could be. `UPDATE_EXPECT=1 cargo test` rewrites the expectations.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::{self, Bundle};
use fieldgate_policy::diagnostic::Diagnostic;

pub(crate) fn describe(diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, severity, message, place, label, help } = diagnostic;
    let mut text = match place {
        Some(place) => format!("{place} +{}\n", place.length()),
        None => "nowhere\n".to_owned(),
    };
    writeln!(text, "  {severity}[{code}]: {message}").unwrap();
    for (what, more) in [("label", label), ("help", help)] {
        more.iter().for_each(|more| writeln!(text, "  {what}: {more}").unwrap());
    }
    text
}

fn outcome(folder: &Path) -> String {
    let mut text: String = bundle::check(folder).iter().map(describe).collect();
    if let Ok(bundle) = Bundle::load(folder, None) {
        let (name, revision) = (&bundle.policy().parts().name, bundle.revision());
        writeln!(text, "built {name} revision {revision} digest {}", bundle.digest()).unwrap();
    }
    text
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles");
    let mut folders: Vec<PathBuf> =
        root.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 20, "the bundles are not where they should be");
    folders
}

#[test]
fn every_bundle_is_judged_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut differing = Vec::new();
    for folder in folders() {
        let found = outcome(&folder);
        let expected = folder.join("expected.txt");
        if update {
            std::fs::write(&expected, found).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != found {
            differing.push(format!("--- {}\n{found}", folder.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn messages_follow_the_grammar() {
    for folder in folders() {
        for Diagnostic { code, message, help, .. } in bundle::check(&folder) {
            let first = message.chars().next().unwrap();
            assert!(!first.is_ascii_uppercase(), "{code}: {message}");
            for text in [Some(&message), help.as_ref()].into_iter().flatten() {
                assert!(!text.ends_with('.') && !text.contains('\n'), "{code}: {text}");
            }
        }
    }
}
