//! fieldgate end to end: an identity provider, a backend that writes down what it sees, a real
//! Envoy with a shipped configuration, and a client with the controls that tests need.

use std::path::PathBuf;

pub mod backend;
pub mod bundle;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod corpus;
pub mod differential;
pub mod envoy;
pub mod filter;
pub mod glewlwyd;
pub mod idp;
pub mod key_server;
pub mod load;
pub mod management;
pub mod oidc;
mod peer;
pub mod portal;
pub mod resource;
pub mod revision;
pub mod servers;
pub mod stage;
pub mod subscriber;
pub mod suite;
pub mod token;

/// The repository's folder.
///
/// # Panics
/// The crate was moved away from its source after it was built.
#[must_use]
pub fn repository() -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).expect("tests/e2e is in the repository").to_owned()
}
