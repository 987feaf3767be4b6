//! A case: a request under a policy, from numbers that can be written down.

use std::fmt;
use std::str::FromStr;

use fieldgate_core::audit::AuditRecord;
use fieldgate_core::gate::{Effect, Gate};
use proptest::prelude::*;

use super::callers::Caller;
use super::choices::Choices;
use super::policy::Policy;
use super::print::{self, Printed};
use super::request::{self, Request};
use super::schema::Schema;
use super::{rules, schemas};
use crate::world::{self, TYPES, WIDE, body, pairs, token};

/// Choices for a schema, a policy, a request and its layout. Written as hexadecimal digits, four a
/// choice, with a dot between the four.
#[derive(Clone)]
pub(crate) struct Seeds(pub(crate) [Vec<u16>; 4]);

pub(crate) fn seeds() -> impl Strategy<Value = Seeds> {
    let choices = |most| proptest::collection::vec(any::<u16>(), 0..most);
    (choices(600), choices(1200), choices(600), choices(300))
        .prop_map(|(schema, policy, request, layout)| Seeds([schema, policy, request, layout]))
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) schema: Schema,
    pub(crate) policy: Policy,
    pub(crate) request: Request,
    pub(crate) printed: Printed,
}

impl Case {
    pub(crate) fn new(seeds: &Seeds) -> Self {
        let [schema, policy, ..] = &seeds.0;
        let schema = schemas::schema(&mut Choices(schema));
        let policy = rules::policy(&schema, &mut Choices(policy));
        Self::of(schema, policy, seeds)
    }

    /// One under the schema of `world`, without a policy.
    pub(crate) fn fixed(seeds: &Seeds) -> Self {
        Self::of(Schema::of(TYPES), Policy::default(), seeds)
    }

    fn of(schema: Schema, policy: Policy, seeds: &Seeds) -> Self {
        let [.., request, layout] = &seeds.0;
        let request = request::request(&schema, &mut Choices(request));
        let printed = print::print(&request, &mut Choices(layout));
        Self { schema, policy, request, printed }
    }

    /// The gate with the case's policy.
    pub(crate) fn gate(&self) -> Gate {
        let more = format!(r#"{WIDE},"anonymous":{{"role":"r0"}}"#);
        world::gate(&self.policy.built(&self.schema), &more)
    }

    /// The query, the name of the chosen operation if it has one, and all variables.
    pub(crate) fn body(&self) -> Vec<u8> {
        let Request { operations, chosen, variables, .. } = &self.request;
        let given = variables.iter().filter_map(|one| Some((one.name, one.given.as_ref()?)));
        let given = given.map(|(name, value)| format!("\"{name}\" : {}", value.json()));
        let given: Vec<String> = given.chain([r#""unused":{}"#.to_owned()]).collect();
        let mut more = format!(",\"variables\":{{{}}}", given.join(","));
        if let Some(name) = operations[*chosen].name {
            more += &format!(",\"operationName\":\"{name}\"");
        }
        body(&self.printed.text, &more)
    }

    /// What becomes of a body where this caller sends it.
    pub(crate) fn ask(gate: &Gate, caller: &Caller, body: &[u8]) -> (Effect, AuditRecord) {
        match caller.groups {
            Some(groups) => world::post(gate, &token(groups, caller.claims), body),
            None => {
                let json = ("content-type", "application/json");
                let headers = [(":method", "POST"), (":path", "/graphql"), json];
                world::request(gate, &pairs(&headers), body)
            }
        }
    }
}

/// For a person: the schema, the policy and the request.
impl fmt::Display for Case {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8(self.body()).expect("JSON is a text");
        write!(to, "\n{}\n{}\n{}\n\n{body}\n", self.schema, self.policy, self.printed.text)
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, choices) in self.0.iter().enumerate() {
            to.write_str(if at == 0 { "" } else { "." })?;
            // What runs out is zero.
            let end = choices.iter().rposition(|choice| *choice != 0).map_or(0, |last| last + 1);
            choices[..end].iter().try_for_each(|choice| write!(to, "{choice:04x}"))?;
        }
        Ok(())
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let choice = |digits: &[u8]| {
            let digits = str::from_utf8(digits).ok()?;
            u16::from_str_radix(digits, 16).ok()
        };
        let choices = |part: &str| part.as_bytes().chunks(4).map(choice).collect::<Option<_>>();
        let parts: Option<Vec<Vec<u16>>> = text.split('.').map(choices).collect();
        let parts = parts.and_then(|parts| parts.try_into().ok());
        parts.map(Self).ok_or_else(|| format!("no seed: {text}"))
    }
}
