//! Requests that servers read in different ways, as data (`tests/corpus/differential/*.yaml`), and
//! what has to hold whatever a server makes of them: it executes nothing but what the audit record
//! says was allowed.

mod encoding;
mod exception;
mod judge;
mod kind;
mod row;
mod template;
mod wire;

pub use exception::Exception;
pub use judge::{secrets, violations};
pub use kind::{BUNDLE, Kind};
pub use row::{Allowed, Row, load};
pub use wire::{Sent, send};
