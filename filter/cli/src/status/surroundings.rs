//! A filter and what stands around it -> what would let requests pass, or keep good ones.

use super::dump::{Chain, Dump, HttpFilter, Upgrade};
use super::finding::{Code, Finding};
use super::plugin::Plugin;
use super::routes::{Change, Route, any};
use super::seatbelt::{demands_mark, demands_mark_on_route};
use super::{Filter, InForce, State, Unreadable};
use fieldgate_core::settings::RequestHeaders;

/// How Envoy runs the filter.
pub(super) fn flags(found: &Filter, plugin: &Plugin) -> Vec<Finding> {
    let mut findings = Vec::new();
    if found.state == State::Draining {
        return findings;
    }
    if plugin.fails_open {
        let message = "`failure_policy: FAIL_OPEN`: after a trap every request passes unseen";
        let help = "set `failure_policy: FAIL_RELOAD`";
        findings.push(Finding::at(found, Code::FailOpen, message).help(help));
    }
    let mode = found.in_force.as_ref().and_then(|InForce { mode, .. }| *mode);
    if mode == Some(RequestHeaders::Hold) && !plugin.may_hold {
        let message = "`request_headers: hold` without `allow_on_headers_stop_iteration: true`: \
                       requests that have a body wait until they time out";
        let help = "set that beside the plugin configuration, or `request_headers: stream` in it";
        findings.push(Finding::at(found, Code::HoldWithoutFlag, message).help(help));
    }
    findings
}

/// What is behind the filter, and what routes and upgrades make of it.
pub(super) fn judge(
    found: &Filter,
    chain: &Chain,
    at: usize,
    dump: &Dump,
) -> Result<Vec<Finding>, Unreadable> {
    let mut findings = Vec::new();
    let mut from = chain.filters.iter().skip(at);
    let Some(filter) = from.next().filter(|_| found.state != State::Draining) else {
        return Ok(findings);
    };
    let belts = belts(from, dump)?;
    let routes = dump.routes(chain);
    let worn = belts.iter().any(|belt| !belt.disabled);
    // Where it is off for all, it may be on where the filter is: routes say.
    if belts.is_empty() || (!worn && (routes.is_none() || !filter.disabled)) {
        let message = "no RBAC filter behind the filter demands that `wasm.fieldgate.verdict` is \
                       `forward`: a worker without the filter lets every request pass";
        let help = "put the one of `envoy/static/hold.yaml` there";
        findings.push(Finding::at(found, Code::SeatbeltMissing, message).help(help));
    }
    let ways = match routes {
        None => {
            let message = "what routes change of the filter and the seatbelt is not known";
            let help = "Envoy shows no list of them: see that none switches either off";
            findings.push(Finding::at(found, Code::RoutesUnknown, message).help(help));
            Vec::new()
        }
        Some(routes) => {
            let way = |route| Way::read(route, filter, &belts);
            routes.iter().map(way).collect::<Result<_, _>>()?
        }
    };
    if filter.disabled && !ways.is_empty() && !ways.iter().any(|way| way.filter) {
        let message = "the filter is off, and no route switches it on";
        findings.push(Finding::at(found, Code::NeverOn, message));
    } else if filter.disabled && (ways.is_empty() || ways.iter().any(|way| !way.filter)) {
        let message = "the filter is off, except on routes that switch it on";
        findings.push(Finding::at(found, Code::OffByDefault, message));
    }
    // Without any seatbelt that is said already.
    let meant = |way: &&Way| !belts.is_empty() && (way.filter || !filter.disabled || worn);
    if let Some(names) = named(ways.iter().filter(meant).filter(|way| !way.belt)) {
        let message = format!("{names} no seatbelt: it is off or replaced there");
        let help = "a worker without the filter lets every request of that route pass, and so does \
                    the route itself where the filter is off too";
        findings.push(Finding::at(found, Code::RouteWithoutSeatbelt, message).help(help));
    }
    let refused = |way: &&Way| way.belt && !way.filter && !filter.disabled;
    if let Some(names) = named(ways.iter().filter(refused)) {
        let message = format!("{names} no filter: it is off or replaced there");
        let help = "the seatbelt refuses what comes that way";
        findings.push(Finding::at(found, Code::RouteWithoutFilter, message).help(help));
    }
    for Upgrade { protocol, filters } in &chain.upgrades {
        if self::belts(filters.iter(), dump)?.iter().all(|belt| belt.disabled) {
            let message = format!(
                "upgrades to `{protocol}` have filters of their own, and no seatbelt among them"
            );
            let help = "requests that ask for it are not judged: remove it from `upgrade_configs`";
            findings.push(Finding::at(found, Code::UpgradeUnguarded, message).help(help));
        }
    }
    Ok(findings)
}

/// Those that are the seatbelt, whether they are on or not.
fn belts<'a>(
    filters: impl Iterator<Item = &'a HttpFilter>,
    dump: &Dump,
) -> Result<Vec<&'a HttpFilter>, Unreadable> {
    let mut belts = Vec::new();
    for filter in filters {
        if dump.configuration(filter).map_or(Ok(false), demands_mark)? {
            belts.push(filter);
        }
    }
    Ok(belts)
}

/// A route, and what is on there.
struct Way<'a> {
    name: &'a str,
    filter: bool,
    belt: bool,
}

impl<'a> Way<'a> {
    fn read(
        route: &'a Route,
        filter: &HttpFilter,
        belts: &[&HttpFilter],
    ) -> Result<Self, Unreadable> {
        let mut belt = false;
        for one in belts {
            belt |= match route.change(&one.name) {
                Change::None => !one.disabled,
                Change::Off => false,
                Change::On => true,
                Change::Instead(value) => {
                    any(value).as_ref().map_or(Ok(false), demands_mark_on_route)?
                }
            };
        }
        let filter = match route.change(&filter.name) {
            Change::None => !filter.disabled,
            Change::On => true,
            // Whatever it is, it is not what was judged.
            Change::Off | Change::Instead(_) => false,
        };
        Ok(Self { name: &route.name, filter, belt })
    }
}

/// The first by name, and how many more: `route `a` has`, `route `a` and 2 more have`.
fn named<'a>(mut ways: impl Iterator<Item = &'a Way<'a>>) -> Option<String> {
    let first = ways.next()?.name;
    Some(match ways.count() {
        0 => format!("route `{first}` has"),
        more => format!("route `{first}` and {more} more have"),
    })
}
