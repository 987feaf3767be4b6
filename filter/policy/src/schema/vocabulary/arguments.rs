//! The arguments of a term -> [`Marks`].

use fieldgate_core::policy::rules::is_scope;

use super::super::document::{
    Alternatives, DirectiveSource, ListSize, Marks, Value, ValueSource, Weight,
};
use super::spec::{LIST_SIZE, Term};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

/// Adds what a directive says. A directive that is wrong says nothing, and is an error.
pub(super) fn apply(
    term: Term,
    directive: &DirectiveSource,
    marks: &mut Marks,
    findings: &mut Findings,
) {
    let place = &directive.name.place;
    let mut arguments = Arguments { directive, findings };
    match term {
        Term::Authenticated => {
            marks.authenticated = arguments.only(&[]).map(|()| place.clone());
        }
        Term::Inaccessible => marks.inaccessible = arguments.only(&[]).map(|()| place.clone()),
        Term::RequiresScopes => {
            marks.scopes = arguments.alternatives(
                "scopes",
                is_scope,
                "visible ASCII without `\"`, `\\` and white space (RFC 6749, 3.3)",
            )
        }
        Term::Policy => {
            let is_policy =
                |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
            marks.policies = arguments.alternatives(
                "policies",
                is_policy,
                "a text on one line that is not blank",
            );
        }
        Term::Tag => {
            let name = arguments.only(&["name"]).and_then(|()| arguments.required("name"));
            marks.tags.extend(name.and_then(|value| arguments.string(value)));
        }
        Term::Cost => {
            let weight = arguments.only(&["weight"]).and_then(|()| arguments.required("weight"));
            let weight = weight.and_then(|value| arguments.weight(value));
            marks.cost = weight.map(|weight| Weight { weight, place: place.clone() });
        }
        Term::ListSize => marks.list_size = arguments.list_size(),
    }
}

struct Arguments<'a> {
    directive: &'a DirectiveSource,
    findings: &'a mut Findings,
}

impl<'a> Arguments<'a> {
    fn error<T>(&mut self, place: &Place, message: String, help: Option<String>) -> Option<T> {
        self.findings.add(Diagnostic::error(Code::SdlDirective, place, message).maybe_help(help));
        None
    }

    /// `None` if there are other arguments than these, or one of them twice.
    fn only(&mut self, expected: &[&str]) -> Option<()> {
        let DirectiveSource { name, arguments } = self.directive;
        let mut sound = Some(());
        for (at, (argument, _)) in arguments.iter().enumerate() {
            if !expected.contains(&argument.text.as_str()) {
                let message = format!("`@{}` has no argument `{}`", name.text, argument.text);
                let help = did_you_mean(&argument.text, expected.iter().copied());
                sound = self.error(&argument.place, message, help);
            } else if arguments.iter().take(at).any(|(other, _)| other.text == argument.text) {
                let message = format!("the argument `{}` is there twice", argument.text);
                sound = self.error(&argument.place, message, None);
            }
        }
        sound
    }

    fn value(&self, name: &str) -> Option<&'a ValueSource> {
        let mut arguments = self.directive.arguments.iter();
        arguments.find(|(argument, _)| argument.text == name).map(|(_, value)| value)
    }

    fn required(&mut self, name: &str) -> Option<&'a ValueSource> {
        self.value(name).or_else(|| {
            let directive = &self.directive.name;
            let message = format!("`@{}` needs the argument `{name}`", directive.text);
            self.error(&directive.place, message, None)
        })
    }

    fn wrong<T>(&mut self, value: &ValueSource, expected: &str) -> Option<T> {
        let message = format!("expected {expected}, found {}", value.value.described());
        self.error(&value.place, message, None)
    }

    fn string(&mut self, value: &ValueSource) -> Option<Text> {
        match &value.value {
            Value::String(text) if !text.is_empty() => {
                Some(Text { text: text.clone(), place: value.place.clone() })
            }
            Value::String(_) => self.error(&value.place, "this string is empty".to_owned(), None),
            _ => self.wrong(value, "a string"),
        }
    }

    /// The specification of IBM has weights as strings, that of Apollo as integers.
    fn weight(&mut self, value: &ValueSource) -> Option<i32> {
        let Value::String(text) = &value.value else { return self.size(value) };
        let whole = text.strip_suffix(".0").unwrap_or(text).parse::<i32>();
        whole.ok().filter(|weight| *weight >= 0).or_else(|| {
            let message = format!("`{text}` is no weight");
            let help = "a weight is a whole number that is not negative, as `\"5\"` or `5`";
            self.error(&value.place, message, Some(help.to_owned()))
        })
    }

    /// A number that is not negative: a negative one would make other things cheaper.
    fn size(&mut self, value: &ValueSource) -> Option<i32> {
        let Value::Int(digits) = &value.value else { return self.wrong(value, "an integer") };
        match digits.parse::<i32>() {
            Ok(number) if number >= 0 => Some(number),
            Ok(_) | Err(_) => {
                let message = format!("expected a number from 0 to {}, found `{digits}`", i32::MAX);
                self.error(&value.place, message, None)
            }
        }
    }

    fn strings(&mut self, value: &ValueSource) -> Option<Vec<Text>> {
        let Value::List(items) = &value.value else {
            return self.wrong(value, "a list of strings");
        };
        items.iter().map(|item| self.string(item)).collect()
    }

    /// Any of these lists of all. An empty list would ask for nothing, which nobody means.
    fn alternatives(
        &mut self,
        name: &str,
        is_one: fn(&str) -> bool,
        allowed: &str,
    ) -> Option<Alternatives> {
        self.only(&[name])?;
        let value = self.required(name)?;
        let Value::List(outer) = &value.value else {
            return self.wrong(value, "a list of lists of strings");
        };
        let empty = |place: &Place| {
            let message = "an empty list asks for nothing";
            let help = "name what is needed, or remove the directive";
            Diagnostic::error(Code::SdlEmptyRequirement, place, message).help(help)
        };
        if outer.is_empty() {
            self.findings.add(empty(&value.place));
        }
        let mut lists = Vec::new();
        for item in outer {
            // A string where a list is expected could stand for one list or for many.
            let Value::List(inner) = &item.value else {
                let help = "all of an inner list are needed, any of the outer: `[[\"a\", \"b\"]]`";
                let message =
                    format!("expected a list of strings, found {}", item.value.described());
                return self.error(&item.place, message, Some(help.to_owned()));
            };
            if inner.is_empty() {
                self.findings.add(empty(&item.place));
            }
            lists.push(self.strings(item)?);
        }
        if let Some(text) = lists.iter().flatten().find(|one| !is_one(&one.text)) {
            let message = format!("`{}` cannot be one of `{name}`", text.text);
            return self.error(&text.place, message, Some(allowed.to_owned()));
        }
        Alternatives::new(self.directive.name.place.clone(), lists)
    }

    fn list_size(&mut self) -> Option<ListSize> {
        self.only(&LIST_SIZE)?;
        let [assumed, slicing, sized, one] = LIST_SIZE
            .map(|name| self.value(name).filter(|value| !matches!(value.value, Value::Null)));
        let assumed_size = match assumed {
            Some(value) => Some(self.size(value)?),
            None => None,
        };
        let strings = [slicing, sized].map(|value| match value {
            Some(value) => self.strings(value),
            None => Some(Vec::new()),
        });
        let require_one_slicing_argument = match one.map(|value| (value, &value.value)) {
            Some((_, Value::Boolean(one))) => *one,
            Some((value, _)) => return self.wrong(value, "a boolean"),
            None => true,
        };
        let [slicing_arguments, sized_fields] = strings;
        Some(ListSize {
            assumed_size,
            slicing_arguments: slicing_arguments?,
            sized_fields: sized_fields?,
            require_one_slicing_argument,
            place: self.directive.name.place.clone(),
        })
    }
}
