//! The variables of an operation, and what a request gives for them: CoerceVariableValues (GraphQL
//! spec 6.1.2) as far as a decision rests on it. Values are not changed: what is forwarded is what
//! was sent, and it fits.

use std::borrow::Cow;

use crate::denial::Reason;
use crate::document::{Items, Span, TypeReference, Value, ValueKind};
use crate::json::Json;
use crate::policy::Policy;
use crate::policy::schema::{InputId, Scalar, Schema, TypeDef, TypeId, TypeKind, TypeRef};

use super::literal::Noted;
use super::{PathId, Plan, Presence, Target, Use};

/// A position in [`Plan::variables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableId(usize);

/// A variable as defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Where its name stands in the document, without `$`.
    pub name: Span,
    /// Its type; none if the schema has no such input type.
    pub ty: Option<TypeRef>,
    /// Whether it has a default.
    pub default: DefaultValue,
    /// Where it is defined, for records.
    pub at: PathId,
}

/// A default value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// There is none.
    None,
    /// It is null.
    Null,
    /// It is another one.
    Value,
}

/// What a request gives for a plan's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    values: Vec<Supply>,
    /// The inputs with a rule in the values, and what is wrong with the values.
    pub uses: Vec<Use>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supply {
    Given,
    Defaulted,
    Absent,
}

impl VariableId {
    pub(super) const fn new(at: usize) -> Self {
        Self(at)
    }

    pub(super) const fn position(self) -> usize {
        self.0
    }
}

impl DefaultValue {
    pub(super) fn of(value: Option<&Value<'_>>) -> Self {
        match value.map(|value| &value.kind) {
            None => Self::None,
            Some(ValueKind::Null) => Self::Null,
            Some(_) => Self::Value,
        }
    }

    pub(super) fn is_value(self) -> bool {
        self == Self::Value
    }
}

/// The type that a variable has (spec 5.8.2).
pub(super) fn type_of(reference: &TypeReference<'_>, schema: &Schema) -> Option<TypeRef> {
    let TypeReference { span: _, name, non_null, wrappers } = reference;
    let named = schema.type_named(name.text)?;
    schema.kind(named).filter(|kind| kind.is_input())?;
    let with = |ty: TypeRef, non_null| if non_null { ty.non_null() } else { ty };
    let mut ty = TypeRef::to(named);
    for items in wrappers.iter().rev() {
        ty = with(ty, *items == Items::NonNull).list()?;
    }
    Some(with(ty, *non_null))
}

impl Supplied {
    /// Judges what the request has for each variable.
    #[must_use]
    pub fn new<'j>(
        plan: &Plan,
        policy: &Policy,
        source: &str,
        given: &dyn Fn(&str) -> Option<&'j Json<'j>>,
    ) -> Self {
        let (mut values, mut uses) = (Vec::with_capacity(plan.variables.len()), Vec::new());
        for Variable { name, ty, default, at } in &plan.variables {
            let value = name.text(source).and_then(given);
            let Some(ty) = *ty else {
                // It is denied where it is defined.
                values.push(Supply::Absent);
                continue;
            };
            let noted = Noted::default();
            let mut reading = Reading { policy, at: *at, uses: &mut uses, noted };
            values.push(match (value, default) {
                (Some(value), _) => {
                    reading.value(value, ty);
                    Supply::Given
                }
                (None, DefaultValue::Null | DefaultValue::Value) => Supply::Defaulted,
                (None, DefaultValue::None) => {
                    if ty.is_non_null() {
                        reading.invalid();
                    }
                    Supply::Absent
                }
            });
        }
        Self { values, uses }
    }

    /// Whether a use is there in this request. What is not known of is.
    #[must_use]
    pub fn has(&self, presence: Presence) -> bool {
        let of = |VariableId(at): VariableId| self.values.get(at);
        match presence {
            Presence::Always => true,
            Presence::Given(id) => of(id) != Some(&Supply::Absent),
            Presence::Defaulted(id) => of(id).is_none_or(|supply| *supply == Supply::Defaulted),
        }
    }
}

struct Reading<'r> {
    policy: &'r Policy,
    at: PathId,
    uses: &'r mut Vec<Use>,
    noted: Noted,
}

impl Reading<'_> {
    /// As deep as the request's values were let be.
    fn value(&mut self, value: &Json<'_>, ty: TypeRef) {
        match (value, ty.item()) {
            (Json::Null, _) => {
                if ty.is_non_null() {
                    self.invalid();
                }
            }
            (Json::Array(items), Some(item)) => {
                items.iter().for_each(|one| self.value(one, item));
            }
            (_, Some(item)) => self.value(value, item),
            (_, None) => self.named(value, ty.named),
        }
    }

    fn named(&mut self, value: &Json<'_>, id: TypeId) {
        let policy = self.policy;
        let Some(def) = policy.schema().type_def(id) else { return self.invalid() };
        match (def.kind, value) {
            (TypeKind::Scalar, _) if is_scalar(value, def.name) => {}
            (TypeKind::Enum, Json::String(name)) => match policy.schema().value(&def, name) {
                Some(at) => self.note(InputId::Value(id, at)),
                None => self.fault(Reason::UnknownEnumValue),
            },
            (TypeKind::Input | TypeKind::OneOf, Json::Object(members)) => {
                self.members(members, id, &def);
            }
            (
                TypeKind::Scalar
                | TypeKind::Enum
                | TypeKind::Input
                | TypeKind::OneOf
                | TypeKind::Object
                | TypeKind::Interface
                | TypeKind::Union,
                _,
            ) => self.invalid(),
        }
    }

    fn members(&mut self, members: &[(Cow<'_, str>, Json<'_>)], id: TypeId, def: &TypeDef<'_>) {
        let policy = self.policy;
        let schema = policy.schema();
        for (name, value) in members {
            match schema.member(def, name) {
                None => self.fault(Reason::UnknownInputField),
                Some(member) => {
                    self.note(InputId::Member(id, member.at));
                    self.value(value, member.ty);
                }
            }
        }
        let is_given = |name: &str| members.iter().any(|(given, _)| given == name);
        if schema.members(def).any(|member| member.is_required() && !is_given(member.name)) {
            self.fault(Reason::VariableValue);
        }
        // Exactly one, and not null (spec 3.10.1).
        let is_one = matches!(members, [(_, value)] if *value != Json::Null);
        if def.kind == TypeKind::OneOf && !is_one {
            self.invalid();
        }
    }

    fn note(&mut self, input: InputId) {
        if self.policy.input_access(input).is_some() && self.noted.input(input, Presence::Always) {
            self.push(Target::Input(input));
        }
    }

    fn invalid(&mut self) {
        self.fault(Reason::VariableValue);
    }

    fn fault(&mut self, reason: Reason) {
        if self.noted.fault() {
            self.push(Target::Unknown { reason, parent: None });
        }
    }

    fn push(&mut self, target: Target) {
        let (at, condition, presence, occurrence) = (self.at, None, Presence::Always, None);
        self.uses.push(Use { target, at, condition, presence, occurrence });
    }
}

/// The largest integer up to which each is a double.
const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Whether a value is one of the scalar (spec 3.5, Input Coercion of each).
fn is_scalar(value: &Json<'_>, name: &str) -> bool {
    match Scalar::named(name) {
        Scalar::Int => {
            value.as_number().is_some_and(|number| match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => i32::try_from(int).is_ok(),
                // 1.0 is one, as it is for JSON readers that have no integers.
                (None, Some(float)) => {
                    float.fract() == 0.0
                        && float >= f64::from(i32::MIN)
                        && float <= f64::from(i32::MAX)
                }
                (None, None) => false,
            })
        }
        Scalar::Float => value.as_number().is_some(),
        Scalar::String => value.as_str().is_some(),
        Scalar::Boolean => matches!(value, Json::Bool(_)),
        Scalar::Id => {
            // A larger one is another number to a server that has doubles alone.
            let is_safe = |number: &serde_json::Number| {
                number.as_i64().is_some_and(|int| int.unsigned_abs() <= SAFE_INTEGER)
            };
            value.as_str().is_some() || value.as_number().is_some_and(is_safe)
        }
        Scalar::Custom => true,
    }
}
