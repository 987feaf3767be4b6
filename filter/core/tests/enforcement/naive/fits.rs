//! Values, by the specification: what does not fit its type, and the inputs that are given.

use std::collections::BTreeSet;

use fieldgate_core::policy::schema::TypeKind;

use crate::random::case::Case;
use crate::random::schema::{Name, Ref, Type};
use crate::random::value::{TEXTS, Value, Variable};

/// What stands in a value.
#[derive(Debug)]
pub(super) enum Found {
    /// The coordinate of an input field or enum value.
    Input(String),
    /// What is wrong.
    Fault(&'static str),
}

/// Where a value is written, and so how: in the document (spec 5.6), or in what the request has for
/// variables (spec 6.1.2, and section 3 for what JSON may stand for).
#[derive(Clone, Copy, PartialEq)]
enum Written {
    Document,
    Json,
}

/// What a variable comes to, its default included; none for one of a type that there is not.
pub(super) fn value_of<'v>(case: &Case, variable: &'v Variable) -> Option<&'v Value> {
    let Variable { ty, default, given, .. } = variable;
    given.as_ref().or(default.as_ref()).filter(|_| is_known(case, ty))
}

fn is_known(case: &Case, ty: &Ref) -> bool {
    case.schema.kind(ty.named()).is_some_and(TypeKind::is_input)
}

/// Whether something has a value: a variable may have none (spec 6.4.1).
pub(super) fn is_given(case: &Case, value: &Value) -> bool {
    let Value::Variable(at) = value else { return true };
    value_of(case, &case.request.variables[*at]).is_some()
}

/// A literal for what has this type.
pub(super) fn literal(case: &Case, value: &Value, ty: &Ref, has_default: bool) -> Vec<Found> {
    let mut reading = Reading { case, written: Written::Document, found: Vec::new() };
    reading.value(value, ty, has_default);
    reading.found
}

/// The definitions of these variables, then what the request has for each.
pub(super) fn variables(case: &Case, used: &BTreeSet<usize>) -> Vec<Found> {
    let variables = || used.iter().map(|at| &case.request.variables[*at]);
    let mut found = Vec::new();
    for Variable { ty, default, given, .. } in variables() {
        if !is_known(case, ty) {
            found.push(Found::Fault("unknown_type"));
            continue;
        }
        let default = default.iter().flat_map(|value| literal(case, value, ty, false));
        // A default that does not fit is wrong also where it does not count.
        let counts = |one: &Found| given.is_none() || matches!(one, Found::Fault(_));
        found.extend(default.filter(counts));
    }
    for Variable { ty, default, given, .. } in variables().filter(|one| is_known(case, &one.ty)) {
        let mut reading = Reading { case, written: Written::Json, found: Vec::new() };
        match given {
            Some(value) => reading.value(value, ty, false),
            None if ty.is_non_null() && default.is_none() => reading.wrong(),
            None => {}
        }
        found.append(&mut reading.found);
    }
    found
}

struct Reading<'c> {
    case: &'c Case,
    written: Written,
    found: Vec<Found>,
}

impl Reading<'_> {
    fn fault(&mut self, code: &'static str) {
        self.found.push(Found::Fault(code));
    }

    fn wrong(&mut self) {
        self.fault(match self.written {
            Written::Document => "value_invalid",
            Written::Json => "variable_value",
        });
    }

    fn missing(&mut self) {
        self.fault(match self.written {
            Written::Document => "argument_missing",
            Written::Json => "variable_value",
        });
    }

    fn value(&mut self, value: &Value, ty: &Ref, has_default: bool) {
        match (value, ty) {
            (Value::Variable(at), _) => self.variable(*at, ty, has_default),
            (Value::Null, Ref::NonNull(_)) => self.wrong(),
            (Value::Null, _) => {}
            (_, Ref::NonNull(inner)) => self.value(value, inner, false),
            (Value::List(items), Ref::List(item)) => {
                items.iter().for_each(|one| self.value(one, item, false));
            }
            // A value is a list of itself alone.
            (_, Ref::List(item)) => self.value(value, item, false),
            (_, Ref::Named(name)) => self.named(value, name),
        }
    }

    /// All Variable Usages Are Allowed (spec 5.8.5).
    fn variable(&mut self, at: usize, location: &Ref, has_default: bool) {
        let Variable { ty, default, .. } = &self.case.request.variables[at];
        // That it has no such type is told where it is defined.
        if !is_known(self.case, ty) {
            return;
        }
        let has_value = default.as_ref().is_some_and(|value| *value != Value::Null);
        let location = match location.is_non_null() && !ty.is_non_null() {
            true if has_value || has_default => location.nullable(),
            _ => location,
        };
        if !is_allowed(ty, location) {
            self.fault("variable_type");
        }
    }

    fn named(&mut self, value: &Value, name: Name) {
        let of = self.case.schema.find(name).expect("a type of the table");
        match (of.kind, value) {
            (TypeKind::Scalar, _) if is_scalar(name, value, self.written) => {}
            (TypeKind::Enum, _) => match enum_value(value, self.written) {
                None => self.wrong(),
                Some(text) if of.values.contains(&text) => {
                    self.found.push(Found::Input(format!("{name}.{text}")));
                }
                Some(_) => self.fault("unknown_enum_value"),
            },
            (TypeKind::Input | TypeKind::OneOf, Value::Object(members)) => {
                self.members(members, of);
            }
            _ => self.wrong(),
        }
    }

    fn members(&mut self, given: &[(Name, Value)], of: &Type) {
        let is_one_of = of.kind == TypeKind::OneOf;
        for (name, value) in given {
            let Some(member) = of.members.iter().find(|member| member.name == *name) else {
                self.fault("unknown_input_field");
                continue;
            };
            if is_given(self.case, value) {
                self.found.push(Found::Input(format!("{}.{name}", of.name)));
            }
            // The one that is given is not null.
            let ty = if is_one_of { member.ty.clone().non_null() } else { member.ty.clone() };
            self.value(value, &ty, member.default.is_some());
        }
        let is_missing = |name: Name| given.iter().all(|(given, _)| *given != name);
        if of.members.iter().any(|one| one.is_required() && is_missing(one.name)) {
            self.missing();
        }
        if is_one_of && given.len() != 1 {
            self.wrong();
        }
    }
}

/// The name that stands for an enum value, if one does.
fn enum_value(value: &Value, written: Written) -> Option<&'static str> {
    match (value, written) {
        (Value::Enum(name), _) => Some(name),
        (Value::Text(at), Written::Json) => Some(TEXTS[*at].1),
        _ => None,
    }
}

/// Whether a value is one of the scalar (spec 3.5, of each Input Coercion). The numbers here are few.
fn is_scalar(name: &str, value: &Value, written: Written) -> bool {
    let is_text = match value {
        Value::Text(_) => true,
        // In JSON it is a text like any other.
        Value::Enum(_) => written == Written::Json,
        _ => false,
    };
    let number = if let Value::Number(text) = value { Some(*text) } else { None };
    match name {
        "Boolean" => matches!(value, Value::Boolean(_)),
        "String" => is_text,
        "Float" => number.is_some(),
        "ID" => is_text || number.is_some_and(|text| !text.contains(['.', 'e']) && text != "-0"),
        "Int" => number.is_some_and(|text| match written {
            Written::Document => ["0", "1", "5", "-3"].contains(&text),
            // 1e1 is ten there.
            Written::Json => ["0", "1", "5", "-3", "1e1"].contains(&text),
        }),
        // The server alone knows.
        _ => true,
    }
}

/// AreTypesCompatible (spec 5.8.5).
fn is_allowed(variable: &Ref, location: &Ref) -> bool {
    match (variable, location) {
        (Ref::NonNull(one), Ref::NonNull(other)) => is_allowed(one, other),
        (_, Ref::NonNull(_)) => false,
        (Ref::NonNull(one), _) => is_allowed(one, location),
        (Ref::List(one), Ref::List(other)) => is_allowed(one, other),
        (Ref::Named(one), Ref::Named(other)) => one == other,
        (Ref::List(_), Ref::Named(_)) | (Ref::Named(_), Ref::List(_)) => false,
    }
}
