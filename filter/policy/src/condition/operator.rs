//! Operators: what they are for, and what comes out.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, operators};
use fieldgate_core::policy::condition::{Node, Operator, Value};

use super::Shape;
use super::kind::Kinds;
use super::tree::{Part, Reader};
use crate::diagnostic::Code;

impl Reader<'_> {
    /// The value of an operator; `None` outside if the call is of a function.
    pub(super) fn operator(
        &mut self,
        part: &IdedExpr,
        call: &CallExpr,
        depth: u32,
    ) -> Option<Option<Part>> {
        let name = call.func_name.as_str();
        let operator = match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR => {
                return Some(self.connective(call, depth));
            }
            operators::LOGICAL_NOT | operators::NEGATE => {
                return Some(self.prefix(part, call, depth));
            }
            operators::CONDITIONAL => return Some(self.choice(call, depth)),
            operators::INDEX => return Some(self.index(part, call, depth)),
            operators::EQUALS => Operator::Equal,
            operators::NOT_EQUALS => Operator::NotEqual,
            operators::LESS => Operator::Less,
            operators::LESS_EQUALS => Operator::LessOrEqual,
            operators::GREATER => Operator::Greater,
            operators::GREATER_EQUALS => Operator::GreaterOrEqual,
            operators::IN => Operator::In,
            operators::ADD => Operator::Add,
            operators::SUBSTRACT => Operator::Subtract,
            operators::MULTIPLY => Operator::Multiply,
            operators::DIVIDE => Operator::Divide,
            operators::MODULO => Operator::Remainder,
            _ => return None,
        };
        Some(self.binary(part, call, operator, depth))
    }

    fn binary(
        &mut self,
        part: &IdedExpr,
        call: &CallExpr,
        operator: Operator,
        depth: u32,
    ) -> Option<Part> {
        let [(one, left), (other, right)] = self.exactly(call, depth)?;
        let Some(shape) = result(operator, &left, &right) else {
            let sign = call.func_name.trim_matches(['_', '@']);
            let message = format!("`{sign}` is not for {left} and {right}");
            self.error(Code::ConditionType, part, message);
            return None;
        };
        Some((Node::Binary(operator, Box::new([one, other])), shape))
    }

    fn connective(&mut self, call: &CallExpr, depth: u32) -> Option<Part> {
        let parts = self.all(&call.args, depth)?;
        for ((_, shape), part) in parts.iter().zip(&call.args) {
            self.boolean(part, shape)?;
        }
        let [(one, _), (other, _)] = parts.try_into().ok()?;
        let both = Box::new([one, other]);
        let is_and = call.func_name == operators::LOGICAL_AND;
        Some((if is_and { Node::And(both) } else { Node::Or(both) }, Shape::Boolean))
    }

    fn prefix(&mut self, part: &IdedExpr, call: &CallExpr, depth: u32) -> Option<Part> {
        let [(one, shape)] = self.exactly(call, depth)?;
        if call.func_name == operators::LOGICAL_NOT {
            call.args.iter().try_for_each(|one| self.boolean(one, &shape))?;
            return Some((Node::Not(Box::new(one)), Shape::Boolean));
        }
        let kinds = Kinds::of(&shape).and(Kinds::INT.or(Kinds::DOUBLE));
        if kinds == Kinds::NONE {
            self.error(Code::ConditionType, part, format!("`-` is not for {shape}"));
            return None;
        }
        Some((Node::Negate(Box::new(one)), Shape::of_kinds(kinds)))
    }

    fn choice(&mut self, call: &CallExpr, depth: u32) -> Option<Part> {
        let [(condition, test), (one, left), (other, right)] = self.exactly(call, depth)?;
        self.boolean(call.args.first()?, &test)?;
        Some((Node::Choose(Box::new([condition, one, other])), left.or(right)))
    }

    fn index(&mut self, part: &IdedExpr, call: &CallExpr, depth: u32) -> Option<Part> {
        let [(of, shape), (at, by)] = self.exactly(call, depth)?;
        let keys = Kinds::STRING.or(Kinds::BOOLEAN).or(Kinds::NUMBER);
        let (fits, element) = match shape.present() {
            Shape::List(element) => (Kinds::NUMBER, (**element).clone()),
            Shape::Map(members) => match &at {
                // A member by another spelling.
                Node::Literal(Value::String(name)) => {
                    let member = self.known(call.args.get(1)?, members, name)?;
                    let name = name.as_ref().into();
                    return Some((Node::Select { of: Box::new(of), name }, member));
                }
                _ => (Kinds::STRING, Shape::Dyn),
            },
            Shape::Entries(value) => (keys, (**value).clone()),
            Shape::Dyn => (keys, Shape::Dyn),
            _ => (Kinds::NONE, Shape::Dyn),
        };
        if !Kinds::of(&by).intersects(fits) {
            self.error(Code::ConditionType, part, format!("{shape} has no index that is {by}"));
            return None;
        }
        Some((Node::Index(Box::new([of, at])), element))
    }

    /// The operands, of which the grammar gives as many.
    pub(super) fn exactly<const N: usize>(
        &mut self,
        call: &CallExpr,
        depth: u32,
    ) -> Option<[Part; N]> {
        self.all(&call.args, depth)?.try_into().ok()
    }

    pub(super) fn boolean(&mut self, part: &IdedExpr, shape: &Shape) -> Option<()> {
        if Kinds::of(shape).intersects(Kinds::BOOLEAN) {
            return Some(());
        }
        let message = format!("this has to be true or false, and is {shape}");
        self.error(Code::ConditionType, part, message);
        None
    }
}

/// The shape of an operator's value; `None` where it has none for any such operands.
fn result(operator: Operator, left: &Shape, right: &Shape) -> Option<Shape> {
    let (one, other) = (Kinds::of(left), Kinds::of(right));
    let arithmetic = |kinds: Kinds| {
        let kinds = one.and(other).and(kinds);
        (kinds != Kinds::NONE).then(|| Shape::of_kinds(kinds))
    };
    match operator {
        Operator::Equal | Operator::NotEqual => one.can_equal(other).then_some(Shape::Boolean),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            one.can_precede(other).then_some(Shape::Boolean)
        }
        Operator::In => {
            let element = match right.present() {
                Shape::List(element) => Kinds::of(element),
                Shape::Map(_) => Kinds::STRING,
                Shape::Entries(_) => Kinds::STRING.or(Kinds::BOOLEAN).or(Kinds::NUMBER),
                Shape::Dyn => Kinds::ANY,
                _ => Kinds::NONE,
            };
            one.can_equal(element).then_some(Shape::Boolean)
        }
        Operator::Add => arithmetic(Kinds::NUMBER.or(Kinds::STRING).or(Kinds::LIST)).map(|shape| {
            match (shape, left, right) {
                (Shape::List(_), Shape::List(one), Shape::List(other)) => {
                    Shape::List(Box::new((**one).clone().or((**other).clone())))
                }
                (shape, _, _) => shape,
            }
        }),
        Operator::Subtract | Operator::Multiply | Operator::Divide => arithmetic(Kinds::NUMBER),
        Operator::Remainder => arithmetic(Kinds::INTEGER),
    }
}
