//! What holds for the document reader whatever it is given: generated texts, the corpus with
//! something changed, and the inputs that fuzzing found worth keeping.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "document/corpus.rs"]
mod corpus;
#[path = "document/invariants.rs"]
mod invariants;

use std::fs;

use fieldgate_core::document::{Bounds, Document};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::{prop_assert, proptest};

const BOUNDS: Bounds = Bounds { tokens: 15_000, nesting: 200 };

/// Pieces that the grammar gives a meaning to, and some that it does not.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "...",
    ":",
    "=",
    "@",
    "$",
    "!",
    "|",
    "&",
    " ",
    ",",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{feff}",
    "#",
    "#c\n",
    "#c\r",
    "a",
    "B_1",
    "on",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "true",
    "false",
    "null",
    "type",
    "0",
    "-1",
    "1.5",
    "1e9",
    "01",
    "1.",
    "-",
    ".",
    "\"",
    "\"\"",
    "\"s\"",
    "\"\\u0041\"",
    "\"\\u{1F600}\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uD83D\"",
    "\"\"\"",
    "\"\"\"\n a\n  b\"\"\"",
    "\\\"\"\"",
    "\\",
    "\u{a0}",
    "\u{2028}",
    "\0",
    "é",
    "\u{1F600}",
    "{a}",
    "(b:1)",
    "@c",
    "...F",
    "...on T{d}",
    "$v",
    "query Q($v:[T!]!=[1]@d)",
    "fragment F on T",
];

fn soup() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..60).prop_map(|soup| soup.concat())
}

fn name() -> impl Strategy<Value = String> {
    let names = ["a", "_", "B_1", "__typename", "on", "query", "fragment", "true", "null", "type"];
    select(names.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    let scalar = Union::new([
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?".boxed(),
        "\"([^\"\\\\\n\r]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-fA-F]{2}|\\\\u\\{[0-9]{1,3}\\})*\""
            .boxed(),
        "\"\"\"[^\"\\\\]*\"\"\"".boxed(),
        name().boxed(),
        name().prop_map(|name| format!("${name}")).boxed(),
    ]);
    scalar.prop_recursive(4, 16, 4, |inner| {
        let list = vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ")));
        let object = vec((name(), inner), 0..4).prop_map(|fields| {
            let fields = fields.iter().map(|(name, value)| format!("{name}:{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        });
        Union::new([list.boxed(), object.boxed()])
    })
}

fn arguments() -> impl Strategy<Value = String> {
    vec((name(), value()), 0..3).prop_map(|arguments| match arguments.is_empty() {
        true => String::new(),
        false => {
            let arguments = arguments.iter().map(|(name, value)| format!("{name}: {value}"));
            format!("({})", arguments.collect::<Vec<_>>().join(" "))
        }
    })
}

fn directives() -> impl Strategy<Value = String> {
    let directive =
        (name(), arguments()).prop_map(|(name, arguments)| format!("@{name}{arguments}"));
    vec(directive, 0..3).prop_map(|directives| directives.concat())
}

fn selection_set() -> impl Strategy<Value = String> {
    let field = || {
        (proptest::option::of(name()), name(), arguments(), directives()).prop_map(
            |(alias, name, arguments, directives)| {
                let alias = alias.map_or(String::new(), |alias| format!("{alias}:"));
                format!("{alias}{name}{arguments}{directives}")
            },
        )
    };
    let spread = (name(), directives()).prop_map(|(name, directives)| match name.as_str() {
        "on" => format!("...on_{directives}"),
        _ => format!("...{name}{directives}"),
    });
    let leaf = Union::new([field().boxed(), spread.boxed()]);
    let set =
        |part| vec(part, 1..4).prop_map(|parts: Vec<String>| format!("{{{}}}", parts.join(" ")));
    set(leaf.boxed()).prop_recursive(4, 24, 4, move |inner| {
        let field = (field(), inner.clone()).prop_map(|(field, set)| field + &set);
        let condition = proptest::option::of(name());
        let inline = (condition, directives(), inner).prop_map(|(name, directives, set)| {
            let condition = name.map_or(String::new(), |name| format!("on {name}"));
            format!("...{condition}{directives}{set}")
        });
        set(Union::new([field.boxed(), inline.boxed()]).boxed())
    })
}

fn definition() -> impl Strategy<Value = String> {
    let head = ["query", "mutation M", "\"d\" subscription", "query Q($v:[T!]!=[1]@d \"d\" $w:U)"];
    let head = select(head.to_vec());
    let operation = (head, directives(), selection_set());
    let fragment = (name(), directives(), selection_set());
    Union::new([
        selection_set().boxed(),
        operation.prop_map(|(head, directives, set)| format!("{head}{directives}{set}")).boxed(),
        fragment
            .prop_map(|(name, directives, set)| format!("fragment F on {name}{directives}{set}"))
            .boxed(),
    ])
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn any_text_is_read_or_refused(source in any::<String>()) {
        invariants::read(&source, &BOUNDS);
    }

    #[test]
    fn any_sequence_of_tokens_is_read_or_refused(source in soup(), tokens in 0..60_u32) {
        invariants::read(&source, &BOUNDS);
        invariants::read(&source, &Bounds { tokens, nesting: tokens / 8 });
    }

    #[test]
    fn any_sequence_of_tokens_in_a_value_is_read_or_refused(soup in soup()) {
        invariants::read(&format!("{{a(b:[{soup}])}}"), &BOUNDS);
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn what_the_grammar_makes_is_read(source in vec(definition(), 1..4)) {
        let source = source.join(" ");
        prop_assert!(invariants::read(&source, &BOUNDS), "{}", source);
    }

    #[test]
    fn a_bound_is_met_exactly(source in definition()) {
        let document = Document::read(&source, &BOUNDS).unwrap();
        let Document { tokens, nesting, .. } = document;
        let reads = |tokens, nesting| Document::read(&source, &Bounds { tokens, nesting }).is_ok();
        prop_assert!(reads(tokens, nesting));
        prop_assert!(!reads(tokens - 1, nesting));
        prop_assert!(!reads(tokens, nesting - 1));
    }
}

#[test]
fn every_case_of_the_corpus_keeps_the_invariants_at_every_cut() {
    for case in corpus::cases() {
        println!("{}", case.title());
        let source = case.source();
        invariants::read(&source, &case.bounds());
        let cuts = source.char_indices().map(|(at, _)| at).filter(|_| source.len() < 300);
        for cut in cuts {
            invariants::read(&source[..cut], &case.bounds());
            invariants::read(&source[cut..], &case.bounds());
        }
    }
}

#[test]
fn inputs_that_fuzzing_found_keep_the_invariants() {
    let folder = corpus::root().join("tests/fuzz/regressions/document");
    let mut replayed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        invariants::read(&String::from_utf8_lossy(&bytes), &BOUNDS);
        replayed += 1;
    }
    assert!(replayed > 0, "nothing to replay");
}
