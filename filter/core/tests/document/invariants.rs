//! What holds for every document that was read, whatever its text: used by the property tests, the
//! replay of fuzzed inputs, and the fuzz target itself.

use fieldgate_core::document::{
    Argument, Bounds, Directive, Document, Fragment, Name, ObjectField, Operation, Selection,
    SelectionSet, Span, Value, ValueKind, VariableDefinition,
};

/// Reads `source` and checks what came out; says whether it was read.
pub(crate) fn read(source: &str, bounds: &Bounds) -> bool {
    match Document::read(source, bounds) {
        Ok(document) => {
            assert!(document.tokens <= bounds.tokens && document.nesting <= bounds.nesting);
            check(&document, bounds);
            true
        }
        Err(error) => {
            let at = usize::try_from(error.at).unwrap();
            assert!(source.is_char_boundary(at), "{error} in {source:?}");
            let (line, column) = error.location(source);
            assert!(line >= 1 && column >= 1);
            false
        }
    }
}

/// Spans lie on characters, in their parents and one behind the other; names are what stands at
/// their spans; strings decode; and a definition cut out of the document reads as it did in it.
fn check(document: &Document<'_>, bounds: &Bounds) {
    let tree = Tree { source: document.source };
    let whole = Span { start: 0, end: u32::try_from(document.source.len()).unwrap() };
    assert!(!document.operations.is_empty() || !document.fragments.is_empty());
    let operations = document.operations.iter().map(|operation| tree.operation(operation));
    let fragments = document.fragments.iter().map(|fragment| tree.fragment(fragment));
    let mut definitions: Vec<_> = operations.chain(fragments).collect();
    definitions.sort_by_key(|span| span.start);
    tree.inside(whole, &definitions);

    // Every definition alone, at its place: what is around it does not change how it reads.
    let cut = |span: &Span| {
        " ".repeat(usize::try_from(span.start).unwrap()) + span.text(document.source).unwrap()
    };
    let cuts: Vec<_> = definitions.iter().map(cut).collect();
    let parts: Vec<_> = cuts.iter().map(|cut| Document::read(cut, bounds).unwrap()).collect();
    assert_eq!(parts.iter().map(|part| part.tokens).sum::<u32>(), document.tokens);
    assert_eq!(parts.iter().map(|part| part.nesting).max(), Some(document.nesting));
    let operations: Vec<_> = parts.iter().flat_map(|part| &part.operations).collect();
    let fragments: Vec<_> = parts.iter().flat_map(|part| &part.fragments).collect();
    assert_eq!(operations, document.operations.iter().collect::<Vec<_>>());
    assert_eq!(fragments, document.fragments.iter().collect::<Vec<_>>());
}

struct Tree<'a> {
    source: &'a str,
}

impl<'a> Tree<'a> {
    /// `parts` lie in `outer`, in order, apart from one another, and none is empty.
    fn inside(&self, outer: Span, parts: &[Span]) -> Span {
        let mut end = outer.start;
        for part in parts {
            assert!(end <= part.start && part.start < part.end, "{part:?} in {outer:?}");
            assert!(part.text(self.source).is_some(), "{part:?} cuts a character");
            end = part.end;
        }
        assert!(end <= outer.end, "{parts:?} in {outer:?}");
        outer
    }

    fn name(&self, name: &Name<'a>) -> Span {
        assert_eq!(name.span.text(self.source), Some(name.text));
        assert!(name.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        assert!(!name.text.starts_with(|first: char| first.is_ascii_digit()));
        name.span
    }

    fn operation(&self, operation: &Operation<'a>) -> Span {
        let mut parts: Vec<_> = operation.description.into_iter().collect();
        parts.extend(operation.name.iter().map(|name| self.name(name)));
        parts.extend(operation.variables.iter().map(|variable| self.variable(variable)));
        parts.extend(self.directives(&operation.directives));
        parts.push(self.selection_set(&operation.selection_set));
        self.inside(operation.span, &parts)
    }

    fn fragment(&self, fragment: &Fragment<'a>) -> Span {
        assert_ne!(fragment.name.text, "on");
        let mut parts: Vec<_> = fragment.description.into_iter().collect();
        parts.extend([self.name(&fragment.name), self.name(&fragment.type_condition)]);
        parts.extend(self.directives(&fragment.directives));
        parts.push(self.selection_set(&fragment.selection_set));
        self.inside(fragment.span, &parts)
    }

    fn variable(&self, variable: &VariableDefinition<'a>) -> Span {
        let mut parts: Vec<_> = variable.description.into_iter().collect();
        parts.push(self.name(&variable.name));
        parts.push(self.inside(variable.ty.span, &[self.name(&variable.ty.name)]));
        parts.extend(variable.default.iter().map(|value| self.value(value)));
        parts.extend(self.directives(&variable.directives));
        self.inside(variable.span, &parts)
    }

    fn selection_set(&self, set: &SelectionSet<'a>) -> Span {
        assert!(!set.selections.is_empty());
        let text = set.span.text(self.source).unwrap();
        assert!(text.starts_with('{') && text.ends_with('}'), "{text:?}");
        let parts: Vec<_> = set.selections.iter().map(|part| self.selection(part)).collect();
        self.inside(set.span, &parts)
    }

    fn selection(&self, selection: &Selection<'a>) -> Span {
        let mut parts = Vec::new();
        match selection {
            Selection::Field(field) => {
                parts.extend(field.alias.iter().map(|alias| self.name(alias)));
                parts.push(self.name(&field.name));
                parts.extend(self.arguments(&field.arguments));
                assert_eq!(field.response_key(), field.alias.unwrap_or(field.name));
            }
            Selection::FragmentSpread(spread) => {
                assert_ne!(spread.name.text, "on");
                parts.push(self.name(&spread.name));
            }
            Selection::InlineFragment(fragment) => {
                parts.extend(fragment.type_condition.iter().map(|name| self.name(name)));
            }
        }
        parts.extend(self.directives(selection.directives()));
        let set = match selection {
            Selection::Field(field) => field.selection_set.as_ref(),
            Selection::FragmentSpread(_) => None,
            Selection::InlineFragment(fragment) => Some(&fragment.selection_set),
        };
        parts.extend(set.map(|set| self.selection_set(set)));
        self.inside(selection.span(), &parts)
    }

    fn directives(&self, directives: &[Directive<'a>]) -> Vec<Span> {
        let one = |directive: &Directive<'a>| {
            let mut parts = vec![self.name(&directive.name)];
            parts.extend(self.arguments(&directive.arguments));
            self.inside(directive.span, &parts)
        };
        directives.iter().map(one).collect()
    }

    fn arguments(&self, arguments: &[Argument<'a>]) -> Vec<Span> {
        let one = |argument: &Argument<'a>| {
            let parts = [self.name(&argument.name), self.value(&argument.value)];
            self.inside(argument.span, &parts)
        };
        arguments.iter().map(one).collect()
    }

    fn value(&self, value: &Value<'a>) -> Span {
        let is_string = matches!(value.kind, ValueKind::String | ValueKind::BlockString);
        assert_eq!(value.string(self.source).is_some(), is_string);
        let parts = match &value.kind {
            ValueKind::Variable(name) => vec![self.name(name)],
            ValueKind::List(values) => values.iter().map(|value| self.value(value)).collect(),
            ValueKind::Object(fields) => {
                let one = |field: &ObjectField<'a>| {
                    let ObjectField { span, name, value } = field;
                    self.inside(*span, &[self.name(name), self.value(value)])
                };
                fields.iter().map(one).collect()
            }
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String
            | ValueKind::BlockString
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum => Vec::new(),
        };
        self.inside(value.span, &parts)
    }
}
