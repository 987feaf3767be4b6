//! Policies of any size: what a decision costs must not depend on them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// A bundle to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// As many types of two fields as rules, each rule for one field.
    pub(crate) rules: usize,
    /// What is asked for each of the ten root fields.
    pub(crate) condition: Option<&'static str>,
    /// Entities, in the hands of a hundred teams.
    pub(crate) owners: usize,
}

/// The document that is asked of it: ten root fields, twenty fields in all.
pub(crate) fn query() -> String {
    let roots = (0..10).map(|at| format!("root{at}(ref: \"component:default/e7\") {{ a }}"));
    format!("{{ {} }}", roots.collect::<Vec<_>>().join(" "))
}

impl Shape {
    /// Writes the bundle.
    pub(crate) fn write(self, folder: &Path) -> Result<()> {
        let Self { rules, condition, owners } = self;
        let mut sdl = "type Query {\n".to_owned();
        for at in 0..10 {
            writeln!(sdl, "  root{at}(ref: ID): T{}", at * (rules / 10))?;
        }
        sdl += "}\n";
        for at in 0..rules {
            writeln!(sdl, "type T{at} {{ a: ID b: ID }}")?;
        }
        let condition = condition.map(|text| format!(", if: \"{text}\"")).unwrap_or_default();
        let mut policy = format!(
            "version: 1\nname: bench\nroles:\n  user: {{ groups: [employees] }}\nrules:\n  \
             - {{ id: roots, fields: ['Query.*'], allow: [user]{condition} }}\n"
        );
        for at in 0..rules {
            writeln!(policy, "  - {{ id: r{at}, fields: [T{at}.a], allow: [user] }}")?;
        }
        if owners > 0 {
            policy += "data: { owners: { from: catalog.yaml } }\n";
        }
        let mut catalog = String::new();
        for at in 0..owners {
            write!(
                catalog,
                "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{ name: e{at} }}\n\
                 spec: {{ type: service, lifecycle: production, owner: team-{} }}\n",
                at % 100
            )?;
        }
        let settings = "version: 1\nissuers:\n  - issuer: https://idp.bench.test\n    \
                        audiences: [bench]\n    algorithms: [RS256]\n    jwks: { file: jwks.json }\n";
        let keys = fs::read(fieldgate_e2e::repository().join("policies/backstage/jwks.json"))?;
        fs::write(folder.join("jwks.json"), keys)?;
        fs::write(folder.join("fieldgate.yaml"), settings)?;
        fs::write(folder.join("schema.graphql"), sdl)?;
        fs::write(folder.join("policy.yaml"), policy)?;
        fs::write(folder.join("catalog.yaml"), catalog)?;
        Ok(())
    }
}
