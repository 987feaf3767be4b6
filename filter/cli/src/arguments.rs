//! The command line as words -> [`Arguments`]: what to do, and how to show it.

mod build;
mod catalog;
mod documents;
mod explain;
mod matrix;
mod test;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use self::build::{Artefact, Build, Proxy};
pub(crate) use self::catalog::{Catalog, CatalogVerb, Import};
pub(crate) use self::documents::{Documents, Listing};
pub(crate) use self::explain::{Claims, Explain};
pub(crate) use self::matrix::{Matrix, Table};
pub(crate) use self::test::Test;
use crate::exit::Exit;
use crate::render::{Form, Ink, Style};
use crate::status::admin::AdminUrl;

const EXAMPLES: &str = "\
Examples:
  fieldgate check policies/backstage
  fieldgate test policies/backstage --filter contractor
  fieldgate explain policies/backstage --operation query.graphql --claims claims.json
  fieldgate matrix policies/backstage --type Secret
  fieldgate documents policies/backstage
  fieldgate build policies/backstage -o plugin.json
  fieldgate status http://127.0.0.1:9901
  fieldgate catalog import policies/backstage/catalog -o owners.json

Exit codes:
  0  done
  1  could not run
  2  a case failed or too little is covered, or an operation would be refused
  3  errors were found: in the bundle or catalog, or in what an Envoy enforces";

/// A command line that was understood.
pub(crate) struct Arguments {
    pub(crate) verb: Verb,
    pub(crate) style: Style,
}

/// What is said instead of running: help, the version, or why the words were not understood.
pub(crate) struct Instead(clap::Error);

/// Build, check, test and explain policy bundles for the fieldgate filter, and ask what is in force.
#[derive(Parser)]
#[command(name = "fieldgate", version, after_help = EXAMPLES)]
#[command(disable_help_subcommand = true, subcommand_required = true)]
struct Words {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    verb: Verb,
}

/// How things are shown to people and scripts.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// With the lines of the file that a finding is about
    Human,
    /// One line a finding, and one for its help
    Plain,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    /// If the output is a terminal, and NO_COLOR is not set
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Build(Box<Build>),
    Check(Check),
    Test(Test),
    Explain(Explain),
    Matrix(Matrix),
    Documents(Documents),
    Status(Status),
    Catalog(Catalog),
    Completions(Completions),
    Man(Man),
}

/// Print a script that completes fieldgate's words in a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate completions bash > ~/.local/share/bash-completion/completions/fieldgate
  fieldgate completions fish > ~/.config/fish/completions/fieldgate.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// Print the manual page, of fieldgate or of one of its verbs
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate man | man -l -
  fieldgate man explain > fieldgate-explain.1
  fieldgate man catalog import > fieldgate-catalog-import.1")]
pub(crate) struct Man {
    /// The verb, and what is below it
    pub(crate) verb: Vec<String>,
}

/// Report everything that is wrong with a bundle
///
/// Reads settings, policy, schema, keys and cases; writes nothing but findings, to stdout.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate check policies/backstage
  fieldgate check policies/backstage --format json")]
pub(crate) struct Check {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// How findings and results are shown
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Format,
}

/// Ask a running Envoy which policy each listener enforces, and what is wrong with that
///
/// Reads Envoy's admin interface and changes nothing. One line for each fieldgate filter, then one for each
/// finding: a push that was refused and why, a filter without a valid configuration, a missing seatbelt and
/// more. Name, revision and digest are those of the policy that Envoy shows in its configuration, or, where
/// it shows a refused one, those that the filter's metrics tell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate status http://127.0.0.1:9901
  fieldgate status 127.0.0.1:9901 --format plain
  fieldgate status 127.0.0.1:9901 --format json | jq -r 'select(.kind == \"filter\").revision'
  fieldgate status 127.0.0.1:15000    # beside: kubectl port-forward deploy/gateway 15000

Exit codes:
  0  every filter enforces a policy; there may be warnings
  1  could not run: there is no Envoy, or it does not answer
  3  errors were found, or no listener has a fieldgate filter")]
pub(crate) struct Status {
    /// The address of Envoy's admin interface
    #[arg(value_name = "ADMIN_URL")]
    pub(crate) url: AdminUrl,
    /// How filters and findings are shown
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Format,
}

impl Arguments {
    /// The command line that is understood, for what is made of it.
    pub(crate) fn grammar() -> Command {
        Words::command()
    }

    /// Reads the command line.
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, Instead> {
        let Words { color, verb } = Words::try_parse_from(words).map_err(Instead)?;
        let format = match &verb {
            Verb::Build(build) => build.message_format,
            Verb::Check(check) => check.format,
            Verb::Test(test) => test.format,
            Verb::Status(status) => status.format,
            Verb::Catalog(Catalog { verb: CatalogVerb::Import(import) }) => import.format,
            Verb::Explain(explain) => explain.findings(),
            Verb::Matrix(matrix) => matrix.findings(),
            Verb::Documents(_) | Verb::Completions(_) | Verb::Man(_) => Format::Human,
        };
        let form = match format {
            Format::Human => Form::Human,
            Format::Plain => Form::Plain,
            Format::Json => Form::Json,
        };
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let ink = |terminal: bool| match color {
            Color::Always => Ink::Colored,
            Color::Auto if terminal && !unwanted => Ink::Colored,
            Color::Auto | Color::Never => Ink::Plain,
        };
        let (data, note) = (ink(io::stdout().is_terminal()), ink(io::stderr().is_terminal()));
        Ok(Self { verb, style: Style { form, data, note } })
    }
}

impl Instead {
    /// Says it, on stdout if it was asked for.
    pub(crate) fn print(self) -> Exit {
        let Self(error) = self;
        let text = error.render().to_string();
        let (written, exit) = if error.use_stderr() {
            (io::stderr().lock().write_all(text.as_bytes()), Exit::CouldNotRun)
        } else {
            (io::stdout().lock().write_all(text.as_bytes()), Exit::Done)
        };
        if written.is_ok() { exit } else { Exit::CouldNotRun }
    }
}
