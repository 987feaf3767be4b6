//! Stats of the host.

use super::{HostError, check, proxy_define_metric, proxy_increment_metric, proxy_record_metric};

/// A stat of the host, `wasmcustom.<name>`: the same one for every VM that defines it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric(u32);

impl Metric {
    pub(crate) fn counter(name: &str) -> Result<Self, HostError> {
        Self::define(0, name)
    }

    pub(crate) fn gauge(name: &str) -> Result<Self, HostError> {
        Self::define(1, name)
    }

    fn define(kind: u32, name: &str) -> Result<Self, HostError> {
        let mut metric = 0_u32;
        // SAFETY: the host reads `name`, keeps nothing and writes one u32.
        let status =
            unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut metric) };
        check("define_metric", status)?;
        Ok(Self(metric))
    }

    /// Sets a gauge.
    pub(crate) fn record(self, value: u64) -> Result<(), HostError> {
        // SAFETY: takes numbers.
        check("record_metric", unsafe { proxy_record_metric(self.0, value) })
    }

    /// Adds one to a counter.
    pub(crate) fn increment(self) -> Result<(), HostError> {
        // SAFETY: takes numbers.
        check("increment_metric", unsafe { proxy_increment_metric(self.0, 1) })
    }
}
