//! What stands behind and beside Envoy: an upstream that gives one answer and counts, and an
//! authorizer in a process of its own that allows everything, which is the least that one can cost.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use axum::Router;
use axum::routing::any;
use envoy_types::pb::envoy::service::auth::v3::authorization_server::{
    Authorization, AuthorizationServer,
};
use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use envoy_types::pb::google::rpc;
use serde_json::json;
use tokio::net::TcpListener;
use tonic::codegen::async_trait;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::process::Process;

/// The argument with which this program is the authorizer.
pub(crate) const AUTHORIZER: &str = "authorizer";

/// A value that only those who are granted it may see.
pub(crate) const SECRET: &str = "hunter2";

/// An upstream that reads the request and gives one answer.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicU64>,
}

impl Upstream {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let asked = Arc::new(AtomicU64::new(0));
        let (counter, answer) = (Arc::clone(&asked), answer());
        let answer = move |_: axum::body::Bytes| async move {
            counter.fetch_add(1, Ordering::Relaxed);
            ([("content-type", "application/json")], answer.clone())
        };
        let router = Router::new().route("/graphql", any(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, asked })
    }

    /// How many requests it has had.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// What the page's query gets, with the names of types for who has to choose by them: what the
/// servers of `tests/bench/peers` answer, too.
fn answer() -> String {
    let user = |name: &str| {
        json!({
            "__typename": "User", "name": name, "email": format!("{name}@example.com"),
            "groups": ["platform"],
        })
    };
    let owner = json!({ "__typename": "Group", "name": "checkout" });
    let needed = |name: &str| json!({ "__typename": "Component", "name": name, "kind": "Component", "owner": owner });
    let mut owning = owner.clone();
    owning["members"] = json!([user("mira"), user("tomas"), user("ines")]);
    let entity = json!({
        "__typename": "Component",
        "name": "checkout",
        "owner": owning,
        "secrets": [{ "__typename": "Secret", "name": "psp-key", "value": SECRET }],
        "annotations": ["tier: 1"],
        "dependsOn": [needed("ledger"), needed("mail")],
        "apis": [{ "__typename": "API", "name": "payments", "definition": "openapi: 3.1.0" }],
    });
    json!({ "data": { "entity": entity, "viewer": user("mira") } }).to_string()
}

struct AllowAll;

#[async_trait]
impl Authorization for AllowAll {
    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let status = Some(rpc::Status { code: 0, ..Default::default() });
        Ok(Response::new(CheckResponse { status, ..Default::default() }))
    }
}

/// Serves until it is killed, and prints where.
pub(crate) async fn authorize() -> Result<()> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let served = Server::builder().add_service(AuthorizationServer::new(AllowAll));
    Ok(served.serve_with_incoming(TcpIncoming::from(listener)).await?)
}

/// The authorizer's process. It has the processor of the load, or Envoy would wait for it.
pub(crate) struct Authorizer {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Authorizer {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(AUTHORIZER);
        let mut process = Process::start(command, Stdio::piped())?;
        let address = process.line()?.parse()?;
        Ok(Self { process, address })
    }
}
