//! The memory that records are written in, one after the other.

use std::cell::Cell;

/// What is kept of it: most records are shorter.
const KEPT_BYTES: usize = 16 << 10;

/// The memory of the last record's text, for the next one.
#[derive(Default)]
pub(crate) struct Room(Cell<String>);

impl Room {
    /// Writes a text in the memory of the one before. One that is written meanwhile has its own.
    pub(crate) fn write<T>(
        &self,
        text: impl FnOnce(String) -> String,
        used: impl FnOnce(&str) -> T,
    ) -> T {
        let text = text(self.0.take());
        let result = used(&text);
        // A long one is not kept for the sake of the next.
        if text.capacity() <= KEPT_BYTES {
            self.0.set(text);
        }
        result
    }
}
