//! What an Envoy enforces -> a table, lines or JSON.

use fieldgate_core::settings::RequestHeaders;
use fieldgate_policy::diagnostic::Severity;
use serde_json::{Value, json};

use super::{Form, Ink, line, of, paint};
use crate::status::finding::Finding;
use crate::status::{Filter, InForce, Origin, Server, State, Status};

const COLUMNS: [&str; 7] = ["LISTENER", "STATE", "FROM", "POLICY", "REVISION", "DIGEST", "MODE"];
/// In place of what is not there, or not known.
const NONE: &str = "-";

/// The filters, then the findings.
pub(crate) fn status(status: &Status, form: Form, ink: Ink) -> String {
    let Status { server: _, filters, findings, rest: _ } = status;
    match form {
        Form::Human => {
            let between = if filters.is_empty() || findings.is_empty() { "" } else { "\n" };
            table(filters) + between + &text(findings, ink)
        }
        Form::Plain => {
            let filters: String = filters.iter().map(|one| cells(one).join(" ") + "\n").collect();
            filters + &text(findings, ink)
        }
        Form::Json => {
            let filters = filters.iter().map(filter_json);
            filters.chain(findings.iter().map(finding_json)).map(|value| line(&value)).collect()
        }
    }
}

/// Which Envoy it was, and how much was found.
pub(crate) fn count(status: &Status) -> String {
    let Status { server, filters, findings, rest: _ } = status;
    let Server { version, state } = server;
    let errors = findings.iter().filter(|one| one.code.severity() == Severity::Error).count();
    format!(
        "Envoy {} is {}: {}, {}, {}\n",
        printable(version),
        printable(state),
        of(filters.len(), "filter"),
        of(errors, "error"),
        of(findings.len() - errors, "warning"),
    )
}

fn table(filters: &[Filter]) -> String {
    if filters.is_empty() {
        return String::new();
    }
    let head = COLUMNS.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(filters.iter().map(cells)).collect();
    let mut widths = [0; COLUMNS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let padded = |row: &[String; COLUMNS.len()]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(padded).collect()
}

fn cells(filter: &Filter) -> [String; COLUMNS.len()] {
    let Filter { listener, chain, state, origin, in_force, plugin: _, refused: _ } = filter;
    let origin = match origin {
        Origin::Ecds(name) => format!("ecds:{name}"),
        Origin::Lds | Origin::Bootstrap => origin_name(origin).to_owned(),
    };
    let of = |member: fn(&InForce) -> String| in_force.as_ref().map(member);
    let none = || NONE.to_owned();
    [
        place(listener, chain.as_deref()),
        state_name(*state).to_owned(),
        origin,
        of(|one| one.policy.clone()).unwrap_or_else(none),
        of(|one| one.revision.clone()).unwrap_or_else(none),
        of(InForce::short_digest).unwrap_or_else(none),
        in_force.as_ref().and_then(|one| one.mode).map_or(NONE, mode_name).to_owned(),
    ]
    .map(|cell| printable(&cell))
}

fn text(findings: &[Finding], ink: Ink) -> String {
    let one = |finding: &Finding| {
        let Finding { listener, chain, code, message, help } = finding;
        let severity = code.severity();
        let color = match severity {
            Severity::Error => "31",
            Severity::Note | Severity::Warning => "33",
        };
        let head = paint(&format!("{severity}[{}]", code.name()), color, ink);
        let place = listener.as_ref().map(|listener| place(listener, chain.as_deref()));
        let place = place.map(|place| format!("listener `{place}`: "));
        let said = printable(&format!("{}{message}", place.unwrap_or_default()));
        let help = help.as_ref().map(|help| format!("  help: {}\n", printable(help)));
        format!("{head}: {said}\n{}", help.unwrap_or_default())
    };
    findings.iter().map(one).collect()
}

fn filter_json(filter: &Filter) -> Value {
    let Filter { listener, chain, state, origin, plugin, in_force, refused } = filter;
    let of = |member: fn(&InForce) -> &str| in_force.as_ref().map(member);
    json!({
        "kind": "filter",
        "listener": listener,
        "chain": chain,
        "state": state_name(*state),
        "from": origin_name(origin),
        "extension": match origin {
            Origin::Ecds(name) => Some(name),
            Origin::Lds | Origin::Bootstrap => None,
        },
        "plugin": plugin,
        "policy": of(|one| &one.policy),
        "revision": of(|one| &one.revision),
        "digest": of(|one| &one.digest),
        "mode": in_force.as_ref().and_then(|one| one.mode).map(mode_name),
        "refused": refused,
    })
}

fn finding_json(finding: &Finding) -> Value {
    let Finding { listener, chain, code, message, help } = finding;
    json!({
        "kind": "finding",
        "code": code.name(),
        "severity": code.severity().to_string(),
        "listener": listener,
        "chain": chain,
        "message": message,
        "help": help,
    })
}

fn place(listener: &str, chain: Option<&str>) -> String {
    chain.map_or_else(|| listener.to_owned(), |chain| format!("{listener}/{chain}"))
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::Warming => "warming",
        State::Active => "active",
        State::Draining => "draining",
    }
}

const fn origin_name(origin: &Origin) -> &'static str {
    match origin {
        Origin::Bootstrap => "bootstrap",
        Origin::Lds => "lds",
        Origin::Ecds(_) => "ecds",
    }
}

const fn mode_name(mode: RequestHeaders) -> &'static str {
    match mode {
        RequestHeaders::Hold => "hold",
        RequestHeaders::Stream => "stream",
    }
}

/// What Envoy says stays on its line, and cannot move a terminal's cursor.
fn printable(text: &str) -> String {
    let escaped = |char: char| match char.is_control() {
        true => char.escape_debug().to_string(),
        false => char.to_string(),
    };
    text.chars().map(escaped).collect()
}
