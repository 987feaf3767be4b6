//! The words of `fieldgate explain`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::Format;

/// Show what the filter does with an operation, field by field, and why
///
/// The operation is sent as a signed request through the decision code of the filter itself. Each field has a
/// line for every object type that it can be on: what is said to it, by which rules, and which roles of the
/// caller meet them. For a refusal the end says which roles would change it. Where fields of expanded
/// interfaces or unions are granted in part it shows what would be asked in their place, which is not in force yet.
///
/// Claims that every token has - `iss`, `aud`, `iat`, `exp`, `jti` - are filled in where they are not given. The
/// request takes place at a fixed time, 2027-01-15T08:00:00Z.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate explain policies/backstage --operation query.graphql --claims claims.json
  fieldgate explain policies/backstage --operation query.graphql --variables variables.json \\
    --claims '{\"sub\":\"mira\",\"groups\":[\"employees\"],\"act\":{\"sub\":\"portal-copilot\"}}'
  echo '{ viewer { name } }' | fieldgate explain policies/backstage --operation - --format json

Exit codes:
  0  the operation would be forwarded
  1  could not run
  2  it would be refused
  3  errors were found in the bundle")]
pub(crate) struct Explain {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// The file of the GraphQL document; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) operation: PathBuf,
    /// The token's claims: a JSON object or a file with one; `none` for a request without a token
    #[arg(long, value_name = "FILE|JSON", default_value = "none")]
    pub(crate) claims: Claims,
    /// The file of the variables: a JSON object
    #[arg(long, value_name = "FILE")]
    pub(crate) variables: Option<PathBuf>,
    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    pub(crate) operation_name: Option<String>,
    /// How the explanation is shown, and findings of the bundle
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Shown,
}

/// Where claims come from.
#[derive(Clone, Debug)]
pub(crate) enum Claims {
    /// There is no token.
    None,
    /// They are given in place.
    Text(String),
    File(PathBuf),
}

/// How an explanation is shown.
#[derive(Clone, Copy, ValueEnum)]
enum Shown {
    /// A tree of lines
    Human,
    /// One JSON object
    Json,
}

impl Explain {
    pub(super) fn findings(&self) -> Format {
        match self.format {
            Shown::Human => Format::Human,
            Shown::Json => Format::Json,
        }
    }
}

impl FromStr for Claims {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "none" => Self::None,
            text if text.trim_start().starts_with('{') => Self::Text(text.to_owned()),
            file => Self::File(file.into()),
        })
    }
}
