//! `@requires` and `@join__field(requires:)` -> what the router fetches for a field.

use super::super::super::document::{DirectiveSource, Value};
use super::Links;
use crate::source::Text;

/// What a subgraph wants of others for a field, and how a supergraph says so.
pub(super) const REQUIRES: &str = "requires";

impl Links {
    /// What the directives of a field select for it.
    pub(in super::super) fn requires(&self, directives: &[DirectiveSource]) -> Vec<Text> {
        let selected = directives.iter().flat_map(|directive| {
            let selecting = self.selecting(&directive.name.text);
            let mut arguments = directive.arguments.iter();
            arguments.find_map(|(name, value)| match &value.value {
                Value::String(text) if selecting == Some(name.text.as_str()) => {
                    Some(Text { text: text.clone(), place: value.place.clone() })
                }
                _ => None,
            })
        });
        selected.collect()
    }

    /// The argument of a directive that selects what the router fetches for a field.
    fn selecting(&self, name: &str) -> Option<&'static str> {
        if self.requires.contains(name) {
            return Some("fields");
        }
        let (prefix, rest) = name.split_once("__")?;
        let spec = (*self.namespaces.get(prefix)?)?;
        match (spec.name, rest) {
            ("federation", REQUIRES) => Some("fields"),
            ("join", "field") => Some(REQUIRES),
            _ => None,
        }
    }
}
