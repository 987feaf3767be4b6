//! `fieldgate man`: nothing or a verb -> its manual page.

use std::io;

use crate::arguments::{Arguments, Man};
use crate::command::could_not_run;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn man(arguments: &Man, output: &mut Output) -> io::Result<Exit> {
    let mut grammar = Arguments::grammar();
    grammar.build();
    let mut page = &grammar;
    for name in &arguments.verb {
        match page.find_subcommand(name) {
            Some(verb) => page = verb,
            None => {
                let message = format!("there is no verb `{}`", name.escape_debug());
                return could_not_run(&message, Some("`fieldgate --help` lists them"), output);
            }
        }
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut text)?;
    output.data(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
