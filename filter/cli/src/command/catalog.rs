//! `fieldgate catalog import`: Backstage's entity files -> who owns what, as one data file.

use std::io;

use fieldgate_policy::catalog::Catalog;

use crate::arguments::Import;
use crate::command::{could_not_run, deliver, note_findings};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn import(arguments: &Import, output: &mut Output) -> io::Result<Exit> {
    let Import { paths, output: file, quiet, .. } = arguments;
    // A path that leads nowhere is a wrong argument, not a finding about a catalog.
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        let message = format!("there is no file or folder `{}`", path.display());
        return could_not_run(&message, None, output);
    }
    let catalog = match Catalog::import(paths) {
        Ok(catalog) => catalog,
        Err(findings) => return note_findings(&findings, output),
    };
    note_findings(catalog.warnings(), output)?;
    if let Some(exit) = deliver(&catalog.to_json(), file.as_deref(), output)? {
        return Ok(exit);
    }
    if !quiet {
        output.note(&render::catalog(catalog.counts(), output.style().form))?;
    }
    Ok(Exit::Done)
}
