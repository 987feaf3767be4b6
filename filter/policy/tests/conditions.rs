//! Conditions: what is read, what is refused, and what they say - also beside the `cel` crate and
//! beside what CEL's own specification expects.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails stops by panicking"
)]

#[path = "conditions/corpus.rs"]
mod corpus;
#[path = "conditions/findings.rs"]
mod findings;
#[path = "conditions/oracle.rs"]
mod oracle;
#[path = "conditions/pushed.rs"]
mod pushed;
#[path = "conditions/random.rs"]
mod random;
#[path = "conditions/speed.rs"]
mod speed;
#[path = "conditions/support.rs"]
mod support;
