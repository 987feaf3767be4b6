//! Random conditions say here what they say with the `cel` crate, errors too.

use fieldgate_policy::diagnostic::Code;
use proptest::prelude::{
    Just, Strategy, prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest,
};
use proptest::sample::select;
use proptest::test_runner::Config;

use crate::oracle;
use crate::support::{compile, evaluate, scope};

const ATOMS: [&str; 30] = [
    "true",
    "false",
    "null",
    "0",
    "1",
    "-1",
    "3",
    "2u",
    "1.5",
    "3.0",
    "''",
    "'a'",
    "'prod'",
    "[]",
    "[1, 'a']",
    "{}",
    "{'a': 1}",
    "{1: true}",
    "claims.sub",
    "claims.age",
    "claims.big",
    "claims.mixed",
    "claims.missing",
    "claims.nested",
    "args.count",
    "args.env",
    "args.tags",
    "args.input",
    "args.note",
    "subject.groups",
];
const BINARY: [&str; 13] = ["==", "!=", "<", "<=", ">", ">=", "in", "-", "*", "/", "%", "&&", "||"];
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];
const MEMBERS: [&str; 7] =
    [".size()", ".a", ".b", "[0]", "['a']", ".startsWith('a')", ".lowerAscii()"];
const FUNCTIONS: [&str; 8] = ["size", "int", "uint", "double", "owner", "owners", "dyn", "!"];

/// A part in brackets, so that operators bind as they were drawn. Nothing is known of its type.
fn part() -> impl Strategy<Value = String> {
    let atom = prop_oneof![4 => select(&ATOMS[..]), 1 => Just("x"), 1 => Just("y")];
    let atom = atom.prop_map(|atom| format!("dyn({atom})"));
    atom.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            // To a list the crate adds the keys of a map as well: what `b + b` refuses is left out.
            1 => two.clone().prop_map(|(a, b)| format!("dyn([{b} + {b}].all(z, true) ? {a} + {b} : {a})")),
            6 => (two.clone(), select(&BINARY[..])).prop_map(|((a, b), by)| format!("dyn({a} {by} {b})")),
            3 => (two.clone(), select(&MACROS[..]), select(&["x", "y"][..]))
                .prop_map(|((a, b), fold, local)| format!("dyn({a}.{fold}({local}, {b}))")),
            2 => (inner.clone(), select(&MEMBERS[..])).prop_map(|(a, b)| format!("dyn({a}{b})")),
            2 => (inner.clone(), select(&FUNCTIONS[..])).prop_map(|(a, f)| format!("dyn({f}({a}))")),
            1 => three.prop_map(|(a, b, c)| format!("dyn({a} ? {b} : {c})")),
            1 => two.clone().prop_map(|(a, b)| format!("dyn([{a}, {b}])")),
            1 => two.prop_map(|(a, b)| format!("dyn({{{a}: {b}}})")),
            1 => inner.prop_map(|a| format!("dyn(has({a}.a))")),
        ]
    })
}

/// A condition, in which `x` and `y` are bound. Most parts are no booleans, but two can be compared.
fn condition() -> impl Strategy<Value = String> {
    let compared = (part(), part(), select(&["==", "!=", "<", "in"][..]));
    let inner = prop_oneof![
        2 => part(),
        3 => compared.prop_map(|(a, b, by)| format!("{a} {by} {b}")),
    ];
    let bound = (inner, select(&["[1]", "['a', 2, args.tags]", "claims.nested"][..]));
    bound.prop_map(|(inner, of)| format!("{of}.exists(x, ['b'].all(y, {inner}))"))
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1_000) })]

    #[test]
    fn what_is_said_is_what_the_crate_says(text in condition()) {
        let (expression, findings) = compile(&text, &scope());
        let is_large = findings.iter().any(|one| one.code == Code::ConditionSize);
        prop_assume!(!is_large);
        // Of nothing in it is known that it cannot be right.
        prop_assert!(expression.is_some(), "{}: {:?}", text, findings);
        let said = evaluate(&expression.unwrap());
        let expected = oracle::evaluate(&text);
        prop_assert_eq!(said.ok(), expected.clone().ok(), "{}: {:?} {:?}", text, said, expected);
    }
}
