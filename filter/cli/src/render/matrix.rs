//! A matrix -> Markdown, CSV or JSON lines.

use fieldgate_core::decide::Because;
use fieldgate_policy::matrix::{Cell, Matrix, Row};
use serde_json::json;

use super::line;
use crate::arguments::Table;

/// The whole matrix.
pub(crate) fn matrix(matrix: &Matrix, form: Table) -> String {
    match form {
        Table::Markdown => markdown(matrix),
        Table::Csv => csv(matrix),
        Table::Json => matrix.rows.iter().map(|row| json_line(&matrix.roles, row)).collect(),
    }
}

fn markdown(matrix: &Matrix) -> String {
    let row = |cells: &mut dyn Iterator<Item = String>| {
        let cells: String = cells.map(|cell| format!(" {cell} |")).collect();
        format!("|{cells}\n")
    };
    let roles = matrix.roles.iter().map(|role| code(role));
    let mut text = row(&mut std::iter::once("field".to_owned()).chain(roles));
    let rule = matrix.roles.iter().map(|_| "---".to_owned());
    text += &row(&mut std::iter::once("---".to_owned()).chain(rule));
    for Row { coordinate, cells } in &matrix.rows {
        let said = |cell: &Cell| word(cell, "-").to_owned();
        text += &row(&mut std::iter::once(code(coordinate)).chain(cells.iter().map(said)));
    }
    text
}

fn csv(matrix: &Matrix) -> String {
    let mut text = String::new();
    let mut row = |cells: Vec<String>| {
        text += &cells.join(",");
        text += "\r\n";
    };
    let roles = matrix.roles.iter().map(|role| field(role));
    row(std::iter::once("field".to_owned()).chain(roles).collect());
    for Row { coordinate, cells } in &matrix.rows {
        let said = |cell: &Cell| word(cell, "deny").to_owned();
        row(std::iter::once(field(coordinate)).chain(cells.iter().map(said)).collect());
    }
    text
}

fn json_line(roles: &[String], row: &Row) -> String {
    let Row { coordinate, cells } = row;
    let cells =
        roles.iter().zip(cells).map(|(role, Cell { denied, conditional, partial, rules })| {
            json!({
                "role": role,
                "allowed": denied.is_none(),
                "conditional": conditional,
                "partial": partial,
                "because": denied.map(because),
                "rules": rules,
            })
        });
    line(&json!({ "coordinate": coordinate, "roles": cells.collect::<Vec<_>>() }))
}

/// `if` where conditions decide, `part` where some object types do.
const fn word(cell: &Cell, denied: &'static str) -> &'static str {
    match (cell.denied, cell.conditional, cell.partial) {
        (Some(_), _, true) => "part",
        (Some(_), _, false) => denied,
        (None, true, _) => "if",
        (None, false, _) => "allow",
    }
}

/// Why something is denied, as the audit record says it.
pub(super) fn because(because: Because) -> &'static str {
    match because {
        Because::DenyRule => "deny_rule",
        Because::ConditionError => "condition_error",
        Because::Requirement => "requirement",
        Because::NoGrant => "no_grant",
        Because::Unknown => "unknown",
    }
}

/// A code span in a table's cell: a fence longer than any in the text, and no `|` that would end the
/// cell (GFM 4.10, 6.1).
fn code(text: &str) -> String {
    let runs = text.split(|char| char != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let text = text.replace(['\r', '\n'], " ").replace('|', "\\|");
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A field in quotes where it has to be (RFC 4180 section 2), and where a spreadsheet would take it for
/// a formula after a quote of its own.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{code, field};

    #[test]
    fn a_cell_stays_a_cell() {
        for (text, in_markdown, in_csv) in [
            ("Query._service", "`Query._service`", "Query._service"),
            ("a|b", "`a\\|b`", "a|b"),
            ("a`b", "``a`b``", "a`b"),
            ("`", "`` ` ``", "`"),
            ("a,b", "`a,b`", "\"a,b\""),
            ("a\"b", "`a\"b`", "\"a\"\"b\""),
            ("a\nb", "`a b`", "\"a\nb\""),
            ("=1+1", "`=1+1`", "'=1+1"),
            ("@a,b", "`@a,b`", "\"'@a,b\""),
        ] {
            assert_eq!(code(text), in_markdown);
            assert_eq!(field(text), in_csv);
        }
    }
}
