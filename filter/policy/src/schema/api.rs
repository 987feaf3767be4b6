//! A [`Document`] as written -> the API that clients see: without what is `@inaccessible`, and
//! without the types of linked specifications (`join__Graph`, `link__Import`).
//!
//! Nothing is removed but what says so itself: what then refers to nothing, or is empty, is for
//! `check` to refuse, as composition would have.

use std::collections::BTreeSet;

use super::document::{Document, FieldSource, Hidden, Kind, Marks, TypeSource};
use crate::diagnostic::{Code, Diagnostic, Findings};

/// Takes out what is no part of the API; `prefixes` are those of the types of specifications.
pub(super) fn reduce(document: &mut Document, prefixes: &[String], findings: &mut Findings) {
    let Document { types, hidden, emptied, .. } = document;
    types.retain(|name, source| {
        let machinery = prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
        let why = if machinery {
            Hidden::Machinery
        } else if source.marks.inaccessible.is_some() {
            Hidden::Inaccessible
        } else {
            return true;
        };
        hidden.insert(name.clone(), why);
        false
    });
    for source in types.values_mut() {
        let before = size(source);
        // A union or a type goes on without a member or interface that nobody can name.
        for list in [&mut source.members, &mut source.implements] {
            list.retain(|name| hidden.get(&name.text) != Some(&Hidden::Inaccessible));
        }
        reduce_type(source, findings);
        if before > 0 && size(source) == 0 {
            emptied.insert(source.name.text.clone());
        }
    }
}

const fn size(source: &TypeSource) -> usize {
    source.fields.len() + source.values.len() + source.members.len()
}

fn reduce_type(source: &mut TypeSource, findings: &mut Findings) {
    if source.kind == Kind::Input {
        require_visible(&source.name.text, &source.fields, findings);
    }
    retain(&mut source.fields);
    for field in &mut source.fields {
        let coordinate = format!("{}.{}", source.name.text, field.name.text);
        require_visible(&coordinate, &field.arguments, findings);
        retain(&mut field.arguments);
    }
    source.values.retain(|value| is_visible(&value.marks));
}

/// A client cannot give what it cannot see.
fn require_visible(of: &str, fields: &[FieldSource], findings: &mut Findings) {
    for field in fields.iter().filter(|field| !is_visible(&field.marks) && field.is_required()) {
        let message = format!("`{}` of `{of}` is required and `@inaccessible`", field.name.text);
        let help = "give it a default value, or let it be null";
        let error = Diagnostic::error(Code::SdlInaccessible, &field.name.place, message);
        findings.add(error.help(help));
    }
}

/// Drops fields that are inaccessible, in all of their definitions if in one.
fn retain(fields: &mut Vec<FieldSource>) {
    let gone = fields.iter().filter(|field| !is_visible(&field.marks));
    let gone: BTreeSet<String> = gone.map(|field| field.name.text.clone()).collect();
    fields.retain(|field| !gone.contains(&field.name.text));
}

const fn is_visible(marks: &Marks) -> bool {
    marks.inaccessible.is_none()
}
