//! The path of a configuration error, `issuers[0].leeway_seconds`, in YAML and in JSON.

use serde_json::{Map, Value};

use crate::source::Place;
use crate::yaml::{self, Node};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

/// The steps of a path; `.` has none.
pub(super) fn read(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        segments.extend(
            pieces.next().filter(|key| !key.is_empty()).map(|key| Segment::Key(key.to_owned())),
        );
        let index = |piece: &str| piece.strip_suffix(']')?.parse().ok().map(Segment::Index);
        segments.extend(pieces.filter_map(index));
    }
    segments
}

/// The place of a path's value, or of the innermost that the file has around it.
pub(super) fn find(node: &Node, segments: &[Segment]) -> Place {
    walk(node, segments).place.clone()
}

/// The place of a key in the mapping that a path leads to; the path may name the key itself.
pub(super) fn find_key(node: &Node, segments: &[Segment], key: &str) -> Option<Place> {
    let around = match segments.split_last() {
        Some((Segment::Key(last), around)) if last == key => around,
        Some(_) | None => segments,
    };
    walk(node, around).member(key).map(|member| member.key.place.clone())
}

/// The path of some steps; `.` of none.
pub(super) fn write(segments: &[Segment]) -> String {
    let mut path = String::new();
    for step in segments {
        match step {
            Segment::Key(key) if path.is_empty() => path.push_str(key),
            Segment::Key(key) => path.extend([".", key]),
            Segment::Index(at) => path.push_str(&format!("[{at}]")),
        }
    }
    if path.is_empty() { ".".to_owned() } else { path }
}

/// Takes out the member that a path leads to; not an item, which would move those behind it.
pub(super) fn remove(json: &mut Map<String, Value>, segments: &[Segment]) -> bool {
    match segments.split_last() {
        Some((Segment::Key(last), [])) => json.remove(last).is_some(),
        Some((Segment::Key(last), around)) => {
            let object = get_mut(json, around).and_then(Value::as_object_mut);
            object.is_some_and(|object| object.remove(last).is_some())
        }
        Some((Segment::Index(_), _)) | None => false,
    }
}

/// Puts a value where a path leads to; the last key need not be there yet.
pub(super) fn replace(json: &mut Map<String, Value>, segments: &[Segment], with: Value) -> bool {
    if let [Segment::Key(key)] = segments {
        return json.insert(key.clone(), with.clone()).is_none_or(|before| before != with);
    }
    match get_mut(json, segments) {
        Some(value) if *value != with => {
            *value = with;
            true
        }
        Some(_) | None => false,
    }
}

fn get_mut<'a>(json: &'a mut Map<String, Value>, segments: &[Segment]) -> Option<&'a mut Value> {
    let (Segment::Key(first), rest) = segments.split_first()? else { return None };
    rest.iter().try_fold(json.get_mut(first)?, |value, step| match step {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(at) => value.get_mut(*at),
    })
}

fn walk<'a>(node: &'a Node, segments: &[Segment]) -> &'a Node {
    let mut node = node;
    for step in segments {
        let inner = match (step, &node.value) {
            (Segment::Key(key), _) => node.member(key).map(|member| &member.value),
            (Segment::Index(at), yaml::Value::Sequence(nodes)) => nodes.get(*at),
            (Segment::Index(_), _) => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

#[cfg(test)]
mod tests {
    use super::{Segment, read, remove, replace, write};

    #[test]
    fn paths() {
        let key = |name: &str| Segment::Key(name.to_owned());
        assert_eq!(read("."), []);
        assert_eq!(read("version"), [key("version")]);
        let expected = [key("issuers"), Segment::Index(10), key("claims"), key("groups")];
        assert_eq!(read("issuers[10].claims.groups"), expected);
    }

    #[test]
    fn a_path_is_written_as_it_is_read() {
        for path in [".", "version", "issuers[10].claims.groups", "a[0][1]"] {
            assert_eq!(write(&read(path)), path);
        }
    }

    #[test]
    fn members_go_and_items_stay() {
        let mut json = serde_json::json!({ "a": [{ "b": [1, 2] }], "c": 1 });
        let map = json.as_object_mut().unwrap();
        assert!(!remove(map, &read("a[0].b[1]")));
        assert!(remove(map, &read("a[0].b")));
        assert!(remove(map, &read("c")));
        assert!(!remove(map, &read("c")));
        assert!(!remove(map, &read(".")));
        assert!(replace(map, &read("a[0]"), 1.into()));
        assert!(!replace(map, &read("a[0]"), 1.into()));
        assert!(!replace(map, &read("a[1]"), 1.into()));
        assert_eq!(json, serde_json::json!({ "a": [1] }));
    }
}
