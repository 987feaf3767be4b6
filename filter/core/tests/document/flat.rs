//! One form for what three readers make of a text: the operations and fragments with their
//! selections, as lines indented by depth; nothing where the text is refused.

use apollo_parser::cst::{self, CstNode as _};
use fieldgate_core::document::{Document, OperationKind, Selection, SelectionSet};
use graphql_parser::query as peer;

/// This project's reader.
pub(crate) fn ours(document: &Document<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut definitions = Vec::new();
    for operation in &document.operations {
        let kind = match operation.kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        };
        let name = operation.name.map_or("", |name| name.text);
        definitions.push((
            operation.span.start,
            format!("{kind} {name}"),
            &operation.selection_set,
        ));
    }
    for fragment in &document.fragments {
        let head = format!("fragment {} on {}", fragment.name.text, fragment.type_condition.text);
        definitions.push((fragment.span.start, head, &fragment.selection_set));
    }
    definitions.sort_by_key(|(start, ..)| *start);
    for (_, head, set) in definitions {
        lines.push(head);
        our_set(set, 1, &mut lines);
    }
    lines
}

fn our_set(set: &SelectionSet<'_>, depth: usize, lines: &mut Vec<String>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                lines.push(line(depth, field.alias.map(|name| name.text), field.name.text));
                if let Some(set) = &field.selection_set {
                    our_set(set, depth + 1, lines);
                }
            }
            Selection::FragmentSpread(spread) => lines.push(spread_line(depth, spread.name.text)),
            Selection::InlineFragment(fragment) => {
                lines.push(inline_line(depth, fragment.type_condition.map(|name| name.text)));
                our_set(&fragment.selection_set, depth + 1, lines);
            }
        }
    }
}

fn line(depth: usize, alias: Option<&str>, name: &str) -> String {
    format!("{:depth$}{}:{name}", "", alias.unwrap_or_default())
}

fn spread_line(depth: usize, name: &str) -> String {
    format!("{:depth$}...{name}", "")
}

fn inline_line(depth: usize, condition: Option<&str>) -> String {
    format!("{:depth$}... on {}", "", condition.unwrap_or_default())
}

/// graphql-parser.
pub(crate) fn graphql_parser(source: &str) -> Option<Vec<String>> {
    let document = peer::parse_query::<&str>(source).ok()?;
    let mut lines = Vec::new();
    for definition in &document.definitions {
        use peer::{Definition, OperationDefinition};
        let (head, set) = match definition {
            Definition::Operation(operation) => match operation {
                OperationDefinition::SelectionSet(set) => ("query ".to_owned(), set),
                OperationDefinition::Query(peer::Query { name, selection_set, .. }) => {
                    (format!("query {}", name.unwrap_or_default()), selection_set)
                }
                OperationDefinition::Mutation(peer::Mutation { name, selection_set, .. }) => {
                    (format!("mutation {}", name.unwrap_or_default()), selection_set)
                }
                OperationDefinition::Subscription(operation) => {
                    let name = operation.name.unwrap_or_default();
                    (format!("subscription {name}"), &operation.selection_set)
                }
            },
            Definition::Fragment(fragment) => {
                let peer::TypeCondition::On(condition) = fragment.type_condition;
                let head = format!("fragment {} on {condition}", fragment.name);
                (head, &fragment.selection_set)
            }
        };
        lines.push(head);
        graphql_parser_set(set, 1, &mut lines);
    }
    Some(lines)
}

fn graphql_parser_set<'a>(
    set: &peer::SelectionSet<'a, &'a str>,
    depth: usize,
    lines: &mut Vec<String>,
) {
    for selection in &set.items {
        match selection {
            peer::Selection::Field(field) => {
                lines.push(line(depth, field.alias, field.name));
                graphql_parser_set(&field.selection_set, depth + 1, lines);
            }
            peer::Selection::FragmentSpread(spread) => {
                lines.push(spread_line(depth, spread.fragment_name));
            }
            peer::Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref();
                let condition = condition.map(|peer::TypeCondition::On(name)| *name);
                lines.push(inline_line(depth, condition));
                graphql_parser_set(&fragment.selection_set, depth + 1, lines);
            }
        }
    }
}

/// apollo-parser; a definition of the type system stands as `type system`.
pub(crate) fn apollo_parser(source: &str) -> Option<Vec<String>> {
    let tree = apollo_parser::Parser::new(source).parse();
    if tree.errors().len() > 0 {
        return None;
    }
    let mut lines = Vec::new();
    for definition in tree.document().definitions() {
        let set = match definition {
            cst::Definition::OperationDefinition(operation) => {
                let kind = operation.operation_type().map(|kind| kind.source_string());
                let kind = kind.unwrap_or_else(|| "query".to_owned());
                lines.push(format!("{} {}", kind.trim(), text(operation.name())));
                operation.selection_set()
            }
            cst::Definition::FragmentDefinition(fragment) => {
                let name = text(fragment.fragment_name().and_then(|name| name.name()));
                lines.push(format!("fragment {name} on {}", condition(fragment.type_condition())));
                fragment.selection_set()
            }
            _ => {
                lines.push("type system".to_owned());
                None
            }
        };
        apollo_parser_set(set, 1, &mut lines);
    }
    Some(lines)
}

fn apollo_parser_set(set: Option<cst::SelectionSet>, depth: usize, lines: &mut Vec<String>) {
    for selection in set.into_iter().flat_map(|set| set.selections()) {
        match selection {
            cst::Selection::Field(field) => {
                let alias = field.alias().map(|alias| text(alias.name()));
                lines.push(line(depth, alias.as_deref(), &text(field.name())));
                apollo_parser_set(field.selection_set(), depth + 1, lines);
            }
            cst::Selection::FragmentSpread(spread) => {
                let name = text(spread.fragment_name().and_then(|name| name.name()));
                lines.push(spread_line(depth, &name));
            }
            cst::Selection::InlineFragment(fragment) => {
                let name = fragment.type_condition().map(|name| condition(Some(name)));
                lines.push(inline_line(depth, name.as_deref()));
                apollo_parser_set(fragment.selection_set(), depth + 1, lines);
            }
        }
    }
}

fn condition(condition: Option<cst::TypeCondition>) -> String {
    text(condition.and_then(|condition| condition.named_type()).and_then(|named| named.name()))
}

fn text(name: Option<cst::Name>) -> String {
    name.map_or(String::new(), |name| name.text().to_string())
}
