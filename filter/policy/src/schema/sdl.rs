//! SDL text -> [`Document`]: every type with its extensions merged and every name with its place.

use std::collections::BTreeMap;
use std::panic;
use std::sync::Arc;

use graphql_parser::Pos;
use graphql_parser::schema::{
    Definition, Field, InputValue, Type, TypeDefinition, TypeExtension, parse_schema,
};

use super::text;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile, Text};

/// A schema as written.
#[derive(Debug)]
pub(super) struct Document {
    /// The types by name, without the built-in scalars.
    pub(super) types: BTreeMap<String, TypeSource>,
    /// The root types that a schema definition names.
    pub(super) roots: Option<Roots>,
    /// Where the file begins.
    pub(super) start: Place,
}

/// A schema definition.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) place: Place,
    pub(super) query: Option<Text>,
    pub(super) mutation: Option<Text>,
    pub(super) subscription: Option<Text>,
}

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

/// A type with its extensions.
#[derive(Debug)]
pub(super) struct TypeSource {
    pub(super) kind: Kind,
    pub(super) name: Text,
    /// Of an object or interface.
    pub(super) implements: Vec<Text>,
    /// Of an object, interface or input object.
    pub(super) fields: Vec<FieldSource>,
    /// Of a union.
    pub(super) members: Vec<Text>,
}

/// A field, or an argument.
#[derive(Debug)]
pub(super) struct FieldSource {
    pub(super) name: Text,
    /// The named type, without lists and non-null.
    pub(super) of: Text,
    pub(super) arguments: Vec<FieldSource>,
}

/// Reads a file; `None` if it is not SDL.
pub(super) fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Document> {
    let masked = text::mask(file.text());
    // The parser is known to panic on some input; that must not take the tool down.
    let parsed = panic::catch_unwind(|| parse_schema::<&str>(&masked).map_err(|e| e.to_string()));
    let definitions = match parsed {
        Ok(Ok(document)) => document.definitions,
        Ok(Err(message)) => {
            findings.add(syntax_error(file, &message));
            return None;
        }
        Err(_) => {
            let message = "the schema cannot be parsed";
            findings.add(Diagnostic::error(Code::SdlSyntax, &file.place(0, 0), message));
            return None;
        }
    };
    let start = file.place(0, 0);
    let document = Document { types: BTreeMap::new(), roots: None, start };
    let mut reader = Reader { file, masked: &masked, document, findings };
    let mut extensions = Vec::new();
    for definition in definitions {
        match definition {
            Definition::SchemaDefinition(schema) => {
                let at = reader.at(schema.position);
                let (place, _) = reader.locate("schema", at);
                let root = |name: Option<&str>| Some(reader.locate_text(name?, at));
                let (query, mutation) = (root(schema.query), root(schema.mutation));
                let subscription = root(schema.subscription);
                let roots = Roots { place, query, mutation, subscription };
                if let Some(first) = &reader.document.roots {
                    let message = "the schema is defined twice";
                    let help =
                        format!("it is first defined in line {}", first.place.position().line);
                    let error = Diagnostic::error(Code::SdlDuplicateType, &roots.place, message);
                    reader.findings.add(error.help(help));
                } else {
                    reader.document.roots = Some(roots);
                }
            }
            Definition::TypeDefinition(definition) => {
                let part = reader.definition(definition);
                reader.define(part);
            }
            Definition::TypeExtension(extension) => extensions.push(extension),
            Definition::DirectiveDefinition(_) => {}
        }
    }
    for extension in extensions {
        let part = reader.extension(extension);
        reader.extend(part);
    }
    Some(reader.document)
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    masked: &'a str,
    document: Document,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    fn define(&mut self, part: TypeSource) {
        if let Some(first) = self.document.types.get(&part.name.text) {
            let message = format!("the type `{}` is defined twice", part.name.text);
            let help = format!("it is first defined in line {}", first.name.place.position().line);
            let error = Diagnostic::error(Code::SdlDuplicateType, &part.name.place, message);
            self.findings.add(error.help(help));
        } else {
            self.document.types.insert(part.name.text.clone(), part);
        }
    }

    fn extend(&mut self, part: TypeSource) {
        let TypeSource { kind, name, implements, fields, members } = part;
        let Some(defined) = self.document.types.get_mut(&name.text) else {
            let message = format!("the type `{}` is extended and not defined", name.text);
            self.findings.add(Diagnostic::error(Code::SdlExtension, &name.place, message));
            return;
        };
        if defined.kind != kind {
            let message = format!("`{}` is extended as {}", name.text, kind.described());
            let label = format!("it is {}", defined.kind.described());
            let error = Diagnostic::error(Code::SdlExtension, &name.place, message);
            self.findings.add(error.label(label));
            return;
        }
        defined.implements.extend(implements);
        defined.fields.extend(fields);
        defined.members.extend(members);
    }

    fn definition(&self, definition: TypeDefinition<'a, &'a str>) -> TypeSource {
        match definition {
            TypeDefinition::Scalar(of) => self.part(Kind::Scalar, of.name, of.position),
            TypeDefinition::Enum(of) => self.part(Kind::Enum, of.name, of.position),
            TypeDefinition::Object(of) => self
                .part(Kind::Object, of.name, of.position)
                .with_implements(self, &of.implements_interfaces)
                .with_fields(self, &of.fields),
            TypeDefinition::Interface(of) => self
                .part(Kind::Interface, of.name, of.position)
                .with_implements(self, &of.implements_interfaces)
                .with_fields(self, &of.fields),
            TypeDefinition::Union(of) => {
                self.part(Kind::Union, of.name, of.position).with_members(self, &of.types)
            }
            TypeDefinition::InputObject(of) => {
                self.part(Kind::Input, of.name, of.position).with_inputs(self, &of.fields)
            }
        }
    }

    fn extension(&self, extension: TypeExtension<'a, &'a str>) -> TypeSource {
        match extension {
            TypeExtension::Scalar(of) => self.part(Kind::Scalar, of.name, of.position),
            TypeExtension::Enum(of) => self.part(Kind::Enum, of.name, of.position),
            TypeExtension::Object(of) => self
                .part(Kind::Object, of.name, of.position)
                .with_implements(self, &of.implements_interfaces)
                .with_fields(self, &of.fields),
            TypeExtension::Interface(of) => self
                .part(Kind::Interface, of.name, of.position)
                .with_implements(self, &of.implements_interfaces)
                .with_fields(self, &of.fields),
            TypeExtension::Union(of) => {
                self.part(Kind::Union, of.name, of.position).with_members(self, &of.types)
            }
            TypeExtension::InputObject(of) => {
                self.part(Kind::Input, of.name, of.position).with_inputs(self, &of.fields)
            }
        }
    }

    fn part(&self, kind: Kind, name: &str, position: Pos) -> TypeSource {
        let at = self.at(position);
        // The keyword comes first, and may be the name too: `type type { .. }`.
        let keyword = self.masked.get(at..).unwrap_or_default();
        let length = keyword.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(0);
        let name = self.locate_text(name, at + length);
        let (implements, fields, members) = (Vec::new(), Vec::new(), Vec::new());
        TypeSource { kind, name, implements, fields, members }
    }

    fn field(&self, name: &str, position: Pos, of: &Type<'a, &'a str>) -> FieldSource {
        let name = self.locate_text(name, self.at(position));
        let after = text::after_parentheses(self.masked, name.place.start() + name.place.length());
        let of = self.locate_text(named(of), after);
        FieldSource { name, of, arguments: Vec::new() }
    }

    fn input(&self, of: &InputValue<'a, &'a str>) -> FieldSource {
        self.field(of.name, of.position, &of.value_type)
    }

    fn at(&self, position: Pos) -> usize {
        self.file.offset(position.line, position.column)
    }

    fn locate(&self, name: &str, from: usize) -> (Place, usize) {
        let (start, end) = text::find_name(self.masked, name, from).unwrap_or((from, from));
        (self.file.place(start, end), end)
    }

    fn locate_text(&self, name: &str, from: usize) -> Text {
        Text { text: name.to_owned(), place: self.locate(name, from).0 }
    }
}

impl TypeSource {
    fn end_of_name(&self) -> usize {
        self.name.place.start() + self.name.place.length()
    }

    fn with_implements(mut self, reader: &Reader<'_>, names: &[&str]) -> Self {
        let from = self.end_of_name();
        self.implements = names.iter().map(|name| reader.locate_text(name, from)).collect();
        self
    }

    fn with_members(mut self, reader: &Reader<'_>, names: &[&str]) -> Self {
        let from = self.end_of_name();
        self.members = names.iter().map(|name| reader.locate_text(name, from)).collect();
        self
    }

    fn with_fields<'a>(mut self, reader: &Reader<'a>, fields: &[Field<'a, &'a str>]) -> Self {
        let fields = fields.iter().map(|field| FieldSource {
            arguments: field.arguments.iter().map(|one| reader.input(one)).collect(),
            ..reader.field(field.name, field.position, &field.field_type)
        });
        self.fields = fields.collect();
        self
    }

    fn with_inputs<'a>(mut self, reader: &Reader<'a>, fields: &[InputValue<'a, &'a str>]) -> Self {
        self.fields = fields.iter().map(|one| reader.input(one)).collect();
        self
    }
}

impl FieldSource {
    /// Whether both have one name and the same types and arguments, as far as they are read.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&Self, &Self)| one.says_the_same_as(other);
        self.name.text == other.name.text
            && self.of.text == other.of.text
            && self.arguments.len() == other.arguments.len()
            && self.arguments.iter().zip(&other.arguments).all(same)
    }
}

impl Kind {
    /// In the words of messages.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::Input => "an input object",
        }
    }
}

/// The named type under lists and non-null. The parser bounds their nesting.
fn named<'a>(of: &Type<'a, &'a str>) -> &'a str {
    let mut of = of;
    loop {
        match of {
            Type::NamedType(name) => return name,
            Type::ListType(inner) | Type::NonNullType(inner) => of = inner,
        }
    }
}

/// The parser's message is some lines: `Parse error at LINE:COLUMN`, then what it met and wanted.
fn syntax_error(file: &Arc<SourceFile>, message: &str) -> Diagnostic {
    let position = message.split_once(" at ").and_then(|(_, rest)| rest.split_whitespace().next());
    let position = position.and_then(|position| position.split_once(':'));
    let at = position
        .and_then(|(line, column)| Some(file.offset(line.parse().ok()?, column.parse().ok()?)));
    let at = at.unwrap_or(0);
    let mut lines = message.lines().skip(1).map(str::trim).filter(|line| !line.is_empty());
    let met = lines.next().map(in_lower_case).unwrap_or_default();
    let wanted: Vec<String> = lines.map(in_lower_case).collect();
    let message = format!("not a schema definition: {met}");
    let error = Diagnostic::error(Code::SdlSyntax, &file.place(at, at), message);
    error.maybe_help((!wanted.is_empty()).then(|| wanted.join(", ")))
}

/// The parser's line without a capital, and without the kind of token that it adds.
fn in_lower_case(line: &str) -> String {
    const KINDS: [&str; 6] =
        ["Punctuator", "Name", "IntValue", "FloatValue", "StringValue", "BlockString"];
    let mut chars = line.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_lowercase).collect();
    let text = first + chars.as_str();
    // It says "unexpected" twice where its lexer has said so before.
    let text = ["unexpected ", "unterminated "]
        .iter()
        .fold(text, |text, word| text.replacen(&format!("unexpected {word}"), word, 1));
    KINDS.iter().fold(text, |text, kind| text.replace(&format!("[{kind}]"), ""))
}
