//! One verb, one file: arguments in, values to the output, an exit code.

pub(crate) mod build;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod documents;
pub(crate) mod explain;
pub(crate) mod man;
pub(crate) mod matrix;
pub(crate) mod status;
pub(crate) mod test;

use std::io;
use std::path::Path;

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::Diagnostic;

use crate::exit::Exit;
use crate::output::Output;
use crate::{file, render};

/// Says why a command cannot run, and what to do about it.
fn could_not_run(message: &str, help: Option<&str>, output: &mut Output) -> io::Result<Exit> {
    let help = help.map(|help| format!("  help: {help}\n")).unwrap_or_default();
    output.note(&format!("error: {message}\n{help}"))?;
    Ok(Exit::CouldNotRun)
}

/// A bundle that is no folder is a wrong argument, not a finding about a bundle.
fn not_a_folder(path: &Path) -> Option<String> {
    (!path.is_dir()).then(|| format!("`{}` is not a folder", path.display()))
}

/// Writes what was made to a file, or to stdout. The exit code is there if it could not.
fn deliver(text: &str, path: Option<&Path>, output: &mut Output) -> io::Result<Option<Exit>> {
    let Some(path) = path else { return output.data(text).map(|()| None) };
    match file::replace(path, text.as_bytes()) {
        Ok(()) => Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be written: {error}", path.display());
            could_not_run(&message, None, output).map(Some)
        }
    }
}

/// Says what is wrong with a bundle or a catalog, beside the data.
fn note_findings(all: &[Diagnostic], output: &mut Output) -> io::Result<Exit> {
    let style = output.style();
    output.note(&render::diagnostics(all, style.form, style.note))?;
    Ok(Exit::Findings)
}

/// Loads a bundle; what is wrong with it is said.
fn load(
    path: &Path,
    revision: Option<&str>,
    output: &mut Output,
) -> io::Result<Result<Bundle, Exit>> {
    if let Some(message) = not_a_folder(path) {
        return could_not_run(&message, None, output).map(Err);
    }
    match Bundle::load(path, revision) {
        Ok(bundle) => {
            note_findings(bundle.warnings(), output)?;
            Ok(Ok(bundle))
        }
        Err(findings) => note_findings(&findings, output).map(Err),
    }
}
