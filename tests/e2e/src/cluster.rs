//! What Istio and Envoy Gateway make of resources in a cluster, as far as Envoy sees it. Neither
//! runs here: this follows their sources, for the members that fieldgate's resources have.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use fieldgate_policy::bundle::Bundle;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::repository;
use crate::stage::BUNDLE;
use crate::token::Keys;

pub mod gateway;
pub mod istio;
pub mod jsonpath;

/// What a control plane serves to one Envoy.
#[derive(Clone, Debug)]
pub struct Served {
    /// The listener. What it takes from discovery it takes from files, by the resource's name.
    pub listener: Value,
    /// Resources for discovery, with their `@type`.
    pub discovered: Vec<Value>,
}

impl Served {
    /// The listener's connection managers.
    ///
    /// # Errors
    /// It has what this does not know.
    pub fn managers(&mut self) -> Result<Vec<&mut Value>> {
        managers(&mut self.listener)
    }

    /// Writes the resources into a folder, and has the listener take them from there.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn settle(&mut self, folder: &Path) -> Result<()> {
        for resource in &self.discovered {
            let response = json!({ "version_info": "1", "resources": [resource] });
            fs::write(folder.join(file_of(resource)?), response.to_string())?;
        }
        let file = |name: &str| folder.join(file_name(name));
        let from_file = |source: &mut Value, name: &str| {
            ensure!(source["ads"].is_object(), "not from the control plane: {source}");
            let timeout = source["initial_fetch_timeout"].take();
            *source = json!({
                "resource_api_version": "V3",
                "path_config_source": { "path": file(name) },
            });
            if !timeout.is_null() {
                source["initial_fetch_timeout"] = timeout;
            }
            Ok(())
        };
        for manager in managers(&mut self.listener)? {
            let rds = &mut manager["rds"];
            if let Some(name) = rds["route_config_name"].as_str().map(str::to_owned) {
                from_file(&mut rds["config_source"], &name)?;
            }
            for filter in manager["http_filters"].as_array_mut().context("filters")? {
                let name = filter["name"].as_str().context("a name")?.to_owned();
                if let Some(discovery) = filter.get_mut("config_discovery") {
                    from_file(&mut discovery["config_source"], &name)?;
                }
            }
        }
        Ok(())
    }
}

/// The tests' bundle with keys that the tests have.
///
/// # Errors
/// It does not build.
pub fn bundle() -> Result<Bundle> {
    let folder = TempDir::new()?;
    let source = repository().join("tests").join(BUNDLE);
    for file in ["fieldgate.yaml", "policy.yaml", "schema.graphql"] {
        fs::copy(source.join(file), folder.path().join(file))?;
    }
    fs::write(folder.path().join("jwks.json"), Keys::published().jwks().to_string())?;
    match Bundle::load(folder.path(), None) {
        Ok(bundle) => Ok(bundle),
        Err(findings) => bail!("{findings:?}"),
    }
}

/// A fixture of this crate.
fn fixture(name: &str) -> Result<Value> {
    let text = fs::read_to_string(repository().join("tests/e2e/fixtures").join(name))?;
    serde_saphyr::from_str(&text).with_context(|| name.to_owned())
}

/// The connection managers of a listener.
fn managers(listener: &mut Value) -> Result<Vec<&mut Value>> {
    let Value::Object(members) = listener else { bail!("a listener is an object") };
    let mut all = Vec::new();
    for (name, member) in members {
        let chains = match (name.as_str(), member) {
            ("filter_chains", Value::Array(chains)) => chains.iter_mut().collect(),
            ("default_filter_chain", chain) => vec![chain],
            _ => continue,
        };
        for chain in chains {
            for filter in chain["filters"].as_array_mut().context("filters")? {
                let kind = filter["typed_config"]["@type"].as_str().context("a type")?;
                match kind.rsplit('.').next() {
                    Some("HttpConnectionManager") => all.push(&mut filter["typed_config"]),
                    Some("TcpProxy") => {}
                    _ => bail!("a network filter that this does not know: {kind}"),
                }
            }
        }
    }
    Ok(all)
}

/// The filter's code as a file, in place of where the control plane has it from.
fn localize(filter: &mut Value, wasm: &str) -> Result<()> {
    let code = filter.pointer_mut("/config/vm_config/code").context("the filter's code")?;
    ensure!(code["remote"]["http_uri"]["uri"].is_string(), "not remote: {code}");
    *code = json!({ "local": { "filename": wasm } });
    Ok(())
}

fn file_name(resource: &str) -> String {
    format!("{}.json", resource.replace('/', "_"))
}

fn file_of(resource: &Value) -> Result<String> {
    Ok(file_name(resource["name"].as_str().context("a resource has a name")?))
}
