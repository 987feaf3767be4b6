//! The schema of a subgraph -> with what the library of its server adds to it: `Query._service`, and
//! `Query._entities` where something is found by a key (Apollo Federation subgraph specification,
//! Subgraph schema additions).
//!
//! Whatever the schema has of it stays as it is written. What nobody can name is no entity.

use super::ROOTS;
use super::document::{Document, FieldSource, Kind, Marks, Roots, TypeSource, Wrapping};
use super::vocabulary::Subgraph;
use crate::source::{Place, Text};

const SERVICE: &str = "_Service";
const ENTITY: &str = "_Entity";
const ANY: &str = "_Any";

/// Adds what is missing.
pub(super) fn add(document: &mut Document, subgraph: &Subgraph) {
    let Subgraph { place, entities } = subgraph;
    let name = |text: &str| Text { text: text.to_owned(), place: place.clone() };
    let field = |of: &str, (text, wrapping), arguments| FieldSource {
        name: name(text),
        of: name(of),
        wrapping,
        arguments,
        default: None,
        directives: Vec::new(),
        marks: Marks::default(),
    };
    let mut service = TypeSource::new(Kind::Object, name(SERVICE));
    service.fields.push(field("String", ("sdl", Wrapping::default()), Vec::new()));
    let mut fields = vec![field(SERVICE, ("_service", non_null(&[])), Vec::new())];
    let mut types = vec![service];

    let mut entity = TypeSource::new(Kind::Union, name(ENTITY));
    let is_visible = |one: &&Text| document.types.contains_key(&one.text);
    entity.members = entities.iter().filter(is_visible).cloned().collect();
    if !entity.members.is_empty() {
        let representations = field(ANY, ("representations", non_null(&[true])), Vec::new());
        fields.push(field(ENTITY, ("_entities", non_null(&[false])), vec![representations]));
        types.extend([entity, TypeSource::new(Kind::Scalar, name(ANY))]);
    }

    for one in types {
        document.types.entry(one.name.text.clone()).or_insert(one);
    }
    let Some(query) = query_type(document, place) else { return };
    for one in fields {
        if query.fields.iter().all(|known| known.name.text != one.name.text) {
            query.fields.push(one);
        }
    }
}

/// Non-null, and a list of those if there is a level in it.
fn non_null(item: &[bool]) -> Wrapping {
    Wrapping::new(&[&[true], item].concat()).unwrap_or_default()
}

/// The query type, which a subgraph need not write. `None` where it is to be another one, and `check`
/// says what is wrong with that.
fn query_type<'a>(document: &'a mut Document, place: &Place) -> Option<&'a mut TypeSource> {
    let Document { types, roots, hidden, .. } = document;
    let [default, _, _] = ROOTS;
    let own = match roots {
        Some(Roots { query: Some(named), .. }) => return types.get_mut(&named.text),
        Some(Roots { query, .. }) if !types.contains_key(default) => Some(query),
        Some(_) => return None,
        None => None,
    };
    if hidden.contains_key(default) {
        return None;
    }
    let name = Text { text: default.to_owned(), place: place.clone() };
    if let Some(query) = own {
        *query = Some(name.clone());
    }
    Some(types.entry(name.text.clone()).or_insert_with(|| TypeSource::new(Kind::Object, name)))
}
