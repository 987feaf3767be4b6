//! Conditions: a checked CEL expression, and what it says of one request.
//!
//! CEL (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>) as far as conditions need
//! it. The text is read when a bundle is built; here is the tree, without a parser. What an
//! expression means is what CEL says; whatever the subset leaves out cannot be built.
//!
//! Every way in which an evaluation can fail is an error, and none is a panic: the caller denies.
//! Evaluation is bounded by [`Steps`], its recursion by the depth of a tree, and that of values.
//! Deliberately absent: types (they are checked when a bundle is built), clocks, bytes, messages.

mod compare;
mod evaluate;
mod function;
mod held;
mod node;
mod number;
mod pattern;
mod steps;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;
use std::fmt;

pub use self::function::Function;
pub use self::node::{Fold, Node, Operator, Variable};
pub use self::pattern::{Pattern, PatternError};
pub use self::steps::Steps;
pub use self::value::Value;
use super::data::Data;
use crate::limits::{CONDITION_DEPTH, CONDITION_NODES};

/// A condition that can be evaluated: a tree within its bounds, in which every local is bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    reads: Reads,
}

// INVARIANT: no number of a tree is NaN.
impl Eq for Expression {}

/// What an expression looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    variables: BTreeSet<Variable>,
    arguments: Arguments,
    data: bool,
}

/// The members of `args` that an expression looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// These.
    Named(BTreeSet<Box<str>>),
    /// Any: it looks at `args` as a whole.
    All,
}

/// What an expression is evaluated with. One that is absent is an error where it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables<'v> {
    /// The token's claims.
    pub claims: Option<&'v Value<'v>>,
    /// Who asks.
    pub subject: Option<&'v Value<'v>>,
    /// The coerced arguments of one occurrence of a field.
    pub args: Option<&'v Value<'v>>,
    /// The operation.
    pub operation: Option<&'v Value<'v>>,
    /// The HTTP request.
    pub request: Option<&'v Value<'v>>,
}

/// Why a tree is not an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionError {
    /// It nests deeper than [`CONDITION_DEPTH`].
    Depth,
    /// It has more than [`CONDITION_NODES`] nodes.
    Nodes,
    /// A local that is bound nowhere.
    Local,
    /// A function with another number of arguments than it has.
    Arguments,
    /// A number that is none.
    Number,
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionError {
    /// It reads a variable that this request does not have.
    NoSuchVariable,
    /// A map does not have the key.
    NoSuchKey,
    /// An operator or function on values that it is not for.
    NoMatchingOverload,
    /// A list does not have the index.
    IndexOutOfBounds,
    /// An integer beyond its 64 bits.
    Overflow,
    /// An integer divided by zero.
    DivisionByZero,
    /// A map with one key twice.
    DuplicateKey,
    /// A value that has no counterpart in the type asked for.
    Conversion,
    /// A data table that the policy does not have.
    NoSuchTable,
    /// More steps than there are.
    BudgetExceeded,
    /// The result is neither true nor false.
    NotBoolean,
}

impl Expression {
    /// Checks a tree.
    ///
    /// # Errors
    /// [`ExpressionError`] for one that could not be evaluated.
    pub fn new(root: Node) -> Result<Self, ExpressionError> {
        let mut reads = Reads::default();
        let mut nodes = 0;
        check(&root, Inside { depth: 0, locals: 0 }, &mut nodes, &mut reads)?;
        Ok(Self { root, reads })
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// [`ConditionError`] if it cannot be said, which denies.
    pub fn evaluate(&self, variables: &Variables<'_>, data: &Data) -> Result<bool, ConditionError> {
        self.evaluate_within(variables, data, &mut Steps::default())
    }

    /// The same with steps that several conditions share.
    ///
    /// # Errors
    /// Likewise.
    pub fn evaluate_within(
        &self,
        variables: &Variables<'_>,
        data: &Data,
        steps: &mut Steps,
    ) -> Result<bool, ConditionError> {
        evaluate::evaluate(&self.root, *variables, data, steps)
    }

    /// What it looks at: nothing else has to be there.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The tree, for the encoder and for tools.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }
}

impl Reads {
    /// Whether it looks at the variable.
    #[must_use]
    pub fn variable(&self, variable: Variable) -> bool {
        self.variables.contains(&variable)
    }

    /// The members of `args` that it looks at.
    #[must_use]
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// Whether it is the same for every request: it looks at no variable and at no data.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.variables.is_empty() && !self.data
    }

    /// A member of `args` is looked at alone.
    fn add_argument(&mut self, name: &str) {
        self.variables.insert(Variable::Args);
        if let Arguments::Named(names) = &mut self.arguments {
            names.insert(name.into());
        }
    }

    fn add(&mut self, variable: Variable) {
        self.variables.insert(variable);
        if variable == Variable::Args {
            self.arguments = Arguments::All;
        }
    }
}

impl Arguments {
    /// Whether the argument is looked at.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(name),
            Self::All => true,
        }
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

/// How far inside of a tree a node is.
#[derive(Clone, Copy)]
struct Inside {
    depth: u32,
    /// Bound by the folds around it.
    locals: u32,
}

fn check(
    node: &Node,
    inside: Inside,
    nodes: &mut usize,
    reads: &mut Reads,
) -> Result<(), ExpressionError> {
    let Inside { depth, locals } = inside;
    let depth = depth.saturating_add(1);
    if depth > CONDITION_DEPTH {
        return Err(ExpressionError::Depth);
    }
    // A literal list has as many nodes as its elements.
    let own = match node {
        Node::Literal(value) => value.weight(CONDITION_DEPTH.saturating_sub(inside.depth)),
        _ => Some(1),
    };
    *nodes = nodes.saturating_add(own.ok_or(ExpressionError::Depth)?);
    if *nodes > CONDITION_NODES {
        return Err(ExpressionError::Nodes);
    }
    match node {
        Node::Literal(value) if !value.is_finite() => return Err(ExpressionError::Number),
        Node::Variable(variable) => reads.add(*variable),
        Node::Local(outer) if *outer >= locals => return Err(ExpressionError::Local),
        Node::Call(function, arguments) => {
            if arguments.len() != function.arguments() {
                return Err(ExpressionError::Arguments);
            }
            reads.data |= matches!(function, Function::Owner | Function::Owners);
        }
        Node::Data { .. } => reads.data = true,
        Node::Select { of, name } | Node::Has { of, name } => {
            if **of == Node::Variable(Variable::Args) {
                reads.add_argument(name);
                *nodes = nodes.saturating_add(1);
                return if depth < CONDITION_DEPTH { Ok(()) } else { Err(ExpressionError::Depth) };
            }
        }
        Node::Literal(_)
        | Node::Local(_)
        | Node::Index(_)
        | Node::Not(_)
        | Node::Negate(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Choose(_)
        | Node::Binary(..)
        | Node::List(_)
        | Node::Map(_)
        | Node::Fold { .. }
        | Node::Matches { .. } => {}
    }
    let inside = Inside { depth, locals };
    if let Node::Fold { range, body, .. } = node {
        check(range, inside, nodes, reads)?;
        let inside = Inside { depth, locals: locals.saturating_add(1) };
        return check(body, inside, nodes, reads);
    }
    node.operands().try_for_each(|operand| check(operand, inside, nodes, reads))
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth => write!(f, "a condition nests deeper than {CONDITION_DEPTH}"),
            Self::Nodes => write!(f, "a condition has more than {CONDITION_NODES} parts"),
            Self::Local => f.write_str("a condition names a local that is bound nowhere"),
            Self::Arguments => f.write_str("a condition calls a function with other arguments"),
            Self::Number => f.write_str("a condition has a number that is none"),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchVariable => "no such variable",
            Self::NoSuchKey => "no such key",
            Self::NoMatchingOverload => "no matching overload",
            Self::IndexOutOfBounds => "index out of bounds",
            Self::Overflow => "integer overflow",
            Self::DivisionByZero => "division by zero",
            Self::DuplicateKey => "duplicate key",
            Self::Conversion => "value cannot be converted",
            Self::NoSuchTable => "no such data table",
            Self::BudgetExceeded => "budget exceeded",
            Self::NotBoolean => "result is not a boolean",
        })
    }
}

impl std::error::Error for ConditionError {}
