//! The authoring library from the outside: text in, findings and policies out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails stops by panicking"
)]

mod backstage;
mod blob;
mod bundles;
mod catalogs;
mod coverage;
mod crds;
mod determinism;
mod documents;
mod entry;
mod expand;
mod expansion;
mod explain;
mod fetched;
mod github;
mod hostile;
mod kubernetes;
mod language;
mod large_values;
mod lowering;
mod manifest;
mod model;
mod random;
mod schemas;
mod sdl;
mod support;
