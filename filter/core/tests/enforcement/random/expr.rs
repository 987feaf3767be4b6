//! A condition as its author means it, in few forms; and the expression that the filter has of it.

use std::fmt;

use fieldgate_core::policy::condition::{self as core, Expression, Node, Operator, Variable};

use super::schema::Name;
use super::value::{TEXTS, Value};

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Literal(Value),
    /// A text that no table of values has.
    Text(Name),
    Read(Variable),
    Select(Box<Self>, Name),
    Has(Box<Self>, Name),
    Equal(Box<[Self; 2]>),
    AtMost(Box<[Self; 2]>),
    In(Box<[Self; 2]>),
    Not(Box<Self>),
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    /// A number divided by zero.
    Broken,
}

impl Expr {
    pub(crate) fn built(&self) -> Expression {
        Expression::new(self.node()).expect("a small tree")
    }

    fn node(&self) -> Node {
        let inner = |one: &Self| Box::new(one.node());
        let both = |both: &[Self; 2]| Box::new([both[0].node(), both[1].node()]);
        match self {
            Self::Literal(value) => Node::Literal(literal(value)),
            Self::Text(text) => Node::Literal(core::Value::text(text)),
            Self::Read(variable) => Node::Variable(*variable),
            Self::Select(of, name) => Node::Select { of: inner(of), name: (*name).into() },
            Self::Has(of, name) => Node::Has { of: inner(of), name: (*name).into() },
            Self::Equal(two) => Node::Binary(Operator::Equal, both(two)),
            Self::AtMost(two) => Node::Binary(Operator::LessOrEqual, both(two)),
            Self::In(two) => Node::Binary(Operator::In, both(two)),
            Self::Not(one) => Node::Not(inner(one)),
            Self::And(two) => Node::And(both(two)),
            Self::Or(two) => Node::Or(both(two)),
            Self::Broken => {
                let number = |number| Node::Literal(core::Value::Int(number));
                let divided = Node::Binary(Operator::Divide, Box::new([number(1), number(0)]));
                Node::Binary(Operator::Equal, Box::new([divided, number(1)]))
            }
        }
    }
}

fn literal(value: &Value) -> core::Value<'static> {
    match value {
        Value::Null => core::Value::Null,
        Value::Boolean(value) => core::Value::Bool(*value),
        Value::Number(text) => match text.parse() {
            Ok(int) => core::Value::Int(int),
            Err(_) => core::Value::Double(text.parse().expect("a number")),
        },
        Value::Text(at) => core::Value::text(TEXTS[*at].1),
        Value::Enum(name) => core::Value::text(name),
        Value::List(_) | Value::Object(_) | Value::Variable(_) => {
            panic!("conditions have leaves alone")
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut both = |two: &[Self; 2], by: &str| write!(to, "({} {by} {})", two[0], two[1]);
        match self {
            Self::Equal(two) => both(two, "=="),
            Self::AtMost(two) => both(two, "<="),
            Self::In(two) => both(two, "in"),
            Self::And(two) => both(two, "&&"),
            Self::Or(two) => both(two, "||"),
            Self::Literal(value) => to.write_str(&value.json()),
            Self::Text(text) => write!(to, "\"{text}\""),
            Self::Read(variable) => to.write_str(variable.name()),
            Self::Select(of, name) => write!(to, "{of}.{name}"),
            Self::Has(of, name) => write!(to, "has({of}.{name})"),
            Self::Not(one) => write!(to, "!{one}"),
            Self::Broken => to.write_str("1 / 0 == 1"),
        }
    }
}
