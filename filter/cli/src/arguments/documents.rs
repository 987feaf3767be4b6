//! The words of `fieldgate documents`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// List the trusted documents of a client, for its own tools
///
/// Each with the id by which it can be asked for. Those of files have the SHA-256 of their text; those of manifests keep
/// the ids that they have there. What the client may ask for besides is said on stderr.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate documents policies/backstage
  fieldgate documents policies/backstage --client portal-copilot
  fieldgate documents policies/backstage --format apollo > persisted-query-manifest.json
  fieldgate documents policies/backstage --format relay > persisted-documents.json")]
pub(crate) struct Documents {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// The client, by the id in its tokens; without it, any client that has no entry in the policy
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// How the documents are shown
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Listing,
}

/// How documents are shown.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Listing {
    /// One line for each: id, type and name of the operation
    Table,
    /// A manifest as Apollo's tools write it
    Apollo,
    /// An object of ids and texts, as Relay and GraphQL Code Generator write it
    Relay,
}
