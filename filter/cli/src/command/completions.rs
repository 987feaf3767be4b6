//! `fieldgate completions`: a shell -> the script that completes fieldgate's words in it.

use std::io;

use crate::arguments::{Arguments, Completions};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn completions(arguments: &Completions, output: &mut Output) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::grammar(), "fieldgate", &mut script);
    output.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
