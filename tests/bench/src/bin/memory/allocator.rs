//! The allocator of the system, which counts what is in use, and how often it is asked for more.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MADE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

/// What a piece of memory takes of it, with what the allocator has for itself: glibc's malloc in 64
/// bits, dlmalloc in 32, as in the filter.
const fn piece(bytes: usize) -> usize {
    let (own, least) = if cfg!(target_pointer_width = "64") { (8, 32) } else { (4, 16) };
    let piece = (bytes + own).next_multiple_of(16);
    if piece < least { least } else { piece }
}

/// Bytes in use.
pub(crate) fn in_use() -> usize {
    IN_USE.load(Ordering::Relaxed)
}

/// Allocations so far. One that grows is a new one.
pub(crate) fn made() -> usize {
    MADE.load(Ordering::Relaxed)
}

// SAFETY: it is the system's allocator; what is counted decides nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(piece(layout.size()), Ordering::Relaxed);
        MADE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller of this function says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(piece(layout.size()), Ordering::Relaxed);
        // SAFETY: as the caller of this function says.
        unsafe { System.dealloc(at, layout) }
    }
}
