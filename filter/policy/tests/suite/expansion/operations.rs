//! A seed -> an operation over any schema, valid or with a few faults in it.
//!
//! `apollo-smith` generates operations too, but none with variables, and it stops at fields of unions
//! and of custom scalars, which GitHub's schema is full of. Every field has an alias of its own, as
//! whether fields can merge (spec 5.3.2) is left to the server.

use apollo_compiler::Schema;
use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::schema::ExtendedType;

use super::Possible;

/// Values that fit in few places.
const WILD: [&str; 14] = [
    "1",
    "2147483648",
    "-1.5e3",
    "1e999",
    "\"x\"",
    "\"\"\"x\"\"\"",
    "true",
    "null",
    "NOPE",
    "[]",
    "[null]",
    "{}",
    "{nope: 1}",
    "$undefined",
];

pub(super) struct Maker<'s> {
    schema: &'s Schema,
    possible: &'s Possible,
    types: Vec<&'s str>,
    seed: u64,
    /// One choice in so many is a fault; none if it is zero.
    faults: u64,
    next: usize,
    variables: Vec<String>,
    fragments: Vec<String>,
}

impl<'s> Maker<'s> {
    pub(super) fn new(schema: &'s Schema, possible: &'s Possible) -> Self {
        let composite = schema.types.iter().filter(|(_, def)| {
            !def.is_leaf() && def.is_output_type() && !def.name().starts_with("__")
        });
        let types = composite.map(|(name, _)| name.as_str()).collect();
        let (variables, fragments) = (Vec::new(), Vec::new());
        Self { schema, possible, types, seed: 0, faults: 0, next: 0, variables, fragments }
    }

    /// The operation of a seed: the same every time.
    pub(super) fn operation(&mut self, seed: u64, faults: u64) -> String {
        (self.seed, self.faults, self.next) =
            (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, faults, 0);
        self.variables.clear();
        self.fragments.clear();
        let (kind, root) =
            if self.below(5) == 0 { ("mutation", "Mutation") } else { ("query", "Query") };
        let set = self.set(root, 0);
        if self.faulty() {
            self.variables.push("$unused: Int".to_owned());
        }
        let variables = match self.variables.as_slice() {
            [] => String::new(),
            all => format!("({})", all.join(", ")),
        };
        format!("{kind} A{variables} {set}{}", self.fragments.concat())
    }

    /// xorshift64*.
    fn below(&mut self, count: usize) -> usize {
        self.seed ^= self.seed >> 12;
        self.seed ^= self.seed << 25;
        self.seed ^= self.seed >> 27;
        let high = self.seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % count
    }

    fn faulty(&mut self) -> bool {
        self.faults > 0 && self.below(usize::try_from(self.faults).unwrap()) == 0
    }

    /// Rarer: what is asked for hides what it is given.
    fn misshapen(&mut self) -> bool {
        self.faulty() && self.below(6) == 0
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn set(&mut self, on: &str, depth: usize) -> String {
        let count = 1 + self.below(3);
        let all: Vec<String> = (0..count).map(|_| self.selection(on, depth)).collect();
        format!("{{ {} }}", all.join(" "))
    }

    fn selection(&mut self, on: &str, depth: usize) -> String {
        let deep = depth > 5 || self.next > 40;
        match self.below(8) {
            0 if !deep => {
                let directive = self.directive();
                format!("... {directive}{}", self.set(on, depth + 1))
            }
            1..=3 if !deep => {
                let (inside, directive) = (self.related(on), self.directive());
                let set = self.set(inside, depth + 1);
                if self.below(2) == 0 {
                    return format!("... on {inside} {directive}{set}");
                }
                let name = format!("F{}", self.number());
                self.fragments.push(format!(" fragment {name} on {inside} {set}"));
                format!("...{name} {directive}")
            }
            _ => self.field(on, depth, deep),
        }
    }

    /// A type that shares an object with this one.
    fn related(&mut self, on: &str) -> &'s str {
        let objects = &self.possible[on];
        let shares = |name: &&&str| !self.possible[**name].is_disjoint(objects);
        let related: Vec<&'s str> = match self.misshapen() {
            true => self.types.clone(),
            false => self.types.iter().filter(shares).copied().collect(),
        };
        related[self.below(related.len())]
    }

    fn directive(&mut self) -> String {
        match self.below(6) {
            0 => format!("@skip(if: {}) ", self.below(2) == 0),
            1 => "@include(if: true) ".to_owned(),
            _ => String::new(),
        }
    }

    fn field(&mut self, on: &str, depth: usize, deep: bool) -> String {
        let fields = match &self.schema.types[on] {
            ExtendedType::Object(of) => of.fields.values().collect(),
            ExtendedType::Interface(of) => of.fields.values().collect(),
            _ => Vec::new(),
        };
        let leaf = |ty: &Type| self.schema.types[ty.inner_named_type()].is_leaf();
        let fields: Vec<_> = fields.into_iter().filter(|one| !deep || leaf(&one.ty)).collect();
        if fields.is_empty() || self.below(12) == 0 {
            return "__typename".to_owned();
        }
        let field = fields[self.below(fields.len())];
        let (returns, is_leaf) = (field.ty.inner_named_type().as_str(), leaf(&field.ty));
        let alias = format!("f{}", self.number());
        let name = if self.misshapen() { "nope" } else { field.name.as_str() };
        let mut given: Vec<String> = Vec::new();
        for argument in &field.arguments {
            given.extend(self.given(argument, 0));
        }
        if self.misshapen() {
            given.push("nope: 1".to_owned());
        }
        let arguments =
            if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
        let directive = self.directive();
        let below = match is_leaf == self.misshapen() {
            true => format!(" {}", self.set(if is_leaf { on } else { returns }, depth + 1)),
            false => String::new(),
        };
        format!("{alias}: {name}{arguments} {directive}{below}")
    }

    /// An argument or a member of an input object, if it is given.
    fn given(&mut self, of: &InputValueDefinition, depth: usize) -> Option<String> {
        let wanted = if of.is_required() { !self.faulty() } else { self.below(3 + depth) == 0 };
        let name = if self.faulty() { "nope" } else { of.name.as_str() };
        wanted.then(|| format!("{name}: {}", self.value(&of.ty, depth, true)))
    }

    fn value(&mut self, ty: &Type, depth: usize, variables: bool) -> String {
        // Values can be wrong in most ways.
        if (0..4).any(|_| self.faulty()) {
            return WILD[self.below(WILD.len())].to_owned();
        }
        if variables && self.below(6) == 0 {
            return self.variable(ty);
        }
        if !ty.is_non_null() && self.below(10) == 0 {
            return "null".to_owned();
        }
        if let Type::List(item) | Type::NonNullList(item) = ty {
            // A value is a list of itself alone.
            let one = ["[", "]"];
            let [open, close] = if self.below(4) == 0 { ["", ""] } else { one };
            return format!("{open}{}{close}", self.value(&item.clone().non_null(), depth, false));
        }
        let name = ty.inner_named_type().as_str();
        match (name, &self.schema.types[name]) {
            ("Int", _) => ["0", "-7", "2147483647"][self.below(3)].to_owned(),
            ("Float", _) => ["0", "1.5", "-2e10"][self.below(3)].to_owned(),
            ("Boolean", _) => ["true", "false"][self.below(2)].to_owned(),
            ("ID", _) => ["7", "\"7\""][self.below(2)].to_owned(),
            (_, ExtendedType::Enum(of)) => {
                let values: Vec<&str> = of.values.keys().map(|name| name.as_str()).collect();
                values[self.below(values.len())].to_owned()
            }
            (_, ExtendedType::InputObject(of)) if depth < 6 => {
                let mut members: Vec<String> = Vec::new();
                for member in of.fields.values() {
                    if variables || member.is_required() {
                        let value = self.value(&member.ty, depth + 1, variables);
                        let given = member.is_required() || self.below(4 + depth) == 0;
                        if (given && !self.faulty()) || value.contains('$') {
                            members.push(format!("{}: {value}", member.name));
                        }
                    }
                }
                if self.faulty() {
                    members.push("nope: 1".to_owned());
                }
                format!("{{{}}}", members.join(", "))
            }
            _ => ["\"text\"", "\"\""][self.below(2)].to_owned(),
        }
    }

    /// A new variable, of the type that the place wants or of a stricter one.
    fn variable(&mut self, ty: &Type) -> String {
        let name = format!("$v{}", self.number());
        let definition = match self.below(4) {
            0 => ty.clone().non_null().to_string(),
            1 => {
                let default = self.value(&ty.clone().non_null(), 3, false);
                format!("{} = {default}", ty.clone().nullable())
            }
            _ => ty.to_string(),
        };
        let definition = if self.faulty() { "String".to_owned() } else { definition };
        self.variables.push(format!("{name}: {definition}"));
        name
    }
}
