//! What graphql-http's audits of GraphQL over HTTP say of a server by itself and behind the filter:
//! the same. Where it is not, `tests/corpus/http/exceptions/audit.yaml` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::differential::{BUNDLE, Kind};
use fieldgate_e2e::envoy::{Envoy, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use fieldgate_e2e::servers::{Server, folder};
use fieldgate_e2e::token::TokenRecipe;
use serde::Deserialize;
use serde_json::json;

const KINDS: [Kind; 2] = [Kind::Closed, Kind::Open];

/// What an audit says: `ok`, or what is wrong by how much it matters.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Audit {
    name: String,
    status: String,
}

type Audits = BTreeMap<String, Audit>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    version: u32,
    exceptions: Vec<Exception>,
}

/// A difference that is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    audit: String,
    /// Under which settings: `closed` or `open`.
    settings: Vec<String>,
    /// What the audit says behind the filter.
    here: String,
    reason: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audits_say_the_same_behind_the_filter() -> Result<()> {
    let bundle = Guarded::load(BUNDLE)?;
    let schema = bundle.folder.join("schema.graphql");
    let Some(server) = Server::start_one("yoga", &schema).await? else { return Ok(()) };
    let token = TokenRecipe::claims(json!({ "sub": "alice", "groups": ["users"] }));
    let token = token.mint(&bundle.audience);
    let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
    let mut listeners = Vec::new();
    for kind in KINDS {
        for template in Template::ALL {
            listeners.push(kind.listener(&bundle, template, &server, &wasm)?);
        }
    }
    let envoy = Envoy::start(&listeners).await?;

    let by_itself = audits(server.address, &token).await?;
    ensure!(by_itself.len() >= 61, "only {} audits", by_itself.len());
    let ok = by_itself.values().filter(|audit| audit.status == "ok").count();
    println!("{ok:>3} of {} audits are ok by itself", by_itself.len());
    let mut expected = exceptions()?;
    let mut wrong = Vec::new();
    for kind in KINDS {
        let mut differing = BTreeSet::new();
        for template in Template::ALL {
            let name = format!("{} {} {}", server.name, template.name(), kind.name());
            let behind = audits(envoy.address(&name), &token).await?;
            ensure!(behind.len() == by_itself.len(), "another number of audits");
            let ok = behind.values().filter(|audit| audit.status == "ok").count();
            println!("{ok:>3} of {} audits are ok at {name}", behind.len());
            for (id, audit) in &behind {
                let before = by_itself.get(id).context("the same audits")?;
                let key = (kind.name().to_owned(), id.clone());
                let stated = expected.get(&key).unwrap_or(&before.status);
                if *stated != audit.status {
                    let Audit { name: what, status } = audit;
                    wrong.push(format!("{id} at {name}: {status}, not {stated}: {what}"));
                }
                if before.status != audit.status {
                    differing.insert(key);
                }
            }
        }
        expected.retain(|key, _| !differing.contains(key));
    }
    let stale = expected.keys().map(|(kind, id)| format!("{id} is no exception with {kind}"));
    wrong.extend(stale);
    ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

/// What is listed, by settings and audit.
fn exceptions() -> Result<BTreeMap<(String, String), String>> {
    let file = repository().join("tests/corpus/http/exceptions/audit.yaml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let Exceptions { version, exceptions } = serde_saphyr::from_str(&text)?;
    ensure!(version == 1, "version {version}");
    let mut all = BTreeMap::new();
    for Exception { audit, settings, here, reason } in exceptions {
        ensure!(!reason.is_empty() && !settings.is_empty(), "{audit} has no reason");
        for kind in settings {
            ensure!(KINDS.iter().any(|known| known.name() == kind), "`{kind}` are no settings");
            let twice = all.insert((kind, audit.clone()), here.clone());
            ensure!(twice.is_none(), "{audit} is listed twice");
        }
    }
    Ok(all)
}

async fn audits(address: SocketAddr, token: &str) -> Result<Audits> {
    let mut command = Command::new("node");
    command.arg("audit.mjs").arg(format!("http://{address}/graphql")).arg(token);
    command.current_dir(folder());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).context(said)
}
