//! What the host costs: `tests/idle` with one host call twenty times in each request, beside itself
//! without it.

use fieldgate_e2e::bundle::Guarded;

use crate::listeners::Parts;
use crate::way::{Table, Way};

/// As `tests/idle` has it.
const TIMES: f64 = 20.0;

pub(crate) const NOTHING: &str = "no-op wasm";
const HOLD: &str = "wasm that holds the headers and has the body buffered";
/// All the host calls of a filter that decides by headers and body, without a decision.
pub(crate) const SHAPE: &str = "wasm with every host call of such a filter";

/// A call: what it is, as `tests/idle` is configured, and the row that has all but it.
struct Call(&'static str, &'static str, &'static str);

const CALLS: [Call; 10] = [
    Call("get all header pairs", "get_pairs", NOTHING),
    Call("get one header", "get_header", NOTHING),
    Call("replace a header", "replace_header", NOTHING),
    Call("remove a header that is not there", "remove_absent_header", NOTHING),
    Call("get the time", "get_time", NOTHING),
    Call("get the body (400 bytes)", "get_body", HOLD),
    Call("set the body", "set_body", HOLD),
    Call("get a property (response.code)", "get_property", NOTHING),
    Call("set a property of 20 bytes", "set_property_20", NOTHING),
    Call("set a property of 1,000 bytes, declared as a string", "set_property_1000", NOTHING),
];

/// The rows of the filter that decides nothing.
pub(crate) fn ways(parts: &Parts, portal: &Guarded) -> Vec<Way> {
    let steps = [
        Way::new(NOTHING, Table::Envoy, parts.idle(""), portal),
        Way::new(HOLD, Table::Envoy, parts.idle("hold"), portal),
        Way::new("wasm that reads the body, too", Table::Envoy, parts.idle("body"), portal),
        Way::new(SHAPE, Table::Envoy, parts.idle_in_place("shape"), portal),
    ];
    let calls = CALLS.iter().map(|Call(name, configuration, over)| {
        let way = Way::new(name, Table::HostCalls, parts.idle(configuration), portal);
        Way { over: Some(over), ..way }
    });
    steps.into_iter().chain(calls).collect()
}

/// Microseconds of a call, of what all of them added.
pub(crate) fn one(added: f64) -> f64 {
    added / TIMES
}
