//! The words of `fieldgate catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// Read a service catalog
#[derive(Args)]
#[command(disable_help_subcommand = true, subcommand_required = true)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) verb: CatalogVerb,
}

/// What to do with a catalog.
#[derive(Subcommand)]
pub(crate) enum CatalogVerb {
    Import(Import),
}

/// Read who owns what from Backstage's entity files
///
/// Writes a JSON object with a key for each entity, its full reference in lower case, and the list of
/// its owners: `spec.owner` and the relations `ownedBy`, as full references too. The same files give the
/// same bytes. An entity without an owner has an empty list, and a note if it is of a kind that could have
/// one. A catalog with errors is not imported.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate catalog import policies/backstage/catalog -o owners.json
  fieldgate catalog import $(git ls-files '*catalog-info.yaml') > owners.json
  fieldgate catalog import catalog -q --format json 2>&1 >owners.json | jq -r .code

Exit codes:
  0  done; there may be warnings and notes
  1  could not run: a path that leads nowhere, or a file that cannot be written
  3  errors were found, and nothing was written")]
pub(crate) struct Import {
    /// Entity files, and folders in which every *.yaml and *.yml file is one
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write to this file, which is replaced at once, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Do not print the summary
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How findings and the summary are shown
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(super) format: Format,
}
