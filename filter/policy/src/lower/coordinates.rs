//! The coordinates of a schema, and which of them a pattern names.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::schema::{
    FieldDef, FieldId, InputId, Schema, TypeDef, TypeId, TypeKind,
};

use super::conditions::Conditions;
use super::requirements;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::policy::PolicySource;
use crate::policy::pattern::{Kind, Matches, Part, Pattern};
use crate::schema::SchemaSource;
use crate::schema::document::{Document, Marks};
use crate::suggest::did_you_mean;

/// What a rule can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coordinate {
    Field(FieldId),
    Input(InputId),
}

/// How a pattern names a coordinate, from the most specific to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    Exact,
    Owner,
    Name,
    Tag,
    All,
}

pub(super) struct Coordinates<'a> {
    schema: &'a Schema,
    /// The interfaces of each object type.
    interfaces: BTreeMap<TypeId, Vec<TypeId>>,
    tags: BTreeMap<String, BTreeSet<Coordinate>>,
}

impl<'a> Coordinates<'a> {
    pub(super) fn new(source: &'a SchemaSource) -> Self {
        let SchemaSource { schema, document } = source;
        let mut interfaces: BTreeMap<TypeId, Vec<TypeId>> = BTreeMap::new();
        for (id, def) in schema.types().filter(|(_, def)| def.kind == TypeKind::Interface) {
            for object in def.possible {
                interfaces.entry(*object).or_default().push(id);
            }
        }
        let mut all = Self { schema, interfaces, tags: BTreeMap::new() };
        let tagged: Vec<(String, Coordinate)> = all.tagged(document).collect();
        for (tag, coordinate) in tagged {
            all.tags.entry(tag).or_default().insert(coordinate);
        }
        all
    }

    pub(super) fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// Every field with its type, in the order of the schema.
    pub(super) fn fields(&self) -> impl Iterator<Item = (FieldId, TypeDef<'a>)> + use<'a> {
        self.schema.types().flat_map(|(_, def)| def.fields().map(move |id| (id, def.clone())))
    }

    /// Every input, sorted.
    pub(super) fn inputs(&self) -> impl Iterator<Item = InputId> + use<'a> {
        let schema = self.schema;
        let arguments = self.fields().flat_map(|(id, _)| {
            let count = schema.field_def(id).map_or(0, |field| schema.arguments(&field).count());
            (0..).take(count).map(move |at| InputId::Argument(id, at))
        });
        let members = schema.types().flat_map(|(id, def)| {
            (0..).take(schema.members(&def).count()).map(move |at| InputId::Member(id, at))
        });
        let values = schema.types().flat_map(|(id, def)| {
            (0..).take(schema.values(&def).count()).map(move |at| InputId::Value(id, at))
        });
        arguments.chain(members).chain(values)
    }

    /// A coordinate and those that it implements: rules on all of them speak of it. An interface
    /// speaks for itself alone: what it inherits is decided on the object types that it can be.
    pub(super) fn sources(&self, of: Coordinate) -> Vec<Coordinate> {
        let field = match of {
            Coordinate::Field(field) | Coordinate::Input(InputId::Argument(field, _)) => field,
            Coordinate::Input(InputId::Member(..) | InputId::Value(..)) => return vec![of],
        };
        let mut sources = vec![of];
        for declared in self.declared(field) {
            match of {
                Coordinate::Input(InputId::Argument(_, at)) => {
                    sources.extend(self.same_argument(field, at, declared));
                }
                Coordinate::Field(_) | Coordinate::Input(_) => {
                    sources.push(Coordinate::Field(declared));
                }
            }
        }
        sources
    }

    /// The field on every interface of its object type that declares it.
    fn declared(&self, field: FieldId) -> impl Iterator<Item = FieldId> + use<'_, 'a> {
        let parent = self.parent(field);
        let name = self.schema.field_def(field).map(|def| def.name);
        let interfaces = parent.and_then(|(id, _)| self.interfaces.get(&id)).into_iter().flatten();
        interfaces.filter_map(move |interface| self.schema.field_named(*interface, name?))
    }

    fn same_argument(&self, field: FieldId, at: u32, on: FieldId) -> Option<Coordinate> {
        let own = self.schema.field_def(field)?;
        let name = self.schema.arguments(&own).find(|argument| argument.at == at)?.name;
        let other = self.schema.argument(&self.schema.field_def(on)?, name)?;
        Some(Coordinate::Input(InputId::Argument(on, other.at)))
    }

    /// The type that a field is of.
    pub(super) fn parent(&self, field: FieldId) -> Option<(TypeId, TypeDef<'a>)> {
        self.schema.parent(field).and_then(|id| Some((id, self.schema.type_def(id)?)))
    }

    fn tagged(&self, document: &Document) -> impl Iterator<Item = (String, Coordinate)> {
        let mut tagged = Vec::new();
        let mut add = |marks: [Option<&Marks>; 2], coordinate: Coordinate| {
            let tags = marks.into_iter().flatten().flat_map(|marks| &marks.tags);
            tagged.extend(tags.map(|tag| (tag.text.clone(), coordinate)));
        };
        for (of, def) in self.schema.types() {
            let whole = document.marks_of_type(def.name);
            for (id, field) in fields_of(self.schema, &def) {
                let marks = document.marks_of_field(def.name, field.name);
                add([whole, marks], Coordinate::Field(id));
                for argument in self.schema.arguments(&field) {
                    let marks = document.marks_of_argument(def.name, field.name, argument.name);
                    let input = InputId::Argument(id, argument.at);
                    add([marks, None], Coordinate::Input(input));
                }
            }
            for member in self.schema.members(&def) {
                let marks = document.marks_of_input(def.name, member.name);
                add([whole, marks], Coordinate::Input(InputId::Member(of, member.at)));
            }
            for (value, at) in self.schema.values(&def).zip(0..) {
                let marks = document.marks_of_input(def.name, value);
                add([whole, marks], Coordinate::Input(InputId::Value(of, at)));
            }
        }
        tagged.into_iter()
    }

    /// The coordinates that a pattern names.
    pub(super) fn named(&self, matches: &Matches, kind: Kind) -> (Tier, Vec<Coordinate>) {
        let is_of_kind = |one: &Coordinate| match (one, kind) {
            (Coordinate::Field(_), Kind::Fields) | (Coordinate::Input(_), Kind::Inputs) => true,
            (Coordinate::Field(_), Kind::Inputs) | (Coordinate::Input(_), Kind::Fields) => false,
        };
        match matches {
            Matches::Tag(tag) => {
                let tagged = self.tags.get(tag).into_iter().flatten().copied();
                (Tier::Tag, tagged.filter(is_of_kind).collect())
            }
            Matches::Of(of, member) => {
                let tier = match (of.is_any(), member.is_any()) {
                    (false, false) => Tier::Exact,
                    (false, true) => Tier::Owner,
                    (true, false) => Tier::Name,
                    (true, true) => Tier::All,
                };
                let types = self.types(of);
                let found = types.flat_map(|(id, def)| match kind {
                    Kind::Fields => self.fields_named(id, &def, member),
                    Kind::Inputs => self.members_named(id, &def, member),
                });
                (tier, found.collect())
            }
            Matches::Argument(of, field, argument) => {
                // Of any field's arguments nothing is as specific as of one's.
                let tier = match (of.is_any() || field.is_any(), argument.is_any()) {
                    (false, false) => Tier::Exact,
                    (false, true) => Tier::Owner,
                    (true, false) => Tier::Name,
                    (true, true) => Tier::All,
                };
                let fields =
                    self.types(of).flat_map(|(id, def)| self.fields_named(id, &def, field));
                (tier, fields.flat_map(|field| self.arguments_named(field, argument)).collect())
            }
        }
    }

    fn types(&self, of: &Part) -> impl Iterator<Item = (TypeId, TypeDef<'a>)> + use<'a> {
        let found: Vec<(TypeId, TypeDef<'a>)> = match of {
            Part::Name(name) => find_type(self.schema, name).into_iter().collect(),
            Part::Any | Part::Glob(_) => {
                self.schema.types().filter(|(_, def)| of.matches(def.name)).collect()
            }
        };
        found.into_iter()
    }

    fn fields_named(&self, of: TypeId, def: &TypeDef<'_>, field: &Part) -> Vec<Coordinate> {
        match field {
            Part::Name(name) => {
                self.schema.field_named(of, name).map(Coordinate::Field).into_iter().collect()
            }
            Part::Any | Part::Glob(_) => {
                let named = fields_of(self.schema, def).filter(|(_, def)| field.matches(def.name));
                named.map(|(id, _)| Coordinate::Field(id)).collect()
            }
        }
    }

    fn members_named(&self, of: TypeId, def: &TypeDef<'a>, part: &Part) -> Vec<Coordinate> {
        let members = self.schema.members(def).filter(|member| part.matches(member.name));
        let members = members.map(|member| InputId::Member(of, member.at));
        let values = self.schema.values(def).zip(0..).filter(|(value, _)| part.matches(value));
        let values = values.map(|(_, at)| InputId::Value(of, at));
        members.chain(values).map(Coordinate::Input).collect()
    }

    fn arguments_named(&self, field: Coordinate, argument: &Part) -> Vec<Coordinate> {
        let Coordinate::Field(id) = field else { return Vec::new() };
        let Some(def) = self.schema.field_def(id) else { return Vec::new() };
        let named = self.schema.arguments(&def).filter(|one| argument.matches(one.name));
        named.map(|one| Coordinate::Input(InputId::Argument(id, one.at))).collect()
    }
}

/// Adds a finding for whatever does not fit the schema, and gives the conditions of the policy.
pub fn check(source: &PolicySource, schema: &SchemaSource, findings: &mut Findings) -> Conditions {
    let all = Coordinates::new(schema);
    requirements::check(source, &schema.document, findings);
    for rule in &source.rules {
        let patterns = rule.fields.iter().map(|one| (Kind::Fields, one));
        for (kind, Pattern { matches, place }) in
            patterns.chain(rule.inputs.iter().map(|one| (Kind::Inputs, one)))
        {
            if !all.named(matches, kind).1.is_empty() {
                continue;
            }
            findings.add(match unknown(matches, kind, &all) {
                Some((code, message, help)) => {
                    Diagnostic::error(code, place, message).maybe_help(help)
                }
                None => {
                    let message = format!("`{matches}` matches nothing in the schema");
                    let help = "remove it, or correct what it should match";
                    Diagnostic::warning(Code::UnmatchedPattern, place, message).help(help)
                }
            });
        }
    }
    for of in &source.types {
        match find_type(&schema.schema, &of.name.text) {
            Some((_, def)) if def.kind.is_output() && !def.kind.is_leaf() => {}
            Some(_) => {
                let message =
                    format!("`{}` is not a type that fields are selected from", of.name.text);
                let help = "name an object type, an interface or a union";
                let finding = Diagnostic::error(Code::UnknownType, &of.name.place, message);
                findings.add(finding.help(help));
            }
            None => {
                let (code, message, help) = unknown_type(&of.name.text, &schema.schema);
                let finding = Diagnostic::error(code, &of.name.place, message);
                findings.add(finding.maybe_help(help));
            }
        }
    }
    for (of, _) in &source.abstracts.types {
        let (code, message, help) = match find_type(&schema.schema, &of.text) {
            Some((_, def)) if is_abstract(def.kind) => continue,
            Some(_) => {
                let help = "what it returns is of one type: name an interface or a union";
                let message = format!("`{}` is neither an interface nor a union", of.text);
                (Code::UnknownType, message, Some(help.to_owned()))
            }
            None => unknown_type(&of.text, &schema.schema),
        };
        findings.add(Diagnostic::error(code, &of.place, message).maybe_help(help));
    }
    Conditions::read(source, &all, findings)
}

/// Whether it can be more than one object type.
pub(super) const fn is_abstract(kind: TypeKind) -> bool {
    matches!(kind, TypeKind::Interface | TypeKind::Union)
}

type Problem = (Code, String, Option<String>);

/// What is wrong with a pattern that names nothing; none for one that says itself that it looks
/// for something.
fn unknown(matches: &Matches, kind: Kind, all: &Coordinates<'_>) -> Option<Problem> {
    let schema = all.schema;
    let (of, member) = match matches {
        Matches::Tag(_) => return None,
        Matches::Of(of, member) => (of, member),
        Matches::Argument(of, field, argument) => {
            return unknown_argument(of, field, argument, all);
        }
    };
    match (of, member) {
        (Part::Name(name), member) => {
            let Some((id, def)) = find_type(schema, name) else {
                return Some(unknown_type(name, schema));
            };
            let any = |part: &Part| match kind {
                Kind::Fields => all.fields_named(id, &def, part),
                Kind::Inputs => all.members_named(id, &def, part),
            };
            if any(&Part::Any).is_empty() {
                let (message, help) = match kind {
                    Kind::Fields => ("has no fields of its own", "name the object types instead"),
                    Kind::Inputs => (
                        "is neither an input object nor an enum",
                        "of a field the arguments are inputs: `Type.field(argument:)`",
                    ),
                };
                let message = format!("`{name}` {message}");
                return Some((Code::UnknownField, message, Some(help.to_owned())));
            }
            let Part::Name(member) = member else { return None };
            let names = member_names(schema, &def, kind);
            let what = if kind == Kind::Fields { "field" } else { "field or value" };
            let message = format!("type `{name}` has no {what} `{member}`");
            Some((Code::UnknownField, message, did_you_mean(member, names)))
        }
        (Part::Any, Part::Name(member)) => {
            let types = schema.types();
            let names: Vec<&str> =
                types.flat_map(|(_, def)| member_names(schema, &def, kind)).collect();
            let message = match kind {
                Kind::Fields => format!("no type has a field `{member}`"),
                Kind::Inputs => format!("no input object or enum has `{member}`"),
            };
            Some((Code::UnknownField, message, did_you_mean(member, names)))
        }
        (Part::Any, Part::Any | Part::Glob(_)) | (Part::Glob(_), _) => None,
    }
}

fn unknown_argument(
    of: &Part,
    field: &Part,
    argument: &Part,
    all: &Coordinates<'_>,
) -> Option<Problem> {
    let (Part::Name(of), Part::Name(field)) = (of, field) else { return None };
    let as_field = Matches::Of(Part::Name(of.clone()), Part::Name(field.clone()));
    let (_, found) = all.named(&as_field, Kind::Fields);
    let Some(Coordinate::Field(id)) = found.first() else {
        return unknown(&as_field, Kind::Fields, all);
    };
    let Part::Name(argument) = argument else { return None };
    let def = all.schema.field_def(*id)?;
    let names = all.schema.arguments(&def).map(|one| one.name);
    let message = format!("`{of}.{field}` has no argument `{argument}`");
    Some((Code::UnknownField, message, did_you_mean(argument, names)))
}

fn unknown_type(name: &str, schema: &Schema) -> Problem {
    let names = schema.types().map(|(_, def)| def.name);
    let message = format!("unknown type `{name}`");
    (Code::UnknownType, message, did_you_mean(name, names))
}

fn member_names<'a>(schema: &'a Schema, def: &TypeDef<'a>, kind: Kind) -> Vec<&'a str> {
    match kind {
        Kind::Fields => fields_of(schema, def).map(|(_, def)| def.name).collect(),
        Kind::Inputs => schema.members(def).map(|one| one.name).chain(schema.values(def)).collect(),
    }
}

pub(super) fn find_type<'a>(schema: &'a Schema, name: &str) -> Option<(TypeId, TypeDef<'a>)> {
    let id = schema.type_named(name)?;
    Some((id, schema.type_def(id)?))
}

pub(super) fn fields_of<'a>(
    schema: &'a Schema,
    def: &TypeDef<'_>,
) -> impl Iterator<Item = (FieldId, FieldDef<'a>)> + Clone + use<'a> {
    def.fields().filter_map(|id| Some((id, schema.field_def(id)?)))
}
