//! What would be asked for in place of a partially granted operation -> lines, or one JSON object.

use fieldgate_policy::expand::Expansion;
use serde_json::{Value, json};

/// What would go upstream. It does not, as no response is completed yet.
pub(super) fn expansion_lines(expansion: &Expansion) -> String {
    let what = match expansion {
        Expansion::Text(text) => {
            let lines: String = text.lines().map(|line| format!("    {line}\n")).collect();
            format!("what would go upstream:\n{lines}")
        }
        Expansion::Shapes(keys) => format!(
            "nothing would go upstream: object types return `{keys}` in ways that no server takes \
             side by side\n"
        ),
        Expansion::Refused(reason) => {
            format!("nothing would go upstream: what is granted is refused as {}\n", reason.code())
        }
    };
    format!("\nnot in force, as responses are not completed yet; {what}")
}

pub(super) fn expansion_json(expansion: &Expansion) -> Value {
    let (query, reason, keys) = match expansion {
        Expansion::Text(text) => (Some(text), None, None),
        Expansion::Shapes(keys) => (None, None, Some(keys)),
        Expansion::Refused(reason) => (None, Some(reason.code()), None),
    };
    json!({ "in_force": false, "query": query, "reason": reason, "different_shapes": keys })
}
