//! The tour: who asks what, and what has to come of it.

use fieldgate_e2e::backend::{Seen, TAG};
use fieldgate_e2e::client::{Answer, Client, Exchange};
use fieldgate_e2e::idp::Idp;
use fieldgate_e2e::portal::{PERSONAS, Persona};
use fieldgate_e2e::token::Signing;
use serde_json::{Value, json};

/// What is wrong with the token, if anything.
#[derive(Clone, Copy)]
pub(crate) enum Defect {
    Nothing,
    Absent,
    Forged,
    Expired,
}

/// One stop of the tour.
pub(crate) struct Step {
    pub(crate) title: &'static str,
    /// A position in [`PERSONAS`].
    pub(crate) persona: &'static Persona,
    pub(crate) defect: Defect,
    pub(crate) query: &'static str,
    pub(crate) variables: Option<(&'static str, &'static str)>,
    expected: Expected,
}

enum Expected {
    /// The backend answers, with a value at this pointer.
    Data(&'static str),
    /// A refusal: its status, reason, and the coordinate that the record names.
    Refused(u16, &'static str, Option<&'static str>),
}

/// How a step went.
pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    pub(crate) fault: Option<String>,
}

const ENGINEER: &Persona = &PERSONAS[0];
const SRE: &Persona = &PERSONAS[1];
const CONTRACTOR: &Persona = &PERSONAS[2];
const ASSISTANT: &Persona = &PERSONAS[3];

const PAGE: &str = "\
query Page($ref: String!) {
  entity(ref: $ref) {
    name
    owner { name members(first: 3) { name email } }
    ... on Component { dependsOn { name kind } apis { name } }
  }
  viewer { name }
}";
const SECRETS: &str = "{ component(name: \"checkout\") { name secrets { name value } } }";
const CHECKOUT: Option<(&str, &str)> = Some(("ref", "component:default/checkout"));

pub(crate) const STEPS: [Step; 9] = [
    Step {
        title: "An engineer reads the catalog",
        persona: ENGINEER,
        defect: Defect::Nothing,
        query: PAGE,
        variables: CHECKOUT,
        expected: Expected::Data("/data/entity/owner/name"),
    },
    Step {
        title: "The same engineer asks for the values of secrets: one field is denied",
        persona: ENGINEER,
        defect: Defect::Nothing,
        query: SECRETS,
        variables: None,
        expected: Expected::Refused(403, "field_denied", Some("Secret.value")),
    },
    Step {
        title: "An SRE asks the same, and may",
        persona: SRE,
        defect: Defect::Nothing,
        query: SECRETS,
        variables: None,
        expected: Expected::Data("/data/component/secrets/0/value"),
    },
    Step {
        title: "A contractor hides the field behind an alias, in a fragment",
        persona: CONTRACTOR,
        defect: Defect::Nothing,
        query: "query Innocent { component(name: \"checkout\") { ...Card } }\n\
                fragment Card on Component { name description: incidents { title: severity } }",
        variables: None,
        expected: Expected::Refused(403, "field_denied", Some("Component.incidents")),
    },
    Step {
        title: "Nobody: no token",
        persona: ENGINEER,
        defect: Defect::Absent,
        query: "{ viewer { name } }",
        variables: None,
        expected: Expected::Refused(401, "token_missing", None),
    },
    Step {
        title: "A forged token: the right key id, another key",
        persona: ENGINEER,
        defect: Defect::Forged,
        query: "{ viewer { name } }",
        variables: None,
        expected: Expected::Refused(401, "token_signature", None),
    },
    Step {
        title: "Yesterday's token",
        persona: ENGINEER,
        defect: Defect::Expired,
        query: "{ viewer { name } }",
        variables: None,
        expected: Expected::Refused(401, "token_expired", None),
    },
    Step {
        title: "The portal's assistant explains a component, for the engineer",
        persona: ASSISTANT,
        defect: Defect::Nothing,
        query: "{ component(name: \"checkout\") { name incidents { summary status } } }",
        variables: None,
        expected: Expected::Data("/data/component/incidents"),
    },
    Step {
        title: "The assistant deploys: the engineer may, it may not",
        persona: ASSISTANT,
        defect: Defect::Nothing,
        query: "mutation Ship {\n  deploy(\n    input: { component: \"component:default/checkout\", \
                environment: \"eu-staging\", version: \"3.19.0\" }\n  ) { deployment { id status } }\n}",
        variables: None,
        expected: Expected::Refused(403, "field_denied", Some("Mutation.deploy")),
    },
];

impl Step {
    pub(crate) fn request(&self, idp: &Idp, client: Client, tag: &str) -> Exchange {
        let mut recipe = self.persona.recipe();
        match self.defect {
            Defect::Nothing | Defect::Absent => {}
            Defect::Forged => recipe.signing = Signing::OtherKey,
            Defect::Expired => {
                recipe.claims.insert("iat".to_owned(), json!("now-90000"));
                recipe.claims.insert("exp".to_owned(), json!("now-86400"));
            }
        }
        let mut body = json!({ "query": self.query });
        if let Some((name, value)) = self.variables {
            body["variables"] = json!({ name: value });
        }
        let request = client.post("/graphql").header(TAG, tag).body(body.to_string());
        match self.defect {
            Defect::Absent => request,
            Defect::Nothing | Defect::Forged | Defect::Expired => {
                request.bearer(&idp.mint(&recipe))
            }
        }
    }

    /// What is not as announced.
    pub(crate) fn fault(&self, answer: &Answer, record: &Value, seen: &[Seen]) -> Option<String> {
        let check = |holds: bool, what: &str| (!holds).then(|| format!("expected {what}"));
        match self.expected {
            Expected::Data(pointer) => check(answer.status == 200, "status 200")
                .or_else(|| check(record["decision"] == "allow", "a record that allows"))
                .or_else(|| {
                    let data = answer.json();
                    let value = data.pointer(pointer);
                    check(
                        value.is_some_and(|value| !value.is_null()),
                        &format!("data at {pointer}"),
                    )
                })
                .or_else(|| check(seen.len() == 1, "one request at the backend")),
            Expected::Refused(status, reason, coordinate) => {
                let denied = record["denied"].as_array();
                let names = |wanted| {
                    denied.is_some_and(|all| all.iter().any(|one| one["coordinate"] == wanted))
                };
                check(answer.status == status, &format!("status {status}"))
                    .or_else(|| check(record["reason"] == reason, &format!("reason `{reason}`")))
                    .or_else(|| {
                        let named = coordinate.is_none_or(names);
                        check(named, &format!("`{}` in the record", coordinate.unwrap_or_default()))
                    })
                    .or_else(|| check(seen.is_empty(), "nothing at the backend"))
            }
        }
    }
}
