//! Choices -> conditions that look at what is there: sometimes they hold, sometimes they do not, and
//! sometimes it cannot be said.

use fieldgate_core::policy::condition::Variable;
use fieldgate_core::policy::schema::TypeKind;

use super::choices::Choices;
use super::expr::Expr;
use super::schema::{Input, Ref, Schema};
use super::value::Value;
use super::values::Values;

/// A condition for what is given these arguments.
pub(crate) fn condition(schema: &Schema, arguments: &[Input], choices: &mut Choices<'_>) -> Expr {
    let one = leaf(schema, arguments, choices);
    match choices.below(8) {
        5 => Expr::And(Box::new([one, leaf(schema, arguments, choices)])),
        6 => Expr::Or(Box::new([one, leaf(schema, arguments, choices)])),
        7 => Expr::Not(Box::new(one)),
        _ => one,
    }
}

fn read(variable: Variable, name: &'static str) -> Expr {
    Expr::Select(Box::new(Expr::Read(variable)), name)
}

fn equal(one: Expr, other: Expr) -> Expr {
    Expr::Equal(Box::new([one, other]))
}

fn leaf(schema: &Schema, arguments: &[Input], choices: &mut Choices<'_>) -> Expr {
    if !arguments.is_empty() && !choices.once_in(4) {
        return of_argument(schema, choices.of(arguments), choices);
    }
    let text = Expr::Text;
    match choices.below(9) {
        0 => Expr::Literal(Value::Boolean(true)),
        1 => Expr::In(Box::new([text("g0"), read(Variable::Subject, "groups")])),
        2 => Expr::In(Box::new([text("r1"), read(Variable::Subject, "roles")])),
        3 => equal(read(Variable::Subject, "actor"), Expr::Literal(Value::Null)),
        4 => equal(read(Variable::Operation, "type"), text("query")),
        5 => equal(read(Variable::Operation, "name"), text("A")),
        6 => level(),
        7 => Expr::Has(Box::new(Expr::Read(Variable::Claims)), "level"),
        _ => Expr::Broken,
    }
}

/// Of the token: not all have the claim, and not all that have it have a number.
pub(crate) fn level() -> Expr {
    Expr::AtMost(Box::new([Expr::Literal(Value::Number("3")), read(Variable::Claims, "level")]))
}

fn of_argument(schema: &Schema, argument: &Input, choices: &mut Choices<'_>) -> Expr {
    let args = || Box::new(Expr::Read(Variable::Args));
    match choices.below(4) {
        2 => Expr::Has(args(), argument.name),
        3 => equal(Expr::Select(args(), argument.name), Expr::Literal(Value::Null)),
        _ => of_value(schema, Expr::Select(args(), argument.name), &argument.ty, choices),
    }
}

/// Something that one can ask of a value of the type.
fn of_value(schema: &Schema, value: Expr, ty: &Ref, choices: &mut Choices<'_>) -> Expr {
    let known = schema.find(ty.named());
    match (ty.nullable(), known) {
        (Ref::List(item), _) => match constant(schema, item, choices) {
            Some(one) => Expr::In(Box::new([Expr::Literal(one), value])),
            None => equal(value, Expr::Literal(Value::Null)),
        },
        (_, Some(of)) if matches!(of.kind, TypeKind::Input | TypeKind::OneOf) => {
            let member = choices.of(&of.members);
            match choices.below(3) {
                0 => Expr::Has(Box::new(value), member.name),
                _ if schema.is_leaf(member.ty.named()) => {
                    let value = Expr::Select(Box::new(value), member.name);
                    of_value(schema, value, &member.ty, choices)
                }
                _ => equal(value, Expr::Literal(Value::Null)),
            }
        }
        (Ref::Named("Int" | "Float"), _) => {
            let most = Expr::Literal(Value::Number(choices.pick(&["1", "0", "5"])));
            Expr::AtMost(Box::new([value, most]))
        }
        (Ref::Named("Boolean"), _) => value,
        (Ref::Named("Any"), _) if choices.below(2) == 1 => {
            let inside = Expr::Select(Box::new(value), "a");
            let one = constant(schema, &Ref::Named(choices.pick(&["ID", "Int"])), choices);
            equal(inside, Expr::Literal(one.unwrap_or(Value::Null)))
        }
        (of, _) => {
            equal(value, Expr::Literal(constant(schema, of, choices).unwrap_or(Value::Null)))
        }
    }
}

/// A leaf; of an ID the text that it is.
fn constant(schema: &Schema, ty: &Ref, choices: &mut Choices<'_>) -> Option<Value> {
    match Values::fitting(schema).constant(choices, ty) {
        Value::Number("5") if ty.nullable() == &Ref::Named("ID") => Some(Value::Text(1)),
        value @ (Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Enum(_)) => Some(value),
        Value::List(_) | Value::Object(_) | Value::Variable(_) => None,
    }
}
