//! Choices -> a policy for a schema. Half of them grant nearly everything.

use fieldgate_core::policy::schema::TypeKind;

use super::choices::Choices;
use super::conditions;
use super::policy::{Clause, Need, Policy, Requirement, Rule, SCOPES};
use super::schema::{Input, Schema};

/// A policy from choices.
pub(crate) fn policy(schema: &Schema, choices: &mut Choices<'_>) -> Policy {
    let policy = Policy { conditions: vec![conditions::level()], ..Policy::default() };
    // In how many there is one of those that make a difference.
    let rarely = if choices.below(2) == 0 { 24 } else { 6 };
    let mut maker = Maker { schema, policy, rarely };
    for of in &schema.types {
        for field in &of.fields {
            let coordinate = format!("{}.{}", of.name, field.name);
            let rule = maker.field(choices, &field.arguments);
            for argument in &field.arguments {
                maker.input(choices, format!("{coordinate}({}:)", argument.name), &field.arguments);
            }
            maker.policy.fields.insert(coordinate, rule);
        }
        for name in of.members.iter().map(|member| member.name).chain(of.values.iter().copied()) {
            maker.input(choices, format!("{}.{name}", of.name), &[]);
        }
        if of.kind == TypeKind::Object && choices.once_in(maker.rarely) {
            let requires = vec![maker.requirement(choices)];
            let rule = Rule { requires, open: true, ..Rule::default() };
            maker.policy.types.insert(of.name.to_owned(), rule);
        }
    }
    if choices.once_in(4) {
        let open = choices.below(2) == 0;
        let grants = if open { Vec::new() } else { vec![maker.grant(choices, &[])] };
        let denies = maker.denies(choices, &[]);
        maker.policy.floor = Some(Rule { grants, denies, open: true, ..Rule::default() });
    }
    maker.policy
}

struct Maker<'s> {
    schema: &'s Schema,
    policy: Policy,
    rarely: usize,
}

impl Maker<'_> {
    /// Of a field that is given these arguments.
    fn field(&mut self, choices: &mut Choices<'_>, arguments: &[Input]) -> Rule {
        let mut grants = vec![self.grant(choices, arguments)];
        match choices.below(self.rarely) {
            1 => grants.clear(),
            2 => grants.push(self.grant(choices, arguments)),
            _ => {}
        }
        let denies = self.denies(choices, arguments);
        let requires = match choices.once_in(self.rarely) {
            true => vec![self.requirement(choices)],
            false => Vec::new(),
        };
        Rule { grants, denies, requires, open: false }
    }

    /// Of an input, if there is one.
    fn input(&mut self, choices: &mut Choices<'_>, coordinate: String, arguments: &[Input]) {
        let granted = match choices.below(4) {
            0 => return,
            at => at == 1,
        };
        // More of them make a difference, as few of them are given.
        let rarely = self.rarely;
        self.rarely = rarely / 2 + 2;
        let grants = if granted { vec![self.grant(choices, arguments)] } else { Vec::new() };
        let denies = self.denies(choices, arguments);
        self.rarely = rarely;
        let rule = Rule { grants, denies, open: true, ..Rule::default() };
        self.policy.inputs.insert(coordinate, rule);
    }

    fn grant(&mut self, choices: &mut Choices<'_>, arguments: &[Input]) -> Vec<Clause> {
        let roles = match choices.below(self.rarely + 3) {
            1 => 0b0_0010,
            2 => 0b0_0101,
            3 => 0b1_0000,
            4 => 0b0_1000,
            _ => 0b1_1111,
        };
        let plain = self.clause(roles, None);
        match choices.below(self.rarely) {
            1 | 2 => vec![self.conditional(choices, roles, arguments)],
            3 => vec![self.conditional(choices, 0b0_1111, arguments), plain],
            4 => vec![plain, self.conditional(choices, 0b0_0110, arguments)],
            _ => vec![plain],
        }
    }

    fn denies(&mut self, choices: &mut Choices<'_>, arguments: &[Input]) -> Vec<Clause> {
        match choices.below(self.rarely * 2) {
            1 => vec![self.clause(0b0_1000, None)],
            2 => vec![self.clause(0b0_0110, None)],
            3 => vec![self.clause(0b1_0000, None)],
            4 | 5 => vec![self.conditional(choices, 0b0_1111, arguments)],
            _ => Vec::new(),
        }
    }

    fn conditional(
        &mut self,
        choices: &mut Choices<'_>,
        roles: u64,
        arguments: &[Input],
    ) -> Clause {
        let condition = conditions::condition(self.schema, arguments, choices);
        self.policy.conditions.push(condition);
        let last = self.policy.conditions.len() - 1;
        self.clause(roles, Some(last))
    }

    fn clause(&mut self, roles: u64, when: Option<usize>) -> Clause {
        Clause { roles, when, rule: self.rule() }
    }

    fn requirement(&mut self, choices: &mut Choices<'_>) -> Requirement {
        Requirement { any: needs(choices), rule: self.rule() }
    }

    fn rule(&mut self) -> usize {
        self.policy.rules += 1;
        self.policy.rules - 1
    }
}

/// Any of all.
fn needs(choices: &mut Choices<'_>) -> Vec<Need> {
    let count = 1 + choices.below(2);
    let need = |_| Need {
        roles: choices.pick(&[0, 0b1, 0b11]),
        scopes: match choices.below(4) {
            0 => Vec::new(),
            1 => vec![0, 1],
            _ => vec![choices.below(SCOPES.len())],
        },
        token: choices.below(2) == 1,
    };
    (0..count).map(need).collect()
}
