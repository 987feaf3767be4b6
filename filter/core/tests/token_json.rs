//! The strict JSON reader against the grammar's edges and against `serde_json::Value`: what it
//! accepts is the same tree, and what it refuses beyond that is a duplicate or a depth.

use fieldgate_core::json::{Json, JsonError, members};
use serde_json::Value;

/// Not JSON, or without a meaning that all readers share.
const REFUSED: [&str; 60] = [
    "",
    " ",
    "\u{feff}1",
    "1 2",
    "{} x",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\"}",
    "{\"a\":}",
    "{1:1}",
    "{null:1}",
    "nul",
    "nulll",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "01",
    "-01",
    "-",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "\u{ff11}",
    "\"\u{1}\"",
    "\"\n\"",
    "\"\t\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\U0041\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800x\"",
    "\"\\udc00\\ud800\"",
    "\"",
    "\"\\\"",
    "[",
    "{",
    "]",
    "[1}",
    "{\"a\":1]",
    "// c\n1",
    "/**/1",
    "\u{a0}1",
    "\u{c}1",
    "[1\u{0}]",
    "{\"\\ud800\":1}",
];

/// JSON, if unusual.
const ACCEPTED: [&str; 24] = [
    "null",
    "-0",
    "-0.0",
    "0e1",
    "1E+2",
    "1e-400",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    "1.7976931348623157e308",
    "\" \u{7f}\u{2028}\u{ffff}\"",
    "\"\\u0000\\b\\f\\n\\r\\t\\\\\\\"\\/\"",
    "\"\\ud83d\\ude00\\uD83D\\uDE00\"",
    "\"\u{10ffff}\"",
    "[]",
    "{}",
    "[[],{},[[]]]",
    "{\"\":0}",
    "{\"a\":1,\"A\":2}",
    "{\"\\u0000\":1,\"\":2}",
    "\t\r\n [ 1 , 2 ]\n",
    "{\"e\u{301}\":1,\"\u{e9}\":2}",
    "[\"a\",\"a\"]",
    "[{\"a\":1},{\"a\":1}]",
    "{\"a\":{\"a\":{\"a\":1}}}",
];

fn as_value(json: &Json<'_>) -> Value {
    match json {
        Json::Null | Json::Upload => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Number(number.clone()),
        Json::String(text) => Value::String(text.to_string()),
        Json::Array(elements) => elements.iter().map(as_value).collect(),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.to_string(), as_value(value)));
            Value::Object(members.collect())
        }
    }
}

/// What both readers make of a text has to agree; returns our side.
#[track_caller]
fn check_agreement(text: &str) -> Result<Value, JsonError> {
    let theirs = serde_json::from_str::<Value>(text);
    let ours = Json::read(text, 64).map(|json| as_value(&json));
    match &ours {
        Ok(tree) => {
            assert_eq!(theirs.ok().as_ref(), Some(tree), "{text:?}");
            if let Value::Object(object) = tree {
                let raw = members(text).map(|members| members.len());
                assert_eq!(raw, Ok(object.len()), "{text:?}");
            }
        }
        Err(JsonError::Syntax) => assert!(theirs.is_err(), "{text:?}"),
        Err(JsonError::DuplicateMember | JsonError::Depth) => {}
    }
    ours
}

#[test]
fn what_is_not_json_is_refused() {
    for text in REFUSED {
        assert_eq!(check_agreement(text), Err(JsonError::Syntax), "{text:?}");
        let inside = format!("[0,{text}");
        assert_eq!(check_agreement(&inside), Err(JsonError::Syntax), "{inside:?}");
    }
}

#[test]
fn what_is_json_is_the_same_tree() {
    for text in ACCEPTED {
        assert!(check_agreement(text).is_ok(), "{text:?}");
        let inside = format!("{{\"x\":[{text}]}}");
        assert!(check_agreement(&inside).is_ok(), "{inside:?}");
    }
}

/// A generator with a fixed seed (xorshift64): a failure is the same one every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        let index = usize::try_from(self.below(u64::try_from(from.len()).unwrap_or(1)));
        index.ok().and_then(|index| from.get(index)).copied().unwrap_or_default()
    }

    /// A JSON text of random shape; names come from a few, so that some repeat.
    fn json(&mut self, depth: u32) -> String {
        let strings =
            ["\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "\"\\ud83d\\ude00\"", "\"😀\"", "\"\\n\""];
        let others = ["null", "true", "0", "-0", "1e3", "0.1", "18446744073709551616", "-1"];
        let space = self.pick(&["", "", " ", "\n"]);
        let count = self.below(4);
        match self.below(if depth == 0 { 2 } else { 4 }) {
            0 => format!("{space}{}", self.pick(&others)),
            1 => format!("{}{space}", self.pick(&strings)),
            2 => {
                let elements: Vec<_> = (0..count).map(|_| self.json(depth - 1)).collect();
                format!("[{space}{}]", elements.join(","))
            }
            _ => {
                let members: Vec<_> = (0..count)
                    .map(|_| format!("{}{space}:{}", self.pick(&strings), self.json(depth - 1)))
                    .collect();
                format!("{{{}{space}}}", members.join(","))
            }
        }
    }
}

#[test]
fn generated_texts_have_the_same_tree_or_a_duplicate() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut same, mut duplicates) = (0_u32, 0_u32);
    for _ in 0..20_000 {
        let text = dice.json(5);
        match check_agreement(&text) {
            Ok(_) => same += 1,
            Err(JsonError::DuplicateMember) => duplicates += 1,
            Err(fault) => panic!("{fault:?}: {text}"),
        }
    }
    assert!(same > 10_000 && duplicates > 500, "{same} the same, {duplicates} duplicates");
}

#[test]
fn damaged_texts_are_read_by_both_or_by_none() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (mut read, mut refused) = (0_u32, 0_u32);
    let scraps = ["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "e", "-", "\u{1}", "\\ud800"];
    for _ in 0..20_000 {
        let text = dice.json(4);
        let characters: Vec<char> = text.chars().collect();
        let at = usize::try_from(dice.below(u64::try_from(text.len()).unwrap() + 1)).unwrap();
        let (before, after) = characters.split_at(at.min(characters.len()));
        let kept = after.iter().skip(usize::try_from(dice.below(2)).unwrap());
        let mut damaged: String = before.iter().collect();
        damaged.push_str(dice.pick(&scraps));
        damaged.extend(kept);
        match check_agreement(&damaged) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1_000 && refused > 5_000, "{read} read, {refused} refused");
}
