//! A document as one line of text, every span included: what the cases of the corpus state.

use std::fmt::{Display, Write};

use fieldgate_core::document::{
    Argument, Directive, Document, Field, Fragment, Items, Name, Operation, OperationKind,
    Selection, SelectionSet, Span, TypeReference, Value, ValueKind, VariableDefinition,
};

/// Operations first, then fragments; `kind@start-end` for a node, `name@start-end` for a name.
pub(crate) fn document(document: &Document<'_>) -> String {
    let mut dump = Dump { source: document.source, text: String::new() };
    dump.write(format_args!("(document tokens={} nesting={}", document.tokens, document.nesting));
    document.operations.iter().for_each(|operation| dump.operation(operation));
    document.fragments.iter().for_each(|fragment| dump.fragment(fragment));
    dump.text.push(')');
    dump.text
}

struct Dump<'a> {
    source: &'a str,
    text: String,
}

impl<'a> Dump<'a> {
    fn write(&mut self, piece: impl Display) {
        write!(self.text, "{piece}").unwrap();
    }

    fn open(&mut self, kind: &str, span: Span) {
        self.write(format_args!(" ({kind}@{}-{}", span.start, span.end));
    }

    fn close(&mut self) {
        self.text.push(')');
    }

    fn name(&mut self, name: &Name<'a>) {
        self.write(format_args!(" {}", named(name)));
    }

    fn description(&mut self, description: Option<Span>) {
        if let Some(span) = description {
            self.open("description", span);
            self.close();
        }
    }

    fn operation(&mut self, operation: &Operation<'a>) {
        let Operation { span, description, kind, name, variables, directives, selection_set } =
            operation;
        let kind = match kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        };
        self.open(kind, *span);
        self.description(*description);
        name.iter().for_each(|name| self.name(name));
        variables.iter().for_each(|variable| self.variable(variable));
        self.directives(directives);
        self.selection_set(selection_set);
        self.close();
    }

    fn fragment(&mut self, fragment: &Fragment<'a>) {
        let Fragment { span, description, name, type_condition, directives, selection_set } =
            fragment;
        self.open("fragment", *span);
        self.description(*description);
        self.name(name);
        self.text.push_str(" on");
        self.name(type_condition);
        self.directives(directives);
        self.selection_set(selection_set);
        self.close();
    }

    fn variable(&mut self, variable: &VariableDefinition<'a>) {
        let VariableDefinition { span, description, name, ty, default, directives } = variable;
        self.open("variable", *span);
        self.description(*description);
        self.name(name);
        self.open("type", ty.span);
        self.write(format_args!(" {}", type_text(ty)));
        self.close();
        if let Some(value) = default {
            self.text.push_str(" (default");
            self.value(value);
            self.close();
        }
        self.directives(directives);
        self.close();
    }

    fn selection_set(&mut self, set: &SelectionSet<'a>) {
        self.open("set", set.span);
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => self.field(field),
                Selection::FragmentSpread(spread) => {
                    self.open("spread", spread.span);
                    self.name(&spread.name);
                    self.directives(&spread.directives);
                }
                Selection::InlineFragment(fragment) => {
                    self.open("inline", fragment.span);
                    if let Some(condition) = &fragment.type_condition {
                        self.text.push_str(" on");
                        self.name(condition);
                    }
                    self.directives(&fragment.directives);
                    self.selection_set(&fragment.selection_set);
                }
            }
            self.close();
        }
        self.close();
    }

    fn field(&mut self, field: &Field<'a>) {
        let Field { span, alias, name, arguments, directives, selection_set } = field;
        self.open("field", *span);
        if let Some(alias) = alias {
            self.name(alias);
            self.text.push(':');
        }
        self.name(name);
        self.arguments(arguments);
        self.directives(directives);
        selection_set.iter().for_each(|set| self.selection_set(set));
    }

    fn directives(&mut self, directives: &[Directive<'a>]) {
        for directive in directives {
            self.open("directive", directive.span);
            self.name(&directive.name);
            self.arguments(&directive.arguments);
            self.close();
        }
    }

    fn arguments(&mut self, arguments: &[Argument<'a>]) {
        for argument in arguments {
            self.open("argument", argument.span);
            self.name(&argument.name);
            self.value(&argument.value);
            self.close();
        }
    }

    fn value(&mut self, value: &Value<'a>) {
        let kind = match &value.kind {
            ValueKind::Variable(_) => "$",
            ValueKind::Int => "int",
            ValueKind::Float => "float",
            ValueKind::String => "string",
            ValueKind::BlockString => "block",
            ValueKind::Boolean(true) => "true",
            ValueKind::Boolean(false) => "false",
            ValueKind::Null => "null",
            ValueKind::Enum => "enum",
            ValueKind::List(_) => "list",
            ValueKind::Object(_) => "object",
        };
        self.open(kind, value.span);
        match &value.kind {
            ValueKind::Variable(name) => self.name(name),
            ValueKind::String | ValueKind::BlockString => {
                let text = value.string(self.source).unwrap();
                self.write(format_args!(" {}", serde_json::to_string(&text).unwrap()));
            }
            ValueKind::List(values) => values.iter().for_each(|value| self.value(value)),
            ValueKind::Object(fields) => {
                for field in fields {
                    self.open("key", field.span);
                    self.name(&field.name);
                    self.value(&field.value);
                    self.close();
                }
            }
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum => {}
        }
        self.close();
    }
}

fn named(name: &Name<'_>) -> String {
    format!("{}@{}-{}", name.text, name.span.start, name.span.end)
}

/// The type as it is written, with the span of its name.
fn type_text(ty: &TypeReference<'_>) -> String {
    let mut text = "[".repeat(ty.wrappers.len()) + &named(&ty.name);
    for items in ty.wrappers.iter().rev() {
        text.push_str(match items {
            Items::Nullable => "]",
            Items::NonNull => "!]",
        });
    }
    if ty.non_null {
        text.push('!');
    }
    text
}
