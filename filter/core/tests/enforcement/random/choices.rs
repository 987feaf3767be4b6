//! Choices, of which each takes one number.
//!
//! Those that have run out are zero, and zero is always the smallest thing: whatever proptest takes
//! away, a smaller case is left.

pub(crate) struct Choices<'c>(pub(crate) &'c [u16]);

impl Choices<'_> {
    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % count
    }

    /// One time in `count`.
    pub(crate) fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// One of the items.
    pub(crate) fn of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }

    /// The same by itself.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        *self.of(items)
    }

    /// Some of the items in their order, at least one if there is any.
    pub(crate) fn some_of<T: Copy>(&mut self, items: &[T]) -> Vec<T> {
        let mut chosen = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if self.below(2) == 1 || (chosen.is_empty() && at + 1 == items.len()) {
                chosen.push(*item);
            }
        }
        chosen
    }
}
