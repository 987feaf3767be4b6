//! Results -> the page and its JSON.

use std::fmt::Write as _;
use std::fs;

use anyhow::Result;
use fieldgate_e2e::repository;
use serde_json::{Value, json};

use crate::calm;
use crate::goals::{Bound, Goal, goals};
use crate::hostcalls::{self, SHAPE};
use crate::measure::{CONNECTIONS, Size};
use crate::peers::PART;
use crate::plot;
use crate::results::{NotRun, Results, Row, Spread};
use crate::rows::WARM;
use crate::way::Table;

impl Table {
    /// What is measured one row after the other; host calls have a table of their own.
    pub(crate) const CPU: [Self; 4] = [Self::Envoy, Self::Requests, Self::Policies, Self::Peers];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Envoy => "The page's query",
            Self::Requests => "By what is asked",
            Self::Policies => "By what the policy holds",
            Self::Peers => "Routers and servers with field rules",
            Self::HostCalls => "What the host costs",
        }
    }

    fn note(self) -> &'static str {
        match self {
            Self::Envoy => {
                "The *wasm* rows are `tests/idle`, which decides nothing. In the rows of fieldgate the record is \
                 in the access log as text, as the shipped files have it; *nested* is as native JSON. With *no record \
                 in the log* the access log has no column for it; the filter makes its text all the same, which no \
                 setting turns off. `ext_authz` asks an authorizer that allows everything."
            }
            Self::Requests => {
                "*Always denied* is the page's query from somebody who may not see one of its fields: nothing goes \
                 upstream. Rows of so many fields are compared with pass-through asked the same."
            }
            Self::Policies => "Each is compared with pass-through asked the same.",
            Self::Peers => {
                "Each with the same token, verified by RS256, and rules on a few fields; looked at before: with a \
                 forged token and without the group nobody gets the secret. Servers in Node answer from memory by \
                 themselves and log nothing, Hive Router asks the upstream of the other rows."
            }
            Self::HostCalls => {
                "`tests/idle` makes one call twenty times in each request; what that adds to the same filter \
                 without it, divided by twenty."
            }
        }
    }
}

/// The whole page.
pub(crate) fn page(results: &Results<'_>) -> Result<String> {
    let Size { rounds, requests, .. } = results.size;
    let calm = calm::of_all(rounds);
    let mut page = format!(
        "# Results\n\n`make bench` wrote this page, `results.json` and `results.svg`: {rounds} rounds, in each of which\n\
         every row was asked {requests} times in turn (servers in Node {PART} times less), over {CONNECTIONS} connections, one\n\
         worker of Envoy ({}) on a processor of its own. The {calm} rounds count in which the machine was calmer: in\n\
         which the rows took least, all in all, each beside its own median. CPU is that of the whole process or\n\
         processes that serve the row, user and system, the upstream aside; *added* is the difference to pass-through\n\
         in the same round. Figures are medians of the rounds (quartiles). Ratios of one run can be compared,\n\
         microseconds of two runs cannot. Every row of Envoy logs its requests, fieldgate's with the audit record.\n\
         Requests a second are those of a closed loop; *busy* is how much of one processor the row's processes had\n\
         meanwhile: where that is far from 100 %, load and upstream were what it waited for.\n\n",
        results.envoy
    );
    for skipped in &results.skipped {
        writeln!(page, "Not run: {skipped}.\n")?;
    }
    page += "## Goals\n\n| goal | is (quartiles of the rounds) | |\n|---|---|---|\n";
    for goal in goals(results) {
        writeln!(page, "| {} | {} | {} |", goal.what, is(&goal), bound(goal.bound))?;
    }
    shape(&mut page, results)?;
    page += "\n![CPU of a request](results.svg)\n";
    for table in Table::CPU {
        cpu_table(&mut page, results, table)?;
    }
    host_calls(&mut page, results)?;
    latency(&mut page, results)?;
    Ok(page)
}

fn cpu_table(page: &mut String, results: &Results<'_>, table: Table) -> Result<()> {
    if results.of(table).next().is_none() {
        return Ok(());
    }
    heading(page, table)?;
    *page += "| row | CPU, us | x pass-through | added, us | requests/s (busy) |\n|---|---|---|---|---|\n";
    for row in results.of(table) {
        let (name, added) = (row.way.name, row.added().map(|added| spread(added, 1)));
        let (cpu, ratio) = (spread(row.cpu(), 1), spread(row.ratio(), 2));
        let (added, rate) = (added.unwrap_or_default(), row.rate.median);
        let busy = rate * row.cpu().median / 1e4;
        writeln!(page, "| {name} | {cpu} | {ratio} | {added} | {rate:.0} ({busy:.0} %) |")?;
    }
    Ok(())
}

fn heading(page: &mut String, table: Table) -> Result<()> {
    Ok(writeln!(page, "\n## {}\n\n{}\n", table.title(), table.note())?)
}

/// How much of what the warm path adds no filter of its shape could leave out.
fn shape(page: &mut String, results: &Results<'_>) -> Result<()> {
    let added = |name: &str| results.row(name).and_then(Row::added);
    let (Some(warm), Some(shape)) = (added(WARM), added(SHAPE)) else { return Ok(()) };
    writeln!(
        page,
        "\nOf the {:.1} us that the warm path adds, {:.1} are what the host takes for the calls of any filter of this shape\n\
         (*{SHAPE}*: headers held and read, body read and replaced, a header and the verdict set, a record of 1,000\n\
         bytes in the log as text, and the seatbelt behind it).",
        warm.median, shape.median
    )?;
    Ok(())
}

fn host_calls(page: &mut String, results: &Results<'_>) -> Result<()> {
    if results.of(Table::HostCalls).next().is_none() {
        return Ok(());
    }
    heading(page, Table::HostCalls)?;
    *page += "| call | us |\n|---|---|\n";
    for row in results.of(Table::HostCalls) {
        let Some(added) = row.added() else { continue };
        writeln!(page, "| {} | {} |", row.way.name, spread(one_call(added), 2))?;
    }
    Ok(())
}

fn one_call(added: Spread) -> Spread {
    let Spread { median, lower, upper } = added;
    let one = hostcalls::one;
    Spread { median: one(median), lower: one(lower), upper: one(upper) }
}

fn latency(page: &mut String, results: &Results<'_>) -> Result<()> {
    let Some(latency) = &results.latency else { return Ok(()) };
    writeln!(
        page,
        "\n## Latency\n\n{} rounds. In each, pass-through is asked without a pause first (at {:.0} requests a second, while Envoy is busy for \
         {:.0} % of the time), and then each row for {} s at half of that rate, in turn. Latency is from the time at which a request \
         was due: one that had to wait counts its wait.\n\n\
         | row | p50, ms | p99, ms | p99 x pass-through |\n|---|---|---|---|",
        latency.size.rounds,
        latency.most.median,
        latency.busy.median * 100.0,
        latency.size.time.as_secs_f64(),
    )?;
    for row in &latency.rows {
        let over = latency.p99_over_pass(row.name).map(|over| spread(over, 2));
        let (p50, p99) = (spread(row.p50(), 2), spread(row.p99(), 2));
        writeln!(page, "| {} | {p50} | {p99} | {} |", row.name, over.unwrap_or_default())?;
    }
    Ok(())
}

fn spread(figure: Spread, digits: usize) -> String {
    let Spread { median, lower, upper } = figure;
    format!("{median:.digits$} ({lower:.digits$} - {upper:.digits$})")
}

fn is(goal: &Goal) -> String {
    let missed = if goal.missed() { " **missed**" } else { "" };
    match &goal.is {
        Ok(is) => format!("{}{missed}", spread(*is, 2)),
        Err(NotRun(why)) => format!("not run: {why}"),
    }
}

fn bound(bound: Bound) -> String {
    match bound {
        Bound::AtMost(most) => format!("<= {most}"),
        Bound::AtLeast(least) => format!(">= {least}"),
    }
}

fn as_json(results: &Results<'_>) -> Value {
    let figure = |Spread { median, lower, upper }: Spread| json!({ "median": median, "lower": lower, "upper": upper });
    let row = |row: &Row<'_>| {
        json!({
            "row": row.way.name, "table": row.way.table.title(), "over": row.way.over,
            "cpu_us": figure(row.cpu()), "added_us": row.added().map(figure),
            "ratio": figure(row.ratio()), "requests_per_second": figure(row.rate),
        })
    };
    let goal = |goal: &Goal| {
        let bound = match goal.bound {
            Bound::AtMost(most) => json!({ "at_most": most }),
            Bound::AtLeast(least) => json!({ "at_least": least }),
        };
        json!({ "goal": goal.what, "is": goal.is.clone().ok().map(figure), "bound": bound, "missed": goal.missed() })
    };
    let latency = results.latency.as_ref().map(|latency| {
        let row = |row: &crate::latency::LatencyRow| {
            json!({ "row": row.name, "p50_ms": figure(row.p50()), "p99_ms": figure(row.p99()) })
        };
        let rows: Vec<Value> = latency.rows.iter().map(row).collect();
        json!({ "most_per_second": figure(latency.most), "busy": figure(latency.busy), "rows": rows })
    });
    json!({
        "envoy": results.envoy, "rounds": results.size.rounds, "requests": results.size.requests,
        "not_run": results.skipped,
        "rows": results.rows.iter().map(row).collect::<Vec<_>>(),
        "goals": goals(results).iter().map(goal).collect::<Vec<_>>(),
        "latency": latency,
    })
}

/// Writes the page, JSON and plot to a folder of the repository; says where.
pub(crate) fn write(results: &Results<'_>, folder: &str) -> Result<()> {
    let folder = repository().join(folder);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("RESULTS.md"), page(results)?)?;
    fs::write(folder.join("results.json"), format!("{:#}\n", as_json(results)))?;
    fs::write(folder.join("results.svg"), plot::svg(results)?)?;
    eprintln!("written to {}", folder.display());
    Ok(())
}
