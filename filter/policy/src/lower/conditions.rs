//! The conditions of roles and rules, read and checked against what they are for.

use std::collections::BTreeMap;

use fieldgate_core::policy::condition::{Expression, Node};
use fieldgate_core::policy::rules::ConditionId;
use fieldgate_core::policy::schema::{FieldId, InputId, Scalar, Schema, TypeKind, TypeRef};

use super::coordinates::{Coordinate, Coordinates};
use crate::condition::{self, Scope, Shape};
use crate::diagnostic::Findings;
use crate::policy::pattern::Kind;
use crate::policy::{PolicySource, RuleSource};
use crate::source::Text;

/// How deep the types of arguments are looked into.
const DEPTH: usize = 5;

/// Conditions by the name of their role, or the id of their rule.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    roles: BTreeMap<String, Condition>,
    rules: BTreeMap<String, Condition>,
}

/// A condition, and how it is written.
type Condition = (Expression, String);

impl Conditions {
    pub(super) fn read(
        source: &PolicySource,
        all: &Coordinates<'_>,
        findings: &mut Findings,
    ) -> Self {
        let tables: Vec<&str> =
            source.data.tables.iter().map(|(name, _)| name.text.as_str()).collect();
        let mut conditions = Self::default();
        for role in &source.roles {
            let scope = Scope::role().with_tables(tables.iter().copied());
            let texts: Vec<Text> =
                role.claims_condition().into_iter().chain(role.condition.clone()).collect();
            let read = texts.iter().filter_map(|text| condition::read(text, &scope, findings));
            let read: Vec<Expression> = read.collect();
            let written: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            if let (Some(both), true) = (both(&read), read.len() == texts.len()) {
                conditions.roles.insert(role.name.text.clone(), (both, written.join(" && ")));
            }
        }
        for rule in source.rules.iter().chain(&source.floor) {
            let Some(text) = &rule.condition else { continue };
            let scope = Scope::rule(arguments(rule, all)).with_tables(tables.iter().copied());
            let read = condition::read(text, &scope, findings);
            let read = read.map(|read| (rule.id.text.clone(), (read, text.text.clone())));
            conditions.rules.extend(read);
        }
        conditions
    }

    /// All of them, in the order of their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &Expression> {
        self.roles.values().chain(self.rules.values()).map(|(expression, _)| expression)
    }

    /// How they are written, likewise.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.roles.values().chain(self.rules.values()).map(|(_, text)| text.clone()).collect()
    }

    pub(super) fn of_role(&self, name: &str) -> Option<ConditionId> {
        number(self.roles.keys().position(|one| one == name)?)
    }

    pub(super) fn of_rule(&self, id: &str) -> Option<ConditionId> {
        number(self.roles.len() + self.rules.keys().position(|one| one == id)?)
    }
}

/// All of them have to hold. None of one cannot be built, and is not.
fn both(all: &[Expression]) -> Option<Expression> {
    let mut roots = all.iter().map(|one| one.root().clone());
    let first = roots.next()?;
    let root = roots.fold(first, |one, next| Node::And(Box::new([one, next])));
    Expression::new(root).ok()
}

fn number(at: usize) -> Option<ConditionId> {
    u32::try_from(at).ok().map(ConditionId)
}

/// The arguments that every field has that the rule is for: of an input field or an enum value it is
/// not known where it is given.
fn arguments(rule: &RuleSource, all: &Coordinates<'_>) -> BTreeMap<String, Shape> {
    let named = |kind, patterns: &[crate::policy::pattern::Pattern]| -> Vec<Coordinate> {
        patterns.iter().flat_map(|pattern| all.named(&pattern.matches, kind).1).collect()
    };
    let mut fields: Vec<FieldId> = Vec::new();
    let coordinates = named(Kind::Fields, &rule.fields).into_iter();
    for coordinate in coordinates.chain(named(Kind::Inputs, &rule.inputs)) {
        match coordinate {
            Coordinate::Field(field) | Coordinate::Input(InputId::Argument(field, _)) => {
                fields.push(field);
            }
            Coordinate::Input(InputId::Member(..) | InputId::Value(..)) => return BTreeMap::new(),
        }
    }
    let schema = all.schema();
    let mut shapes = fields.into_iter().map(|field| {
        let def = schema.field_def(field);
        let arguments = def.iter().flat_map(|def| schema.arguments(def));
        let shapes = arguments.map(|one| (one.name.to_owned(), shape(one.ty, schema, DEPTH)));
        shapes.collect::<BTreeMap<String, Shape>>()
    });
    let mut common = shapes.next().unwrap_or_default();
    for shapes in shapes {
        common.retain(|name, shape| match shapes.get(name) {
            None => false,
            Some(other) => {
                if other != shape {
                    *shape = Shape::Dyn;
                }
                true
            }
        });
    }
    common
}

fn shape(ty: TypeRef, schema: &Schema, depth: usize) -> Shape {
    let inner = match (ty.item(), schema.type_def(ty.named), depth.checked_sub(1)) {
        (_, _, None) | (None, None, _) => Shape::Dyn,
        (Some(item), _, Some(depth)) => Shape::List(Box::new(shape(item, schema, depth))),
        (None, Some(def), Some(depth)) => match def.kind {
            TypeKind::Enum => Shape::String,
            TypeKind::Scalar => match Scalar::named(def.name) {
                Scalar::String | Scalar::Id => Shape::String,
                Scalar::Boolean => Shape::Boolean,
                Scalar::Int => Shape::Int,
                Scalar::Float => Shape::Double,
                Scalar::Custom => Shape::Dyn,
            },
            TypeKind::Input | TypeKind::OneOf => {
                let members = schema.members(&def);
                let members =
                    members.map(|one| (one.name.to_owned(), shape(one.ty, schema, depth)));
                Shape::Map(members.collect())
            }
            TypeKind::Object | TypeKind::Interface | TypeKind::Union => Shape::Dyn,
        },
    };
    match (inner, ty.is_non_null()) {
        (Shape::Dyn, _) => Shape::Dyn,
        (inner, true) => inner,
        (inner, false) => Shape::Nullable(Box::new(inner)),
    }
}
