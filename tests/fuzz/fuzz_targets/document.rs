//! Any bytes: a text is read or refused, and what was read keeps the invariants.
//!
//! An input that breaks them belongs into `regressions/document`, which `cargo test` replays.

#![no_main]

#[path = "../../../filter/core/tests/document/invariants.rs"]
mod invariants;

use fieldgate_core::document::Bounds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    invariants::read(source, &Bounds { tokens: 15_000, nesting: 200 });
});
