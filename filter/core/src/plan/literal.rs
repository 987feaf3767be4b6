//! A literal where a type is expected: does it fit, and which inputs with a rule does it give?
//!
//! Values of Correct Type (GraphQL spec 5.6.1), input object fields (5.6.2, 5.6.4, 3.10.1) and the
//! positions of variables (5.8.5). What does not fit is a use that nobody is granted, in its place
//! among the others: a fault is told to whoever is granted everything before it, and to nobody else.

use std::collections::BTreeSet;

use crate::denial::Reason;
use crate::document::{ObjectField, Span, Value, ValueKind};
use crate::policy::Policy;
use crate::policy::schema::{
    InputDef, InputId, Scalar, Schema, TypeDef, TypeId, TypeKind, TypeRef,
};

use super::arguments::Names;
use super::variables::{Variable, VariableId};
use super::{ConditionId, OccurrenceId, PathId, PathNode, Plan, Presence, Target, Use};

/// Where a value stands, and what it is read with.
pub(super) struct Literals<'w, 'd, 'a> {
    pub(super) policy: &'w Policy,
    pub(super) names: &'w Names<'d, 'a>,
    pub(super) plan: &'w mut Plan,
    pub(super) source: &'a str,
    /// The field that it is given to, or the variable that it is the default of.
    pub(super) at: Option<PathId>,
    pub(super) condition: Option<ConditionId>,
    pub(super) occurrence: Option<OccurrenceId>,
    /// The argument, input field or variable that has the value: what is wrong with a value is told
    /// of that name, as values are in no record.
    pub(super) holder: Span,
    pub(super) noted: Noted,
}

/// What has been noted of one value: a large one says the same many times.
#[derive(Default)]
pub(super) struct Noted {
    inputs: BTreeSet<(InputId, Presence)>,
    /// The first fault decides, and stands for all.
    is_faulty: bool,
}

impl Noted {
    /// Whether it is the first use of an input.
    pub(super) fn input(&mut self, input: InputId, presence: Presence) -> bool {
        self.inputs.insert((input, presence))
    }

    /// Whether it is the first fault.
    pub(super) fn fault(&mut self) -> bool {
        !std::mem::replace(&mut self.is_faulty, true)
    }
}

impl<'a> Literals<'_, '_, 'a> {
    /// A value for what has this type.
    pub(super) fn value(&mut self, value: &Value<'a>, of: &InputDef<'_>, presence: Presence) {
        let has_default = of.default.is_some();
        if let ValueKind::Variable(name) = &value.kind {
            self.variable(name.text, value.span, of.ty, has_default);
        } else {
            self.literal(value, of.ty, presence);
        }
    }

    /// A use of an input that has a rule.
    pub(super) fn note(&mut self, input: InputId, name: Span, presence: Presence) {
        if self.policy.input_access(input).is_some() && self.noted.input(input, presence) {
            self.push(Target::Input(input), name, presence);
        }
    }

    /// What a value's presence depends on: a variable may have none.
    pub(super) fn presence(&self, value: &Value<'_>, outer: Presence) -> Presence {
        let ValueKind::Variable(name) = &value.kind else { return outer };
        // One that is not defined has been refused.
        let at = self.names.position(name.text);
        at.map_or(outer, |at| Presence::Given(VariableId::new(at)))
    }

    pub(super) fn fault(&mut self, reason: Reason, parent: Option<TypeId>, at: Span) {
        if self.noted.fault() {
            self.push(Target::Unknown { reason, parent }, at, Presence::Always);
        }
    }

    fn push(&mut self, target: Target, name: Span, presence: Presence) {
        let at = self.plan.node(PathNode { key: name, name, parent: self.at });
        let Self { condition, occurrence, .. } = *self;
        self.plan.uses.push(Use { target, at, condition, presence, occurrence });
    }

    fn schema(&self) -> &Schema {
        self.policy.schema()
    }

    /// IsVariableUsageAllowed (spec 5.8.5).
    fn variable(&mut self, name: &str, at: Span, location: TypeRef, has_default: bool) {
        let variable = self.names.position(name).and_then(|at| self.plan.variables.get(at));
        // An undefined variable, and one of an unknown type, have been refused.
        let Some(Variable { ty: Some(ty), default, .. }) = variable else { return };
        let mut location = location;
        if location.is_non_null() && !ty.is_non_null() && (default.is_value() || has_default) {
            location = location.nullable();
        }
        if !fits(*ty, location) {
            self.fault(Reason::VariableType, None, at);
        }
    }

    fn literal(&mut self, value: &Value<'a>, ty: TypeRef, presence: Presence) {
        match &value.kind {
            ValueKind::Variable(name) => self.variable(name.text, value.span, ty, false),
            ValueKind::Null if ty.is_non_null() => self.invalid(),
            ValueKind::Null => {}
            ValueKind::List(items) => match ty.item() {
                Some(item) => items.iter().for_each(|one| self.literal(one, item, presence)),
                None => self.named(value, ty.named, presence),
            },
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String
            | ValueKind::BlockString
            | ValueKind::Boolean(_)
            | ValueKind::Enum
            | ValueKind::Object(_) => match ty.item() {
                // A value is a list of itself alone (spec 3.11, Input Coercion).
                Some(item) => self.literal(value, item, presence),
                None => self.named(value, ty.named, presence),
            },
        }
    }

    fn named(&mut self, value: &Value<'a>, id: TypeId, presence: Presence) {
        let policy = self.policy;
        let Some(def) = policy.schema().type_def(id) else { return self.invalid() };
        match def.kind {
            TypeKind::Scalar if self.is_scalar(value, def.name) => {}
            TypeKind::Enum => self.enum_value(value, id, &def, presence),
            TypeKind::Input | TypeKind::OneOf => match &value.kind {
                ValueKind::Object(members) => self.members(members, id, &def, presence),
                _ => self.invalid(),
            },
            TypeKind::Scalar | TypeKind::Object | TypeKind::Interface | TypeKind::Union => {
                self.invalid();
            }
        }
    }

    fn is_scalar(&self, value: &Value<'_>, name: &str) -> bool {
        let text = || value.span.text(self.source).unwrap_or_default();
        let is_string = matches!(value.kind, ValueKind::String | ValueKind::BlockString);
        let is_int = matches!(value.kind, ValueKind::Int);
        match Scalar::named(name) {
            Scalar::Int => is_int && text().parse::<i32>().is_ok(),
            Scalar::Float => {
                let is_number = is_int || matches!(value.kind, ValueKind::Float);
                is_number && text().parse::<f64>().is_ok_and(f64::is_finite)
            }
            Scalar::String => is_string,
            Scalar::Boolean => matches!(value.kind, ValueKind::Boolean(_)),
            // Servers see `-0`, `0` or no ID at all: graphql-js has the text, others the number.
            Scalar::Id => is_string || is_int && text() != "-0",
            Scalar::Custom => true,
        }
    }

    fn enum_value(&mut self, value: &Value<'_>, id: TypeId, def: &TypeDef<'_>, presence: Presence) {
        let name = match value.kind {
            ValueKind::Enum => value.span.text(self.source).unwrap_or_default(),
            _ => return self.invalid(),
        };
        match self.schema().value(def, name) {
            Some(at) => self.note(InputId::Value(id, at), value.span, presence),
            None => self.fault(Reason::UnknownEnumValue, Some(id), value.span),
        }
    }

    fn members(
        &mut self,
        members: &[ObjectField<'a>],
        id: TypeId,
        def: &TypeDef<'_>,
        presence: Presence,
    ) {
        let policy = self.policy;
        let schema = policy.schema();
        let outer = self.holder;
        for ObjectField { name, value, .. } in members {
            self.holder = name.span;
            let Some(member) = schema.member(def, name.text) else {
                self.fault(Reason::UnknownInputField, Some(id), name.span);
                continue;
            };
            let presence = self.presence(value, presence);
            self.note(InputId::Member(id, member.at), name.span, presence);
            if def.kind == TypeKind::OneOf {
                // Given means given: no null, and no variable that could be one or have no value.
                let given = InputDef { ty: member.ty.non_null(), ..member };
                self.value(value, &given, presence);
            } else {
                self.value(value, &member, presence);
            }
        }
        self.holder = outer;
        let is_given = |one: &InputDef<'_>| members.iter().any(|given| given.name.text == one.name);
        if schema.members(def).any(|member| member.is_required() && !is_given(&member)) {
            self.fault(Reason::ArgumentMissing, None, outer);
        }
        if def.kind == TypeKind::OneOf && members.len() != 1 {
            self.invalid();
        }
    }

    fn invalid(&mut self) {
        self.fault(Reason::ValueInvalid, None, self.holder);
    }
}

/// AreTypesCompatible (spec 5.8.5).
fn fits(variable: TypeRef, location: TypeRef) -> bool {
    let (mut variable, mut location) = (variable, location);
    loop {
        if location.is_non_null() && !variable.is_non_null() {
            return false;
        }
        match (variable.item(), location.item()) {
            (Some(one), Some(other)) => (variable, location) = (one, other),
            (None, None) => return variable.named == location.named,
            (Some(_), None) | (None, Some(_)) => return false,
        }
    }
}
