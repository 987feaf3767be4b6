//! The pages under `envoy/recipes`: what is to be copied from them loads as it is, and tokens of the
//! provider's shape become the principals of `tests/corpus/recipes`, or are refused for the reason
//! there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use fieldgate_core::gate::Gate;
use fieldgate_e2e::corpus::{WireRequest, native};
use fieldgate_e2e::repository;
use fieldgate_e2e::stage::body;
use fieldgate_e2e::token::{Audience, Keys, TokenRecipe};
use fieldgate_policy::bundle::Bundle;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The provider of a page: its shapes of tokens, and what becomes of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    version: u32,
    shapes: BTreeMap<String, TokenRecipe>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    shape: String,
    /// Merged over those of the shape; null removes.
    #[serde(default)]
    header: Map<String, Value>,
    /// The same.
    #[serde(default)]
    claims: Map<String, Value>,
    /// The token itself.
    raw: Option<String>,
    expect: Expect,
}

/// Who asks, as the audit record has it; or why it is not known.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expect {
    Known {
        subject: String,
        roles: Vec<String>,
        client: Option<String>,
        /// Of the client, if the policy lists it as one that acts for users.
        client_roles: Option<Vec<String>>,
        /// `act.sub`, and who acted before it.
        #[serde(default)]
        actors: Vec<String>,
        actor_roles: Option<Vec<String>>,
    },
    Refused {
        refused: String,
    },
}

/// The pages, by what they are called.
fn pages() -> Result<BTreeMap<String, PathBuf>> {
    files(&repository().join("envoy/recipes"), "md")
}

fn files(folder: &Path, extension: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        if path.extension().is_some_and(|other| other == extension) && name != "README" {
            found.insert(name, path);
        }
    }
    Ok(found)
}

/// The YAML of a page, the settings first and then the policy.
fn blocks(page: &str) -> Result<[&str; 2]> {
    let blocks = page.split("```yaml\n").skip(1);
    let blocks: Option<Vec<&str>> = blocks.map(|rest| Some(rest.split_once("```")?.0)).collect();
    let [settings, policy] = blocks.context("a block that ends")?[..] else { bail!("two blocks") };
    ensure!(settings.starts_with("issuers:\n") && policy.starts_with("roles:\n"), "in this order");
    Ok([settings, policy])
}

/// The reasons in the last column of a page's table of refusals.
fn reasons(page: &str) -> Result<BTreeSet<&str>> {
    let (_, table) = page.split_once("\n| the token | is refused as |\n").context("a table")?;
    let rows = table.lines().skip(1).take_while(|row| row.starts_with('|'));
    rows.map(|row| row.rsplit('`').nth(1).with_context(|| row.to_owned())).collect()
}

/// The configuration of a page as it stands there: its roles may all ask for the one field there is.
fn configuration(page: &str) -> Result<Value> {
    #[derive(Deserialize)]
    struct Policy {
        roles: BTreeMap<String, Value>,
    }
    let [settings, policy] = blocks(page)?;
    let roles: Vec<String> = serde_saphyr::from_str::<Policy>(policy)?.roles.into_keys().collect();
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text);
    write("fieldgate.yaml", format!("version: 1\n{settings}"))?;
    write("schema.graphql", "type Query { version: String }\n".to_owned())?;
    let rule = format!("{{ id: all, fields: [Query.version], allow: [{}] }}", roles.join(", "));
    write("policy.yaml", format!("version: 1\nname: recipe\n{policy}rules:\n  - {rule}\n"))?;
    match Bundle::load(folder.path(), None) {
        Ok(bundle) => {
            ensure!(bundle.warnings().is_empty(), "{:?}", bundle.warnings());
            Ok(bundle.configuration_value().clone())
        }
        Err(findings) => bail!("{findings:?}"),
    }
}

/// The same with the keys of the tests: nothing is fetched here.
fn with_keys(mut configuration: Value) -> Result<String> {
    for issuer in configuration["issuers"].as_array_mut().context("issuers")? {
        let issuer = issuer.as_object_mut().context("an issuer")?;
        let published = ["discovery", "remote_jwks"].map(|name| issuer.remove(name).is_some());
        ensure!(published.contains(&true), "a recipe says where the keys are");
        issuer.insert("jwks".to_owned(), Keys::published().jwks());
    }
    Ok(configuration.to_string())
}

impl Case {
    /// The audit record of a request with the token.
    fn record(&self, provider: &Provider, configuration: &str) -> Result<Value> {
        let mut recipe = provider.shapes.get(&self.shape).context("a shape")?.clone();
        recipe.header.extend(self.header.clone());
        recipe.claims.extend(self.claims.clone());
        recipe.raw.clone_from(&self.raw);
        // A shape has these itself, or has not.
        for name in ["iss", "aud", "sub", "iat", "exp"] {
            recipe.claims.entry(name).or_insert(Value::Null);
        }
        let nobody = Audience { issuer: String::new(), audience: String::new() };
        let mut request = WireRequest::post(body("{ version }"));
        let token = format!("Bearer {}", recipe.mint(&nobody));
        request.headers.push(("authorization".to_owned(), token));
        Ok(native::run(configuration, &request)?.record)
    }

    fn check(&self, record: &Value) -> Result<()> {
        match &self.expect {
            Expect::Refused { refused } => {
                ensure!(record["decision"] == "deny" && record["reason"] == **refused, "{record}");
                ensure!(record.get("subject").is_none(), "{record}");
            }
            Expect::Known { subject, roles, client, client_roles, actors, actor_roles } => {
                let list = |name: &str| {
                    let names = record.get(name)?.as_array()?.iter();
                    names.map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                };
                let sorted = |roles: Option<Vec<String>>| Some(BTreeSet::from_iter(roles?));
                ensure!(record["subject"] == **subject, "{record}");
                ensure!(
                    record.get("client").and_then(Value::as_str) == client.as_deref(),
                    "{record}"
                );
                ensure!(list("actors").unwrap_or_default() == *actors, "{record}");
                for (name, expected) in [
                    ("roles", &Some(roles.clone())),
                    ("client_roles", client_roles),
                    ("actor_roles", actor_roles),
                ] {
                    ensure!(sorted(list(name)) == sorted(expected.clone()), "{name}: {record}");
                }
            }
        }
        Ok(())
    }
}

#[test]
fn every_recipe_reads_tokens_of_its_provider() -> Result<()> {
    let corpus = files(&repository().join("tests/corpus/recipes"), "yaml")?;
    let pages = pages()?;
    ensure!(pages.keys().eq(corpus.keys()), "{:?} and {:?}", pages.keys(), corpus.keys());
    let mut failures = Vec::new();
    for (name, path) in pages {
        let page = fs::read_to_string(path)?;
        let configuration = configuration(&page).context(name.clone())?;
        let loaded = Gate::configure(configuration.to_string().as_bytes());
        ensure!(loaded.is_ok(), "{name}: {:?}", loaded.err());
        let configuration = with_keys(configuration).context(name.clone())?;
        let text = fs::read_to_string(corpus.get(&name).context("cases")?)?;
        let provider: Provider = serde_saphyr::from_str(&text).context(name.clone())?;
        ensure!(provider.version == 1, "{name}: version {}", provider.version);
        let refused = |case: &Case| match &case.expect {
            Expect::Refused { refused } => Some(refused.clone()),
            Expect::Known { .. } => None,
        };
        let refused: Vec<String> = provider.cases.iter().filter_map(refused).collect();
        let refusals = refused.len();
        for reason in reasons(&page).context(name.clone())? {
            ensure!(refused.iter().any(|one| one == reason), "{name}: no case is a {reason}");
        }
        ensure!(refusals > 0 && refusals < provider.cases.len(), "{name}: {refusals} refusals");
        for case in &provider.cases {
            let checked =
                case.record(&provider, &configuration).and_then(|record| case.check(&record));
            failures.extend(checked.err().map(|error| format!("{name}: {}: {error:#}", case.name)));
        }
        println!("{:>3} tokens, {refusals} of them refused: {name}", provider.cases.len());
    }
    ensure!(failures.is_empty(), "\n{}", failures.join("\n"));
    Ok(())
}

#[test]
fn every_page_is_in_the_index() -> Result<()> {
    let index = fs::read_to_string(repository().join("envoy/recipes/README.md"))?;
    for name in pages()?.keys() {
        ensure!(index.contains(&format!("]({name}.md) |")), "{name} is not in the index");
    }
    Ok(())
}
