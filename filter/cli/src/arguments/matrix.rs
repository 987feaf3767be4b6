//! The words of `fieldgate matrix`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;

/// Show which role is granted which field
///
/// Every field of the schema and every role: whether a subject with that role alone is granted the field. A
/// subject with several roles may be granted more, or less where a deny rule is about one of them; who acts for it has
/// to be granted the field as well. A field of an interface is granted if it is on every object type of it; where it
/// is on some, and the policy has the interface expanded, it says `part`: that is refused as long as responses are not
/// completed. Where conditions decide it says `if`. Inputs and the response are not shown.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate matrix policies/backstage > matrix.md
  fieldgate matrix policies/backstage --type Secret
  fieldgate matrix policies/backstage --format csv > matrix.csv
  fieldgate matrix policies/backstage --format json | jq -r 'select(.roles[] | .role == \"sre\" and .allowed).coordinate'")]
pub(crate) struct Matrix {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// How the matrix is shown
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    pub(crate) format: Table,
    /// Only the fields of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) only: Option<String>,
}

/// How a matrix is shown.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Table {
    /// A table, with a `-` where a field is not granted
    Markdown,
    /// Comma-separated values (RFC 4180): allow or deny
    Csv,
    /// One JSON object for each field, with the rules that decide
    Json,
}

impl Matrix {
    pub(super) fn findings(&self) -> Format {
        match self.format {
            Table::Markdown | Table::Csv => Format::Human,
            Table::Json => Format::Json,
        }
    }
}
