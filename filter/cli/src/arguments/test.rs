//! The words of `fieldgate test`.

use std::path::PathBuf;

use clap::Args;
use clap::value_parser;

use super::Format;

/// Run the cases of bundles against their policies
///
/// Each case is sent as a signed request through the decision code of the filter itself. Then it is told how
/// much the cases cover: the rules that granted or refused something in a case, and the coordinates that a
/// case asked for, of those that a query or a mutation can reach.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate test policies/backstage
  fieldgate test policies/*
  fieldgate test policies/backstage --filter contractor
  fieldgate test policies/backstage --uncovered
  fieldgate test policies/backstage --min-coverage 90 --junit report.xml
  fieldgate test policies/backstage --format json | jq -r 'select(.kind == \"coverage\").rules.uncovered[]'

Exit codes:
  0  every case is as expected, and enough is covered
  1  could not run: no folder, or no case
  2  a case failed, or less is covered than --min-coverage asks for
  3  errors were found in a bundle or its cases")]
pub(crate) struct Test {
    /// The bundles' folders; files among them are skipped
    #[arg(required = true, value_name = "BUNDLE")]
    pub(crate) bundles: Vec<PathBuf>,
    /// How findings and results are shown
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) format: Format,
    /// Run only the cases whose name or file contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// List the rules and coordinates that no case covers
    #[arg(long)]
    pub(crate) uncovered: bool,
    /// Fail if a bundle's cases cover less of its rules, or of its coordinates, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter")]
    #[arg(value_parser = value_parser!(u8).range(0..=100))]
    pub(crate) min_coverage: Option<u8>,
    /// Write a report in JUnit's XML to a file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}
