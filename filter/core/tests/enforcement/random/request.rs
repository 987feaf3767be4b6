//! Choices -> an operation with its fragments, mostly valid under a schema.

use fieldgate_core::policy::schema::TypeKind;

use super::choices::Choices;
use super::schema::{Field, Name, Ref, Schema};
use super::value::{Value, Variable};
use super::values::Values;

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
        alias: Option<Name>,
        name: Name,
        arguments: Vec<(Name, Value)>,
    },
    /// Of the fragment with that number.
    Spread(usize),
    Inline(Option<Name>),
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
    /// A number among the request's variables.
    Variable(usize),
}

/// The variables that decide selections: name, type, whether it is never null, default, what is
/// given.
const TESTED: [(Name, bool, Option<bool>, Option<bool>); 5] = [
    ("on", true, None, Some(true)),
    ("off", true, None, Some(false)),
    ("onByDefault", false, Some(true), None),
    ("offByDefault", true, Some(false), None),
    ("overridden", false, Some(true), Some(false)),
];

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<Name>,
    pub(crate) below: Vec<Selection>,
}

impl Operation {
    /// The type that it is executed on.
    pub(crate) fn root(&self) -> Name {
        if self.kind == "query" { "Query" } else { "Mutation" }
    }
}

#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) name: Name,
    pub(crate) on: Name,
    pub(crate) below: Vec<Selection>,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operations: Vec<Operation>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) chosen: usize,
    pub(crate) variables: Vec<Variable>,
    /// How many selections there are.
    pub(crate) selections: usize,
}

const FRAGMENTS: [&str; 3] = ["F", "query", "G"];
const OPERATIONS: [&str; 3] = ["A", "fragment", "B"];
/// A request from choices.
pub(crate) fn request(schema: &Schema, choices: &mut Choices<'_>) -> Request {
    let boolean = |value: Option<bool>| value.map(Value::Boolean);
    let tested = TESTED.map(|(name, non_null, default, given)| {
        let ty = Ref::Named("Boolean");
        let ty = if non_null { ty.non_null() } else { ty };
        Variable { name, ty, default: boolean(default), given: boolean(given) }
    });
    let values = Values::of_request(schema, tested.to_vec());
    let mut maker = Maker { schema, values, next: 0, fragments: Vec::new() };
    let fragments = choices.below(FRAGMENTS.len() + 1);
    maker.fragments = (0..fragments).map(|_| maker.composite(choices)).collect();
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
    for (at, on) in maker.fragments.clone().into_iter().enumerate() {
        let below = maker.set(choices, on, 2, at + 1);
        fragments.push(Fragment { name: FRAGMENTS[at], on, below });
    }
    let chosen = choices.below(count);
    let (variables, selections) = (maker.values.variables, maker.next);
    Request { operations, fragments, chosen, variables, selections }
}

struct Maker<'s> {
    schema: &'s Schema,
    values: Values<'s>,
    next: usize,
    /// What each fragment is on.
    fragments: Vec<Name>,
}

impl<'s> Maker<'s> {
    /// A type on which there are selections.
    fn composite(&self, choices: &mut Choices<'_>) -> Name {
        let is_root = |name: &Name| ["Query", "Mutation"].contains(name);
        let is = |kind: TypeKind| kind.is_output() && !kind.is_leaf();
        let (roots, mut all): (Vec<Name>, _) = self.schema.names(is).into_iter().partition(is_root);
        if all.is_empty() || choices.once_in(8) {
            all = roots;
        }
        choices.pick(&all)
    }

    /// A selection set on `parent`. Fragments below number `first` are not spread: no cycles.
    fn set(
        &mut self,
        choices: &mut Choices<'_>,
        parent: Name,
        depth: usize,
        first: usize,
    ) -> Vec<Selection> {
        let count = 1 + choices.below(4);
        (0..count).map(|_| self.selection(choices, parent, depth, first)).collect()
    }

    fn selection(
        &mut self,
        choices: &mut Choices<'_>,
        parent: Name,
        depth: usize,
        first: usize,
    ) -> Selection {
        let id = self.next;
        self.next += 1;
        let deep = depth > 4 || self.next > 60;
        let (what, below) = match choices.below(8) {
            5 | 6 if !deep => {
                let on = match choices.below(30) {
                    0..4 => None,
                    4..28 => Some(self.related(choices, parent)),
                    28 => Some(self.composite(choices)),
                    _ => Some(choices.pick(&["Nope", "ID", "Query"])),
                };
                let below = self.set(choices, on.unwrap_or(parent), depth + 1, first);
                (What::Inline(on), below)
            }
            7 => match self.spread(choices, parent, first) {
                Some(fragment) => (What::Spread(fragment), Vec::new()),
                None => self.field(choices, parent, depth, first, deep),
            },
            _ => self.field(choices, parent, depth, first, deep),
        };
        Selection { id, what, tests: tests(choices), below }
    }

    /// A fragment, mostly one that can be met.
    fn spread(&self, choices: &mut Choices<'_>, parent: Name, first: usize) -> Option<usize> {
        let any = choices.once_in(20);
        let objects = self.schema.possible(parent);
        let meets =
            |at: &usize| any || !self.schema.possible(self.fragments[*at]).is_disjoint(&objects);
        let fragments: Vec<usize> = (first..self.fragments.len()).filter(meets).collect();
        (!fragments.is_empty()).then(|| choices.pick(&fragments))
    }

    fn field(
        &mut self,
        choices: &mut Choices<'_>,
        parent: Name,
        depth: usize,
        first: usize,
        deep: bool,
    ) -> (What, Vec<Selection>) {
        let schema = self.schema;
        let known = self.known(choices, parent);
        let known = known.filter(|field| !deep || schema.is_leaf(field.returns.named()));
        let mut name = known.map_or("__typename", |field| field.name);
        if choices.once_in(80) {
            name = "nope";
        }
        let mut arguments = Vec::new();
        for argument in known.iter().flat_map(|field| &field.arguments) {
            let given = match argument.is_required() {
                true => !choices.once_in(40),
                false => choices.below(2) == 1,
            };
            if given {
                arguments.push((argument.name, self.values.value(choices, argument)));
            }
        }
        if choices.below(2) == 1 {
            arguments.reverse();
        }
        if choices.once_in(80) {
            arguments.push(("nope", Value::Number("1")));
        }
        let returns = known.map_or("ID", |field| field.returns.named());
        let composite = schema.is_leaf(returns) == choices.once_in(80);
        let below = match composite && !deep {
            true => self.set(choices, returns, depth + 1, first),
            false => Vec::new(),
        };
        let alias = (choices.below(4) == 3).then(|| choices.pick(&["a", "on", "true", "id"]));
        (What::Field { alias, name, arguments }, below)
    }

    /// A field of the type; now and then one that only an object behind it has.
    fn known(&self, choices: &mut Choices<'_>, parent: &str) -> Option<&'s Field> {
        let schema = self.schema;
        let of = match choices.once_in(40) {
            true => schema.possible(parent).first().and_then(|object| schema.find(object)),
            false => schema.find(parent),
        };
        let fields = of.map_or(&[][..], |of| &of.fields);
        // Zero is `__typename`.
        choices.below(fields.len() + 1).checked_sub(1).map(|at| &fields[at])
    }

    /// A type that shares an object with `parent`.
    fn related(&self, choices: &mut Choices<'_>, parent: Name) -> Name {
        let objects = self.schema.possible(parent);
        let types = self.schema.types.iter();
        let shares = types.filter(|of| of.possible().intersection(&objects).next().is_some());
        let names: Vec<Name> = shares.map(|of| of.name).collect();
        if names.is_empty() { parent } else { choices.pick(&names) }
    }
}

fn tests(choices: &mut Choices<'_>) -> Vec<Test> {
    let mut tests = Vec::new();
    let count = if choices.once_in(4) { 1 + choices.below(2) } else { 0 };
    let first = choices.below(2) == 1;
    for stays_when in [first, !first].into_iter().take(count) {
        let operand = match choices.below(4) {
            0 => Operand::Literal(false),
            1 => Operand::Literal(true),
            _ => Operand::Variable(choices.below(TESTED.len())),
        };
        tests.push(Test { stays_when, operand });
    }
    tests
}
