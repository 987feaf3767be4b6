//! `fieldgate build`: a bundle -> its plugin configuration, or a resource with it inside.

mod recipe;

use std::io;

use fieldgate_policy::diagnostic::Severity;

use self::recipe::{Misuse, Recipe};
use crate::arguments::Build;
use crate::command::{could_not_run, deliver, load, note_findings};
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
    if let Some(exit) = deliver(&built.text, file.as_deref(), output)? {
        return Ok(exit);
    }
    if !quiet {
        output.note(&render::summary(&bundle, output.style().form))?;
    }
    Ok(Exit::Done)
}
