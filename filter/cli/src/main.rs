//! fieldgate's command line: builds, checks, tests and explains policy bundles, and asks what is
//! in force.
//!
//! stdout carries what was asked for, stderr everything else. Arguments are read once, a command
//! does its work and hands values to [`output`], and the exit code says how it ended.

mod arguments;
mod command;
mod exit;
mod file;
mod output;
mod render;
mod status;

use std::process::ExitCode;

use crate::arguments::{Arguments, Catalog, CatalogVerb, Verb};
use crate::output::Output;

fn main() -> ExitCode {
    let Arguments { verb, style } = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(instead) => return instead.print().into(),
    };
    let mut output = Output::new(style);
    let done = match verb {
        Verb::Build(build) => command::build::build(&build, &mut output),
        Verb::Check(check) => command::check::check(&check, &mut output),
        Verb::Test(test) => command::test::test(&test, &mut output),
        Verb::Explain(explain) => command::explain::explain(&explain, &mut output),
        Verb::Matrix(matrix) => command::matrix::matrix(&matrix, &mut output),
        Verb::Documents(documents) => command::documents::documents(&documents, &mut output),
        Verb::Completions(asked) => command::completions::completions(&asked, &mut output),
        Verb::Man(man) => command::man::man(&man, &mut output),
        Verb::Status(status) => command::status::status(&status, &mut output),
        Verb::Catalog(Catalog { verb: CatalogVerb::Import(import) }) => {
            command::catalog::import(&import, &mut output)
        }
    };
    done.unwrap_or_else(|error| output.lost(&error)).into()
}
