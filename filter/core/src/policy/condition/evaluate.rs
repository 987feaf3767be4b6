//! A tree, variables and data -> a value, or why there is none.
//!
//! Nothing is copied that can be borrowed: a variable's members, a literal, what a table holds. An
//! error is absorbed where CEL says so (`&&`, `||`, `all`, `exists`): where the other operand alone
//! decides. That the budget is exceeded is not, as nothing is evaluated any more.

use super::compare::{equal, is_in, order, position};
use super::function::{call, call_on_texts};
use super::held::{Elements, Held, entries, entry, truth, weight};
use super::number::calculate;
use super::steps::Steps;
use super::{ConditionError, Fold, Node, Operator, Value, Variable, Variables};
use crate::policy::data::Data;

pub(super) fn evaluate(
    root: &Node,
    variables: Variables<'_>,
    data: &Data,
    steps: &mut Steps,
) -> Result<bool, ConditionError> {
    match (Evaluation { variables, data, steps }).value(root, None)?.get() {
        Value::Bool(value) => Ok(*value),
        _ => Err(ConditionError::NotBoolean),
    }
}

struct Evaluation<'a, 's> {
    variables: Variables<'a>,
    data: &'a Data,
    steps: &'s mut Steps,
}

/// The element of a fold, and what is outside.
#[derive(Clone, Copy)]
struct Locals<'l, 'a> {
    element: &'l Held<'a>,
    outer: Option<&'l Locals<'l, 'a>>,
}

type Outer<'l, 'a> = Option<&'l Locals<'l, 'a>>;
type Outcome<'a> = Result<Held<'a>, ConditionError>;

impl<'a> Evaluation<'a, '_> {
    fn value(&mut self, node: &'a Node, locals: Outer<'_, 'a>) -> Outcome<'a> {
        self.steps.spend(1)?;
        match node {
            Node::Literal(value) => Ok(Held::Borrowed(value)),
            Node::Variable(variable) => {
                let Variables { claims, subject, args, operation, request } = self.variables;
                let value = match variable {
                    Variable::Claims => claims,
                    Variable::Subject => subject,
                    Variable::Args => args,
                    Variable::Operation => operation,
                    Variable::Request => request,
                };
                value.map(Held::Borrowed).ok_or(ConditionError::NoSuchVariable)
            }
            Node::Local(outer) => self.local(*outer, locals),
            Node::Select { of, name } => {
                let of = self.value(of, locals)?;
                self.select(of, name)
            }
            Node::Has { of, name } => {
                let of = self.value(of, locals)?;
                let entries = entries(of.get())?;
                Ok(truth(position(entries, &Value::text(name), self.steps)?.is_some()))
            }
            Node::Index(both) => {
                let [of, at] = &**both;
                let (of, at) = (self.value(of, locals)?, self.value(at, locals)?);
                self.index(of, at.get())
            }
            Node::Not(one) => Ok(truth(!self.test(one, locals)?)),
            Node::Negate(one) => {
                let negated = match self.value(one, locals)?.get() {
                    Value::Int(value) => value.checked_neg().map(Value::Int),
                    Value::Double(value) => Some(Value::Double(-value)),
                    _ => return Err(ConditionError::NoMatchingOverload),
                };
                negated.map(Held::Owned).ok_or(ConditionError::Overflow)
            }
            Node::And(both) => self.connect(both, false, locals),
            Node::Or(both) => self.connect(both, true, locals),
            Node::Choose(three) => {
                let [condition, one, other] = &**three;
                let chosen = if self.test(condition, locals)? { one } else { other };
                self.value(chosen, locals)
            }
            Node::Binary(operator, both) => {
                let [one, other] = &**both;
                let (one, other) = (self.value(one, locals)?, self.value(other, locals)?);
                self.binary(*operator, one, other)
            }
            Node::List(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for element in elements {
                    let value = self.value(element, locals)?;
                    values.push(self.keep(value)?);
                }
                Ok(Held::Owned(Value::List(values)))
            }
            Node::Map(entries) => self.map(entries, locals),
            Node::Fold { fold, range, body } => {
                let range = self.value(range, locals)?;
                self.fold(*fold, Elements::of(range)?, body, locals)
            }
            Node::Matches { text, pattern } => match self.value(text, locals)?.get() {
                Value::String(text) => {
                    self.steps.spend(pattern.steps(text))?;
                    Ok(truth(pattern.is_in(text)))
                }
                _ => Err(ConditionError::NoMatchingOverload),
            },
            Node::Call(function, arguments) => match arguments.as_slice() {
                [one] => {
                    let one = self.value(one, locals)?;
                    call(*function, one, self.data, self.steps)
                }
                [one, other] => {
                    let (one, other) = (self.value(one, locals)?, self.value(other, locals)?);
                    call_on_texts(*function, one.get(), other.get(), self.steps).map(truth)
                }
                _ => Err(ConditionError::NoMatchingOverload),
            },
            Node::Data { table, key } => match self.value(key, locals)?.get() {
                Value::String(key) => {
                    let found = self.data.entry(table, key).ok_or(ConditionError::NoSuchTable)?;
                    Ok(found.map_or(Held::Owned(Value::Null), Held::Borrowed))
                }
                _ => Err(ConditionError::NoMatchingOverload),
            },
        }
    }

    fn test(&mut self, node: &'a Node, locals: Outer<'_, 'a>) -> Result<bool, ConditionError> {
        match self.value(node, locals)?.get() {
            Value::Bool(value) => Ok(*value),
            _ => Err(ConditionError::NoMatchingOverload),
        }
    }

    /// `&&` or `||`: either operand decides by itself, whatever becomes of the other.
    fn connect(
        &mut self,
        both: &'a [Node; 2],
        deciding: bool,
        locals: Outer<'_, 'a>,
    ) -> Outcome<'a> {
        let [one, other] = both;
        let one = self.test(one, locals);
        if one == Ok(deciding) {
            return Ok(truth(deciding));
        }
        match (one, self.test(other, locals)) {
            (Ok(_) | Err(_), Ok(value)) if value == deciding => Ok(truth(deciding)),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(value)) => Ok(truth(value)),
        }
    }

    fn local(&mut self, outer: u32, locals: Outer<'_, 'a>) -> Outcome<'a> {
        let mut at = locals;
        for _ in 0..outer {
            at = at.and_then(|locals| locals.outer);
        }
        match at.map(|locals| locals.element) {
            Some(Held::Borrowed(value)) => Ok(Held::Borrowed(value)),
            Some(Held::Owned(value)) => {
                self.steps.spend(weight(value))?;
                Ok(Held::Owned(value.clone()))
            }
            None => Err(ConditionError::NoSuchVariable),
        }
    }

    fn select(&mut self, of: Held<'a>, name: &str) -> Outcome<'a> {
        let at = position(entries(of.get())?, &Value::text(name), self.steps)?;
        entry(of, at)
    }

    fn index(&mut self, of: Held<'a>, at: &Value<'_>) -> Outcome<'a> {
        let Value::List(elements) = of.get() else {
            let at = position(entries(of.get())?, at, self.steps)?;
            return entry(of, at);
        };
        let number = at.as_number().ok_or(ConditionError::NoMatchingOverload)?;
        let whole = number.whole().ok_or(ConditionError::NoMatchingOverload)?;
        let at = usize::try_from(whole).ok().filter(|at| *at < elements.len());
        let at = at.ok_or(ConditionError::IndexOutOfBounds)?;
        let found = match of {
            Held::Borrowed(Value::List(elements)) => elements.get(at).map(Held::Borrowed),
            Held::Owned(Value::List(mut elements)) => Some(Held::Owned(elements.swap_remove(at))),
            Held::Borrowed(_) | Held::Owned(_) => None,
        };
        found.ok_or(ConditionError::NoMatchingOverload)
    }

    fn binary(&mut self, operator: Operator, one: Held<'a>, other: Held<'a>) -> Outcome<'a> {
        let steps = &mut *self.steps;
        let (left, right) = (one.get(), other.get());
        match operator {
            Operator::Equal => equal(left, right, steps).map(truth),
            Operator::NotEqual => equal(left, right, steps).map(|equal| truth(!equal)),
            Operator::Less => order(left, right, steps).map(|by| truth(by.is_lt())),
            Operator::LessOrEqual => order(left, right, steps).map(|by| truth(by.is_le())),
            Operator::Greater => order(left, right, steps).map(|by| truth(by.is_gt())),
            Operator::GreaterOrEqual => order(left, right, steps).map(|by| truth(by.is_ge())),
            Operator::In => is_in(left, right, steps).map(truth),
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder => {
                if let Some(numbers) = left.as_number().zip(right.as_number()) {
                    return calculate(operator, numbers).map(Held::Owned);
                }
                if operator != Operator::Add {
                    return Err(ConditionError::NoMatchingOverload);
                }
                self.concatenate(one, other)
            }
        }
    }

    fn concatenate(&mut self, one: Held<'a>, other: Held<'a>) -> Outcome<'a> {
        self.steps.spend(weight(one.get()).saturating_add(weight(other.get())))?;
        match (one.into_value(), other.into_value()) {
            (Value::String(mut one), Value::String(other)) => {
                one.to_mut().push_str(&other);
                Ok(Held::Owned(Value::String(one)))
            }
            (Value::List(mut one), Value::List(other)) => {
                one.extend(other);
                Ok(Held::Owned(Value::List(one)))
            }
            _ => Err(ConditionError::NoMatchingOverload),
        }
    }

    fn map(&mut self, entries: &'a [[Node; 2]], locals: Outer<'_, 'a>) -> Outcome<'a> {
        let mut values = Vec::with_capacity(entries.len());
        for [key, value] in entries {
            let key = self.value(key, locals)?;
            let key = match key.get() {
                Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_) => {
                    self.keep(key)?
                }
                Value::Null | Value::Double(_) | Value::List(_) | Value::Map(_) => {
                    return Err(ConditionError::NoMatchingOverload);
                }
            };
            if position(&values, &key, self.steps)?.is_some() {
                return Err(ConditionError::DuplicateKey);
            }
            let value = self.value(value, locals)?;
            values.push((key, self.keep(value)?));
        }
        Ok(Held::Owned(Value::Map(values)))
    }

    fn fold(
        &mut self,
        fold: Fold,
        elements: Elements<'a>,
        body: &'a Node,
        outer: Outer<'_, 'a>,
    ) -> Outcome<'a> {
        let mut kept = Vec::new();
        let mut holds = 0_usize;
        let mut failed = None;
        for element in elements {
            self.steps.spend(1)?;
            let locals = Locals { element: &element, outer };
            if fold == Fold::Map {
                let value = self.value(body, Some(&locals))?;
                kept.push(self.keep(value)?);
                continue;
            }
            match (fold, self.test(body, Some(&locals))) {
                (Fold::All, Ok(false)) => return Ok(truth(false)),
                (Fold::Exists, Ok(true)) => return Ok(truth(true)),
                (Fold::ExistsOne, Ok(true)) => holds = holds.saturating_add(1),
                (Fold::Filter, Ok(true)) => kept.push(self.keep(element)?),
                (_, Ok(_)) => {}
                // Another element may yet decide.
                (Fold::All | Fold::Exists, Err(error)) if self.steps.left() > 0 => {
                    failed = failed.or(Some(error));
                }
                (_, Err(error)) => return Err(error),
            }
        }
        match (fold, failed) {
            (_, Some(error)) => Err(error),
            (Fold::All, None) => Ok(truth(true)),
            (Fold::Exists, None) => Ok(truth(false)),
            (Fold::ExistsOne, None) => Ok(truth(holds == 1)),
            (Fold::Filter | Fold::Map, None) => Ok(Held::Owned(Value::List(kept))),
        }
    }

    /// A value that becomes part of another.
    fn keep(&mut self, value: Held<'a>) -> Result<Value<'a>, ConditionError> {
        if let Held::Borrowed(value) = value {
            self.steps.spend(weight(value))?;
        }
        Ok(value.into_value())
    }
}
