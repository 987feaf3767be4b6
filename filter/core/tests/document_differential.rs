//! The document reader against apollo-parser and graphql-parser: over the corpus, the inputs of
//! graphql-js's parser tests, and mutants of the corpus.
//!
//! Every difference belongs to a class of `exceptions/differential.json`, which says why; `classes`
//! recognises it. A class that shows nowhere any more fails the test.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::string_slice, reason = "offsets of errors and of spans lie on characters")]

#[path = "document/classes.rs"]
mod classes;
#[path = "document/corpus.rs"]
mod corpus;
#[path = "document/flat.rs"]
mod flat;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::panic;

use fieldgate_core::document::{Bounds, Document};

use crate::classes::Peer;

const BOUNDS: Bounds = Bounds { tokens: 15_000, nesting: 200 };
const MUTANTS: usize = 5_000;

/// A text long enough for what is cut out of it to go elsewhere.
const SEED: &str = "query Q($ref: String!, $n: Int = 10, $o: I = {k: [1, 2.5], s: \"x\"}) @d { \
                    entity(ref: $ref, by: {a: [$n, B, null]}) @include(if: true) { name o: owner \
                    { members(first: $n) { email, groups } } ... on Component { secrets { value \
                    } ...F } ... @skip(if: false) { kind } } } fragment F on Component @e { apis \
                    { definition(format: \"\"\"\n  a\n  b\"\"\") } } mutation M { __typename }";

/// Texts that a mutation puts in.
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
    "\t",
    "\u{feff}",
    "#",
    "a",
    "B_1",
    " on ",
    " query ",
    " fragment ",
    "true",
    "null",
    "type ",
    "0",
    "-1",
    "1.5",
    "1e9",
    ".",
    "\"",
    "\"\"",
    "\"s\"",
    "\\",
    "\\u0041",
    "\\u{1F600}",
    "\\uD83D",
    "\\u+041",
    "\"\"\"",
    "\"\"\"\n a\n  b\"\"\"",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\0",
    "é",
    "{a}",
    "(b:1)",
    "@c",
    "...F",
    "...on T{d}",
    "$v",
    "($v:Int=1@d)",
    "(x)",
    "\"d\"",
];

/// The seeds of a run are fixed, so that what fails once fails again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// One or two changes: a piece put in or put over something, a part cut out, doubled or replaced
/// by a part of another text.
fn mutate(seeds: &[String], dice: &mut Dice) -> String {
    let mut text: Vec<char> = seeds[dice.below(seeds.len())].chars().collect();
    for _ in 0..=dice.below(2) {
        let start = dice.below(text.len() + 1);
        let end = (start + dice.below(8)).min(text.len());
        let other = &seeds[dice.below(seeds.len())];
        let piece: Vec<char> = match dice.below(6) {
            0 | 1 => PIECES[dice.below(PIECES.len())].chars().collect(),
            2 => Vec::new(),
            3 => text[start..end].repeat(2),
            _ => {
                let from = dice.below(other.chars().count() + 1);
                other.chars().skip(from).take(dice.below(24)).collect()
            }
        };
        let end = if dice.below(2) == 0 { start } else { end };
        text.splice(start..end, piece);
    }
    text.into_iter().collect()
}

fn named_sources() -> Vec<(String, String)> {
    // The peers have no such bounds, and the long texts are about bounds as well.
    let mut cases = corpus::cases();
    cases.retain(|case| case.bounds() == BOUNDS && case.source().len() < 3_000);
    let mut sources: Vec<_> = cases.iter().map(|case| (case.title(), case.source())).collect();
    let mut seeds: Vec<_> = sources.iter().map(|(_, source)| source.clone()).collect();
    seeds.retain(|seed| Document::read(seed, &BOUNDS).is_ok());
    // One in three, roughly, is a mutant of the long text.
    seeds.extend(vec![SEED.to_owned(); seeds.len() / 2]);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    sources
        .extend((0..MUTANTS).map(|number| (format!("mutant {number}"), mutate(&seeds, &mut dice))));
    let inputs = corpus::root().join("../shared/data/graphql-js/parse_inputs.json");
    if inputs.exists() {
        let source = |(number, row): (usize, &serde_json::Value)| {
            (format!("graphql-js {number}"), row["src"].as_str().unwrap().to_owned())
        };
        sources.extend(corpus::rows(&inputs).iter().enumerate().map(source));
    }
    sources
}

#[test]
fn the_peers_read_the_same_but_for_the_listed_classes() {
    let exceptions = corpus::root().join("tests/corpus/graphql/exceptions/differential.json");
    let mut listed = BTreeSet::new();
    for row in corpus::rows(&exceptions) {
        assert!(!row["reason"].as_str().unwrap().is_empty());
        listed.insert(row["class"].as_str().unwrap().to_owned());
    }
    // graphql-parser panics as a matter of course; this test's own panics are reported below.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    let sources = named_sources();
    for (title, source) in &sources {
        for peer in [Peer::Apollo, Peer::GraphqlParser] {
            match classes::explain(peer, source) {
                Ok(classes) => {
                    classes.iter().for_each(|class| *seen.entry(class).or_default() += 1)
                }
                Err(why) => unexplained.push(format!("{peer:?} on {title} {source:?}: {why}")),
            }
        }
    }
    panic::set_hook(hook);
    if !sources.iter().any(|(title, _)| title.starts_with("graphql-js")) {
        let _ =
            writeln!(std::io::stderr(), "skipped: the inputs of graphql-js's tests are not here");
    }
    let read = sources.iter().filter(|(_, source)| Document::read(source, &BOUNDS).is_ok()).count();
    println!("{} texts, {read} of them read; differences by class: {seen:#?}", sources.len());
    assert!(read * 5 > sources.len(), "only {read} of {} texts are documents", sources.len());
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let seen: BTreeSet<_> = seen.into_keys().map(str::to_owned).collect();
    assert_eq!(seen, listed, "classes seen, and classes listed");
}
