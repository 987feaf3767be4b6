//! Bundles -> plugin configurations, by the command line of the repository; and bundles that are
//! written here because nobody would write them by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The key set of `policies/backstage`, whose issuer the bundles written here have.
const ISSUER: &str = "https://idp.tarnbeck-portal.test";

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds a bundle's plugin configuration into a file.
///
/// # Errors
/// What the command line says.
pub fn build(bundle: &Path, into: &Path) -> Result<(), String> {
    let output = Command::new("cargo")
        .args(["run", "--locked", "--quiet", "-p", "fieldgate", "--", "build", "--quiet"])
        .args(["--message-format", "plain", "-o"])
        .args([into, bundle])
        .current_dir(repository())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{}: {}", bundle.display(), String::from_utf8_lossy(&output.stderr))),
    }
}

/// A shipped policy; none where its schema is not installed.
#[must_use]
pub fn shipped(name: &str) -> Option<PathBuf> {
    let folder = repository().join("policies").join(name);
    let installs = folder.join("package.json").is_file();
    (!installs || folder.join("node_modules").is_dir()).then_some(folder)
}

/// A policy of as many rules as types of two fields, one for a field of each, and ten root fields
/// with a condition, if there is one, that lead to some of them; and a catalog of so many entities in
/// the hands of a hundred teams.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub rules: usize,
    /// In CEL; empty is none.
    pub condition: &'static str,
    pub entities: usize,
}

impl Written {
    /// Writes it into a folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self, folder: &Path) -> std::io::Result<()> {
        let Self { rules, condition, entities } = self;
        fs::create_dir_all(folder)?;
        let settings = format!(
            "version: 1\npolicy: policy.yaml\nschema: schema.graphql\nrequest_headers: hold\n\
             endpoint: {{ paths: [/graphql] }}\nissuers:\n  - issuer: {ISSUER}\n    \
             audiences: [backstage]\n    algorithms: [RS256, ES256, EdDSA]\n    jwks: {{ file: jwks.json }}\n    \
             claims: {{ groups: groups }}\n"
        );
        fs::write(folder.join("fieldgate.yaml"), settings)?;
        let keys = repository().join("policies/backstage/jwks.json");
        fs::copy(keys, folder.join("jwks.json"))?;
        let mut schema = "type Query {\n".to_owned();
        let mut policy =
            "version: 1\nname: written\nroles:\n  user: { groups: [users] }\n".to_owned();
        if entities > 0 {
            policy += "data:\n  owners: { from: catalog.yaml }\n";
            fs::write(folder.join("catalog.yaml"), catalog(entities))?;
        }
        policy += "rules:\n";
        let if_so = match condition {
            "" => String::new(),
            condition => format!(", if: \"{condition}\""),
        };
        policy += &format!("  - {{ id: roots, fields: ['Query.*'], allow: [user]{if_so} }}\n");
        for at in 0..10 {
            schema += &format!("  root{at}(ref: ID): T{}\n", at * (rules / 10));
        }
        schema += "}\n";
        for at in 0..rules {
            schema += &format!("type T{at} {{ a: ID b: ID }}\n");
            policy += &format!("  - {{ id: r{at}, fields: [T{at}.a], allow: [user] }}\n");
        }
        fs::write(folder.join("schema.graphql"), schema)?;
        fs::write(folder.join("policy.yaml"), policy)
    }

    /// A query of ten root fields and as many below them.
    #[must_use]
    pub fn query() -> String {
        let roots = (0..10).map(|at| format!("root{at}(ref: \"component:default/e7\") {{ a }}"));
        format!("{{ {} }}", roots.collect::<Vec<_>>().join(" "))
    }
}

fn catalog(entities: usize) -> String {
    let mut text = String::new();
    for at in 0..entities {
        let _infallible = write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{ name: e{at} }}\n\
             spec: {{ type: service, lifecycle: production, owner: team-{} }}\n",
            at % 100
        );
    }
    text
}
