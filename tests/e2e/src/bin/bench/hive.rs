//! Hive Router, where `$HIVE_ROUTER` names its binary: with the tokens of the other rows, rules on a few
//! fields, and one subgraph, which is the upstream of the other rows. What is in flight twice is asked
//! twice, as it is of the others.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::repository;
use fieldgate_e2e::token::Keys;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::listeners::Parts;
use crate::peers::Peers;
use crate::process::{Process, beside_envoy};
use crate::way::{Refuses, Server, Table, Traffic, Way};

pub(crate) const ALONE: &str = "Hive Router";
pub(crate) const BEHIND: &str = "Envoy in front of Hive Router";

/// Loading it takes its time on a busy machine.
const START: Duration = Duration::from_secs(30);

/// Hive Router and the folder that it runs in.
struct Hive {
    process: Process,
    address: SocketAddr,
    folder: TempDir,
}

/// Has Envoy close its connections to it before Hive Router does, which is after some seconds: a request
/// can be on its way then.
pub(crate) fn close_idle(bootstrap: &mut Value, ways: &[Way]) {
    let behind = ways.iter().find(|way| way.name == BEHIND);
    let Some(Server::Envoy(listener)) = behind.map(|way| &way.server) else { return };
    let port = json!(listener.upstream.port());
    let clusters =
        bootstrap.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    let address =
        "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
    for cluster in clusters.into_iter().flatten() {
        if cluster.pointer(address) == Some(&port) {
            let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
            cluster["typed_extension_protocol_options"] = json!({ options: {
                "@type": format!("type.googleapis.com/{options}"),
                "common_http_protocol_options": { "idle_timeout": "1s" },
                "explicit_http_config": { "http_protocol_options": {} },
            } });
        }
    }
}

/// Adds its rows, if it is there.
///
/// # Errors
/// It is there and does not start.
pub(crate) async fn start(peers: &mut Peers, parts: &Parts, portal: &Guarded) -> Result<()> {
    let Ok(binary) = std::env::var("HIVE_ROUTER") else {
        peers.skipped.push("Hive Router: `HIVE_ROUTER` does not name its binary".to_owned());
        return Ok(());
    };
    let Hive { process, address, folder } = Hive::start(&binary, parts.upstream, portal).await?;
    let way = |name, server| Way {
        server,
        processes: vec![process.id()],
        ..Way::new(name, Table::Peers, parts.pass(), portal).refusing(Refuses::Fields)
    };
    let alone = |name| way(name, Server::Direct(address));
    let behind = Server::Envoy(parts.pass_to("hive", address));
    peers.ways.extend([
        alone(ALONE),
        alone("Hive Router, each token once").traffic(Traffic::NewToken),
        alone("Hive Router, each document once").traffic(Traffic::NewDocument),
        way(BEHIND, behind),
    ]);
    peers.processes.push(process);
    peers.folders.push(folder);
    Ok(())
}

impl Hive {
    async fn start(binary: &str, upstream: SocketAddr, portal: &Guarded) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free()?;
        write(folder.path(), address, upstream, portal)?;
        let mut command = beside_envoy(binary);
        command
            .current_dir(folder.path())
            .env("ROUTER_CONFIG_FILE_PATH", folder.path().join("router.json"));
        let log = File::create(folder.path().join("log"))?;
        let process = Process::start(command, log.into())?;
        let begin = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if begin.elapsed() > START {
                bail!("Hive Router: {}", fs::read_to_string(folder.path().join("log"))?);
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { process, address, folder })
    }
}

/// Its configuration: one worker, as Envoy has, with a client of its own for what is upstream.
fn write(folder: &Path, at: SocketAddr, upstream: SocketAddr, portal: &Guarded) -> Result<()> {
    let supergraph = repository().join("tests/bench/peers/supergraph.graphql");
    let supergraph = fs::read_to_string(supergraph)?;
    let supergraph = supergraph.replace("@UPSTREAM@", &format!("http://{upstream}/graphql"));
    let configuration = json!({
        "supergraph": { "source": "file", "path": "supergraph.graphql" },
        "http": { "host": at.ip().to_string(), "port": at.port(), "workers": 1 },
        "log": { "level": "warn" },
        "traffic_shaping": {
            "all": { "dedupe_enabled": false },
            "http_client_mode": "per_worker",
        },
        "jwt": {
            "enabled": true,
            "require_authentication": true,
            "jwks_providers": [{ "source": "file", "path": "jwks.json" }],
            "issuers": [portal.audience.issuer],
            "audiences": [portal.audience.audience],
            "allowed_algorithms": ["RS256"],
        },
        "authorization": {
            "directives": { "enabled": true, "unauthorized": { "mode": "filter" } },
        },
    });
    let keys = Keys::published().jwks();
    let keys = keys["keys"].as_array().into_iter().flatten();
    let keys: Vec<_> = keys.filter(|key| key["alg"] == "RS256").collect();
    fs::write(folder.join("supergraph.graphql"), supergraph)?;
    fs::write(folder.join("jwks.json"), json!({ "keys": keys }).to_string())?;
    fs::write(folder.join("router.json"), configuration.to_string())?;
    Ok(())
}

/// A port that was free just now: it has to be named in the configuration.
fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
