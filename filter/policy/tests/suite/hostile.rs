//! Broken files: cut off, or with characters where they do not belong. No panic, no place outside
//! of the file, and nothing is built from half a file in silence.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{schema, yaml};

pub(crate) const INSERTED: [&str; 12] =
    ["\"", "\"\"\"", "{", "}", "(", "[", "\u{a0}", "\u{feff}", "\0", "#", "&a *a", "é\r"];

/// Reads a text as what its name says; whether it was free of errors.
pub(crate) fn read(name: &str, text: String) -> bool {
    let file: Arc<SourceFile> = SourceFile::new(name, text);
    let mut findings = Findings::default();
    let found = if name.ends_with(".graphql") {
        schema::read(&file, &mut findings).is_some()
    } else {
        let node = yaml::read(&file, &mut findings);
        node.map(|node| PolicySource::read(&node, &mut findings)).is_some()
    };
    let sound = !findings.has_errors();
    assert!(found || !sound, "nothing was read of {name}, and nothing said");
    for place in findings.into_sorted().into_iter().filter_map(|finding| finding.place) {
        assert!(place.start() + place.length() <= file.text().len());
        assert!(file.text().get(place.start()..place.start() + place.length()).is_some());
    }
    sound
}

#[test]
fn files_with_defects_are_read_to_an_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/backstage");
    for name in ["schema.graphql", "policy.yaml"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(read(name, text.clone()));
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for (at, inserted) in boundaries.iter().step_by(211).zip(INSERTED.iter().cycle()) {
            let (head, tail) = text.split_at(*at);
            read(name, head.to_owned());
            read(name, format!("{head}{inserted}{tail}"));
        }
    }
}

#[test]
fn noise_is_refused() {
    for name in ["schema.graphql", "policy.yaml"] {
        for inserted in INSERTED {
            assert!(!read(name, inserted.repeat(3)), "{name} of {inserted:?}");
        }
        assert!(!read(name, String::new()), "an empty {name}");
        assert!(!read(name, "[".repeat(100_000)), "{name} of brackets");
        assert!(!read(name, "type A { a: ".repeat(10_000)), "{name} of openings");
    }
}
