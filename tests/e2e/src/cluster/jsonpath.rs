//! JSON patches whose places are named by a JSONPath: `$..name`, `.name`, and `[?(@.a.b == 'x')]`
//! or `=~ '^x'` on the members of a list. What else there is to JSONPath, nothing here uses.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

#[derive(Debug)]
enum Step {
    /// The members of this name, at any depth.
    Descend(String),
    Member(String),
    /// The entries of a list whose member is this text, or begins so.
    Filter {
        member: String,
        text: String,
        begins: bool,
    },
}

/// Applies an operation, and says in how many places.
///
/// # Errors
/// It is not understood.
pub fn apply(document: &mut Value, operation: &Value) -> Result<usize> {
    ensure!(operation["op"] == "add", "an operation that this does not know: {operation}");
    let path = operation["jsonPath"].as_str().context("a path")?;
    let further = operation["path"].as_str().unwrap_or_default();
    let places = locate(document, path)?;
    for place in &places {
        add(document, &format!("{place}{further}"), &operation["value"])?;
    }
    Ok(places.len())
}

/// The places of a path, as JSON pointers.
///
/// # Errors
/// The path is not understood.
pub fn locate(document: &Value, path: &str) -> Result<Vec<String>> {
    let mut places = vec![String::new()];
    for step in read(path)? {
        let mut next = Vec::new();
        for place in places {
            let value = document.pointer(&place).context("a place that was found")?;
            follow(&step, value, &place, &mut next);
        }
        places = next;
    }
    Ok(places)
}

fn follow(step: &Step, value: &Value, place: &str, found: &mut Vec<String>) {
    match step {
        Step::Member(name) => {
            if value.get(name).is_some() {
                found.push(format!("{place}/{name}"));
            }
        }
        Step::Descend(name) => {
            follow(&Step::Member(name.clone()), value, place, found);
            let each = |(at, value): (String, &Value)| {
                follow(step, value, &format!("{place}/{at}"), found);
            };
            match value {
                Value::Object(members) => members.iter().map(escaped).for_each(each),
                Value::Array(all) => all.iter().enumerate().map(numbered).for_each(each),
                _ => {}
            }
        }
        Step::Filter { member, text, begins } => {
            for (at, entry) in value.as_array().into_iter().flatten().enumerate() {
                let there = entry.pointer(member).and_then(Value::as_str).unwrap_or_default();
                if (*begins && there.starts_with(text)) || there == text {
                    found.push(format!("{place}/{at}"));
                }
            }
        }
    }
}

fn escaped<'v>((name, value): (&String, &'v Value)) -> (String, &'v Value) {
    (name.replace('~', "~0").replace('/', "~1"), value)
}

fn numbered((at, value): (usize, &Value)) -> (String, &Value) {
    (at.to_string(), value)
}

fn read(path: &str) -> Result<Vec<Step>> {
    let mut rest = path.strip_prefix('$').context("a path begins with `$`")?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(filter) = rest.strip_prefix("[?(@.") {
            let (inner, after) = filter.split_once("')]").context("a filter has an end")?;
            let (member, text, begins) = match inner.split_once(" == '") {
                Some((member, text)) => (member, text, false),
                None => {
                    let (member, text) = inner.split_once(" =~ '^").context("a filter compares")?;
                    (member, text, true)
                }
            };
            let member = format!("/{}", member.replace('.', "/"));
            steps.push(Step::Filter { member, text: text.to_owned(), begins });
            rest = after;
            continue;
        }
        let descend = rest.strip_prefix("..");
        let name = descend.or_else(|| rest.strip_prefix('.')).context("a step begins with `.`")?;
        let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
        ensure!(!name.is_empty(), "a step without a name in {path}");
        let name = name.to_owned();
        steps.push(if descend.is_some() { Step::Descend(name) } else { Step::Member(name) });
        rest = after;
    }
    Ok(steps)
}

/// Adds at a pointer: before an entry of a list, or as a member of an object that is made if it is
/// not there.
fn add(document: &mut Value, pointer: &str, value: &Value) -> Result<()> {
    let (parent, last) = pointer.rsplit_once('/').context("a pointer")?;
    let mut at = document;
    for name in parent.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        at = match at {
            Value::Array(all) => all.get_mut(name.parse::<usize>()?).context("an entry")?,
            Value::Object(members) => members.entry(name).or_insert_with(|| json!({})),
            other => bail!("nothing can be added to {other}"),
        };
    }
    match at {
        Value::Array(all) => all.insert(last.parse()?, value.clone()),
        Value::Object(members) => {
            members.insert(last.replace("~1", "/").replace("~0", "~"), value.clone());
        }
        other => bail!("nothing can be added to {other}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{apply, locate};
    use serde_json::json;

    #[test]
    fn places_are_found_by_name() {
        let document = json!({
            "a": [{ "name": "x", "b": { "c": "1" } }, { "name": "x/y" }],
            "d": { "a": [{ "name": "z" }, { "name": "x", "b": { "c": "2" } }] },
        });
        let found = |path: &str| locate(&document, path).unwrap();
        assert_eq!(found("$..a[?(@.name == 'x')]"), ["/a/0", "/d/a/1"]);
        assert_eq!(found("$.a[?(@.name == 'x')]"), ["/a/0"]);
        assert_eq!(found("$..a[?(@.name =~ '^x')]"), ["/a/0", "/a/1", "/d/a/1"]);
        assert_eq!(found("$..a[?(@.b.c == '2')].b"), ["/d/a/1/b"]);
        assert!(found("$..a[?(@.name == 'w')]").is_empty());
    }

    #[test]
    fn adding_inserts_before_and_makes_what_is_missing() {
        let mut document = json!({ "a": [{ "name": "x" }, { "name": "y" }] });
        let operation = json!({ "op": "add", "jsonPath": "$..a[?(@.name == 'y')]", "value": 1 });
        assert_eq!(apply(&mut document, &operation).unwrap(), 1);
        let operation = json!({
            "op": "add", "jsonPath": "$.a[?(@.name == 'x')]", "path": "/b/c", "value": true,
        });
        assert_eq!(apply(&mut document, &operation).unwrap(), 1);
        assert_eq!(
            document,
            json!({ "a": [{ "name": "x", "b": { "c": true } }, 1, { "name": "y" }] })
        );
    }
}
