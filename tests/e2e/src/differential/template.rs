//! Rows with `<name>` in their texts -> one row for each combination of values.
//!
//! A name is that of a text of the file or of an axis of the row. What follows it, as in
//! `<name|url>`, says how the value is written. What has no known name stays as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Values by name.
pub(super) type Values = BTreeMap<String, Value>;

/// Values hold names of other values, and those of others again.
const DEPTH: usize = 4;

/// The combinations of a row's axes: each names values and has a list for each of them, all of one
/// length, whose first values belong together, and so on.
pub(super) fn combinations(axes: &[Map<String, Value>]) -> Result<Vec<(String, Values)>> {
    let mut all = vec![(String::new(), Values::new())];
    for axis in axes {
        let columns: Option<Vec<(&String, &Vec<Value>)>> =
            axis.iter().map(|(name, values)| Some((name, values.as_array()?))).collect();
        let columns = columns.context("an axis has lists")?;
        let length = columns.first().context("an axis has names")?.1.len();
        ensure!(columns.iter().all(|(_, values)| values.len() == length), "lists of one length");
        let mut next = Vec::new();
        for (label, values) in all {
            for at in 0..length {
                let mut values = values.clone();
                let chosen = columns.iter().map(|(name, all)| ((*name).clone(), all[at].clone()));
                values.extend(chosen);
                next.push((format!("{label} {}", at + 1), values));
            }
        }
        all = next;
    }
    Ok(all)
}

/// A value with the names in its texts replaced.
pub(super) fn filled(value: &Value, values: &Values) -> Result<Value> {
    fill(value, values, DEPTH)
}

fn fill(value: &Value, values: &Values, depth: usize) -> Result<Value> {
    Ok(match value {
        Value::String(text) => {
            let whole = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            match whole.and_then(|name| values.get(name)) {
                // A list or a map stands for itself.
                Some(value) if depth > 0 && !value.is_string() => fill(value, values, depth - 1)?,
                _ => Value::String(fill_text(text, values, depth)?),
            }
        }
        Value::Array(items) => {
            items.iter().map(|item| fill(item, values, depth)).collect::<Result<_>>()?
        }
        Value::Object(members) => {
            let fill = |(name, value): (&String, &Value)| {
                Ok((fill_text(name, values, depth)?, fill(value, values, depth)?))
            };
            Value::Object(members.iter().map(fill).collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, values: &Values, depth: usize) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        rest = after;
        let inside = after.split_once('>').map_or("", |(inside, _)| inside);
        let mut parts = inside.split('|');
        let name = parts.next().unwrap_or_default();
        match values.get(name) {
            Some(value) if depth > 0 => {
                let mut text = match fill(value, values, depth - 1)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                for form in parts {
                    text = written(&text, form)?;
                }
                out.push_str(&text);
                rest = &after[inside.len() + 1..];
            }
            _ => out.push('<'),
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn written(text: &str, form: &str) -> Result<String> {
    Ok(match form {
        // Inside of a JSON string.
        "json" => {
            let quoted = serde_json::to_string(text)?;
            quoted[1..quoted.len() - 1].to_owned()
        }
        // Inside of a JSON string, with every character as `\uXXXX`.
        "escaped" => text.encode_utf16().fold(String::new(), |mut out, unit| {
            let _ = write!(out, "\\u{unit:04x}");
            out
        }),
        "url" => text.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    out.push(byte.into());
                }
                _ => {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            out
        }),
        "upper" => text.to_uppercase(),
        "base64" => STANDARD.encode(text),
        "sha256" => {
            hmac_sha256::Hash::hash(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            })
        }
        other => bail!("no such form: `{other}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Values, combinations, filled};
    use serde_json::{Value, json};

    fn values(value: Value) -> Values {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn values_are_combined_and_belong_together() {
        let axes = [json!({ "a": [1, 2], "b": [3, 4] }), json!({ "c": ["x", "y"] })];
        let axes: Vec<_> = axes.iter().map(|axis| axis.as_object().unwrap().clone()).collect();
        let all = combinations(&axes).unwrap();
        let labels: Vec<_> = all.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, [" 1 1", " 1 2", " 2 1", " 2 2"]);
        assert_eq!(all[2].1, values(json!({ "a": 2, "b": 4, "c": "x" })));
    }

    #[test]
    fn names_are_replaced_and_written() {
        let values = values(json!({ "q": "{ \"<in>\" }", "in": "a b", "list": [["<in>", 1]] }));
        let fill = |value: Value| filled(&value, &values).unwrap();
        assert_eq!(fill(json!("<q> <other> <in|url> < <q|json>")), {
            json!("{ \"a b\" } <other> a%20b < { \\\"a b\\\" }")
        });
        assert_eq!(fill(json!({ "h": "<list>" })), json!({ "h": [["a b", 1]] }));
        assert_eq!(fill(json!("<in|escaped>")), json!("\\u0061\\u0020\\u0062"));
        assert!(filled(&json!("<q|unknown>"), &values).is_err());
    }
}
