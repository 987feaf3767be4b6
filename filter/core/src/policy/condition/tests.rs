//! Bounds, and what an expression says of itself. What the operators mean is in
//! `tests/corpus/conditions`.

use std::thread;

use super::{
    Arguments, ConditionError, Expression, ExpressionError, Fold, Function, Node, Operator,
    Pattern, Steps, Value, Variable, Variables,
};
use crate::json::Json;
use crate::limits::{CONDITION_DEPTH, CONDITION_STEPS};
use crate::policy::data::Data;

fn variable(variable: Variable) -> Node {
    Node::Variable(variable)
}

fn select(of: Node, name: &str) -> Node {
    Node::Select { of: Box::new(of), name: name.into() }
}

fn binary(by: Operator, one: Node, other: Node) -> Node {
    Node::Binary(by, Box::new([one, other]))
}

fn fold(fold: Fold, range: Node, body: Node) -> Node {
    Node::Fold { fold, range: Box::new(range), body: Box::new(body) }
}

fn bool(value: bool) -> Node {
    Node::Literal(Value::Bool(value))
}

/// What a tree says where the claims are this text, and how many steps it takes.
fn evaluate(root: Node, claims: &str) -> (Result<bool, ConditionError>, u32) {
    let json = Json::read(claims, 8).unwrap();
    let claims = Value::from(&json);
    let variables = Variables { claims: Some(&claims), ..Variables::default() };
    let mut steps = Steps::default();
    let expression = Expression::new(root).unwrap();
    let outcome = expression.evaluate_within(&variables, &Data::default(), &mut steps);
    (outcome, CONDITION_STEPS.saturating_sub(steps.left()))
}

#[test]
fn a_result_that_is_no_boolean_and_a_variable_that_is_not_there() {
    let claims = variable(Variable::Claims);
    assert_eq!(evaluate(claims.clone(), "true"), (Ok(true), 1));
    assert_eq!(evaluate(claims.clone(), "1").0, Err(ConditionError::NotBoolean));
    assert_eq!(evaluate(claims, "null").0, Err(ConditionError::NotBoolean));
    let args = variable(Variable::Args);
    assert_eq!(evaluate(args, "true").0, Err(ConditionError::NoSuchVariable));
    let table = Node::Data { table: "a".into(), key: Box::new(Node::Literal(Value::text("b"))) };
    assert_eq!(evaluate(table, "1").0, Err(ConditionError::NoSuchTable));
}

/// Every element against every other, and once more.
#[test]
fn what_takes_too_long_is_an_error_that_nothing_absorbs() {
    let claims = || variable(Variable::Claims);
    let same = binary(Operator::Equal, Node::Local(0), Node::Local(1));
    let inner = fold(Fold::Exists, claims(), Node::Not(Box::new(same)));
    let all = fold(Fold::All, claims(), Node::Not(Box::new(inner)));
    let list = |elements: usize| format!("[{}1]", "1,".repeat(elements));
    assert_eq!(evaluate(all.clone(), &list(100)).0, Ok(true));
    let exceeded = (Err(ConditionError::BudgetExceeded), CONDITION_STEPS);
    assert_eq!(evaluate(all.clone(), &list(1000)), exceeded);
    for root in [
        Node::Or(Box::new([all.clone(), bool(true)])),
        Node::And(Box::new([all.clone(), bool(false)])),
        fold(Fold::Exists, claims(), Node::Or(Box::new([all.clone(), bool(true)]))),
    ] {
        assert_eq!(evaluate(root, &list(1000)), exceeded);
    }
}

#[test]
fn texts_lists_and_maps_cost_by_their_size() {
    let claims = || variable(Variable::Claims);
    let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes));
    let same = binary(Operator::Equal, claims(), claims());
    assert!(evaluate(same.clone(), &text(64)).1 < 5);
    assert!(evaluate(same, &text(64_000)).1 > 1000);
    let joined = binary(Operator::Add, claims(), claims());
    let grown = binary(Operator::Equal, joined.clone(), joined);
    assert!(evaluate(grown.clone(), &text(64_000)).1 > 8000);
    assert_eq!(evaluate(grown, &text(1 << 20)).0, Err(ConditionError::BudgetExceeded));
    let matches = |pattern: &str| Node::Matches {
        text: Box::new(claims()),
        pattern: Pattern::new(pattern).unwrap(),
    };
    assert!(evaluate(matches("^a+$"), &text(100)).1 < 2000);
    assert!(evaluate(matches("^(a{9}){50}$"), &text(100)).1 > 2000);
    let long = evaluate(matches("^a+$"), &text(1 << 20));
    assert_eq!(long, (Err(ConditionError::BudgetExceeded), CONDITION_STEPS));
    let members: Vec<String> = (0..1600).map(|at| format!("\"{at}\":{at}")).collect();
    let members = format!("{{{}}}", members.join(","));
    let one = binary(Operator::Equal, select(claims(), "1599"), Node::Literal(Value::Int(1599)));
    assert!(matches!(evaluate(one, &members), (Ok(true), 100..200)));
}

/// Sharing what is left is what bounds a whole request.
#[test]
fn steps_are_shared() {
    let expression = Expression::new(Node::Not(Box::new(bool(false)))).unwrap();
    let mut steps = Steps::new(5);
    let mut next = || {
        let (variables, data) = (Variables::default(), Data::default());
        expression.evaluate_within(&variables, &data, &mut steps)
    };
    assert_eq!([next(), next()], [Ok(true), Ok(true)]);
    assert_eq!([next(), next()], [Err(ConditionError::BudgetExceeded); 2]);
    assert_eq!(steps.left(), 0);
}

#[test]
fn a_tree_has_bounds() {
    let nots = |count: u32| (0..count).fold(bool(true), |inner, _| Node::Not(Box::new(inner)));
    assert!(Expression::new(nots(CONDITION_DEPTH - 1)).is_ok());
    assert_eq!(Expression::new(nots(CONDITION_DEPTH)), Err(ExpressionError::Depth));
    let deep = (0..CONDITION_DEPTH).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    assert_eq!(Expression::new(Node::Literal(deep)), Err(ExpressionError::Depth));
    assert_eq!(Expression::new(Node::List(vec![bool(true); 1000])), Err(ExpressionError::Nodes));
    assert_eq!(Expression::new(Node::list(vec![bool(true); 1000])), Err(ExpressionError::Nodes));
    assert_eq!(Expression::new(Node::Local(0)), Err(ExpressionError::Local));
    let outside = fold(Fold::All, Node::Local(0), Node::Local(0));
    assert_eq!(Expression::new(outside), Err(ExpressionError::Local));
    let call = Node::Call(Function::Size, Vec::new());
    assert_eq!(Expression::new(call), Err(ExpressionError::Arguments));
    let nan = Node::Literal(Value::List(vec![Value::Double(f64::NAN)]));
    assert_eq!(Expression::new(nan), Err(ExpressionError::Number));
}

/// A wasm stack has a megabyte, of which half is enough here, in a debug build.
#[test]
fn the_deepest_tree_has_room_on_a_small_stack() {
    let work = || {
        let one = || Node::list(vec![bool(true)]);
        let deepest =
            (2..CONDITION_DEPTH).fold(bool(true), |inner, _| fold(Fold::All, one(), inner));
        assert_eq!(evaluate(deepest, "1").0, Ok(true));
    };
    thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn an_expression_tells_what_it_reads() {
    let args = || variable(Variable::Args);
    let reads = |root: Node| Expression::new(root).unwrap().reads().clone();
    let both = binary(
        Operator::In,
        Node::Call(Function::Owner, vec![select(select(args(), "b"), "c")]),
        select(variable(Variable::Subject), "groups"),
    );
    let has = Node::Has { of: Box::new(args()), name: "a".into() };
    let named = reads(Node::And(Box::new([both, has])));
    let read = Variable::ALL.map(|variable| named.variable(variable));
    assert_eq!(read, [false, true, true, false, false]);
    assert_eq!(*named.arguments(), Arguments::Named(["a".into(), "b".into()].into()));
    assert!(named.arguments().contains("b") && !named.arguments().contains("c"));
    let whole = reads(fold(Fold::All, args(), select(args(), "a")));
    assert_eq!(*whole.arguments(), Arguments::All);
    assert!(whole.arguments().contains("c"));
    assert!(!whole.is_nothing());
    assert!(reads(bool(true)).is_nothing());
    let owner = Node::Call(Function::Owner, vec![Node::Literal(Value::text("a"))]);
    assert!(!reads(owner).is_nothing());
}

#[test]
fn numbers_of_json_are_what_they_fit_in() {
    let of = |text: &str| Value::from(Json::read(text, 1).unwrap().as_number().unwrap());
    assert_eq!(of("-1"), Value::Int(-1));
    assert_eq!(of("9223372036854775807"), Value::Int(i64::MAX));
    assert_eq!(of("9223372036854775808"), Value::Uint(1 << 63));
    assert_eq!(of("18446744073709551616"), Value::Double(18_446_744_073_709_551_616.0));
    assert_eq!(of("1.0"), Value::Double(1.0));
}
