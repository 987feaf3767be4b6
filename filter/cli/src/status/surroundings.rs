//! A filter and what stands around it -> what would let requests pass, or keep good ones.

use super::dump::{Dump, HttpFilter};
use super::finding::{Code, Finding};
use super::plugin::Plugin;
use super::seatbelt::demands_mark;
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

/// Where the filter is, and what is behind it.
pub(super) fn judge<'a>(
    found: &Filter,
    filter: &HttpFilter,
    mut behind: impl Iterator<Item = &'a HttpFilter>,
    dump: &Dump,
) -> Result<Vec<Finding>, Unreadable> {
    let mut findings = Vec::new();
    if found.state == State::Draining {
        return Ok(findings);
    }
    let belted = behind.try_fold(false, |belted, filter| {
        let any = dump.configuration(filter).filter(|_| !filter.disabled);
        Ok(belted || any.map_or(Ok(false), demands_mark)?)
    })?;
    if !belted {
        let message = "no RBAC filter behind the filter demands that `wasm.fieldgate.verdict` is \
                       `forward`: a worker without the filter lets every request pass";
        let help = "put the one of `envoy/static/hold.yaml` there";
        findings.push(Finding::at(found, Code::SeatbeltMissing, message).help(help));
    }
    if filter.disabled {
        let message = "the filter is off, except on routes that switch it on";
        findings.push(Finding::at(found, Code::OffByDefault, message));
    }
    Ok(findings)
}
