//! Members of header and claims set to other values, doubled, renamed and left out; signed again, so
//! that only the change is at fault. One at a time, and several together.

use crate::Clock;
use crate::algorithm::{self, PUBLIC, in_turn};
use crate::forge::Draft;
use crate::object::Object;
use crate::random::Random;
use crate::values;

/// Of several changes in one token, so many tokens.
const SEVERAL: usize = 3000;

const HEADER: [&str; 20] = [
    "alg",
    "kid",
    "typ",
    "crit",
    "b64",
    "zip",
    "enc",
    "cty",
    "jku",
    "jwk",
    "x5u",
    "x5c",
    "x5t",
    "epk",
    "p2c",
    "iss",
    "nonce",
    "x",
    "",
    "__proto__",
];

const CLAIMS: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "act",
    "groups",
    "scope",
    "cnf",
    "_claim_names",
    "hasgroups",
    "may_act",
    "auth_time",
    "x",
    "",
    "__proto__",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    Claims,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// The member has the value, whether it was there or not.
    Set,
    /// The member is there twice, this one first.
    Before,
    /// The member is there twice, this one last.
    After,
    /// The same, with a letter of the name escaped.
    AfterEscaped,
    /// The member is not there.
    Without,
    /// The member has another name.
    Renamed,
}

/// One change.
#[derive(Clone, Debug)]
struct Change {
    part: Part,
    member: &'static str,
    how: How,
    value: String,
}

impl Change {
    fn label(&self) -> String {
        let part = match self.part {
            Part::Header => "header",
            Part::Claims => "claims",
        };
        let how = match self.how {
            // More than a reader can hold, or half a character.
            How::Set if self.value.contains("1e400") => " too large",
            How::Set if self.value.contains("\\ud800") => " half",
            How::Set if self.is_alias() => " alias",
            How::Set => "",
            How::Before | How::After | How::AfterEscaped => " twice",
            How::Without => " absent",
            How::Renamed => " renamed",
        };
        format!("{part} {}{how}", self.member)
    }

    /// Another name of the same algorithm.
    fn is_alias(&self) -> bool {
        let mut names = algorithm::all().flat_map(|algorithm| algorithm.aliases);
        self.member == "alg" && names.any(|name| self.value == format!("\"{name}\""))
    }

    fn apply(&self, draft: &mut Draft) {
        let object = match self.part {
            Part::Header => &mut draft.header,
            Part::Claims => &mut draft.claims,
        };
        let plain = format!("\"{}\"", self.member);
        let old = object.clone();
        // What is to be there twice has to be there once.
        let once = || match old.value(self.member) {
            Some(_) => old.clone(),
            None => old.clone().with(self.member, "\"x\""),
        };
        *object = match self.how {
            How::Set => old.with(self.member, &self.value),
            How::Before => once().first(&plain, &self.value),
            How::After => once().last(&plain, &self.value),
            How::AfterEscaped => once().last(&escaped(self.member), &self.value),
            How::Without => old.without(self.member),
            How::Renamed => renamed(&old, self.member, &self.value),
        };
    }
}

fn escaped(name: &str) -> String {
    match name.chars().next() {
        Some(first) => format!("\"\\u{:04x}{}\"", u32::from(first), &name[1..]),
        None => "\"\"".to_owned(),
    }
}

/// The member under another name, given as JSON text.
fn renamed(object: &Object, member: &str, name: &str) -> Object {
    let value = object.value(member).unwrap_or("\"x\"").to_owned();
    object.clone().without(member).last(name, &value)
}

/// Every change there is.
fn every(clock: Clock) -> Vec<Change> {
    let draft = Draft::new(&PUBLIC[0], clock);
    let members = HEADER.map(|name| (Part::Header, name)).into_iter();
    let members = members.chain(CLAIMS.map(|name| (Part::Claims, name)));
    let mut all = Vec::new();
    for (part, member) in members {
        let good = match part {
            Part::Header => draft.header.value(member),
            Part::Claims => draft.claims.value(member),
        };
        let own = match part {
            Part::Header => values::header(member, good),
            Part::Claims => values::claims(member, good, clock),
        };
        let mut push = |how, value: &str| {
            all.push(Change { part, member, how, value: value.to_owned() });
        };
        push(How::Without, "");
        for name in [
            escaped(member),
            format!("\"{}\"", member.to_ascii_uppercase()),
            format!("\" {member}\""),
            format!("\"{member} \""),
            format!("\"{member}\\u0000\""),
        ] {
            push(How::Renamed, &name);
        }
        let values = own.iter().map(String::as_str).chain(values::ANY);
        for (at, value) in values.enumerate() {
            push(How::Set, value);
            match at % 3 {
                0 => push(How::Before, value),
                1 => push(How::After, value),
                _ => push(How::AfterEscaped, value),
            }
        }
    }
    all
}

/// Each change alone: in a token with everything, and in one with nothing that is optional.
pub(crate) fn single(clock: Clock) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for (at, change) in every(clock).iter().enumerate() {
        let [one, other] = [2 * at, 2 * at + 1].map(in_turn);
        for mut draft in [Draft::new(one, clock), Draft::bare(other, clock)] {
            change.apply(&mut draft);
            tokens.push((change.label(), draft.mint()));
        }
    }
    tokens
}

/// Two to four changes together, at random.
pub(crate) fn several(clock: Clock) -> Vec<(String, String)> {
    let mut random = Random::new(4);
    let every = every(clock);
    let one = |at| {
        let algorithm = in_turn(at);
        let mut draft = match random.below(3) {
            0 => Draft::bare(algorithm, clock),
            _ => Draft::new(algorithm, clock),
        };
        let mut labels = Vec::new();
        for _ in 0..2 + random.below(3) {
            let change = random.pick(&every);
            change.apply(&mut draft);
            labels.push(change.label());
        }
        (labels.join(" + "), draft.mint())
    };
    (0..SEVERAL).map(one).collect()
}
