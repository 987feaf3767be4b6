//! fieldgate's decision library: bytes in, an outcome and its audit record out.
//!
//! It has no IO, clock, randomness or globals: time, keys and the signature verifier are arguments.
//! [`gate`] is the file to read first; it names every stage of a request.

#![deny(missing_docs, clippy::arithmetic_side_effects)]

pub mod audit;
pub mod challenge;
pub mod decide;
pub mod denial;
pub mod document;
pub mod gate;
mod halves;
pub mod http;
pub mod identity;
pub mod json;
pub mod limits;
pub mod plan;
pub mod policy;
pub mod protobuf;
pub mod reply;
pub mod rewrite;
pub mod settings;
pub mod token;
