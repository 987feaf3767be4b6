//! What test builds do wrong on purpose, to see that the host around it stays closed, and what they
//! tell of their insides. Without the features there is nothing here.

use fieldgate_core::http::Headers;
use fieldgate_core::reply::Reply;

#[cfg(feature = "test-signatures")]
mod signatures;

/// Traps the VM if the request asks for it.
#[cfg(feature = "test-trap")]
pub(crate) fn trap_if_asked(headers: &Headers) {
    if headers.iter().any(|(name, value)| name == b"x-fieldgate-test" && value == b"trap") {
        core::arch::wasm32::unreachable();
    }
}

#[cfg(not(feature = "test-trap"))]
pub(crate) const fn trap_if_asked(_headers: &Headers) {}

/// Whether this VM has to fail its configuration: every one but the first of a process, which is
/// the canary that the host accepts a push by.
#[cfg(feature = "test-fail-workers")]
pub(crate) fn fails_to_configure() -> bool {
    use crate::host::shared_data;

    const KEY: &str = "fieldgate.configured";
    let seen = shared_data::get(KEY).is_ok();
    shared_data::set(KEY, b"1").is_err() || seen
}

#[cfg(not(feature = "test-fail-workers"))]
pub(crate) const fn fails_to_configure() -> bool {
    false
}

/// What each verifier says of the token and the key set that the request brings along, if it asks.
#[cfg(feature = "test-signatures")]
pub(crate) fn verdicts_if_asked(headers: &Headers) -> Option<Reply> {
    signatures::verdicts(headers)
}

#[cfg(not(feature = "test-signatures"))]
pub(crate) const fn verdicts_if_asked(_headers: &Headers) -> Option<Reply> {
    None
}
