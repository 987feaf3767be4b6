//! What of an operation other filters are told.

use serde::Deserialize;

use super::ConfigurationError;
use super::wire::value;
use crate::policy::Policy;
use crate::policy::ceiling::Counter;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireUsage {
    #[serde(default)]
    export: Vec<Box<str>>,
}

impl WireUsage {
    pub(super) fn read(self, policy: &Policy) -> Result<Vec<Counter>, ConfigurationError> {
        let mut counters = Vec::new();
        for (at, name) in self.export.iter().enumerate() {
            let wrong = |message| value(&format!("usage.export[{at}]"), message);
            let counter = Counter::named(name).ok_or_else(|| {
                wrong(
                    "expected one of `cost`, `body_bytes`, `tokens`, `depth`, `root_fields`, \
                     `aliases`, `directives`, `expanded_fields`",
                )
            })?;
            if counter == Counter::Cost && policy.costs().is_none() {
                return Err(wrong("the policy reckons no costs"));
            }
            if counters.contains(&counter) {
                return Err(wrong("it is there twice"));
            }
            counters.push(counter);
        }
        Ok(counters)
    }
}
