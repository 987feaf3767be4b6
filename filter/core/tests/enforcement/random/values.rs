//! Choices -> values that mostly fit a type, and the variables that they use.

use fieldgate_core::policy::schema::TypeKind;

use super::choices::Choices;
use super::schema::{Input, Name, Ref, Schema};
use super::value::{NUMBERS, TEXTS, Value, Variable};

const NAMES: [Name; 12] =
    ["v", "w", "x", "text", "query", "null_", "a", "b", "c", "type", "input", "z"];

pub(crate) struct Values<'s> {
    schema: &'s Schema,
    pub(crate) variables: Vec<Variable>,
    /// How many of the variables cannot be used for values.
    own: usize,
    /// One in how many values does not fit; none if all do.
    misfits: Option<usize>,
    constant: bool,
}

impl<'s> Values<'s> {
    /// Constants that fit.
    pub(crate) fn fitting(schema: &'s Schema) -> Self {
        Self { schema, variables: Vec::new(), own: 0, misfits: None, constant: true }
    }

    /// Values of a request that has these variables.
    pub(crate) fn of_request(schema: &'s Schema, variables: Vec<Variable>) -> Self {
        let own = variables.len();
        Self { schema, variables, own, misfits: Some(40), constant: false }
    }

    /// A value without variables.
    pub(crate) fn constant(&mut self, choices: &mut Choices<'_>, ty: &Ref) -> Value {
        let before = std::mem::replace(&mut self.constant, true);
        let value = self.fitting_value(choices, ty, 0);
        self.constant = before;
        value
    }

    /// A value for what has this type.
    pub(crate) fn value(&mut self, choices: &mut Choices<'_>, of: &Input) -> Value {
        self.at(choices, &of.ty, of.default.is_some(), 0)
    }

    fn is_misfit(&self, choices: &mut Choices<'_>) -> bool {
        self.misfits.is_some_and(|count| choices.once_in(count))
    }

    /// The same where there are few that could be one.
    fn is_rare_misfit(&self, choices: &mut Choices<'_>) -> bool {
        self.misfits.is_some_and(|count| choices.once_in(count / 5))
    }

    fn at(
        &mut self,
        choices: &mut Choices<'_>,
        ty: &Ref,
        has_default: bool,
        depth: usize,
    ) -> Value {
        if !self.constant
            && choices.once_in(3)
            && let Some(variable) = self.variable(choices, ty, has_default)
        {
            return Value::Variable(variable);
        }
        self.fitting_value(choices, ty, depth)
    }

    fn fitting_value(&mut self, choices: &mut Choices<'_>, ty: &Ref, depth: usize) -> Value {
        if self.is_misfit(choices) {
            return match choices.below(7) {
                0 => Value::Null,
                1 => Value::Number("1.5"),
                2 => Value::Text(0),
                3 => Value::Enum("NOPE"),
                4 => Value::Boolean(true),
                5 => Value::List(vec![Value::Number("1")]),
                _ => Value::Object(vec![("nope", Value::Number("1"))]),
            };
        }
        match ty {
            Ref::NonNull(_) if self.is_misfit(choices) => Value::Null,
            Ref::NonNull(inner) => self.some(choices, inner, depth),
            Ref::Named(_) | Ref::List(_) if choices.once_in(6) => Value::Null,
            Ref::Named(_) | Ref::List(_) => self.some(choices, ty, depth),
        }
    }

    /// One that is not null.
    fn some(&mut self, choices: &mut Choices<'_>, ty: &Ref, depth: usize) -> Value {
        match ty {
            Ref::NonNull(inner) => self.some(choices, inner, depth),
            // A value stands for a list of itself.
            Ref::List(item) if choices.once_in(4) => self.some(choices, item, depth),
            Ref::List(item) => {
                let count = if depth > 3 { 0 } else { choices.below(3) };
                Value::List((0..count).map(|_| self.at(choices, item, false, depth + 1)).collect())
            }
            Ref::Named(name) => self.named(choices, name, depth),
        }
    }

    fn named(&mut self, choices: &mut Choices<'_>, name: Name, depth: usize) -> Value {
        let schema = self.schema;
        let Some(of) = schema.find(name) else { return Value::Number("1") };
        match of.kind {
            TypeKind::Enum => Value::Enum(choices.pick(&of.values)),
            TypeKind::Input => {
                let mut members = Vec::new();
                for member in &of.members {
                    let given = match member.is_required() {
                        true => !self.is_rare_misfit(choices),
                        false => depth < 3 && choices.below(2) == 1,
                    };
                    if given {
                        let has_default = member.default.is_some();
                        let value = self.at(choices, &member.ty, has_default, depth + 1);
                        members.push((member.name, value));
                    }
                }
                if self.is_misfit(choices) {
                    members.push(("nope", Value::Number("1")));
                }
                if choices.below(2) == 1 {
                    members.reverse();
                }
                Value::Object(members)
            }
            TypeKind::OneOf => {
                // It may have no members yet, and may have none that do not lead deeper.
                if of.members.is_empty() || depth > 6 {
                    return Value::Object(Vec::new());
                }
                let leaf = of.members.iter().find(|member| schema.is_leaf(member.ty.named()));
                let one = match leaf {
                    Some(leaf) if depth > 2 => leaf,
                    _ => choices.of(&of.members),
                };
                let value = self.at(choices, &one.ty.clone().non_null(), false, depth + 1);
                let mut members = vec![(one.name, value)];
                // There are few of them, and three ways in which one does not fit.
                if self.is_rare_misfit(choices) {
                    let other = of.members.iter().find(|other| other.name != one.name);
                    match choices.below(3) {
                        0 => members.clear(),
                        1 => members[0].1 = Value::Null,
                        _ => members.extend(other.map(|other| (other.name, Value::Null))),
                    }
                }
                Value::Object(members)
            }
            TypeKind::Scalar => self.scalar(choices, name, depth),
            TypeKind::Object | TypeKind::Interface | TypeKind::Union => Value::Text(0),
        }
    }

    fn scalar(&mut self, choices: &mut Choices<'_>, name: &str, depth: usize) -> Value {
        match name {
            "Int" => Value::Number(choices.pick(&NUMBERS[..4])),
            "Float" => Value::Number(choices.pick(&NUMBERS)),
            "String" => Value::Text(choices.below(TEXTS.len())),
            "Boolean" => Value::Boolean(choices.below(2) == 1),
            "ID" if choices.below(2) == 1 => Value::Number(choices.pick(&NUMBERS[..5])),
            "ID" => Value::Text(choices.below(TEXTS.len())),
            // Anything is one of a scalar that the server alone knows.
            _ => match choices.below(7) {
                0 => Value::Number(choices.pick(&NUMBERS)),
                1 => Value::Text(choices.below(TEXTS.len())),
                2 => Value::Enum("RED"),
                3 => Value::Boolean(true),
                at => {
                    let inside = self.schema.names(TypeKind::is_input);
                    let (one, other) = (choices.pick(&inside), choices.pick(&inside));
                    let mut value = |name| match depth {
                        0..3 => self.at(choices, &Ref::Named(name), false, depth + 1),
                        _ => Value::Null,
                    };
                    let (one, other) = (value(one), value(other));
                    match at {
                        4 => Value::List(vec![one, other]),
                        _ => Value::Object(vec![("b", one), ("a", other)]),
                    }
                }
            },
        }
    }

    /// A variable that mostly can stand where this type is.
    fn variable(
        &mut self,
        choices: &mut Choices<'_>,
        ty: &Ref,
        has_default: bool,
    ) -> Option<usize> {
        if choices.below(2) == 0 {
            let same = self.variables.iter().position(|variable| variable.ty == *ty);
            if same.is_some() {
                return same;
            }
        }
        let name = NAMES.get(self.variables.len() - self.own)?;
        let mut ty = ty.clone();
        let mut wants_default = choices.once_in(3);
        match choices.below(24) {
            0..8 => {}
            8..16 => ty = ty.non_null(),
            16..20 => {
                wants_default |= ty.is_non_null() && !has_default;
                ty = ty.nullable().clone();
            }
            20 => ty = ty.nullable().clone(),
            21 => ty = ty.list(),
            22 => ty = Ref::Named("ID"),
            _ => ty = Ref::Named(choices.pick(&["Nope", "Query", "Boolean"])),
        }
        let default = wants_default.then(|| self.constant(choices, &ty));
        let may_be_absent = default.is_some() || !ty.is_non_null();
        let given = match choices.once_in(if may_be_absent { 3 } else { 30 }) {
            true => None,
            false => Some(self.constant(choices, &ty)),
        };
        self.variables.push(Variable { name, ty, default, given });
        Some(self.variables.len() - 1)
    }
}
