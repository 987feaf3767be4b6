//! A sound [`Document`] -> the numbered [`Schema`] of the filter.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::schema::{FieldDef, Schema, TypeDef, TypeId, TypeKind};

use super::check::{BUILT_IN_SCALARS, roots};
use super::sdl::{Document, Kind, TypeSource};

/// Numbers types and fields by the order of their names. Input objects are no output types and
/// leave no trace. `None` only if the document is not sound.
pub(super) fn index(document: &Document) -> Option<Schema> {
    let sources = document.types.values();
    let output: BTreeMap<&str, Option<&TypeSource>> = sources
        .filter(|source| source.kind != Kind::Input)
        .map(|source| (source.name.text.as_str(), Some(source)))
        .chain(BUILT_IN_SCALARS.map(|name| (name, None)))
        .collect();
    let ids: BTreeMap<&str, TypeId> = output.keys().copied().zip((0..).map(TypeId)).collect();
    let mut types = Vec::with_capacity(output.len());
    let mut fields: Vec<FieldDef> = Vec::new();
    for (name, source) in &output {
        let parent = *ids.get(name)?;
        let start = u32::try_from(fields.len()).ok()?;
        if let Some(source) = source {
            let by_name: BTreeMap<&str, _> =
                source.fields.iter().map(|field| (field.name.text.as_str(), field)).collect();
            for (name, field) in by_name {
                let arguments: BTreeSet<&str> =
                    field.arguments.iter().map(|argument| argument.name.text.as_str()).collect();
                fields.push(FieldDef {
                    name: name.into(),
                    parent,
                    returns: *ids.get(field.of.text.as_str())?,
                    arguments: arguments.into_iter().map(Box::from).collect(),
                });
            }
        }
        let end = u32::try_from(fields.len()).ok()?;
        let possible: BTreeSet<TypeId> = match source {
            None => BTreeSet::new(),
            Some(source) => {
                possible(document, source).filter_map(|name| ids.get(name).copied()).collect()
            }
        };
        types.push(TypeDef {
            name: (*name).into(),
            kind: source.map_or(TypeKind::Leaf, |source| kind(source.kind)),
            fields: start..end,
            possible: possible.into_iter().collect(),
        });
    }
    let [query, mutation, subscription] =
        roots(document).map(|root| root.and_then(|root| ids.get(root.text.as_str()).copied()));
    Some(Schema { types, fields, query: query?, mutation, subscription })
}

/// The names of the object types that a value of the type can be (spec 5.5.2.3, GetPossibleTypes).
/// An object lists every interface it has, those of its interfaces too, so one step is enough.
pub(super) fn possible<'a>(
    document: &'a Document,
    source: &'a TypeSource,
) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    let name = source.name.text.as_str();
    match source.kind {
        Kind::Object => Box::new(std::iter::once(name)),
        Kind::Union => Box::new(source.members.iter().map(|member| member.text.as_str())),
        Kind::Interface => {
            let objects = document.types.values().filter(|other| other.kind == Kind::Object);
            let of_it =
                objects.filter(move |object| object.implements.iter().any(|one| one.text == name));
            Box::new(of_it.map(|object| object.name.text.as_str()))
        }
        Kind::Scalar | Kind::Enum | Kind::Input => Box::new(std::iter::empty()),
    }
}

const fn kind(kind: Kind) -> TypeKind {
    match kind {
        Kind::Object => TypeKind::Object,
        Kind::Interface => TypeKind::Interface,
        Kind::Union => TypeKind::Union,
        Kind::Scalar | Kind::Enum | Kind::Input => TypeKind::Leaf,
    }
}
