//! Conditions, by what CEL says of the few forms that there are.

use std::collections::BTreeMap;

use fieldgate_core::policy::condition::Variable;

use super::coerce;
use crate::random::expr::Expr;

/// A value. Two are equal if they are of one type and the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// What conditions look at.
#[derive(Clone)]
pub(super) struct World {
    pub(super) subject: Plain,
    pub(super) claims: Plain,
    pub(super) operation: Plain,
    pub(super) args: Plain,
}

/// Whether a condition holds; an error if that cannot be said.
pub(super) fn holds(condition: &Expr, world: &World) -> Result<bool, ()> {
    boolean(value(condition, world)?)
}

fn boolean(value: Plain) -> Result<bool, ()> {
    if let Plain::Boolean(value) = value { Ok(value) } else { Err(()) }
}

fn value(expr: &Expr, world: &World) -> Result<Plain, ()> {
    let both = |[one, other]: &[Expr; 2]| Ok((value(one, world)?, value(other, world)?));
    // What decides alone absorbs an error on the other side.
    let logic = |two: &[Expr; 2], decides: bool| {
        let [one, other] = [holds(&two[0], world), holds(&two[1], world)];
        if one == Ok(decides) || other == Ok(decides) {
            return Ok(decides);
        }
        one.and(other)
    };
    let truth = match expr {
        Expr::Literal(literal) => return Ok(coerce::constant(literal)),
        Expr::Text(text) => return Ok(Plain::Text((*text).to_owned())),
        Expr::Read(variable) => {
            return Ok(match variable {
                Variable::Args => world.args.clone(),
                Variable::Subject => world.subject.clone(),
                Variable::Claims => world.claims.clone(),
                Variable::Operation => world.operation.clone(),
                Variable::Request => return Err(()),
            });
        }
        Expr::Select(of, name) => return member(of, name, world)?.ok_or(()),
        Expr::Has(of, name) => member(of, name, world)?.is_some(),
        Expr::Equal(two) => both(two).map(|(one, other)| one == other)?,
        Expr::AtMost(two) => match both(two)? {
            (Plain::Number(one), Plain::Number(other)) => one <= other,
            _ => return Err(()),
        },
        Expr::In(two) => match both(two)? {
            (one, Plain::List(items)) => items.contains(&one),
            (Plain::Text(key), Plain::Map(members)) => members.contains_key(&key),
            _ => return Err(()),
        },
        Expr::Not(one) => !holds(one, world)?,
        Expr::And(two) => logic(two, false)?,
        Expr::Or(two) => logic(two, true)?,
        Expr::Broken => return Err(()),
    };
    Ok(Plain::Boolean(truth))
}

fn member(of: &Expr, name: &str, world: &World) -> Result<Option<Plain>, ()> {
    match value(of, world)? {
        Plain::Map(members) => Ok(members.get(name).cloned()),
        _ => Err(()),
    }
}
