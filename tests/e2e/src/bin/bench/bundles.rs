//! Policies of any size, and what is asked of them: what a decision costs must not depend on them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use fieldgate_e2e::bundle::Guarded;
use serde_json::json;
use tempfile::tempdir;

use crate::way::request;

/// Root fields of every one, each with a type of its own.
const ROOTS: usize = 10;
/// Fields of each type of the wide one.
const WIDE: usize = 99;

/// A bundle to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Rules {
        /// As many types of two fields as rules, each rule for one field.
        rules: usize,
        /// What is asked for each of the root fields.
        condition: Option<&'static str>,
        /// Entities, in the hands of a hundred teams.
        owners: usize,
    },
    /// Ten types of many fields.
    Wide,
    /// Root fields with an input object, and rules for its fields or none.
    Inputs { rules: bool },
}

/// What is asked of a bundle with rules: ten root fields, twenty fields in all.
pub(crate) fn ten_roots() -> String {
    let roots = (0..ROOTS).map(|at| format!("root{at}(ref: \"component:default/e7\") {{ a }}"));
    request(&format!("query Q {{ {} }}", roots.collect::<Vec<_>>().join(" ")), &json!({}))
}

/// What is asked of the wide one: so many root fields, with all of the fields of each up to so many
/// in all.
pub(crate) fn wide(fields: usize) -> String {
    let roots = fields.div_ceil(WIDE + 1);
    let each = fields / roots - 1;
    let names: Vec<_> = (0..each).map(|at| format!("field{at}")).collect();
    let names = names.join(" ");
    let roots: Vec<_> = (0..roots).map(|at| format!("root{at} {{ {names} }}")).collect();
    request(&format!("query Q {{ {} }}", roots.join(" ")), &json!({}))
}

/// What is asked of the one with inputs: twelve input fields in a variable.
pub(crate) fn inputs() -> String {
    let document = "query Q($filter: Filter!, $first: Int = 20) { search(filter: $filter, first: $first) \
                    { a b } }";
    let owner = json!({ "group": "platform", "kind": "GROUP", "direct": true });
    let filter = json!({
        "text": "checkout", "kind": "COMPONENT", "tags": ["tier-1", "java"], "archived": false,
        "owner": owner, "not": { "text": "legacy", "owner": { "group": "sandbox" } },
    });
    request(document, &json!({ "filter": filter, "first": 10 }))
}

impl Shape {
    /// Builds the bundle.
    pub(crate) fn build(self) -> Result<Guarded> {
        let folder = tempdir()?;
        self.write(folder.path())?;
        Guarded::load_folder(folder.path())
    }

    fn write(self, folder: &Path) -> Result<()> {
        let mut policy = "version: 1\nname: bench\nroles:\n  user: { groups: [employees] }\n\
                          rules:\n"
            .to_owned();
        let sdl = match self {
            Self::Rules { rules, condition, owners } => {
                let condition =
                    condition.map(|text| format!(", if: \"{text}\"")).unwrap_or_default();
                allow(&mut policy, "roots", &format!("fields: ['Query.*']{condition}"))?;
                for at in 0..rules {
                    allow(&mut policy, &format!("r{at}"), &format!("fields: [T{at}.a]"))?;
                }
                if owners > 0 {
                    policy += "data: { owners: { from: catalog.yaml } }\n";
                    fs::write(folder.join("catalog.yaml"), catalog(owners)?)?;
                }
                schema(rules, "a: ID b: ID", rules / ROOTS)?
            }
            Self::Wide => {
                allow(&mut policy, "roots", "fields: ['Query.*']")?;
                for at in 0..ROOTS {
                    allow(&mut policy, &format!("r{at}"), &format!("fields: ['T{at}.*']"))?;
                }
                let fields: Vec<_> = (0..WIDE).map(|at| format!("field{at}: ID")).collect();
                schema(ROOTS, &fields.join(" "), 1)?
            }
            Self::Inputs { rules } => {
                allow(&mut policy, "fields", "fields: ['*.*']")?;
                if rules {
                    allow(&mut policy, "kinds", "inputs: ['Kind.*', 'Query.search(filter:)']")?;
                    allow(&mut policy, "filters", "inputs: ['Filter.*', Owner.group]")?;
                    allow(&mut policy, "owners", "inputs: [Owner.kind, Owner.direct]")?;
                }
                "type Query { search(filter: Filter!, first: Int): [T!]! }\ntype T { a: ID b: ID }\n\
                 enum Kind { COMPONENT GROUP }\n\
                 input Owner { group: String kind: Kind direct: Boolean }\n\
                 input Filter { text: String kind: Kind tags: [String!] archived: Boolean \
                 owner: Owner not: Filter }\n"
                    .to_owned()
            }
        };
        let settings = "version: 1\nissuers:\n  - issuer: https://idp.bench.test\n    \
                        audiences: [bench]\n    algorithms: [RS256]\n    jwks: { file: jwks.json }\n";
        let keys = fs::read(fieldgate_e2e::repository().join("policies/backstage/jwks.json"))?;
        fs::write(folder.join("jwks.json"), keys)?;
        fs::write(folder.join("fieldgate.yaml"), settings)?;
        fs::write(folder.join("schema.graphql"), sdl)?;
        fs::write(folder.join("policy.yaml"), policy)?;
        Ok(())
    }
}

/// A rule that allows the one role; a condition goes with what it is for.
fn allow(policy: &mut String, id: &str, what: &str) -> Result<()> {
    writeln!(policy, "  - {{ id: {id}, allow: [user], {what} }}")?;
    Ok(())
}

/// Root fields for every so manieth of as many types with these fields.
fn schema(types: usize, fields: &str, every: usize) -> Result<String> {
    let mut sdl = "type Query {\n".to_owned();
    for at in 0..ROOTS {
        writeln!(sdl, "  root{at}(ref: ID): T{}", at * every)?;
    }
    sdl += "}\n";
    for at in 0..types {
        writeln!(sdl, "type T{at} {{ {fields} }}")?;
    }
    Ok(sdl)
}

fn catalog(owners: usize) -> Result<String> {
    let mut catalog = String::new();
    for at in 0..owners {
        write!(
            catalog,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{ name: e{at} }}\n\
             spec: {{ type: service, lifecycle: production, owner: team-{} }}\n",
            at % 100
        )?;
    }
    Ok(catalog)
}
