//! What a document is once that is left out which separates its tokens: the same for every way to
//! write it down, and another one for every other sequence of tokens.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "document/corpus.rs"]
mod corpus;

use fieldgate_core::document::{Document, DocumentErrorKind, Normalised};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq, prop_assert_ne, proptest};

const TOKENS: u32 = 1_000;

/// Tokens of every kind, many of them near to one another.
const POOL: &[&str] = &[
    "!",
    "$",
    "&",
    "(",
    ")",
    "...",
    ":",
    "=",
    "@",
    "[",
    "]",
    "{",
    "|",
    "}",
    "a",
    "b",
    "ab",
    "A",
    "query",
    "true",
    "null",
    "0",
    "-0",
    "1",
    "10",
    "1.0",
    "1e0",
    "1E0",
    "\"\"",
    "\"a\"",
    "\"a b\"",
    "\"a  b\"",
    "\"a,b\"",
    "\"#\"",
    "\"\u{feff}\"",
    "\"\\u0061\"",
    "\"\"\"\"\"\"",
    "\"\"\"a\"\"\"",
    "\"\"\" a\"\"\"",
    "\"\"\"\na\"\"\"",
    "\"\"\"\r\na\"\"\"",
    "\"\"\"\"a\"\"\"",
    "\"\"\"#\"\"\"",
];

const BLANKS: &[&str] =
    &[" ", "\t", "\n", "\r", "\r\n", ",", ", ,", "\u{feff}", "#\n", "# \"a\r", "#a{}\n#\n"];

fn normalised(source: &str) -> Normalised {
    Normalised::new(source, TOKENS).unwrap()
}

fn tokens() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(POOL), 0..12)
}

/// Whether two tokens would be read as others without something between them.
fn would_merge(one: &str, next: &str) -> bool {
    let is_word = |token: &str| {
        token.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '-')
    };
    let is_string = |token: &str| token.starts_with('"');
    is_word(one) && (is_word(next) || next == "...") || is_string(one) && is_string(next)
}

/// The tokens with as little between them as there has to be.
fn dense(tokens: &[&str]) -> String {
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && would_merge(tokens[at - 1], token) {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn what_separates_tokens_makes_no_difference(
        tokens in tokens(),
        blanks in vec(vec(select(BLANKS), 1..4), 13),
    ) {
        let blanks: Vec<String> = blanks.iter().map(|blank| blank.concat()).collect();
        let mut text = blanks[12].clone();
        for (token, blank) in tokens.iter().zip(&blanks) {
            text += token;
            text += blank;
        }
        prop_assert_eq!(normalised(&text), normalised(&dense(&tokens)), "{}", text);
        prop_assert_eq!(normalised(&format!("{text}#")), normalised(&text));
    }

    #[test]
    fn other_tokens_are_something_else(one in tokens(), other in tokens()) {
        let same = normalised(&dense(&one)) == normalised(&dense(&other));
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn any_change_of_a_token_is_something_else(
        tokens in vec(select(POOL), 1..12),
        at in 0..12_usize,
        token in select(POOL),
    ) {
        let at = at % tokens.len();
        let whole = normalised(&dense(&tokens));
        let mut less = tokens.clone();
        less.remove(at);
        prop_assert_ne!(normalised(&dense(&less)), whole);
        let mut more = tokens.clone();
        more.insert(at, token);
        prop_assert_ne!(normalised(&dense(&more)), whole);
        let mut replaced = tokens.clone();
        replaced[at] = token;
        prop_assert_eq!(normalised(&dense(&replaced)) == whole, tokens[at] == token);
        let mut swapped = tokens.clone();
        swapped.swap(0, at);
        prop_assert_eq!(normalised(&dense(&swapped)) == whole, tokens[0] == tokens[at]);
    }

    #[test]
    fn a_bound_is_met_exactly(tokens in tokens()) {
        let (text, count) = (dense(&tokens), u32::try_from(tokens.len()).unwrap());
        prop_assert!(Normalised::new(&text, count).is_ok());
        if let Some(fewer) = count.checked_sub(1) {
            let error = Normalised::new(&text, fewer).unwrap_err();
            prop_assert_eq!(error.kind, DocumentErrorKind::TokenLimit);
        }
    }
}

/// What is written down in blobs. The bytes that are hashed are, for each token, its number, for
/// names and numbers the text, and for strings its length and the text.
#[test]
fn it_stays_what_it_is() {
    let text = "! $ & ( ) ... : = @ [ ] { | } name -1 1.5e3 \"é\" \"\"\"b\"\"\"";
    let expected = "f7ea7da7b75a2545eebfc94379488fe95ed3339efc029b9f37a74396ad5fa9d2";
    assert_eq!(normalised(text).to_string(), expected);
    // What is hashed at once, and more than that.
    let long = format!("{}\"{}\" name", "name ".repeat(600), "x".repeat(3_000));
    let expected = "a10022dde71c23b945032c22e9a35e91e58d11af40b3cb7bbd40e460e1b64db3";
    assert_eq!(normalised(&long).to_string(), expected);
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(normalised(" # nothing").to_string(), nothing);
}

/// Every document of the corpus has one, within the bound that it was read with, and keeps it where
/// more is around it.
#[test]
fn documents_that_are_read_have_one() {
    let mut read = 0;
    for case in corpus::cases() {
        let source = case.source();
        let Ok(document) = Document::read(&source, &case.bounds()) else { continue };
        let of = |text: &str| Normalised::new(text, document.tokens).unwrap();
        assert_eq!(of(&format!("\u{feff}#\r,{source}\n#")), of(&source), "{}", case.title());
        read += 1;
    }
    assert!(read > 50, "{read}");
}
