//! What an evaluation may spend.

use super::ConditionError;
use crate::limits::CONDITION_STEPS;

/// What may be spent on evaluating: a node is a step, an element looked at is another, and long
/// texts and large maps are more.
#[derive(Clone, Debug)]
pub struct Steps(u32);

impl Default for Steps {
    fn default() -> Self {
        Self(CONDITION_STEPS)
    }
}

impl Steps {
    /// So many.
    #[must_use]
    pub const fn new(steps: u32) -> Self {
        Self(steps)
    }

    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.0
    }

    /// Spends some. Where there are too few none is left, so that nothing goes on with the rest.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), ConditionError> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.checked_sub(steps));
        self.0 = left.unwrap_or(0);
        left.map(|_| ()).ok_or(ConditionError::BudgetExceeded)
    }
}
