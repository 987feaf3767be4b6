//! When an Envoy that was started has come as far as it has to.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::time::sleep;

use super::process::Process;
use super::{POLL, START, Until};
use crate::client::Client;

/// Waits until Envoy has its admin interface and has come so far.
pub(super) async fn ready(
    process: &mut Process,
    path: &Path,
    admin_address: &Path,
    until: Until,
) -> Result<Client> {
    let begin = Instant::now();
    loop {
        if let Some(status) = process.ended()? {
            bail!("Envoy ended with {status}");
        }
        let address = fs::read_to_string(admin_address).ok();
        if let Some(address) = address.and_then(|text| text.trim().parse().ok()) {
            let admin = Client::new(address);
            let answer = admin.request("GET", "/ready").send().await;
            let done = match (answer, until) {
                (Err(_), _) => false,
                (Ok(_), Until::Running) => true,
                (Ok(answer), Until::Listening(wanted)) => {
                    answer.status == 200 && listeners(&admin).await?.len() >= wanted
                }
            };
            if done {
                return Ok(admin);
            }
        }
        if begin.elapsed() > START {
            bail!("Envoy is not ready after {START:?} in {}", path.display());
        }
        sleep(POLL).await;
    }
}

/// The listeners that Envoy has, and where they are.
pub(super) async fn listeners(admin: &Client) -> Result<BTreeMap<String, SocketAddr>> {
    let answer = admin.request("GET", "/listeners?format=json").send().await?.json();
    let all = answer["listener_statuses"].as_array().cloned().unwrap_or_default();
    let read = |one: &Value| {
        let socket = &one["local_address"]["socket_address"];
        let address = format!("{}:{}", socket["address"].as_str()?, socket["port_value"]);
        Some((one["name"].as_str()?.to_owned(), address.parse().ok()?))
    };
    Ok(all.iter().filter_map(read).collect())
}
