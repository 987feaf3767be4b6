//! `fieldgate build`: a bundle -> its plugin configuration, or a resource with it inside.

mod recipe;

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

use fieldgate_policy::diagnostic::Severity;

use self::recipe::{Misuse, Recipe};
use crate::arguments::Build;
use crate::command::{could_not_run, load, note_findings};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn build(arguments: &Build, output: &mut Output) -> io::Result<Exit> {
    let Build { bundle, output: file, revision, quiet, .. } = arguments;
    let recipe = match Recipe::read(arguments) {
        Ok(recipe) => recipe,
        Err(Misuse { message, help }) => return could_not_run(&message, help, output),
    };
    let bundle = match load(bundle, revision.as_deref(), output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    let built = match recipe.build(&bundle) {
        Ok(built) => built,
        Err(error) => return could_not_run(&error.to_string(), error.help(), output),
    };
    let exit = note_findings(&built.findings, output)?;
    if built.findings.iter().any(|one| one.severity == Severity::Error) {
        return Ok(exit);
    }
    match file {
        None => output.data(&built.text)?,
        Some(file) => {
            if let Err(error) = replace(file, built.text.as_bytes()) {
                let message = format!("`{}` cannot be written: {error}", file.display());
                return could_not_run(&message, None, output);
            }
        }
    }
    if !quiet {
        output.note(&render::summary(&bundle, output.style().form))?;
    }
    Ok(Exit::Done)
}

/// Replaces a file at once: whoever watches it never sees half a configuration.
fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // A link stays one, and a device or a pipe is not to be replaced by a file.
    let (file, permissions) = match fs::canonicalize(file) {
        Ok(real) => {
            let metadata = fs::metadata(&real)?;
            if !metadata.is_file() {
                return Err(io::Error::other("it is there and not a regular file"));
            }
            (real, Some(metadata.permissions()))
        }
        Err(_) => (file.to_owned(), None),
    };
    let mut beside = OsString::from(".");
    beside.push(file.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = write(&beside, content, permissions).and_then(|()| fs::rename(&beside, &file));
    if written.is_err() {
        // The first error is the one to report; a file that is not there needs no removal.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    permissions.map_or(Ok(()), |same| file.set_permissions(same))?;
    file.write_all(content)?;
    file.sync_all()
}
