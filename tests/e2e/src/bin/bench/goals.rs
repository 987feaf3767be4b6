//! What fieldgate is to cost, in ratios of one run.

use crate::hive;
use crate::hostcalls::NOTHING;
use crate::peers::in_node;
use crate::results::{NotRun, Results, Spread};
use crate::rows::{AUTHORIZED, JWT, JWT_NEW, NEW_DOCUMENT, NEW_TOKEN, WARM};
use crate::way::PASS;

/// A goal, and what came of it.
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) is: Result<Spread, NotRun>,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    pub(crate) fn missed(&self) -> bool {
        match (&self.is, self.bound) {
            (Err(_), _) => false,
            (Ok(is), Bound::AtMost(most)) => is.median > most,
            (Ok(is), Bound::AtLeast(least)) => is.median < least,
        }
    }
}

/// All of them, in the order of the page.
pub(crate) fn goals(results: &Results<'_>) -> Vec<Goal> {
    let best = results.rows.iter().filter(|row| in_node(row.way.name));
    let best = best.min_by(|one, other| one.cpu().median.total_cmp(&other.cpu().median));
    let best = best.map_or("of a server in Node", |row| row.way.name);
    let p99 = results.latency.as_ref().and_then(|latency| latency.p99_over_pass(WARM));
    let at_most = |what, is, most| Goal { what, is, bound: Bound::AtMost(most) };
    vec![
        at_most(
            "warm, added / jwt_authn without cache, added",
            results.added_ratio(WARM, JWT),
            0.6,
        ),
        at_most("warm, added / no-op wasm filter, added", results.added_ratio(WARM, NOTHING), 2.0),
        at_most(
            "cold RS256 token, added / jwt_authn without cache, added",
            results.added_ratio(NEW_TOKEN, JWT_NEW),
            1.3,
        ),
        at_most("cold document over warm, us", results.difference(NEW_DOCUMENT, WARM), 40.0),
        at_most(
            "every document new, CPU / pass-through, CPU",
            results.ratio(NEW_DOCUMENT, PASS),
            2.0,
        ),
        at_most("warm, CPU / Hive Router alone, CPU", results.ratio(WARM, hive::ALONE), 1.0),
        at_most(
            "warm, CPU / Envoy in front of Hive Router, CPU of both",
            results.ratio(WARM, hive::BEHIND),
            0.6,
        ),
        at_most(
            "warm, added / (jwt_authn cached + ext_authz), added, both processes",
            results.added_ratio(WARM, AUTHORIZED),
            0.15,
        ),
        Goal {
            what: "best Node server with field rules, CPU / warm, CPU",
            is: results.ratio(best, WARM),
            bound: Bound::AtLeast(4.0),
        },
        at_most(
            "warm, p99 at half of pass-through's maximum rate / pass-through's p99",
            p99.ok_or_else(|| NotRun("no latencies".to_owned())),
            1.3,
        ),
        at_most("10,000 rules over 10, us", results.difference("10,000 rules", "10 rules"), 6.0),
        at_most(
            "one condition over none, us",
            results.difference("one condition", "100 rules"),
            6.0,
        ),
        at_most(
            "100,000 owners over 100, ten lookups, us",
            results.difference("ten lookups of 100,000 owners", "ten lookups of 100 owners"),
            10.0,
        ),
    ]
}
