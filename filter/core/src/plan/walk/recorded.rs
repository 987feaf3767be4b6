//! Which fields were noted already, by condition and occurrence.

use std::collections::BTreeSet;

use crate::plan::{ConditionId, OccurrenceId};
use crate::policy::schema::{FieldId, Schema};

pub(super) struct Recorded {
    /// A bit for each field of the schema: with neither, as most are.
    plain: Vec<u64>,
    others: BTreeSet<(FieldId, Option<ConditionId>, Option<OccurrenceId>)>,
}

impl Recorded {
    pub(super) fn of(schema: &Schema) -> Self {
        let words = schema.field_count().div_ceil(64);
        Self { plain: vec![0; words], others: BTreeSet::new() }
    }

    /// Notes a field, and says whether it was not noted before.
    pub(super) fn note(
        &mut self,
        field: FieldId,
        condition: Option<ConditionId>,
        occurrence: Option<OccurrenceId>,
    ) -> bool {
        let word = self.plain.get_mut(field.index() / 64);
        match (condition, occurrence, word) {
            (None, None, Some(word)) => {
                let bit = 1 << (field.0 % 64);
                let new = *word & bit == 0;
                *word |= bit;
                new
            }
            _ => self.others.insert((field, condition, occurrence)),
        }
    }
}
