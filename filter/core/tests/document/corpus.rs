//! The cases under `tests/corpus/graphql`.
//!
//! A file is a list of objects: `name`; `source`, a text or a list of `[text, times]`; either
//! `accept`, the dump of the tree, or `reject` and `at`, the kind and the offset of the error; and
//! `bounds`, where they are not the ones that [`Case::bounds`] has.

use std::fs;
use std::path::{Path, PathBuf};

use fieldgate_core::document::Bounds;
use serde_json::Value;

/// One case: a file and a row in it.
pub(crate) struct Case {
    /// The file.
    pub(crate) file: PathBuf,
    /// The row.
    pub(crate) row: Value,
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of JSON: a list of objects.
pub(crate) fn rows(file: &Path) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Every case, in the order of the files' names.
pub(crate) fn cases() -> Vec<Case> {
    let entries = fs::read_dir(root().join("tests/corpus/graphql")).unwrap();
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    let of = |file: PathBuf| {
        rows(&file).into_iter().map(|row| Case { file: file.clone(), row }).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(of).collect()
}

impl Case {
    /// File and name.
    pub(crate) fn title(&self) -> String {
        let name = self.row["name"].as_str().unwrap();
        format!("{}: {name}", self.file.file_stem().unwrap().display())
    }

    /// The text to read.
    pub(crate) fn source(&self) -> String {
        let repeat = |piece: &Value| {
            let times = usize::try_from(piece[1].as_u64().unwrap()).unwrap();
            piece[0].as_str().unwrap().repeat(times)
        };
        match &self.row["source"] {
            Value::Array(pieces) => pieces.iter().map(repeat).collect(),
            source => source.as_str().unwrap().to_owned(),
        }
    }

    /// What reading may cost.
    pub(crate) fn bounds(&self) -> Bounds {
        let bound = |name: &str, default| {
            self.row["bounds"][name].as_u64().map_or(default, |bound| u32::try_from(bound).unwrap())
        };
        Bounds { tokens: bound("tokens", 15_000), nesting: bound("nesting", 200) }
    }
}
