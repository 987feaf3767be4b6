//! The tree of an expression, as whoever builds one gives it.

use super::{Function, Pattern, Value};

/// A node. `INVARIANT`s of a whole tree are those of [`super::Expression::new`].
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A value that stands there, a list of them too.
    Literal(Value<'static>),
    /// A variable.
    Variable(Variable),
    /// The element of a fold around it: of the innermost one is 0.
    Local(u32),
    /// `of.name`
    Select {
        /// A map.
        of: Box<Node>,
        /// The key.
        name: Box<str>,
    },
    /// `has(of.name)`
    Has {
        /// A map.
        of: Box<Node>,
        /// The key.
        name: Box<str>,
    },
    /// `a[b]`
    Index(Box<[Node; 2]>),
    /// `!a`
    Not(Box<Node>),
    /// `-a`
    Negate(Box<Node>),
    /// `a && b`
    And(Box<[Node; 2]>),
    /// `a || b`
    Or(Box<[Node; 2]>),
    /// `a ? b : c`
    Choose(Box<[Node; 3]>),
    /// An operator on two values.
    Binary(Operator, Box<[Node; 2]>),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{a: b}`: key and value by turns.
    Map(Vec<[Node; 2]>),
    /// A macro: `range.all(x, body)`
    Fold {
        /// What becomes of the elements.
        fold: Fold,
        /// A list, or a map for its keys.
        range: Box<Node>,
        /// What is asked of each element.
        body: Box<Node>,
    },
    /// `text.matches(pattern)`
    Matches {
        /// The text.
        text: Box<Node>,
        /// The pattern.
        pattern: Pattern,
    },
    /// A function.
    Call(Function, Vec<Node>),
    /// `data(table, key)`
    Data {
        /// The name of the table.
        table: Box<str>,
        /// The key.
        key: Box<Node>,
    },
}

/// A variable of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// `claims`
    Claims,
    /// `subject`
    Subject,
    /// `args`
    Args,
    /// `operation`
    Operation,
    /// `request`
    Request,
}

/// An operator on two values, both of which are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A macro over the elements of a list or the keys of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fold {
    /// `all`
    All,
    /// `exists`
    Exists,
    /// `exists_one`
    ExistsOne,
    /// `filter`
    Filter,
    /// `map`
    Map,
}

impl Variable {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Claims, Self::Subject, Self::Args, Self::Operation, Self::Request];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claims => "claims",
            Self::Subject => "subject",
            Self::Args => "args",
            Self::Operation => "operation",
            Self::Request => "request",
        }
    }
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::In,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Remainder,
    ];
}

impl Fold {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::All, Self::Exists, Self::ExistsOne, Self::Filter, Self::Map];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Exists => "exists",
            Self::ExistsOne => "exists_one",
            Self::Filter => "filter",
            Self::Map => "map",
        }
    }
}

impl Node {
    /// A list, which is a literal if its elements are: it is made once, and not for each request.
    #[must_use]
    pub fn list(elements: Vec<Self>) -> Self {
        let literal = |element: &Self| match element {
            Self::Literal(value) => Some(value.clone()),
            _ => None,
        };
        match elements.iter().map(literal).collect() {
            Some(values) => Self::Literal(Value::List(values)),
            None => Self::List(elements),
        }
    }

    /// The nodes right below it, in the order of the text.
    pub fn operands(&self) -> impl Iterator<Item = &Self> {
        let (one, more): (Option<&Self>, &[Self]) = match self {
            Self::Literal(_) | Self::Variable(_) | Self::Local(_) | Self::Map(_) => (None, &[]),
            Self::Select { of: one, .. }
            | Self::Has { of: one, .. }
            | Self::Not(one)
            | Self::Negate(one)
            | Self::Matches { text: one, .. }
            | Self::Data { key: one, .. } => (Some(one), &[]),
            Self::Index(both) | Self::And(both) | Self::Or(both) | Self::Binary(_, both) => {
                (None, both.as_slice())
            }
            Self::Choose(three) => (None, three.as_slice()),
            Self::List(more) | Self::Call(_, more) => (None, more),
            Self::Fold { range, body, .. } => (Some(range), std::slice::from_ref(body)),
        };
        let entries: &[[Self; 2]] = if let Self::Map(entries) = self { entries } else { &[] };
        one.into_iter().chain(more).chain(entries.iter().flatten())
    }
}
