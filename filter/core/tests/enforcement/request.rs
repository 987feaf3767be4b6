//! Random choices -> an operation with its fragments, mostly valid under the schema of `world`.
//!
//! Choices that have run out are zero, and zero is always the smallest thing: whatever proptest
//! takes away, a smaller operation is left.

use crate::world::{self, TYPES};

pub(crate) struct Choices<'c>(pub(crate) &'c [u16]);

impl Choices<'_> {
    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % count
    }

    /// One time in `count`.
    pub(crate) fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }
}

/// A selection; `id` is its own in the whole request.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) id: usize,
    pub(crate) what: What,
    pub(crate) tests: Vec<Test>,
    pub(crate) below: Vec<Self>,
}

#[derive(Debug)]
pub(crate) enum What {
    Field {
        alias: Option<&'static str>,
        name: &'static str,
        arguments: Vec<(&'static str, &'static str)>,
    },
    /// Of the fragment with that number.
    Spread(usize),
    Inline(Option<&'static str>),
}

/// `@include` if `stays_when`, else `@skip`.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) stays_when: bool,
    pub(crate) operand: Operand,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand {
    Literal(bool),
    /// A number in [`VARIABLES`].
    Variable(usize),
}

/// Name, type with default, the JSON that the request gives, the boolean that it comes to.
pub(crate) const VARIABLES: [(&str, &[&str], Option<&str>, bool); 6] = [
    ("on", &["Boolean", "!"], Some("true"), true),
    ("off", &["Boolean", "!"], Some(" false"), false),
    ("onByDefault", &["Boolean", "=", "true"], None, true),
    ("offByDefault", &["Boolean", "!", "=", "false"], None, false),
    ("overridden", &["Boolean", "=", "true"], Some("false"), false),
    ("text", &["Any"], Some(r#"["\u0041", 1e2]"#), false),
];

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) below: Vec<Selection>,
}

#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) name: &'static str,
    pub(crate) on: &'static str,
    pub(crate) below: Vec<Selection>,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operations: Vec<Operation>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) chosen: usize,
    /// How many selections there are.
    pub(crate) selections: usize,
}

const FRAGMENTS: [&str; 3] = ["F", "query", "G"];
const OPERATIONS: [&str; 3] = ["A", "fragment", "B"];
const COMPOSITE: [&str; 9] =
    ["Node", "User", "Person", "Hit", "Admin", "Post", "Tag", "Query", "Mutation"];

/// A request from choices.
pub(crate) fn request(choices: &mut Choices<'_>) -> Request {
    let mut maker = Maker { next: 0, fragments: choices.below(FRAGMENTS.len() + 1) };
    let count = if choices.once_in(3) { 1 + choices.below(3) } else { 1 };
    let named = count > 1 || choices.below(2) == 1;
    let mut operations = Vec::new();
    for name in OPERATIONS.into_iter().take(count) {
        let (kind, root) = match choices.once_in(5) {
            true => ("mutation", "Mutation"),
            false => ("query", "Query"),
        };
        let below = maker.set(choices, root, 0, 0);
        operations.push(Operation { kind, name: named.then_some(name), below });
    }
    let mut fragments = Vec::new();
    for (at, name) in FRAGMENTS.into_iter().take(maker.fragments).enumerate() {
        let on = match choices.below(4) {
            0 => *choices.of(&COMPOSITE),
            _ => *choices.of(&["User", "Node", "Person", "Query"]),
        };
        fragments.push(Fragment { name, on, below: maker.set(choices, on, 2, at + 1) });
    }
    let chosen = choices.below(count);
    Request { operations, fragments, chosen, selections: maker.next }
}

struct Maker {
    next: usize,
    fragments: usize,
}

impl Maker {
    /// A selection set on `parent`. Fragments below number `first` are not spread: no cycles.
    fn set(
        &mut self,
        choices: &mut Choices<'_>,
        parent: &'static str,
        depth: usize,
        first: usize,
    ) -> Vec<Selection> {
        let count = 1 + choices.below(4);
        (0..count).map(|_| self.selection(choices, parent, depth, first)).collect()
    }

    fn selection(
        &mut self,
        choices: &mut Choices<'_>,
        parent: &'static str,
        depth: usize,
        first: usize,
    ) -> Selection {
        let id = self.next;
        self.next += 1;
        let deep = depth > 4 || self.next > 60;
        let (what, below) = match choices.below(8) {
            5 | 6 if !deep => {
                let on = match choices.below(8) {
                    0 => None,
                    1..6 => Some(related(choices, parent)),
                    6 => Some(*choices.of(&COMPOSITE)),
                    _ => Some(*choices.of(&["User", "Nope", "ID"])),
                };
                let below = self.set(choices, on.unwrap_or(parent), depth + 1, first);
                (What::Inline(on), below)
            }
            7 if first < self.fragments => {
                (What::Spread(first + choices.below(self.fragments - first)), Vec::new())
            }
            _ => self.field(choices, parent, depth, first, deep),
        };
        Selection { id, what, tests: tests(choices), below }
    }

    fn field(
        &mut self,
        choices: &mut Choices<'_>,
        parent: &'static str,
        depth: usize,
        first: usize,
        deep: bool,
    ) -> (What, Vec<Selection>) {
        let fields = world::row(parent).map_or(&[][..], |row| row.3);
        let known = match choices.below(fields.len() + 1) {
            0 => None,
            at => Some(fields[at - 1]),
        };
        let known = known.filter(|field| !deep || returns_leaf(field.2));
        let (mut name, arguments, returns) = known.unwrap_or(("__typename", &[], "ID"));
        if choices.once_in(50) {
            name = "nope";
        }
        let mut given = Vec::new();
        for argument in arguments {
            if choices.below(2) == 1 {
                given.push((*argument, *choices.of(&VALUES)));
            }
        }
        if choices.once_in(60) {
            given.push(("nope", "1"));
        }
        let composite = returns_leaf(returns) == choices.once_in(60);
        let below = match composite && !deep {
            true => self.set(choices, returns, depth + 1, first),
            false => Vec::new(),
        };
        let alias = (choices.below(4) == 3).then(|| *choices.of(&["a", "on", "true", "id"]));
        (What::Field { alias, name, arguments: given }, below)
    }
}

/// Values as they are written; the printer knows nothing of their inside.
pub(crate) const VALUES: [&str; 8] = [
    "1",
    "$text",
    "\"x{y} # \\u007D \\\" ...F\"",
    "[1,{a:true b:$on}]",
    "\"\"\"b \" # } \\\"\"\" \n @skip(if:true)\"\"\"",
    "-0.5e3",
    "{}",
    "E",
];

fn returns_leaf(name: &str) -> bool {
    world::row(name).is_none_or(|row| row.1.is_leaf())
}

/// A type that shares an object with `parent`.
fn related(choices: &mut Choices<'_>, parent: &str) -> &'static str {
    let Some(parent) = world::row(parent) else { return "User" };
    let objects = world::possible(parent);
    let shares = |row: &&world::TypeRow| {
        TYPES
            .iter()
            .find(|known| known.0 == row.0)
            .is_some_and(|known| world::possible(known).iter().any(|one| objects.contains(one)))
    };
    let names: Vec<&'static str> = TYPES.iter().filter(shares).map(|row| row.0).collect();
    names.get(choices.below(names.len().max(1))).copied().unwrap_or("User")
}

fn tests(choices: &mut Choices<'_>) -> Vec<Test> {
    let mut tests = Vec::new();
    let count = if choices.once_in(3) { 1 + choices.below(2) } else { 0 };
    let first = choices.below(2) == 1;
    for stays_when in [first, !first].into_iter().take(count) {
        let operand = match choices.below(4) {
            0 => Operand::Literal(false),
            1 => Operand::Literal(true),
            _ => Operand::Variable(choices.below(5)),
        };
        tests.push(Test { stays_when, operand });
    }
    tests
}
