//! A sound [`Document`] -> the numbered [`Schema`] of the filter.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::schema::{
    FieldParts, InputParts, Schema, SchemaParts, TypeId, TypeKind, TypeParts, TypeRef,
};

use super::check::{BUILT_IN_SCALARS, roots};
use super::document::{Document, FieldSource, Kind, TypeSource};

/// Numbers types by the order of their names. `None` only if the document is not sound.
pub(super) fn index(document: &Document) -> Option<Schema> {
    let sources = document.types.values();
    let all: BTreeMap<&str, Option<&TypeSource>> = sources
        .map(|source| (source.name.text.as_str(), Some(source)))
        .chain(BUILT_IN_SCALARS.map(|name| (name, None)))
        .collect();
    let ids: BTreeMap<&str, TypeId> = all.keys().copied().zip((0..).map(TypeId)).collect();
    let types = all.iter().map(|(name, source)| match source {
        Some(source) => type_parts(document, source, &ids),
        None => Some(TypeParts::new(name, TypeKind::Scalar)),
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
    let name = source.name.text.as_str();
    let (mut fields, mut members, mut objects) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut values = BTreeSet::new();
    let kind = match source.kind {
        Kind::Object => TypeKind::Object,
        Kind::Interface => TypeKind::Interface,
        Kind::Union => TypeKind::Union,
        Kind::Scalar => TypeKind::Scalar,
        Kind::Enum => TypeKind::Enum,
        Kind::Input if source.one_of.is_some() => TypeKind::OneOf,
        Kind::Input => TypeKind::Input,
    };
    match source.kind {
        Kind::Object | Kind::Interface => {
            let parts = by_name(&source.fields).map(|field| {
                let (name, returns) = (field.name.text.as_str().into(), reference(field, ids)?);
                Some(FieldParts { name, returns, arguments: inputs(&field.arguments, ids)? })
            });
            fields = parts.collect::<Option<Vec<FieldParts>>>()?;
        }
        Kind::Input => members = inputs(&source.fields, ids)?,
        Kind::Enum => {
            let names = source.values.iter().map(|value| value.name.text.as_str());
            values.extend(names);
        }
        Kind::Scalar | Kind::Union => {}
    }
    if matches!(source.kind, Kind::Interface | Kind::Union) {
        let names = possible(document, source);
        objects.extend(names.filter_map(|name| ids.get(name).copied()));
    }
    let values = values.into_iter().map(Box::from).collect();
    let possible = objects.into_iter().collect();
    Some(TypeParts { possible, fields, members, values, ..TypeParts::new(name, kind) })
}

/// Sorted, each once.
fn by_name(fields: &[FieldSource]) -> impl Iterator<Item = &FieldSource> {
    let by_name: BTreeMap<&str, &FieldSource> =
        fields.iter().map(|field| (field.name.text.as_str(), field)).collect();
    by_name.into_values()
}

fn inputs(sources: &[FieldSource], ids: &BTreeMap<&str, TypeId>) -> Option<Vec<InputParts>> {
    let parts = by_name(sources).map(|source| {
        let default = source.default.as_ref().map(|default| default.value.json().into());
        Some(InputParts {
            name: source.name.text.as_str().into(),
            ty: reference(source, ids)?,
            default,
        })
    });
    parts.collect()
}

/// The type that a field, an argument or an input field has.
fn reference(source: &FieldSource, ids: &BTreeMap<&str, TypeId>) -> Option<TypeRef> {
    let levels: Vec<bool> = source.wrapping.levels().collect();
    let (named, lists) = levels.split_last()?;
    let with = |ty: TypeRef, non_null: bool| if non_null { ty.non_null() } else { ty };
    let mut ty = with(TypeRef::to(*ids.get(source.of.text.as_str())?), *named);
    for non_null in lists.iter().rev() {
        ty = with(ty.list()?, *non_null);
    }
    Some(ty)
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
