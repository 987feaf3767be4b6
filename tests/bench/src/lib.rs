//! What the programs here have in common: bundles as plugin configurations, and requests to a gate
//! as the filter makes them. Nothing in it depends on time, chance or the machine.

pub mod asking;
pub mod bundles;
