//! SDL text -> [`Document`]: the type system grammar of GraphQL (spec 3, September 2025).
//!
//! The parser is exact and recovers, so that every syntax error is reported. What it lets pass
//! without the parts that the grammar asks for is refused by [`part`], as is what is not SDL.

mod part;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::sync::Arc;

use apollo_parser::cst::CstNode as _;
use apollo_parser::{Parser, SyntaxKind, SyntaxNode};

use self::part::Reader;
use super::ROOTS;
use super::document::{DirectiveDefinition, Document, Kind, Roots, TypeSource};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile};

/// How deep values and list types may nest: those of real schemas nest two or three times.
const NESTING: usize = 64;

/// Tokens with white space and comments: twenty times the 105,254 of GitHub's schema, which is 1.2 MB.
const TOKENS: usize = 2_000_000;

/// Reads a file; `None` if it is not SDL.
pub(super) fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Document> {
    // A parser's panic must not take the tool down.
    let read = panic::catch_unwind(|| {
        let mut findings = Findings::default();
        let document = parse(file, &mut findings);
        (document, findings)
    });
    if let Ok((document, problems)) = read {
        findings.extend(problems);
        document
    } else {
        let message = "the schema cannot be parsed";
        findings.add(Diagnostic::error(Code::SdlSyntax, &file.place(0, 0), message));
        None
    }
}

fn parse(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Document> {
    let tree = Parser::new(file.text()).recursion_limit(NESTING).token_limit(TOKENS).parse();
    if tree.errors().len() > 0 {
        syntax::report(file, tree.errors(), findings);
        return None;
    }
    let mut assembly = Assembly::new(file);
    let mut extensions = Extensions::default();
    for node in tree.document().syntax().children() {
        assembly.definition(&node, &mut extensions);
    }
    let Extensions { schema, types } = extensions;
    schema.iter().for_each(|node| assembly.extend_schema(node));
    types.into_iter().for_each(|part| assembly.extend_type(part));
    let Assembly { document, reader } = assembly;
    findings.extend(reader.findings);
    (!reader.is_broken).then_some(document)
}

/// A document as its definitions come in.
struct Assembly<'a> {
    reader: Reader<'a>,
    document: Document,
}

/// What comes after all definitions.
#[derive(Default)]
struct Extensions {
    schema: Vec<SyntaxNode>,
    types: Vec<TypeSource>,
}

impl<'a> Assembly<'a> {
    fn new(file: &'a Arc<SourceFile>) -> Self {
        let document = Document {
            types: BTreeMap::new(),
            roots: None,
            directives: Vec::new(),
            defined: BTreeMap::new(),
            hidden: BTreeMap::new(),
            emptied: BTreeSet::new(),
            start: file.place(0, 0),
        };
        Self { reader: Reader::new(file), document }
    }

    fn error(&mut self, code: Code, place: &Place, message: String, help: Option<String>) {
        self.reader.findings.add(Diagnostic::error(code, place, message).maybe_help(help));
    }

    fn definition(&mut self, node: &SyntaxNode, extensions: &mut Extensions) {
        let kind = match node.kind() {
            SyntaxKind::SCALAR_TYPE_DEFINITION | SyntaxKind::SCALAR_TYPE_EXTENSION => Kind::Scalar,
            SyntaxKind::OBJECT_TYPE_DEFINITION | SyntaxKind::OBJECT_TYPE_EXTENSION => Kind::Object,
            SyntaxKind::INTERFACE_TYPE_DEFINITION | SyntaxKind::INTERFACE_TYPE_EXTENSION => {
                Kind::Interface
            }
            SyntaxKind::UNION_TYPE_DEFINITION | SyntaxKind::UNION_TYPE_EXTENSION => Kind::Union,
            SyntaxKind::ENUM_TYPE_DEFINITION | SyntaxKind::ENUM_TYPE_EXTENSION => Kind::Enum,
            SyntaxKind::INPUT_OBJECT_TYPE_DEFINITION | SyntaxKind::INPUT_OBJECT_TYPE_EXTENSION => {
                Kind::Input
            }
            SyntaxKind::SCHEMA_DEFINITION => return self.define_schema(node),
            SyntaxKind::SCHEMA_EXTENSION => return extensions.schema.push(node.clone()),

            SyntaxKind::DIRECTIVE_DEFINITION => return self.define_directive(node),
            SyntaxKind::OPERATION_DEFINITION | SyntaxKind::FRAGMENT_DEFINITION => {
                let message = "operations and fragments are no part of a schema".to_owned();
                let place = self.reader.place(node);
                return self.error(Code::SdlSyntax, &place, message, None);
            }
            _ => return self.reader.unexpected(node),
        };
        let Some(part) = self.reader.type_part(node, kind) else { return };
        if part::is_extension(node) {
            extensions.types.push(part);
        } else {
            self.define(part);
        }
    }

    fn define(&mut self, part: TypeSource) {
        if let Some(first) = self.document.types.get(&part.name.text) {
            let message = format!("the type `{}` is defined twice", part.name.text);
            let help = format!("it is first defined in line {}", first.name.place.position().line);
            self.error(Code::SdlDuplicateType, &part.name.place, message, Some(help));
        } else {
            self.document.types.insert(part.name.text.clone(), part);
        }
    }

    fn define_directive(&mut self, node: &SyntaxNode) {
        let Some(name) = self.reader.name_in(node) else { return };
        if let Some(first) = self.document.defined.get(&name.text) {
            let message = format!("the directive `@{}` is defined twice", name.text);
            let help = format!("it is first defined in line {}", first.place.position().line);
            self.error(Code::SdlDirective, &name.place, message, Some(help));
        } else {
            let arguments = self.reader.arguments_of(node);
            let definition = DirectiveDefinition { place: name.place, arguments };
            self.document.defined.insert(name.text, definition);
        }
    }

    fn define_schema(&mut self, node: &SyntaxNode) {
        let place = self.reader.keyword_place(node, SyntaxKind::schema_KW);
        if let Some(first) = &self.document.roots {
            let help = format!("it is first defined in line {}", first.place.position().line);
            let message = "the schema is defined twice".to_owned();
            return self.error(Code::SdlDuplicateType, &place, message, Some(help));
        }
        let mut roots =
            Roots { place: place.clone(), query: None, mutation: None, subscription: None };
        self.reader.schema_part(node, &mut self.document.directives, Some(&mut roots));
        if [&roots.query, &roots.mutation, &roots.subscription].iter().all(|root| root.is_none()) {
            self.reader.expected("the root types in braces", &place);
        }
        self.document.roots = Some(roots);
    }

    /// A subgraph extends what it need not define (Apollo Federation, against spec 3.3.2): only a
    /// root type cannot be added to nothing.
    fn extend_schema(&mut self, node: &SyntaxNode) {
        let Document { directives, roots, .. } = &mut self.document;
        self.reader.schema_part(node, directives, roots.as_mut());
    }

    /// A subgraph extends root types that it leaves to others to define (Apollo Federation, against
    /// spec 3.6.3): the first extension stands for the definition.
    fn is_root_of_others(&self, part: &TypeSource) -> bool {
        let is_named = |roots: &Roots| {
            let Roots { place: _, query, mutation, subscription } = roots;
            let mut named = [query, mutation, subscription].into_iter().flatten();
            named.any(|root| root.text == part.name.text)
        };
        part.kind == Kind::Object
            && ROOTS.contains(&part.name.text.as_str())
            && !self.document.types.contains_key(&part.name.text)
            && self.document.roots.as_ref().is_none_or(is_named)
    }

    fn extend_type(&mut self, part: TypeSource) {
        if self.is_root_of_others(&part) {
            return self.define(part);
        }
        let TypeSource {
            kind,
            name,
            implements,
            fields,
            members,
            values,
            directives,
            marks: _,
            one_of,
        } = part;
        let Some(defined) = self.document.types.get_mut(&name.text) else {
            let message = format!("the type `{}` is extended and not defined", name.text);
            return self.error(Code::SdlExtension, &name.place, message, None);
        };
        if defined.kind != kind {
            let message = format!("`{}` is extended as {}", name.text, kind.described());
            let label = format!("it is {}", defined.kind.described());
            let error = Diagnostic::error(Code::SdlExtension, &name.place, message).label(label);
            return self.reader.findings.add(error);
        }
        defined.implements.extend(implements);
        defined.fields.extend(fields);
        defined.members.extend(members);
        defined.values.extend(values);
        defined.directives.extend(directives);
        defined.one_of = defined.one_of.take().or(one_of);
    }
}
