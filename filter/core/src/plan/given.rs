//! What an occurrence of a field is given, for conditions: its coerced arguments (GraphQL spec 6.4.1,
//! CoerceArgumentValues), as a CEL map.
//!
//! A plan keeps literals as they are written and the numbers of variables; what a request has for
//! those is put in when a condition asks. An argument without a value and without a default is not
//! there. An ID is a text, an enum value too, and a value where a list is expected is a list of it.
//! A value that is made costs a step, so that a large one cannot be made for each of many fields.

use std::borrow::Cow;
use std::cell::Cell;

use crate::document::{Argument, Field, ObjectField, Value as Written, ValueKind};
use crate::json::{Json, MAX_DEPTH};
use crate::limits::NESTING;
use crate::policy::condition::{Arguments, Value};
use crate::policy::schema::{FieldId, InputDef, Scalar, Schema, TypeKind, TypeRef};

use super::Plan;
use super::arguments::Names;
use super::variables::VariableId;

/// A position in [`Plan::occurrences`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OccurrenceId(pub(super) usize);

/// A field where it is asked for, with what it is given there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The field on the type that it is validated on.
    pub(super) field: FieldId,
    pub(super) arguments: Vec<(Box<str>, Literal)>,
}

/// A literal, without the document that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(Box<str>),
    /// A string, or an enum value.
    Text(Box<str>),
    List(Vec<Literal>),
    Object(Vec<(Box<str>, Literal)>),
    Variable(VariableId),
}

impl Occurrence {
    pub(super) fn new(
        field: FieldId,
        written: &Field<'_>,
        names: &Names<'_, '_>,
        source: &str,
    ) -> Self {
        let argument =
            |given: &Argument<'_>| (given.name.text.into(), literal(&given.value, names, source));
        Self { field, arguments: written.arguments.iter().map(argument).collect() }
    }
}

impl Occurrence {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(bytes_of(&self.arguments))
    }
}

fn bytes_of(members: &[(Box<str>, Literal)]) -> usize {
    let bytes = |(name, value): &(Box<str>, Literal)| {
        name.len().saturating_add(size_of::<Box<str>>()).saturating_add(value.bytes())
    };
    members.iter().map(bytes).fold(0, usize::saturating_add)
}

impl Literal {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let inner = match self {
            Self::Null | Self::Boolean(_) | Self::Variable(_) => 0,
            Self::Number(text) | Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::bytes).fold(0, usize::saturating_add),
            Self::Object(members) => bytes_of(members),
        };
        inner.saturating_add(size_of::<Self>())
    }
}

/// As deep as the document's reader let it be.
pub(super) fn literal(value: &Written<'_>, names: &Names<'_, '_>, source: &str) -> Literal {
    let text = || value.span.text(source).unwrap_or_default();
    match &value.kind {
        // One that is not defined has been refused.
        ValueKind::Variable(name) => names
            .position(name.text)
            .map_or(Literal::Null, |at| Literal::Variable(VariableId::new(at))),
        ValueKind::Int | ValueKind::Float => Literal::Number(text().into()),
        ValueKind::String | ValueKind::BlockString => {
            Literal::Text(value.string(source).unwrap_or_default().into())
        }
        ValueKind::Boolean(value) => Literal::Boolean(*value),
        ValueKind::Null => Literal::Null,
        ValueKind::Enum => Literal::Text(text().into()),
        ValueKind::List(items) => {
            Literal::List(items.iter().map(|one| literal(one, names, source)).collect())
        }
        ValueKind::Object(members) => {
            let member = |ObjectField { name, value, .. }: &ObjectField<'_>| {
                (name.text.into(), literal(value, names, source))
            };
            Literal::Object(members.iter().map(member).collect())
        }
    }
}

/// What coercion looks at: the plan, the schema, and what the request has for each variable.
#[derive(Clone, Copy, Debug)]
pub struct Coercion<'c> {
    /// The plan.
    pub plan: &'c Plan,
    /// The schema that it was made with.
    pub schema: &'c Schema,
    /// What the request has for each of the plan's variables.
    pub given: &'c [Option<&'c Json<'c>>],
    /// The steps that are left: each value takes one.
    pub left: &'c Cell<u32>,
}

/// Bytes or entries that are passed by in a step.
const IN_A_STEP: usize = 16;

impl<'c> Coercion<'c> {
    /// The field of which an occurrence has the arguments, where it is asked for on an object type:
    /// that one's, if it has other defaults than the field on the interface, as it is executed (spec
    /// 6.4.1); or else the one that it is validated by, which stands for all.
    #[must_use]
    pub fn field(self, occurrence: OccurrenceId, on_object: FieldId) -> Option<FieldId> {
        let OccurrenceId(at) = occurrence;
        let Occurrence { field, .. } = self.plan.occurrences.get(at)?;
        if *field == on_object {
            return Some(on_object);
        }
        let (own, validated) = (self.schema.field_def(on_object)?, self.schema.field_def(*field)?);
        let same = self.schema.arguments(&own).all(|argument| {
            // Where the steps end, nothing is the same: there are none to make arguments with.
            let enough = self.spend(1).is_some();
            let other = self.schema.argument(&validated, argument.name);
            enough && argument.default == other.and_then(|other| other.default)
        });
        Some(if same { *field } else { on_object })
    }

    /// The arguments of an occurrence that are looked at, with the defaults of `field`, as a map; none
    /// for an occurrence of another plan, and if there are too few steps.
    #[must_use]
    pub fn arguments(
        self,
        occurrence: OccurrenceId,
        field: FieldId,
        wanted: &Arguments,
    ) -> Option<Value<'c>> {
        let OccurrenceId(at) = occurrence;
        let Occurrence { arguments, .. } = self.plan.occurrences.get(at)?;
        let definition = self.schema.field_def(field)?;
        let mut entries = Vec::new();
        for argument in self.schema.arguments(&definition) {
            self.spend(1)?;
            if !wanted.contains(argument.name) {
                continue;
            }
            let given = arguments.iter().find(|(name, _)| **name == *argument.name);
            let value = given.and_then(|(_, given)| self.literal(given, argument.ty, 0));
            let value = value.or_else(|| self.default(&argument, 0));
            entries.extend(value.map(|value| (Value::text(argument.name), value)));
        }
        // What was made without steps is not whole.
        (self.left.get() > 0).then_some(Value::Map(entries))
    }

    fn spend(self, steps: usize) -> Option<()> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.left.get().checked_sub(steps));
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    fn enter(self, depth: u32) -> Option<u32> {
        self.spend(1)?;
        depth.checked_add(1).filter(|depth| *depth <= NESTING)
    }

    /// None for a variable that has no value.
    fn literal(self, literal: &'c Literal, ty: TypeRef, depth: u32) -> Option<Value<'c>> {
        let depth = self.enter(depth)?;
        match (literal, ty.item()) {
            (Literal::Variable(id), _) => self.variable(*id, depth),
            (Literal::Null, _) => Some(Value::Null),
            (Literal::List(items), Some(item)) => {
                let items = items.iter();
                // A list holds null where its variable has no value (spec 6.4.1).
                let items = items.map(|one| self.literal(one, item, depth).unwrap_or(Value::Null));
                Some(Value::List(items.collect()))
            }
            (_, Some(item)) => Some(Value::List(vec![self.literal(literal, item, depth)?])),
            (Literal::Object(members), None) => {
                let object = self.object(ty, depth, members.len(), |name| {
                    let given = members.iter().find(|(given, _)| **given == *name);
                    given.map(|(_, value)| move |ty, depth| self.literal(value, ty, depth))
                });
                // Or else it is a scalar of the server's own.
                let any = |(name, value): &'c (Box<str>, Literal)| {
                    Some((Value::text(name), self.literal(value, ty, depth)?))
                };
                Some(object.unwrap_or_else(|| Value::Map(members.iter().filter_map(any).collect())))
            }
            (Literal::List(items), None) => {
                let items = items.iter();
                let items = items.map(|one| self.literal(one, ty, depth).unwrap_or(Value::Null));
                Some(Value::List(items.collect()))
            }
            (Literal::Boolean(value), None) => Some(Value::Bool(*value)),
            (Literal::Text(text), None) => Some(Value::text(text)),
            (Literal::Number(text), None) => Some(match self.scalar(ty) {
                Scalar::Id => Value::text(text),
                Scalar::Float => Value::Double(text.parse().unwrap_or(f64::INFINITY)),
                Scalar::Int | Scalar::String | Scalar::Boolean | Scalar::Custom => number(text),
            }),
        }
    }

    /// Of its own type (spec 6.1.2), which matters inside a scalar of the server's own.
    fn variable(self, id: VariableId, depth: u32) -> Option<Value<'c>> {
        let ty = self.plan.variables.get(id.position())?.ty?;
        if let Some(Some(json)) = self.given.get(id.position()) {
            return self.json(json, ty, depth);
        }
        let default = self.plan.defaults.get(id.position())?.as_ref()?;
        self.literal(default, ty, depth)
    }

    fn json(self, json: &'c Json<'c>, ty: TypeRef, depth: u32) -> Option<Value<'c>> {
        let depth = self.enter(depth)?;
        match (json, ty.item()) {
            (Json::Null, _) => Some(Value::Null),
            (Json::Array(items), item) => {
                let of = item.unwrap_or(ty);
                let items = items.iter().map(|one| self.json(one, of, depth));
                Some(Value::List(items.collect::<Option<Vec<Value<'c>>>>()?))
            }
            (_, Some(item)) => Some(Value::List(vec![self.json(json, item, depth)?])),
            (Json::Object(members), None) => {
                let object = self.object(ty, depth, members.len(), |name| {
                    let given = members.iter().find(|(given, _)| given == name);
                    given.map(|(_, value)| move |ty, depth| self.json(value, ty, depth))
                });
                // Or else it is a scalar of the server's own.
                let any = |(name, value): &'c (Cow<'c, str>, Json<'c>)| {
                    Some((Value::text(name), self.json(value, ty, depth)?))
                };
                let any = || members.iter().map(any).collect::<Option<_>>().map(Value::Map);
                object.or_else(any)
            }
            (Json::Number(number), None) => Some(self.json_number(number, ty)),
            (Json::Bool(_) | Json::String(_) | Json::Upload, None) => Some(Value::from(json)),
        }
    }

    /// The members of an input object in the order of its type, with its defaults; none for another
    /// type.
    fn object<F>(
        self,
        ty: TypeRef,
        depth: u32,
        count: usize,
        given: impl Fn(&str) -> Option<F>,
    ) -> Option<Value<'c>>
    where
        F: Fn(TypeRef, u32) -> Option<Value<'c>>,
    {
        let def = self.schema.type_def(ty.named)?;
        if !matches!(def.kind, TypeKind::Input | TypeKind::OneOf) {
            return None;
        }
        let mut entries = Vec::new();
        for member in self.schema.members(&def) {
            self.spend(count / IN_A_STEP)?;
            let value = given(member.name).and_then(|given| given(member.ty, depth));
            let value = value.or_else(|| self.default(&member, depth));
            entries.extend(value.map(|value| (Value::text(member.name), value)));
        }
        Some(Value::Map(entries))
    }

    /// A default value of the schema.
    fn default(self, of: &InputDef<'c>, depth: u32) -> Option<Value<'c>> {
        let text = of.default?;
        self.spend(text.len() / IN_A_STEP)?;
        let json = Json::read(text, MAX_DEPTH).ok()?;
        self.owned(json, of.ty, depth)
    }

    /// The same for a value that is nowhere else.
    fn owned(self, json: Json<'c>, ty: TypeRef, depth: u32) -> Option<Value<'c>> {
        let depth = self.enter(depth)?;
        match (json, ty.item()) {
            (Json::Null, _) => Some(Value::Null),
            (Json::Array(items), item) => {
                let of = item.unwrap_or(ty);
                let items = items.into_iter().map(|one| self.owned(one, of, depth));
                Some(Value::List(items.collect::<Option<Vec<Value<'c>>>>()?))
            }
            (json, Some(item)) => Some(Value::List(vec![self.owned(json, item, depth)?])),
            (Json::Bool(value), None) => Some(Value::Bool(value)),
            (Json::String(text), None) => Some(Value::String(text)),
            (Json::Upload, None) => Some(Value::from(&Json::Upload).into_owned()),
            (Json::Number(number), None) => Some(self.json_number(&number, ty)),
            (Json::Object(members), None) => {
                let def = self.schema.type_def(ty.named)?;
                let mut entries = Vec::new();
                if !matches!(def.kind, TypeKind::Input | TypeKind::OneOf) {
                    for (name, value) in members {
                        entries.push((Value::String(name), self.owned(value, ty, depth)?));
                    }
                    return Some(Value::Map(entries));
                }
                let mut members = members;
                for member in self.schema.members(&def) {
                    let at = members.iter().position(|(name, _)| name == member.name);
                    let given = at.map(|at| members.swap_remove(at).1);
                    let value = match given {
                        Some(given) => self.owned(given, member.ty, depth),
                        None => self.default(&member, depth),
                    };
                    entries.extend(value.map(|value| (Value::text(member.name), value)));
                }
                Some(Value::Map(entries))
            }
        }
    }

    /// An ID is a text, and a Float has a fraction, whatever they are written as.
    fn json_number(self, number: &serde_json::Number, ty: TypeRef) -> Value<'static> {
        match (self.scalar(ty), number.as_f64()) {
            (Scalar::Id, _) => Value::String(Cow::Owned(number.to_string())),
            (Scalar::Float, Some(double)) => Value::Double(double),
            (_, _) => Value::from(number),
        }
    }

    fn scalar(self, ty: TypeRef) -> Scalar {
        let def = self.schema.type_def(ty.named);
        def.map_or(Scalar::Custom, |def| Scalar::named(def.name))
    }
}

/// A number as conditions have it: whole ones are integers if they fit.
fn number(text: &str) -> Value<'static> {
    match (text.parse::<i64>(), text.parse::<u64>()) {
        (Ok(int), _) => Value::Int(int),
        (Err(_), Ok(uint)) => Value::Uint(uint),
        // INVARIANT: the grammar's numbers are Rust's. One that is too large is infinite.
        (Err(_), Err(_)) => Value::Double(text.parse().unwrap_or(f64::INFINITY)),
    }
}
