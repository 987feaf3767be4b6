//! Conditions on the wire: their nodes one behind the other, operands before what takes them, and what
//! is left over at the end are the conditions. Reading needs no recursion and no indices.

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::bounded::at_most;
use super::value::{WireValue, pairs, scalar, size, take, write};
use crate::limits::{CONDITION_DEPTH, CONDITIONS_NODES, CONDITIONS_PATTERNS};
use crate::policy::condition::{
    Expression, ExpressionError, Fold, Function, Node, Operator, Pattern, Variable,
};

/// All conditions of a policy.
#[derive(Serialize, Deserialize)]
pub(super) struct WireExpressions<'a> {
    #[serde(borrow, deserialize_with = "at_most::<CONDITIONS_NODES, _, _>")]
    nodes: Vec<WireNode<'a>>,
}

/// Numbers are places in the lists of what there is: those only grow.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum WireNode<'a> {
    /// A list has nodes before it, and a map has too: literals are lists of literals.
    Value(#[serde(borrow)] WireValue<'a>),
    Variable(u8),
    Local(u32),
    Select(&'a str),
    Has(&'a str),
    Index,
    Not,
    Negate,
    And,
    Or,
    Choose,
    Binary(u8),
    Fold(u8),
    Matches(&'a str),
    Call(u8),
    Data(&'a str),
}

type Stack = Vec<(Node, u32)>;

impl<'a> WireExpressions<'a> {
    /// # Errors
    /// `Payload` for what has no place on the wire, `Condition` for more than that of all together.
    pub(super) fn new(
        expressions: impl IntoIterator<Item = &'a Expression>,
    ) -> Result<Self, BlobError> {
        let mut nodes = Vec::new();
        for expression in expressions {
            put(expression.root(), &mut nodes)?;
        }
        let patterns = nodes.iter().filter(|node| matches!(node, WireNode::Matches(_))).count();
        if nodes.len() > CONDITIONS_NODES || patterns > CONDITIONS_PATTERNS {
            return Err(BlobError::Condition(ExpressionError::Nodes));
        }
        Ok(Self { nodes })
    }

    /// # Errors
    /// `Payload` or `Condition` for what are no conditions.
    pub(super) fn read(self) -> Result<Vec<Expression>, BlobError> {
        let Self { nodes } = self;
        let mut patterns = CONDITIONS_PATTERNS;
        let mut stack = Stack::new();
        for node in nodes {
            let item = read(node, &mut stack, &mut patterns)?;
            stack.push(item);
        }
        let expression = |(root, _)| Expression::new(root).map_err(BlobError::Condition);
        stack.into_iter().map(expression).collect()
    }
}

fn put<'a>(node: &'a Node, to: &mut Vec<WireNode<'a>>) -> Result<(), BlobError> {
    if let Node::Literal(value) = node {
        return write(value, to, WireNode::Value);
    }
    node.operands().try_for_each(|operand| put(operand, to))?;
    let count = |items: usize| u32::try_from(items).map_err(|_| BlobError::Payload);
    to.push(match node {
        Node::Literal(_) => return Err(BlobError::Payload),
        Node::Variable(variable) => WireNode::Variable(place(&Variable::ALL, variable)?),
        Node::Local(outer) => WireNode::Local(*outer),
        Node::Select { name, .. } => WireNode::Select(name),
        Node::Has { name, .. } => WireNode::Has(name),
        Node::Index(_) => WireNode::Index,
        Node::Not(_) => WireNode::Not,
        Node::Negate(_) => WireNode::Negate,
        Node::And(_) => WireNode::And,
        Node::Or(_) => WireNode::Or,
        Node::Choose(_) => WireNode::Choose,
        Node::Binary(operator, _) => WireNode::Binary(place(&Operator::ALL, operator)?),
        Node::List(elements) => WireNode::Value(WireValue::List(count(elements.len())?)),
        Node::Map(entries) => WireNode::Value(WireValue::Map(count(entries.len())?)),
        Node::Fold { fold, .. } => WireNode::Fold(place(&Fold::ALL, fold)?),
        Node::Matches { pattern, .. } => WireNode::Matches(pattern.as_str()),
        Node::Call(function, _) => WireNode::Call(place(&Function::ALL, function)?),
        Node::Data { table, .. } => WireNode::Data(table),
    });
    Ok(())
}

fn read(
    node: WireNode<'_>,
    stack: &mut Stack,
    patterns: &mut usize,
) -> Result<(Node, u32), BlobError> {
    let limit = CONDITION_DEPTH;
    Ok(match node {
        WireNode::Value(WireValue::List(count)) => {
            let (elements, depth) = take(stack, size(count), limit)?;
            (Node::list(elements), depth)
        }
        WireNode::Value(WireValue::Map(count)) => {
            let (items, depth) = take(stack, size(count).saturating_mul(2), limit)?;
            (Node::Map(pairs(items)), depth)
        }
        WireNode::Value(value) => (Node::Literal(scalar(value).ok_or(BlobError::Payload)?), 1),
        WireNode::Variable(at) => (Node::Variable(at_place(&Variable::ALL, at)?), 1),
        WireNode::Local(outer) => (Node::Local(outer), 1),
        WireNode::Select(name) => {
            let ([of], depth) = operands(stack)?;
            (Node::Select { of: Box::new(of), name: name.into() }, depth)
        }
        WireNode::Has(name) => {
            let ([of], depth) = operands(stack)?;
            (Node::Has { of: Box::new(of), name: name.into() }, depth)
        }
        WireNode::Index => {
            let (both, depth) = operands(stack)?;
            (Node::Index(Box::new(both)), depth)
        }
        WireNode::Not => {
            let ([one], depth) = operands(stack)?;
            (Node::Not(Box::new(one)), depth)
        }
        WireNode::Negate => {
            let ([one], depth) = operands(stack)?;
            (Node::Negate(Box::new(one)), depth)
        }
        WireNode::And => {
            let (both, depth) = operands(stack)?;
            (Node::And(Box::new(both)), depth)
        }
        WireNode::Or => {
            let (both, depth) = operands(stack)?;
            (Node::Or(Box::new(both)), depth)
        }
        WireNode::Choose => {
            let (three, depth) = operands(stack)?;
            (Node::Choose(Box::new(three)), depth)
        }
        WireNode::Binary(at) => {
            let (both, depth) = operands(stack)?;
            (Node::Binary(at_place(&Operator::ALL, at)?, Box::new(both)), depth)
        }
        WireNode::Fold(at) => {
            let ([range, body], depth) = operands(stack)?;
            let fold = at_place(&Fold::ALL, at)?;
            (Node::Fold { fold, range: Box::new(range), body: Box::new(body) }, depth)
        }
        WireNode::Matches(pattern) => {
            *patterns = patterns.checked_sub(1).ok_or(BlobError::Payload)?;
            let pattern = Pattern::new(pattern).map_err(|_| BlobError::Payload)?;
            let ([text], depth) = operands(stack)?;
            (Node::Matches { text: Box::new(text), pattern }, depth)
        }
        WireNode::Call(at) => {
            let function = at_place(&Function::ALL, at)?;
            let (arguments, depth) = take(stack, function.arguments(), limit)?;
            (Node::Call(function, arguments), depth)
        }
        WireNode::Data(table) => {
            let ([key], depth) = operands(stack)?;
            (Node::Data { table: table.into(), key: Box::new(key) }, depth)
        }
    })
}

/// The last operands, and how deep what takes them is.
fn operands<const N: usize>(stack: &mut Stack) -> Result<([Node; N], u32), BlobError> {
    let (items, depth) = take(stack, N, CONDITION_DEPTH)?;
    Ok((items.try_into().map_err(|_| BlobError::Payload)?, depth))
}

fn place<T: PartialEq>(all: &[T], one: &T) -> Result<u8, BlobError> {
    let at = all.iter().position(|other| other == one).ok_or(BlobError::Payload)?;
    u8::try_from(at).map_err(|_| BlobError::Payload)
}

fn at_place<T: Copy>(all: &[T], at: u8) -> Result<T, BlobError> {
    all.get(usize::from(at)).copied().ok_or(BlobError::Payload)
}

#[cfg(test)]
mod tests {
    use super::{WireExpressions, WireNode, WireValue};
    use crate::policy::blob::BlobError;
    use crate::policy::condition::{
        Expression, ExpressionError, Fold, Function, Node, Operator, Pattern, Value, Variable,
    };

    /// Expressions that have every kind of node between them.
    fn expressions() -> Vec<Expression> {
        let args = || Node::Variable(Variable::Args);
        let select = |name: &str| Node::Select { of: Box::new(args()), name: name.into() };
        let literal = Node::Literal;
        let both = |one, other| Box::new([one, other]);
        let calls = Function::ALL
            .map(|function| Node::Call(function, vec![select("a"); function.arguments()]));
        let mut roots = calls.to_vec();
        roots.extend(Variable::ALL.map(Node::Variable));
        roots.extend(
            Operator::ALL.map(|by| Node::Binary(by, both(select("a"), literal(Value::Int(-3))))),
        );
        roots.extend(Fold::ALL.map(|fold| {
            let inner = Node::Fold {
                fold,
                range: Box::new(Node::Local(0)),
                body: Box::new(Node::Index(both(Node::Local(1), Node::Local(0)))),
            };
            Node::Fold { fold, range: Box::new(args()), body: Box::new(inner) }
        }));
        let texts = [Value::text("x"), Value::Uint(1), Value::Double(0.5), Value::Bool(true)];
        let list = texts.into_iter().chain([Value::Null]).map(literal).collect();
        let list = Node::list(vec![Node::list(list), Node::list(Vec::new())]);
        assert!(matches!(list, Node::Literal(_)));
        let pattern = Pattern::new("^a+$").unwrap();
        roots.extend([
            list,
            Node::List(vec![args(), literal(Value::Int(1))]),
            Node::Map(vec![[literal(Value::text("k")), args()]]),
            Node::Not(Box::new(Node::Has { of: Box::new(args()), name: "x".into() })),
            Node::Negate(Box::new(select("b"))),
            Node::And(both(args(), args())),
            Node::Or(both(args(), args())),
            Node::Choose(Box::new([args(), select("c"), args()])),
            Node::Matches { text: Box::new(args()), pattern },
            Node::Data { table: "t".into(), key: Box::new(args()) },
        ]);
        roots.into_iter().map(|root| Expression::new(root).unwrap()).collect()
    }

    fn bytes(expressions: &[Expression]) -> Vec<u8> {
        postcard::to_allocvec(&WireExpressions::new(expressions).unwrap()).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Expression>, BlobError> {
        postcard::from_bytes::<WireExpressions<'_>>(bytes).map_err(|_| BlobError::Payload)?.read()
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read(&bytes(&[])), Ok(Vec::new()));
        let all = expressions();
        assert_eq!(read(&bytes(&all)).as_ref(), Ok(&all));
    }

    #[test]
    fn no_bytes_are_read_as_what_was_not_written() {
        super::super::no_bytes_are_read_as_what_was_not_written(
            &bytes(&expressions()),
            read,
            |all| bytes(all),
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |nodes: &[WireNode<'_>]| WireExpressions { nodes: nodes.to_vec() }.read();
        let null = WireNode::Value(WireValue::Null);
        let payload = Err(BlobError::Payload);
        for node in [
            WireNode::Not,
            WireNode::And,
            WireNode::Choose,
            WireNode::Select("a"),
            WireNode::Fold(0),
            WireNode::Call(1),
            WireNode::Call(200),
            WireNode::Variable(5),
            WireNode::Binary(12),
            WireNode::Value(WireValue::List(2)),
            WireNode::Value(WireValue::Map(1)),
            WireNode::Value(WireValue::Map(u32::MAX)),
            WireNode::Matches("("),
        ] {
            assert_eq!(of(&[null, node][1..]), payload);
        }
        assert_eq!(of(&[WireNode::Local(0)]), Err(BlobError::Condition(ExpressionError::Local)));
        let nan = WireNode::Value(WireValue::Double(f64::NAN));
        assert_eq!(of(&[nan]), Err(BlobError::Condition(ExpressionError::Number)));
        let deep = |nots: usize| [vec![null], vec![WireNode::Not; nots]].concat();
        assert!(of(&deep(63)).is_ok());
        assert_eq!(of(&deep(64)), payload);
        let wide = |nulls: u32| {
            let list = WireNode::Value(WireValue::List(nulls));
            [vec![null; usize::try_from(nulls).unwrap()], vec![list]].concat()
        };
        assert!(of(&wide(999)).is_ok());
        assert_eq!(of(&wide(1000)), Err(BlobError::Condition(ExpressionError::Nodes)));
        let patterns = |count: usize| [null, WireNode::Matches("a")].repeat(count);
        assert!(of(&patterns(128)).is_ok());
        assert_eq!(of(&patterns(129)), payload);
        let many = postcard::to_allocvec(&vec![WireNode::Not; 65_537]).unwrap();
        assert_eq!(read(&many), payload);
    }
}
