//! fieldgate's authoring library: a bundle's folder in; diagnostics, policy blob and plugin
//! configuration out.
//!
//! [`bundle`] is the file to read first. The filter never sees what is read here: it gets the blob,
//! and this library gives it none that the filter's own reader would refuse.

#![deny(missing_docs)]

pub mod bundle;
pub mod cases;
pub mod catalog;
pub mod condition;
mod court;
pub mod data;
pub mod diagnostic;
pub mod documents;
pub mod expand;
pub mod explain;
pub mod folder;
pub mod lint;
pub mod lower;
pub mod manifest;
pub mod matrix;
pub mod policy;
pub mod schema;
pub mod settings;
pub mod source;
pub mod suggest;
pub mod yaml;
