//! The shipped configurations as values, and the places in them.

use fieldgate_core::settings::RequestHeaders;
use serde_json::Value;

use super::ManifestError;

const HOLD: &str = include_str!("../../../../envoy/static/hold.yaml");
const STREAM: &str = include_str!("../../../../envoy/static/stream.yaml");

const LISTENER: &str = "/static_resources/listeners/0";
/// The connection manager's configuration in a listener.
pub(super) const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";
/// fieldgate's filter in a connection manager.
const FILTER: &str = "/http_filters/0";
/// The seatbelt in a connection manager.
const SEATBELT: &str = "/http_filters/1";

/// The listener.
pub(super) fn listener(mode: RequestHeaders) -> Result<Value, ManifestError> {
    let text = match mode {
        RequestHeaders::Hold => HOLD,
        RequestHeaders::Stream => STREAM,
    };
    let mut bootstrap: Value = serde_saphyr::from_str(text)
        .map_err(|error| ManifestError::Shipped(format!("cannot be read: {error}")))?;
    Ok(at(&mut bootstrap, LISTENER)?.take())
}

/// fieldgate's HTTP filter.
pub(super) fn filter(mode: RequestHeaders) -> Result<Value, ManifestError> {
    in_manager(mode, FILTER)
}

/// The seatbelt's HTTP filter.
pub(super) fn seatbelt(mode: RequestHeaders) -> Result<Value, ManifestError> {
    in_manager(mode, SEATBELT)
}

fn in_manager(mode: RequestHeaders, place: &str) -> Result<Value, ManifestError> {
    let mut listener = listener(mode)?;
    let manager = at(&mut listener, MANAGER)?;
    Ok(at(manager, place)?.take())
}

/// The value at a place.
pub(super) fn at<'v>(value: &'v mut Value, pointer: &str) -> Result<&'v mut Value, ManifestError> {
    let missing = || ManifestError::Shipped(format!("has no `{pointer}`"));
    value.pointer_mut(pointer).ok_or_else(missing)
}

/// Gives a member of an object a value.
pub(super) fn put(
    object: &mut Value,
    name: &str,
    value: impl Into<Value>,
) -> Result<(), ManifestError> {
    let missing = || ManifestError::Shipped(format!("has no object for `{name}`"));
    object.as_object_mut().ok_or_else(missing)?.insert(name.to_owned(), value.into());
    Ok(())
}
