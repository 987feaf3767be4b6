//! The whole gate from outside: configurations, heads and bodies in, effects and records out.
//!
//! `world` is the setting. `random` makes schemas, policies and requests, and writes these down in
//! awkward layouts; `naive` says from their meaning alone what has to become of them.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod forward;
#[cfg(test)]
mod http;
#[cfg(test)]
mod known;
#[cfg(test)]
mod multipart;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod published;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rewrite;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod world;
