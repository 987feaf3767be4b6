//! Results -> a plot: bars with the rounds' quartiles, each table on a scale of its own, as servers of
//! other kinds would leave nothing to be seen of the differences between filters.

use std::fmt::Write as _;

use anyhow::Result;

use crate::results::{Results, Row};
use crate::way::{PASS, Table};

const WIDTH: f64 = 960.0;
const ROW: f64 = 22.0;
const HEADING: f64 = 44.0;
/// Where the bars begin, and how long the longest is.
const LEFT: f64 = 390.0;
const LONGEST: f64 = 490.0;

/// The plot of the CPU tables.
pub(crate) fn svg(results: &Results<'_>) -> Result<String> {
    let mut drawn = String::new();
    let mut y = 8.0;
    let pass = results.row(PASS).map(|row| row.cpu().median);
    for table in Table::CPU {
        let rows: Vec<_> = results.of(table).collect();
        if rows.is_empty() {
            continue;
        }
        let most = rows.iter().map(|row| row.cpu().upper).fold(1.0, f64::max);
        let scale = LONGEST / most;
        writeln!(
            drawn,
            "<text x=\"16\" y=\"{:.1}\" font-weight=\"bold\">{}</text>",
            y + 26.0,
            table.title()
        )?;
        y += HEADING;
        let top = y;
        for row in rows {
            bar(&mut drawn, row, y, scale)?;
            y += ROW;
        }
        if let Some(pass) = pass {
            // What pass-through costs, through all of them.
            let x = LEFT + pass * scale;
            writeln!(
                drawn,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{y:.1}\" stroke=\"#777\" \
                 stroke-dasharray=\"3 3\"/>"
            )?;
        }
    }
    let height = y + 16.0;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>CPU of a request, in microseconds; dashed: pass-through</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n{drawn}</svg>\n"
    ))
}

fn bar(drawn: &mut String, row: &Row<'_>, y: f64, scale: f64) -> Result<()> {
    let cpu = row.cpu();
    let (width, middle, text) = (cpu.median * scale, y + ROW / 2.0, y + 15.0);
    let (lower, upper) = (LEFT + cpu.lower * scale, LEFT + cpu.upper * scale);
    writeln!(
        drawn,
        "<text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\">{}</text>\
         <rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>\
         <line x1=\"{lower:.1}\" x2=\"{upper:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" stroke=\"#222\"/>\
         <text x=\"{:.1}\" y=\"{text:.1}\">{:.0} us</text>",
        LEFT - 8.0,
        escaped(row.way.name),
        y + 2.0,
        ROW - 4.0,
        colour(row),
        upper + 6.0,
        cpu.median
    )?;
    Ok(())
}

/// fieldgate, what is beside it, and pass-through.
fn colour(row: &Row<'_>) -> &'static str {
    let name = row.way.name;
    match row.way.table {
        _ if name.starts_with(PASS) => "#c8c8c8",
        Table::Peers => "#d98f2b",
        Table::Envoy if !name.starts_with("fieldgate") => "#8fa3b8",
        Table::Envoy | Table::Requests | Table::Policies | Table::HostCalls => "#2563a8",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
