//! What stands behind and beside Envoy: an upstream that gives one answer, and an authorizer in a
//! process of its own that allows everything, which is the least that one can cost.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::any;
use envoy_types::pb::envoy::service::auth::v3::authorization_server::{
    Authorization, AuthorizationServer,
};
use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse};
use envoy_types::pb::google::rpc;
use tokio::net::TcpListener;
use tonic::codegen::async_trait;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// The argument with which this program is the authorizer.
pub(crate) const AUTHORIZER: &str = "authorizer";

/// An upstream that reads the request and answers 600 bytes.
pub(crate) async fn upstream() -> Result<SocketAddr> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let answer = format!("{{\"data\":{{\"entity\":{{\"name\":\"{}\"}}}}}}", "x".repeat(566));
    let answer = move |_: axum::body::Bytes| async move {
        ([("content-type", "application/json")], answer.clone())
    };
    let router = Router::new().route("/graphql", any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
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

/// The authorizer's process, killed when this is dropped.
pub(crate) struct Authorizer {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Authorizer {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(AUTHORIZER)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { child, address: line.trim().parse()? })
    }

    /// The CPU time that it has had, in microseconds.
    pub(crate) fn cpu_microseconds(&self) -> Result<f64> {
        let mut spent = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanoseconds = text.split_whitespace().next().context("schedstat")?;
            spent += nanoseconds.parse::<f64>()? / 1e3;
        }
        Ok(spent)
    }
}

impl Drop for Authorizer {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
