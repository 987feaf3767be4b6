//! A sound [`Document`] -> the numbered [`Schema`] of the filter.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::schema::{
    FieldParts, Schema, SchemaParts, TypeId, TypeKind, TypeParts,
};

use super::check::{BUILT_IN_SCALARS, roots};
use super::document::{Document, FieldSource, Kind, TypeSource};

/// Numbers types by the order of their names. Input objects are no output types and leave no trace.
/// `None` only if the document is not sound.
pub(super) fn index(document: &Document) -> Option<Schema> {
    let sources = document.types.values();
    let output: BTreeMap<&str, Option<&TypeSource>> = sources
        .filter(|source| source.kind != Kind::Input)
        .map(|source| (source.name.text.as_str(), Some(source)))
        .chain(BUILT_IN_SCALARS.map(|name| (name, None)))
        .collect();
    let ids: BTreeMap<&str, TypeId> = output.keys().copied().zip((0..).map(TypeId)).collect();
    let types = output.iter().map(|(name, source)| match source {
        Some(source) => type_parts(document, source, &ids),
        None => {
            let (kind, possible, fields) = (TypeKind::Leaf, Vec::new(), Vec::new());
            Some(TypeParts { name: (*name).into(), kind, possible, fields })
        }
    });
    let types = types.collect::<Option<Vec<TypeParts>>>()?;
    let [query, mutation, subscription] =
        roots(document).map(|root| root.and_then(|root| ids.get(root.text.as_str()).copied()));
    Schema::new(&SchemaParts { types, query: query?, mutation, subscription }).ok()
}

fn type_parts(
    document: &Document,
    source: &TypeSource,
    ids: &BTreeMap<&str, TypeId>,
) -> Option<TypeParts> {
    let by_name: BTreeMap<&str, &FieldSource> =
        source.fields.iter().map(|field| (field.name.text.as_str(), field)).collect();
    let fields = by_name.into_iter().map(|(name, field)| {
        let arguments: BTreeSet<&str> =
            field.arguments.iter().map(|argument| argument.name.text.as_str()).collect();
        Some(FieldParts {
            name: name.into(),
            returns: *ids.get(field.of.text.as_str())?,
            arguments: arguments.into_iter().map(Box::from).collect(),
        })
    });
    let fields = fields.collect::<Option<Vec<FieldParts>>>()?;
    let objects: BTreeSet<TypeId> = match source.kind {
        Kind::Interface | Kind::Union => {
            possible(document, source).filter_map(|name| ids.get(name).copied()).collect()
        }
        Kind::Scalar | Kind::Object | Kind::Enum | Kind::Input => BTreeSet::new(),
    };
    let (kind, possible) = (kind(source.kind), objects.into_iter().collect());
    Some(TypeParts { name: source.name.text.as_str().into(), kind, possible, fields })
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
