//! Any bytes as the body of a verified caller: an end always, and upstream only what is granted.

#![no_main]

#[expect(dead_code, reason = "the tests of the gate use more of it")]
#[path = "../../../filter/core/tests/enforcement/world.rs"]
mod world;

use fieldgate_core::gate::{Effect, Gate};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static GATE: (Gate, String) = (
        world::gate(&world::all_but(&["User.ssn", "Query.node"]), ""),
        world::token(&["g0"], ""),
    );
}

fuzz_target!(|body: &[u8]| {
    GATE.with(|(gate, token)| {
        let (effect, record) = world::post(gate, token, body);
        let Effect::Forward(sent) = effect else {
            return assert!(!["allow", "internal_error"].contains(&world::code(&record)));
        };
        let requested = record.facts().asked.requested.iter().flatten();
        assert!(requested.into_iter().all(|one| one != "User.ssn" && one != "Query.node"));
        // What was forwarded is forwarded again, unchanged.
        assert_eq!(world::post(gate, token, &sent).0, Effect::Forward(sent));
    });
});
