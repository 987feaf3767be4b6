//! Rounds -> a page, JSON and a plot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use fieldgate_e2e::repository;
use serde_json::{Value, json};

use crate::measure::Size;
use crate::ways::{PASS, Way};

/// What came out for a way.
struct Row<'a> {
    way: &'a Way,
    /// Microseconds of CPU: the median of the rounds, and the least and the most.
    cpu: [f64; 3],
    /// What it adds to the way it is compared with: the median of the rounds' differences.
    added: Option<f64>,
    /// Over pass-through: the median of the rounds' ratios.
    ratio: f64,
}

pub(crate) struct Report<'a> {
    rows: Vec<Row<'a>>,
    size: Size,
    envoy: String,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        ways: &'a [Way],
        rounds: &[Vec<f64>],
        size: Size,
        envoy: String,
    ) -> Result<Self> {
        let by_name: BTreeMap<&str, &Vec<f64>> =
            ways.iter().map(|way| way.name).zip(rounds).collect();
        let pass = by_name.get(PASS).context("pass-through")?;
        let mut rows = Vec::new();
        for (way, all) in ways.iter().zip(rounds) {
            let over = way.over.and_then(|over| by_name.get(over));
            let added =
                over.map(|over| median(all.iter().zip(*over).map(|(one, base)| one - base)));
            let ratio = median(all.iter().zip(*pass).map(|(one, pass)| one / pass));
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            let most = all.iter().copied().fold(0.0, f64::max);
            rows.push(Row { way, cpu: [median(all.iter().copied()), least, most], added, ratio });
        }
        Ok(Self { rows, size, envoy })
    }

    fn added(&self, name: &str) -> Option<f64> {
        self.rows.iter().find(|row| row.way.name == name)?.added
    }

    /// The goals that this run can judge: what, how much, and the goal.
    fn goals(&self) -> Vec<(&'static str, Option<f64>, f64)> {
        let ratio = |one: &str, other: &str| Some(self.added(one)? / self.added(other)?);
        let warm = "fieldgate, warm, the record as text";
        let difference = |one: &str, other: &str| Some(self.added(one)? - self.added(other)?);
        let ten = |one: &str| difference(one, "100 rules");
        vec![
            ("warm, added / jwt_authn without cache, added", ratio(warm, "jwt_authn"), 0.6),
            ("warm, added / no-op wasm filter, added", ratio(warm, "no-op wasm"), 2.0),
            (
                "cold RS256 token, added / jwt_authn without cache, added",
                ratio("fieldgate, each token once", "jwt_authn, each token once"),
                1.3,
            ),
            (
                "cold document over warm, us",
                difference("fieldgate, each document once", warm),
                40.0,
            ),
            (
                "warm, added / (jwt_authn cached + ext_authz), added, both processes",
                ratio(warm, "jwt_authn cached + ext_authz (gRPC, allows all)"),
                0.15,
            ),
            ("10,000 rules over 10, us", difference("10,000 rules", "10 rules"), 6.0),
            ("one condition over none, us", ten("one condition"), 6.0),
            (
                "100,000 owners over 100, ten lookups, us",
                difference("ten lookups of 100,000 owners", "ten lookups of 100 owners"),
                10.0,
            ),
        ]
    }

    pub(crate) fn page(&self) -> Result<String> {
        let Size { rounds, requests } = self.size;
        let mut page = format!(
            "# Results\n\n`make bench` wrote this page, `results.json` and `results.svg`: {rounds} rounds, in each of which\n\
             every row was asked {requests} times in turn, over eight connections, one worker of Envoy ({}) on a\n\
             processor of its own. CPU is that of Envoy's whole process, user and system; *added* is the median of the\n\
             differences to pass-through in the same round. Ratios of one run can be compared, microseconds of two runs\n\
             cannot. Every row logs its requests, fieldgate's with the audit record.\n\n\
             ![CPU of a request](results.svg)\n\n\
             | row | CPU, us: median (least - most) | x pass-through | added, us |\n|---|---|---|---|\n",
            self.envoy
        );
        for Row { way, cpu: [middle, least, most], added, ratio } in &self.rows {
            let added = added.map(|added| format!("{added:.1}")).unwrap_or_default();
            writeln!(
                page,
                "| {} | {middle:.1} ({least:.1} - {most:.1}) | {ratio:.2} | {added} |",
                way.name
            )?;
        }
        page += "\n| goal | is | at most |\n|---|---|---|\n";
        for (what, is, most) in self.goals() {
            let missed = if is.is_some_and(|is| is > most) { " **missed**" } else { "" };
            let is = is.map(|is| format!("{is:.2}")).unwrap_or_default();
            writeln!(page, "| {what} | {is}{missed} | {most} |")?;
        }
        Ok(page)
    }

    fn json(&self) -> Value {
        let row = |Row { way, cpu: [middle, least, most], added, ratio }: &Row<'_>| {
            json!({
                "row": way.name, "cpu_us": { "median": middle, "least": least, "most": most },
                "added_us": added, "ratio": ratio,
            })
        };
        let goals = self.goals();
        let goals: Vec<Value> = goals
            .into_iter()
            .map(|(what, is, most)| json!({ "goal": what, "is": is, "at_most": most }))
            .collect();
        json!({
            "envoy": self.envoy, "rounds": self.size.rounds, "requests": self.size.requests,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(), "goals": goals,
        })
    }

    /// Bars, a row each.
    fn svg(&self) -> Result<String> {
        const ROW: usize = 24;
        const LABEL: usize = 360;
        let longest = self.rows.iter().map(|row| row.cpu[0]).fold(1.0, f64::max);
        let height = ROW * (self.rows.len() + 1);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n\
             <title>CPU of a request in Envoy, in microseconds</title>\n"
        );
        for (at, row) in self.rows.iter().enumerate() {
            let (y, width) = (ROW * at + 6, row.cpu[0] / longest * 500.0);
            let colour = if row.way.listener.wasm.contains("fieldgate_filter")
                && !row.way.name.starts_with("pass")
                && !row.way.name.starts_with("jwt")
            {
                "#2563a8"
            } else {
                "#b8b8b8"
            };
            let text = y + 14;
            writeln!(
                svg,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{text}\">{:.0} us</text>",
                LABEL - 8,
                row.way.name,
                width + 366.0,
                row.cpu[0]
            )?;
        }
        svg += "</svg>\n";
        Ok(svg)
    }

    /// Writes all three.
    pub(crate) fn write(&self) -> Result<()> {
        let folder = repository().join("tests/bench");
        fs::write(folder.join("RESULTS.md"), self.page()?)?;
        fs::write(folder.join("results.json"), format!("{:#}\n", self.json()))?;
        fs::write(folder.join("results.svg"), self.svg()?)?;
        Ok(())
    }
}

fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
