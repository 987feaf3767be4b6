//! Paths -> the text of the entity files there. A folder is walked for YAML files, and every one of
//! them has to be read: what is passed over would be entities that are missing in silence.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Findings, printable};
use crate::folder;
use crate::source::SourceFile;

/// Bytes of a file: an export of some ten thousand entities, and far more than anybody writes.
const FILE_BYTES: u64 = 16 << 20;

/// Reads what is at the paths, each file once, in the order of names.
pub(super) fn read(paths: &[PathBuf], findings: &mut Findings) -> Vec<Arc<SourceFile>> {
    let mut names = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let before = names.len();
            folder::walk(path, is_yaml, &mut names, findings);
            if names.len() == before && !names.iter().any(|name| name.starts_with(path)) {
                let message = format!("there is no YAML file in `{}`", path.display());
                findings.add(Diagnostic::anywhere(Code::NoEntity, message));
            }
        } else {
            names.insert(path.clone());
        }
    }
    let mut seen = BTreeSet::new();
    // What has no other name, as a pipe, is its own.
    names.retain(|name| seen.insert(fs::canonicalize(name).unwrap_or_else(|_| name.clone())));
    names.iter().filter_map(|name| read_file(name, findings)).collect()
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
}

fn read_file(path: &Path, findings: &mut Findings) -> Option<Arc<SourceFile>> {
    let name: String = path.display().to_string().chars().flat_map(printable).collect();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        // One more than is allowed tells that there is more.
        file.take(FILE_BYTES + 1).read_to_end(&mut bytes)
    });
    let finding = match read {
        Err(error) => {
            let message = format!("the file `{name}` cannot be read: {error}");
            Diagnostic::anywhere(Code::FileMissing, message)
        }
        Ok(length) if u64::try_from(length).unwrap_or(u64::MAX) > FILE_BYTES => {
            let message = format!("the file `{name}` has more than {FILE_BYTES} bytes");
            Diagnostic::anywhere(Code::FileTooLarge, message).help("split it")
        }
        Ok(_) => match String::from_utf8(bytes) {
            Ok(text) => return Some(SourceFile::new(&name, text)),
            Err(_) => {
                let message = format!("the file `{name}` is not UTF-8");
                Diagnostic::anywhere(Code::FileEncoding, message)
            }
        },
    };
    findings.add(finding);
    None
}
