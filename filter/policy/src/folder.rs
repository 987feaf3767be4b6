//! A bundle's folder -> its files. Nothing else in this library reads from disk, but for
//! `catalog::files`.
//!
//! A bundle names its files by paths inside it, so that it means the same wherever it lies.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile};

/// A folder with a bundle in it.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at a path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The path of a name inside the folder. `named_at` is where the bundle names it.
    pub fn path(
        &self,
        name: &str,
        named_at: Option<&Place>,
        findings: &mut Findings,
    ) -> Option<PathBuf> {
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(name).components().all(inside) || name.is_empty() {
            let message = format!("`{}` is not a file inside the bundle", name.escape_debug());
            let help = "files are named relative to the bundle's folder";
            let finding = Diagnostic::anywhere(Code::FileName, message).help(help);
            findings.add(Diagnostic { place: named_at.cloned(), ..finding });
            return None;
        }
        Some(self.0.join(name))
    }

    /// Reads a file by its name inside the folder. `named_at` is where the bundle names it.
    pub fn read(
        &self,
        name: &str,
        named_at: Option<&Place>,
        findings: &mut Findings,
    ) -> Option<Arc<SourceFile>> {
        let at = |code, message: String| Diagnostic {
            place: named_at.cloned(),
            ..Diagnostic::anywhere(code, message)
        };
        let bytes = match fs::read(self.path(name, named_at, findings)?) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = match error.kind() {
                    io::ErrorKind::NotFound => format!("there is no file `{name}` in the bundle"),
                    _ => format!("the file `{name}` cannot be read: {error}"),
                };
                let installed = Path::new(name).starts_with("node_modules");
                let help =
                    installed.then(|| "install it: `npm ci` in the bundle's folder".to_owned());
                findings.add(at(Code::FileMissing, message).maybe_help(help));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(SourceFile::new(name, text)),
            Err(_) => {
                findings.add(at(Code::FileEncoding, format!("the file `{name}` is not UTF-8")));
                None
            }
        }
    }

    /// The names of the files below a folder of the bundle that are wanted, sorted. `named_at` is
    /// where the bundle names it.
    pub fn files_below(
        &self,
        name: &str,
        wanted: fn(&Path) -> bool,
        named_at: Option<&Place>,
        findings: &mut Findings,
    ) -> Vec<String> {
        let Some(path) = self.path(name, named_at, findings) else { return Vec::new() };
        let mut paths = BTreeSet::new();
        walk(&path, wanted, &mut paths, findings);
        let inside = paths.iter().filter_map(|path| path.strip_prefix(&self.0).ok());
        inside.map(|path| path.display().to_string()).collect()
    }

    /// The names of the YAML files in a folder of the bundle, sorted. None if there is no such
    /// folder.
    pub fn yaml_files(&self, name: &str, findings: &mut Findings) -> Vec<String> {
        let list = |path: &Path| -> io::Result<Vec<PathBuf>> {
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
        };
        let paths = match list(&self.0.join(name)) {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let message = format!("the folder `{name}` cannot be read: {error}");
                findings.add(Diagnostic::anywhere(Code::FileMissing, message));
                return Vec::new();
            }
        };
        let yaml =
            |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let file_name = |path: PathBuf| Some(format!("{name}/{}", path.file_name()?.to_str()?));
        let mut names: Vec<String> = paths.into_iter().filter(yaml).filter_map(file_name).collect();
        names.sort();
        names
    }
}

/// Adds the files below a folder that are wanted.
pub(crate) fn walk(
    folder: &Path,
    wanted: fn(&Path) -> bool,
    names: &mut BTreeSet<PathBuf>,
    findings: &mut Findings,
) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let list = |path: &Path| -> io::Result<Vec<PathBuf>> {
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
        };
        match list(&folder) {
            Ok(paths) => {
                for path in paths {
                    if path.is_dir() && path.is_symlink() {
                        // It could lead back to where it stands.
                        let message = format!("`{}` is a link and not followed", path.display());
                        let finding = Diagnostic::warning_anywhere(Code::LinkNotFollowed, message);
                        findings.add(finding.help("name the folder that it leads to"));
                    } else if path.is_dir() {
                        folders.push(path);
                    } else if !wanted(&path) {
                        continue;
                    } else if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                        // Nobody may ever write to a pipe that lies about.
                        let message = format!("`{}` is not a regular file", path.display());
                        findings.add(Diagnostic::anywhere(Code::FileMissing, message));
                    } else {
                        names.insert(path);
                    }
                }
            }
            Err(error) => {
                let message = format!("the folder `{}` cannot be read: {error}", folder.display());
                findings.add(Diagnostic::anywhere(Code::FileMissing, message));
            }
        }
    }
}
