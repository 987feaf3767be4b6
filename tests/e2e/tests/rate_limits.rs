//! What other filters are told of an operation, and Envoy's rate limits that count its cost: the
//! filters of `envoy/rate-limits.md` as they stand there, the numbers apart.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::Code;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_service_server::{
    RateLimitService, RateLimitServiceServer,
};
use envoy_types::pb::envoy::service::ratelimit::v3::{RateLimitRequest, RateLimitResponse};
use fieldgate_e2e::backend::{Backend, TAG};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::client::Answer;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use fieldgate_e2e::stage::{Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_e2e::token::TokenRecipe;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::codegen::async_trait;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

type Here = Arc<Held<Place>>;

struct Place {
    stage: Stage,
    envoy: Envoy,
    service: Counted,
}

fn main() -> ExitCode {
    Suite::new(start)
        .test("an_operation_is_told_of", an_operation_is_told_of)
        .test("a_stream_is_told_of_behind_its_headers", a_stream_is_told_of_behind_its_headers)
        .test("costs_are_counted_in_the_proxy", costs_are_counted_in_the_proxy)
        .test("costs_are_counted_in_a_service", costs_are_counted_in_a_service)
        .run()
}

async fn start() -> Result<Place> {
    let bundle = Guarded::load("corpus/bundles/costs")?;
    let backend = Backend::start(&bundle.folder).await?;
    let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
    let stage = Stage { backend, bundle, wasm };
    let service = Counted::default();
    let address = service.clone().serve().await?;
    let listener = |name: &str, template, change: fn(&mut Value)| -> Result<Listener> {
        let mut configuration = stage.bundle.configuration(template);
        for (key, value) in page("settings")?.as_object().context("settings")? {
            if key != "request_headers" {
                configuration[key] = value.clone();
            }
        }
        let mut listener = stage.listener(template).changed(change);
        listener.name = name.to_owned();
        listener.configuration = Some(configuration.to_string());
        Ok(listener)
    };
    let mut global = listener("global", Template::Hold, |manager| insert(manager, "global"))?;
    global.grpc.push(("ratelimit".to_owned(), address));
    let listeners = [
        listener("plain", Template::Hold, log)?,
        listener("streamed", Template::Stream, log)?,
        listener("local", Template::Hold, |manager| insert(manager, "local"))?,
        global,
    ];
    let envoy = Envoy::start(&listeners).await?;
    Ok(Place { stage, envoy, service })
}

/// A block of the page, by what stands behind its fence.
fn page(name: &str) -> Result<Value> {
    let text = std::fs::read_to_string(repository().join("envoy/rate-limits.md"))?;
    let block = text.split(&format!("```yaml {name}\n")).nth(1).context("the block")?;
    let block = block.split("\n```").next().unwrap_or_default();
    Ok(serde_saphyr::from_str(block)?)
}

fn log(manager: &mut Value) {
    let format = "/access_log/0/typed_config/log_format/json_format";
    if let Some(format) = manager.pointer_mut(format) {
        format["cost"] = json!("%FILTER_STATE(wasm.fieldgate.cost:PLAIN)%");
        format["depth"] = json!("%FILTER_STATE(wasm.fieldgate.depth:PLAIN)%");
    }
}

/// Puts a filter of the page behind the seatbelt.
fn insert(manager: &mut Value, name: &str) {
    let filter = page(name).expect("a filter on the page");
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    assert!(filters[1]["name"] == "envoy.filters.http.rbac", "the seatbelt");
    filters.insert(2, filter);
}

/// A rate limit service: each descriptor has a hundred hits.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, u64>>>);

impl Counted {
    async fn serve(self) -> Result<SocketAddr> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let service = RateLimitServiceServer::new(self);
        let served = Server::builder().add_service(service);
        tokio::spawn(served.serve_with_incoming(TcpIncoming::from(listener)));
        Ok(address)
    }
}

#[async_trait]
impl RateLimitService for Counted {
    async fn should_rate_limit(
        &self,
        request: Request<RateLimitRequest>,
    ) -> Result<Response<RateLimitResponse>, Status> {
        const MOST: u64 = 100;
        let mut counted = self.0.lock().expect("no panic while counting");
        let mut code = Code::Ok;
        for descriptor in request.into_inner().descriptors {
            let entries = descriptor.entries.iter();
            let key = entries.map(|one| format!("{}={}", one.key, one.value)).collect();
            let hits = descriptor.hits_addend.map_or(1, |hits| hits.value);
            let sum: &mut u64 = counted.entry(key).or_default();
            *sum += hits;
            if *sum > MOST {
                code = Code::OverLimit;
            }
        }
        Ok(Response::new(RateLimitResponse { overall_code: code.into(), ..Default::default() }))
    }
}

/// A user's request for a page of so many.
async fn ask(here: &Place, listener: &str, tag: &str, subject: &str, first: u32) -> Result<Answer> {
    let claims = json!({ "sub": subject, "groups": ["users"], "level": 1 });
    let token = TokenRecipe::claims(claims).mint(&here.stage.bundle.audience);
    let query = format!("{{ page(first: {first}) {{ id }} }}");
    let client = here.envoy.client(listener);
    let asked = client.post("/graphql").header(TAG, tag).header("x-fieldgate-cost", "0");
    asked.bearer(&token).body(body(&query)).send().await
}

async fn an_operation_is_told_of(here: Here) -> Result<()> {
    let tag = "told";
    let answer = ask(&here, "plain", tag, "alice", 7).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let headers = &here.stage.backend.seen(tag)[0].headers;
    let all: Vec<_> =
        headers.iter().filter(|(name, _)| name.as_str().contains("fieldgate")).collect();
    for (name, expected) in
        [("x-fieldgate-cost", "7"), ("x-fieldgate-depth", "2"), ("x-fieldgate-subject", "alice")]
    {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        ensure!(values == [expected], "{name}: {values:?}");
    }
    ensure!(all.len() == 3, "{all:?}");
    let entry = here.envoy.entry(tag).await?;
    ensure!(entry.line["cost"] == "7" && entry.line["depth"] == "2", "{}", entry.line);
    ensure!(entry.record()["usage"]["cost"] == 7, "{}", entry.line);

    // What is refused is told of to nobody.
    let tag = "told-not";
    let answer = ask(&here, "plain", tag, "alice", 1001).await?;
    ensure!(answer.status == 400, "{} {}", answer.status, answer.text());
    let entry = here.envoy.entry(tag).await?;
    ensure!(
        entry.line["cost"].is_null() && entry.record()["reason"] == "limit_cost",
        "{}",
        entry.line
    );
    Ok(())
}

async fn a_stream_is_told_of_behind_its_headers(here: Here) -> Result<()> {
    let tag = "told-stream";
    let answer = ask(&here, "streamed", tag, "alice", 7).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let headers = &here.stage.backend.seen(tag)[0].headers;
    ensure!(headers.get("x-fieldgate-cost").is_none(), "{headers:?}");
    let entry = here.envoy.entry(tag).await?;
    ensure!(entry.line["cost"] == "7" && entry.line["depth"] == "2", "{}", entry.line);
    Ok(())
}

/// A thousand for each subject in a minute: the bucket fills all the time, 17 a second.
async fn costs_are_counted_in_the_proxy(here: Here) -> Result<()> {
    let steps = [
        ("bob", 600, 200),
        ("bob", 700, 429),
        ("bob", 400, 200),
        ("bob", 300, 429),
        ("carol", 900, 200),
    ];
    for (at, (subject, first, status)) in steps.into_iter().enumerate() {
        let tag = &format!("local-{at}");
        let answer = ask(&here, "local", tag, subject, first).await?;
        ensure!(answer.status == status, "{at}: {} {}", answer.status, answer.text());
        let entry = here.envoy.entry(tag).await?;
        let record = entry.record();
        ensure!(record["decision"] == "allow", "{at}: {}", entry.line);
        ensure!(record["response"]["status"] == status, "{at}: {}", entry.line);
        let reached = here.stage.backend.seen(tag).len();
        ensure!(reached == usize::from(status == 200), "{at}: {reached}");
    }
    // What is refused by fieldgate takes nothing.
    for (at, first) in [2000, 100].into_iter().enumerate() {
        let answer = ask(&here, "local", &format!("local-refused-{at}"), "carol", first).await?;
        ensure!(answer.status == [400, 200][at], "{at}: {}", answer.status);
    }
    Ok(())
}

async fn costs_are_counted_in_a_service(here: Here) -> Result<()> {
    let steps = [("dan", 60, 200), ("dan", 40, 200), ("dan", 1, 429), ("eve", 100, 200)];
    for (at, (subject, first, status)) in steps.into_iter().enumerate() {
        let tag = &format!("global-{at}");
        let answer = ask(&here, "global", tag, subject, first).await?;
        ensure!(answer.status == status, "{at}: {} {}", answer.status, answer.text());
    }
    let counted = here.service.0.lock().expect("no panic while counting").clone();
    let expected =
        BTreeMap::from([("subject=dan".to_owned(), 101), ("subject=eve".to_owned(), 100)]);
    ensure!(counted == expected, "{counted:?}");
    Ok(())
}
