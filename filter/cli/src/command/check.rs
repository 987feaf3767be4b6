//! `fieldgate check`: a bundle -> everything that is wrong with it.

use std::io;

use fieldgate_policy::bundle::{self, Checked};
use fieldgate_policy::diagnostic::Severity;

use crate::arguments::Check;
use crate::command::{could_not_run, not_a_folder};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn check(arguments: &Check, output: &mut Output) -> io::Result<Exit> {
    let Check { bundle, .. } = arguments;
    if let Some(message) = not_a_folder(bundle) {
        return could_not_run(&message, None, output);
    }
    let Checked { findings, documents } = bundle::checked(bundle);
    let style = output.style();
    output.data(&render::diagnostics(&findings, style.form, style.data))?;
    output.note(&render::count(&findings, documents))?;
    let wrong = findings.iter().any(|one| one.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}
