//! What Federation's own directives say: what the router fetches for a field, and which types of a
//! subgraph it finds by a key.

use super::super::super::document::{DirectiveSource, Document, Kind, Value};
use super::super::Subgraph;
use super::super::spec::Spec;
use super::Links;
use crate::source::Text;

/// A directive of Federation that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// `@key`
    Key,
    /// `@requires`
    Requires,
}

impl Fed {
    pub(super) const ALL: [Self; 2] = [Self::Key, Self::Requires];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Requires => "requires",
        }
    }

    /// The directive that a specification has under this name, without `@`.
    pub(super) fn of(spec: &Spec, name: &str) -> Option<Self> {
        let named = |fed: &Self| spec.name == "federation" && fed.name() == name;
        Self::ALL.into_iter().find(named)
    }
}

impl Links {
    /// What the directives of a field select for it, as `@requires` and `@join__field(requires:)` do.
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

    /// The subgraph that a schema is: it links Federation, or links nothing and has keys, as those of
    /// the first version do. What is composed is none.
    pub(in super::super) fn subgraph(&self, document: &Document) -> Option<Subgraph> {
        let objects = document.types.values().filter(|source| source.kind == Kind::Object);
        let keys = objects.flat_map(|source| {
            let keys = source.directives.iter().filter(|one| self.is_key(one));
            keys.map(move |key| (&source.name, key))
        });
        let keys: Vec<(&Text, &DirectiveSource)> = keys.collect();
        let used = keys.first().filter(|_| self.plain).map(|(_, key)| key.name.place.clone());
        let place = self.of_subgraph.clone().or(used).filter(|_| !self.is_composed)?;
        let mut entities: Vec<Text> = Vec::new();
        for (name, _) in keys.into_iter().filter(|(_, key)| is_resolvable(key)) {
            if entities.last().is_none_or(|last| last.text != name.text) {
                entities.push(name.clone());
            }
        }
        Some(Subgraph { place, entities })
    }

    /// A key has the arguments of Federation's: a directive of others may have its name.
    fn is_key(&self, directive: &DirectiveSource) -> bool {
        let DirectiveSource { name, arguments } = directive;
        self.fed(&name.text) == Some(Fed::Key)
            && arguments.iter().any(|(argument, _)| argument.text == "fields")
            && arguments.iter().all(|(argument, value)| {
                match (argument.text.as_str(), &value.value) {
                    ("fields", Value::String(_)) | ("resolvable", Value::Boolean(_)) => true,
                    (_, _) => false,
                }
            })
    }

    /// The argument of a directive that selects what the router fetches for a field.
    fn selecting(&self, name: &str) -> Option<&'static str> {
        if self.fed(name) == Some(Fed::Requires) {
            return Some("fields");
        }
        let (prefix, rest) = name.split_once("__")?;
        let spec = (*self.namespaces.get(prefix)?)?;
        (spec.name == "join" && rest == "field").then_some("requires")
    }

    fn fed(&self, name: &str) -> Option<Fed> {
        let prefixed = || {
            let (prefix, rest) = name.split_once("__")?;
            Fed::of((*self.namespaces.get(prefix)?)?, rest)
        };
        self.federation.get(name).copied().or_else(prefixed)
    }
}

fn is_resolvable(key: &DirectiveSource) -> bool {
    let mut arguments = key.arguments.iter();
    arguments.all(|(name, value)| {
        name.text != "resolvable" || !matches!(value.value, Value::Boolean(false))
    })
}
