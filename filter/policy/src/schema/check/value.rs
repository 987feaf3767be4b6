//! Default values fit their types (spec 5.6, Values of Correct Type).

use super::super::document::{FieldSource, Kind, TypeSource, Value, ValueSource, Wrapping};
use super::Checker;
use crate::diagnostic::Code;
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

impl Checker<'_> {
    pub(super) fn check_defaults(&mut self, source: &TypeSource) {
        let arguments = source.fields.iter().flat_map(|field| &field.arguments);
        for field in arguments.chain(&source.fields) {
            if let Some(default) = &field.default {
                self.check_value(default, &field.of.text, field.wrapping);
            }
        }
    }

    /// The parser bounds how deep a value is.
    fn check_value(&mut self, value: &ValueSource, of: &str, wrapping: Wrapping) {
        if matches!(value.value, Value::Null) {
            if wrapping.is_non_null() {
                self.misfit(&value.place, &format!("`{}`", wrapping.around(of)), "`null`");
            }
            return;
        }
        match (&value.value, wrapping.item()) {
            (Value::List(items), Some(item)) => {
                items.iter().for_each(|one| self.check_value(one, of, item));
            }
            // One value stands for a list of one (spec 3.11, Input Coercion).
            (_, Some(item)) => self.check_value(value, of, item),
            (_, None) => self.check_named(value, of),
        }
    }

    fn check_named(&mut self, value: &ValueSource, of: &str) {
        let fits = match (of, &value.value) {
            ("Int", Value::Int(digits)) => digits.parse::<i32>().is_ok(),
            ("Float", Value::Int(digits) | Value::Float(digits)) => {
                digits.parse::<f64>().is_ok_and(f64::is_finite)
            }
            ("ID", Value::Int(digits)) => digits != "-0",
            ("ID", Value::String(_))
            | ("String", Value::String(_))
            | ("Boolean", Value::Boolean(_)) => true,
            ("Int" | "Float" | "ID" | "String" | "Boolean", _) => false,
            _ => return self.check_defined(value, of),
        };
        if !fits {
            self.misfit(&value.place, &format!("`{of}`"), &found(&value.value));
        }
    }

    fn check_defined(&mut self, value: &ValueSource, of: &str) {
        let document = self.document;
        let Some(source) = document.types.get(of) else { return };
        match (source.kind, &value.value) {
            // What a scalar of its own takes is the server's to say; unknown kinds have their finding.
            (Kind::Scalar | Kind::Object | Kind::Interface | Kind::Union, _) => {}
            (Kind::Enum, Value::Enum(name)) => {
                let names = source.values.iter().map(|value| value.name.text.as_str());
                if names.clone().all(|one| one != name) {
                    let message = format!("`{of}` has no value `{name}`");
                    self.error(Code::SdlValue, &value.place, message, did_you_mean(name, names));
                }
            }
            (Kind::Input, Value::Object(members)) => self.check_object(value, members, source),
            (Kind::Enum | Kind::Input, other) => {
                self.misfit(&value.place, &format!("`{of}`"), &found(other));
            }
        }
    }

    /// Members are known, there once, and fit; those that are required are there (spec 5.6.2-5.6.4).
    fn check_object(
        &mut self,
        value: &ValueSource,
        members: &[(Text, ValueSource)],
        source: &TypeSource,
    ) {
        let of = &source.name.text;
        for (at, (name, member)) in members.iter().enumerate() {
            if members.iter().take(at).any(|(other, _)| other.text == name.text) {
                let message = format!("`{}` is there twice", name.text);
                self.error(Code::SdlValue, &name.place, message, None);
            }
            let field = source.fields.iter().find(|field| field.name.text == name.text);
            if let Some(FieldSource { of, wrapping, .. }) = field {
                self.check_value(member, &of.text, *wrapping);
            } else {
                let message = format!("`{of}` has no member `{}`", name.text);
                let names = source.fields.iter().map(|field| field.name.text.as_str());
                let help = did_you_mean(&name.text, names);
                self.error(Code::SdlValue, &name.place, message, help);
            }
        }
        for field in source.fields.iter().filter(|field| field.is_required()) {
            if members.iter().all(|(name, _)| name.text != field.name.text) {
                let message = format!("`{of}` needs `{}`", field.name.text);
                self.error(Code::SdlValue, &value.place, message, None);
            }
        }
        let one = |members: &[(Text, ValueSource)]| {
            members.len() == 1 && members.iter().all(|(_, one)| !matches!(one.value, Value::Null))
        };
        if source.one_of.is_some() && !one(members) {
            let message = format!("a value of `{of}` has exactly one member, and not `null`");
            self.error(Code::SdlValue, &value.place, message, None);
        }
    }

    fn misfit(&mut self, place: &Place, expected: &str, found: &str) {
        let message = format!("expected a value of {expected}, found {found}");
        self.error(Code::SdlValue, place, message, None);
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Int(digits) | Value::Float(digits) => format!("`{digits}`"),
        Value::Null
        | Value::Boolean(_)
        | Value::String(_)
        | Value::Enum(_)
        | Value::List(_)
        | Value::Object(_) => value.described().to_owned(),
    }
}
