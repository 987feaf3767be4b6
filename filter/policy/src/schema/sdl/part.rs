//! Nodes of the parser's tree -> parts of a document.

use std::sync::Arc;

use apollo_parser::{SyntaxKind, SyntaxNode};

use super::super::document::{
    DirectiveSource, EnumValueSource, FieldSource, Kind, Marks, Roots, TypeSource, Value,
    ValueSource, Wrapping,
};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile, Text};

/// What may lie between two tokens (spec 2.1, Ignored Tokens).
const IGNORED: [char; 6] = [' ', '\t', '\r', '\n', ',', '\u{feff}'];

/// Reads nodes, and reports those that the grammar does not have.
pub(super) struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    pub(super) findings: Findings,
    /// Whether something was left out that has no other finding than this: the rest is no document.
    pub(super) is_broken: bool,
}

/// Whether a node extends what another defines.
pub(super) fn is_extension(node: &SyntaxNode) -> bool {
    node.children_with_tokens().any(|one| one.kind() == SyntaxKind::extend_KW)
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Arc<SourceFile>) -> Self {
        Self { file, findings: Findings::default(), is_broken: false }
    }

    pub(super) fn expected(&mut self, what: &str, place: &Place) {
        let message = format!("not a schema definition: expected {what}");
        self.findings.add(Diagnostic::error(Code::SdlSyntax, place, message));
        self.is_broken = true;
    }

    pub(super) fn unexpected(&mut self, node: &SyntaxNode) {
        let message = "not a schema definition: this does not belong here";
        let place = self.place(node);
        self.findings.add(Diagnostic::error(Code::SdlSyntax, &place, message));
        self.is_broken = true;
    }

    /// Where a node stands, without what follows its last token.
    pub(super) fn place(&self, node: &SyntaxNode) -> Place {
        let range = node.text_range();
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        let text = self.file.text().get(start..end).unwrap_or_default();
        let inner = text.trim_start_matches(IGNORED);
        let start = end - inner.len();
        self.file.place(start, start + inner.trim_end_matches(IGNORED).len())
    }

    /// Where the node's keyword stands.
    pub(super) fn keyword_place(&self, node: &SyntaxNode, keyword: SyntaxKind) -> Place {
        let mut elements = node.children_with_tokens();
        elements.find(|one| one.kind() == keyword).map_or_else(
            || self.place(node),
            |one| {
                let range = one.text_range();
                self.file.place(usize::from(range.start()), usize::from(range.end()))
            },
        )
    }

    /// The name that the node has as a child.
    pub(super) fn name_in(&mut self, node: &SyntaxNode) -> Option<Text> {
        let name = self.name_under(node);
        if name.is_none() {
            let place = self.place(node);
            self.expected("a name", &place);
        }
        name
    }

    fn name_under(&self, node: &SyntaxNode) -> Option<Text> {
        let name = node.children().find(|child| child.kind() == SyntaxKind::NAME)?;
        let mut tokens = name.children_with_tokens().filter_map(|one| one.into_token());
        let token = tokens.find(|token| token.kind() == SyntaxKind::IDENT)?;
        let range = token.text_range();
        let place = self.file.place(usize::from(range.start()), usize::from(range.end()));
        Some(Text { text: token.text().to_owned(), place })
    }

    pub(super) fn type_part(&mut self, node: &SyntaxNode, kind: Kind) -> Option<TypeSource> {
        let mut part = TypeSource::new(kind, self.name_in(node)?);
        for child in node.children() {
            match child.kind() {
                SyntaxKind::NAME | SyntaxKind::DESCRIPTION => {}
                SyntaxKind::IMPLEMENTS_INTERFACES => part.implements = self.named_types(&child),
                SyntaxKind::UNION_MEMBER_TYPES => part.members = self.named_types(&child),
                SyntaxKind::DIRECTIVES => part.directives = self.directives(&child),
                SyntaxKind::FIELDS_DEFINITION | SyntaxKind::INPUT_FIELDS_DEFINITION => {
                    part.fields = self.fields(&child);
                }
                SyntaxKind::ENUM_VALUES_DEFINITION => part.values = self.enum_values(&child),
                _ => self.unexpected(&child),
            }
        }
        let one_of = part.directives.iter().find(|directive| directive.name.text == "oneOf");
        part.one_of = one_of.filter(|_| kind == Kind::Input).map(|found| found.name.place.clone());
        Some(part)
    }

    /// What is applied to the schema, and its root types; those of an extension need a definition.
    pub(super) fn schema_part(
        &mut self,
        node: &SyntaxNode,
        directives: &mut Vec<DirectiveSource>,
        mut roots: Option<&mut Roots>,
    ) {
        for child in node.children() {
            match child.kind() {
                SyntaxKind::DESCRIPTION => {}
                SyntaxKind::DIRECTIVES => directives.extend(self.directives(&child)),
                SyntaxKind::ROOT_OPERATION_TYPE_DEFINITION => {
                    self.root(&child, roots.as_deref_mut());
                }
                _ => self.unexpected(&child),
            }
        }
    }

    fn root(&mut self, node: &SyntaxNode, roots: Option<&mut Roots>) {
        let operation = node.children().find(|one| one.kind() == SyntaxKind::OPERATION_TYPE);
        let operation = operation.as_ref().and_then(SyntaxNode::first_token);
        let named = node.children().find(|one| one.kind() == SyntaxKind::NAMED_TYPE);
        let name = named.and_then(|named| self.name_under(&named));
        let place = self.place(node);
        let (Some(operation), Some(name)) = (operation, name) else {
            return self.expected("an operation with its root type", &place);
        };
        let Some(roots) = roots else {
            let message = "the schema is extended with a root type and not defined";
            return self.findings.add(Diagnostic::error(Code::SdlExtension, &place, message));
        };
        let slot = match operation.kind() {
            SyntaxKind::query_KW => &mut roots.query,
            SyntaxKind::mutation_KW => &mut roots.mutation,
            SyntaxKind::subscription_KW => &mut roots.subscription,
            _ => return self.unexpected(node),
        };
        if let Some(first) = slot {
            let message = format!("the schema has two roots for `{}`", operation.text());
            let help = format!("it is first named in line {}", first.place.position().line);
            self.findings.add(Diagnostic::error(Code::SdlRoot, &name.place, message).help(help));
        } else {
            *slot = Some(name);
        }
    }

    fn named_types(&mut self, node: &SyntaxNode) -> Vec<Text> {
        let names: Vec<Text> = node.children().filter_map(|one| self.name_in(&one)).collect();
        if names.is_empty() {
            let place = self.place(node);
            self.expected("the name of a type", &place);
        }
        names
    }

    fn fields(&mut self, node: &SyntaxNode) -> Vec<FieldSource> {
        node.children().filter_map(|child| self.field(&child)).collect()
    }

    /// A field, an argument, or a member of an input object.
    fn field(&mut self, node: &SyntaxNode) -> Option<FieldSource> {
        let name = self.name_in(node)?;
        let (mut of, mut arguments, mut default, mut directives) = (None, vec![], None, vec![]);
        for child in node.children() {
            match child.kind() {
                SyntaxKind::NAME | SyntaxKind::DESCRIPTION => {}
                SyntaxKind::NAMED_TYPE | SyntaxKind::LIST_TYPE | SyntaxKind::NON_NULL_TYPE => {
                    of = self.whole_type(&child);
                }
                SyntaxKind::ARGUMENTS_DEFINITION => arguments = self.fields(&child),
                SyntaxKind::DEFAULT_VALUE => default = self.value_in(&child),
                SyntaxKind::DIRECTIVES => directives = self.directives(&child),
                _ => self.unexpected(&child),
            }
        }
        let Some((of, wrapping)) = of else {
            self.expected("a type", &name.place);
            return None;
        };
        let marks = Marks::default();
        Some(FieldSource { name, of, wrapping, arguments, default, directives, marks })
    }

    fn whole_type(&mut self, node: &SyntaxNode) -> Option<(Text, Wrapping)> {
        let mut levels = Vec::new();
        let mut current = node.clone();
        loop {
            let non_null = current.kind() == SyntaxKind::NON_NULL_TYPE;
            let inner = if non_null { current.first_child()? } else { current };
            levels.push(non_null);
            match inner.kind() {
                SyntaxKind::NAMED_TYPE => {
                    current = inner;
                    break;
                }
                SyntaxKind::LIST_TYPE => current = inner.first_child()?,
                _ => return None,
            }
        }
        let of = self.name_in(&current)?;
        let wrapping = Wrapping::new(&levels);
        if wrapping.is_none() {
            let message = format!("a type has at most {} lists", Wrapping::MAX_LISTS);
            self.findings.add(Diagnostic::error(Code::SdlNesting, &self.place(node), message));
        }
        Some((of, wrapping.unwrap_or_default()))
    }

    /// The names of the arguments that a directive's definition has.
    pub(super) fn arguments_of(&mut self, node: &SyntaxNode) -> Vec<String> {
        let is_list = |one: &SyntaxNode| one.kind() == SyntaxKind::ARGUMENTS_DEFINITION;
        let lists: Vec<SyntaxNode> = node.children().filter(is_list).collect();
        let arguments = lists.iter().flat_map(|list| self.fields(list)).map(|one| one.name.text);
        arguments.collect()
    }

    fn enum_values(&mut self, node: &SyntaxNode) -> Vec<EnumValueSource> {
        let mut values = Vec::new();
        for value in node.children() {
            let (mut name, mut directives) = (None, Vec::new());
            for child in value.children() {
                match child.kind() {
                    SyntaxKind::DESCRIPTION => {}
                    SyntaxKind::ENUM_VALUE => name = self.name_in(&child),
                    SyntaxKind::DIRECTIVES => directives = self.directives(&child),
                    _ => self.unexpected(&child),
                }
            }
            match name {
                Some(name) => {
                    let marks = Marks::default();
                    values.push(EnumValueSource { name, directives, marks });
                }
                None => self.unexpected(&value),
            }
        }
        values
    }

    fn directives(&mut self, node: &SyntaxNode) -> Vec<DirectiveSource> {
        node.children().filter_map(|child| self.directive(&child)).collect()
    }

    fn directive(&mut self, node: &SyntaxNode) -> Option<DirectiveSource> {
        let name = self.name_in(node)?;
        let start = self.place(node).start();
        let place = self.file.place(start, name.place.start() + name.place.length());
        let name = Text { text: name.text, place };
        let mut arguments = Vec::new();
        for child in node.children() {
            match child.kind() {
                SyntaxKind::NAME => {}
                SyntaxKind::ARGUMENTS => {
                    arguments = child.children().filter_map(|one| self.member(&one)).collect();
                }
                _ => self.unexpected(&child),
            }
        }
        Some(DirectiveSource { name, arguments })
    }

    /// A name with a value: an argument, or a member of an object.
    fn member(&mut self, node: &SyntaxNode) -> Option<(Text, ValueSource)> {
        Some((self.name_in(node)?, self.value_in(node)?))
    }

    fn value_in(&mut self, node: &SyntaxNode) -> Option<ValueSource> {
        let value = node.children().find(|child| child.kind() != SyntaxKind::NAME);
        let value = value.and_then(|value| self.value(&value));
        if value.is_none() {
            let place = self.place(node);
            self.expected("a value", &place);
        }
        value
    }

    fn value(&mut self, node: &SyntaxNode) -> Option<ValueSource> {
        let place = self.place(node);
        let text = || Some(node.first_token()?.text().to_owned());
        let value = match node.kind() {
            SyntaxKind::NULL_VALUE => Value::Null,
            SyntaxKind::BOOLEAN_VALUE => Value::Boolean(text()? == "true"),
            SyntaxKind::INT_VALUE => Value::Int(text()?),
            SyntaxKind::FLOAT_VALUE => Value::Float(text()?),
            SyntaxKind::STRING_VALUE => {
                use apollo_parser::cst::{CstNode as _, StringValue};
                Value::String(String::from(StringValue::cast(node.clone())?))
            }
            SyntaxKind::ENUM_VALUE => Value::Enum(self.name_in(node)?.text),
            SyntaxKind::LIST_VALUE => {
                let items = node.children().map(|item| self.value(&item));
                Value::List(items.collect::<Option<_>>()?)
            }
            SyntaxKind::OBJECT_VALUE => {
                let members = node.children().map(|member| self.member(&member));
                Value::Object(members.collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(ValueSource { value, place })
    }
}
