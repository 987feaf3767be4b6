//! `fieldgate test`: the cases of a bundle -> which of them the policy meets.

use std::io;

use fieldgate_policy::cases::{self, Checked};

use crate::arguments::Test;
use crate::command::{could_not_run, load, note_findings};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn test(arguments: &Test, output: &mut Output) -> io::Result<Exit> {
    let Test { bundle, filter, .. } = arguments;
    let bundle = match load(bundle, None, output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    let checked = match cases::run(&bundle, filter.as_deref().unwrap_or_default()) {
        Ok(checked) => checked,
        Err(findings) => return note_findings(&findings, output),
    };
    if checked.is_empty() {
        // A run that tests nothing must not look like one that passed.
        return could_not_run("no case to run", None, output);
    }
    let style = output.style();
    let lines = checked.iter().map(|one| render::case(one, style.form, style.data));
    output.data(&lines.collect::<String>())?;
    output.note(&render::cases(&checked))?;
    let passed = checked.iter().all(Checked::passed);
    Ok(if passed { Exit::Done } else { Exit::CaseFailed })
}
