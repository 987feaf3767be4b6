//! Resources for Istio and Envoy Gateway, as these control planes would serve them, in a real
//! Envoy: what is granted passes, everything else is refused, and without a filter nothing passes.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::cli::fieldgate;
use fieldgate_e2e::client::Client;
use fieldgate_e2e::cluster::istio::{Fetch, Proxy};
use fieldgate_e2e::cluster::{self, gateway, istio};
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Stage, member};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_policy::diagnostic::Code;
use fieldgate_policy::manifest::istio::{IstioOptions, Proxies};
use fieldgate_policy::manifest::istio::{envoy_filter, traffic_extension, wasm_plugin};
use serde_json::Value;

mod form;

use form::{FORMS, Form, WAYS, istio_options, only_chain};

/// A stage for each build of the filter.
struct Shared {
    plain: Stage,
    trap: Stage,
    fail_workers: Stage,
}

type Here = Arc<Held<Shared>>;

const RBAC: &str = "rbac_access_denied_matched_policy[none]";

fn main() -> ExitCode {
    Suite::new(start)
        .test("what_they_guard", what_they_guard)
        .test("without_the_filter_nothing_passes", without_the_filter_nothing_passes)
        .test("without_it_on_the_workers_nothing_passes", without_it_on_the_workers)
        .test("without_the_image_nothing_passes", without_the_image_nothing_passes)
        .test("a_trap_and_a_new_instance", a_trap_and_a_new_instance)
        .test("a_sidecar_is_guarded_on_its_port", a_sidecar_is_guarded_on_its_port)
        .test("what_is_open_at_a_sidecar", what_is_open_at_a_sidecar)
        .test("another_route_of_the_gateway_is_left_alone", another_route_is_left_alone)
        .test("each_patch_finds_its_place", each_patch_finds_its_place)
        .run()
}

async fn start() -> Result<Shared> {
    Ok(Shared {
        plain: Stage::new(Build::Plain).await?,
        trap: Stage::new(Build::Trap).await?,
        fail_workers: Stage::new(Build::FailWorkers).await?,
    })
}

/// That the native filter behind refuses everything, whoever asks.
async fn all_refused(stage: &Stage, envoy: &Envoy, client: Client, tag: &str) -> Result<()> {
    for round in 0..4 {
        for (kind, query) in [("granted", GRANTED), ("denied", DENIED)] {
            let tag = &format!("{tag}-{kind}-{round}");
            let answer = stage.ask(client, tag, query).send().await?;
            ensure!(answer.status == 403, "{tag}: {} {}", answer.status, answer.text());
            let entry = envoy.entry(tag).await?;
            ensure!(entry.details() == RBAC, "{}", entry.line);
            ensure!(stage.backend.seen(tag).is_empty(), "{tag} reached the upstream");
        }
    }
    Ok(())
}

/// How often the seatbelt refused, by its own counter.
async fn held(envoy: &Envoy) -> Result<u64> {
    Ok(envoy.stats("rbac.fieldgate.seatbelt.denied").await?.values().sum())
}

async fn what_they_guard(here: Here) -> Result<()> {
    for form in FORMS {
        let (stage, name) = (&here.plain, form.name());
        let envoy = form.start(stage).await.context(name.clone())?;
        for (version, client) in [("h1", form.client(&envoy)), ("h2", form.client(&envoy).http2())]
        {
            let tag = &format!("allow-{name}-{version}");
            let answer = stage.ask(client, tag, GRANTED).send().await?;
            let entry = stage.allowed(&envoy, tag, &answer).await?;
            ensure!(*member(entry.record(), "/mode")? == form.mode(), "{}", entry.line);

            let tag = &format!("deny-{name}-{version}");
            let answer = stage.ask(client, tag, DENIED).send().await?;
            stage.refused(&envoy, tag, &answer, 403, "field_denied").await?;

            let tag = &format!("bare-{name}-{version}");
            let answer = stage.ask_bare(client, tag, GRANTED).send().await?;
            stage.refused(&envoy, tag, &answer, 401, "token_missing").await?;

            let tag = &format!("trailers-{name}-{version}");
            let asked = stage.ask(client, tag, DENIED).trailers(&[("x-checksum", "1")]);
            stage.refused(&envoy, tag, &asked.send().await?, 403, "field_denied").await?;
        }
        ensure!(held(&envoy).await? == 0, "{name}: the filter decides, not the seatbelt");
        let vms = envoy.admin("/config_dump").await?.text();
        ensure!(vms.contains("FAIL_RELOAD"), "{name}");
        let words = ["status", &envoy.admin_address().to_string(), "--format", "plain"];
        let said = fieldgate(words.map(str::to_owned).to_vec()).await?;
        ensure!(said.exit == 0, "{name}: {said:#?}");
    }
    Ok(())
}

async fn without_the_filter_nothing_passes(here: Here) -> Result<()> {
    for form in FORMS {
        let (stage, name) = (&here.plain, form.name());
        let manifests = form.manifests()?;
        let objects: Vec<Value> = manifests.objects().iter().map(without_filter).collect();
        let mut served = form.serve(&objects, &stage.wasm, Fetch::Good)?;
        ensure!(!served.listener.to_string().contains("wasm/v3") && served.discovered.len() < 2);
        let envoy = Envoy::start_served(&mut served, stage.backend.address).await?;
        all_refused(stage, &envoy, form.client(&envoy), &format!("absent-{name}")).await?;
        ensure!(held(&envoy).await? == 8, "{name}: the seatbelt says so in its counter");
    }
    Ok(())
}

/// A resource without what brings the filter.
fn without_filter(object: &Value) -> Value {
    let mut object = object.clone();
    match object["kind"].as_str() {
        Some("EnvoyFilter") => {
            let patches = object["spec"]["configPatches"].as_array_mut().expect("patches");
            patches.retain(|patch| patch.to_string().contains("fieldgate.seatbelt"));
        }
        Some("EnvoyPatchPolicy") => {}
        Some("EnvoyExtensionPolicy") => object["spec"]["wasm"] = serde_json::json!([]),
        _ => object = serde_json::json!({ "kind": "EnvoyFilter", "spec": { "configPatches": [] } }),
    }
    object
}

async fn without_it_on_the_workers(here: Here) -> Result<()> {
    for form in WAYS {
        let stage = &here.fail_workers;
        let envoy = form.start(stage).await?;
        let tag = format!("workers-{}", form.name());
        all_refused(stage, &envoy, form.client(&envoy), &tag).await?;
        let said = envoy.said();
        ensure!(said.contains("Failed to configure thread-local"), "{said}");
    }
    Ok(())
}

async fn without_the_image_nothing_passes(here: Here) -> Result<()> {
    for form in WAYS.into_iter().filter(|form| !matches!(form, Form::Gateway | Form::Route)) {
        let (stage, manifests) = (&here.plain, form.manifests()?);
        let mut served = form.serve(manifests.objects(), &stage.wasm, Fetch::Failed)?;
        let envoy = Envoy::start_served(&mut served, stage.backend.address).await?;
        let tag = format!("image-{}", form.name());
        all_refused(stage, &envoy, form.client(&envoy), &tag).await?;
        ensure!(held(&envoy).await? == 0, "what the agent put there refused before");
    }
    Ok(())
}

async fn a_trap_and_a_new_instance(here: Here) -> Result<()> {
    for form in WAYS {
        let (stage, name) = (&here.trap, form.name());
        let envoy = form.start(stage).await?;
        let client = form.client(&envoy);
        let asked = client.post("/graphql").header(TAG, format!("trap-{name}"));
        let answer = asked.header("x-fieldgate-test", "trap").body("{}").send().await?;
        ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
        stage.reloaded(&envoy, client).await.with_context(|| name.clone())?;
    }
    Ok(())
}

/// The pod's other ports are not fieldgate's.
async fn a_sidecar_is_guarded_on_its_port(here: Here) -> Result<()> {
    let stage = &here.plain;
    for form in [
        Form::EnvoyFilter(Proxy::Sidecar),
        Form::WasmPlugin(Proxy::Sidecar),
        Form::TrafficExtension(Proxy::Sidecar),
    ] {
        let manifests = form.manifests()?;
        let objects = manifests.objects();
        let mut served = istio::serve(Proxy::Sidecar, objects, &stage.wasm, Fetch::Good)?;
        only_chain(&mut served, "0.0.0.0_9090")?;
        let envoy = Envoy::start_served(&mut served, stage.backend.address).await?;
        let tag = &format!("other-port-{}", form.name());
        let answer = stage.ask_bare(form.client(&envoy), tag, DENIED).send().await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        // For an outbound listener of the same pod, or a gateway, nothing is meant at all.
        let served = istio::serve(Proxy::Gateway, objects, &stage.wasm, Fetch::Good)?;
        ensure!(!served.listener.to_string().contains("fieldgate"), "{}", served.listener);
    }
    Ok(())
}

/// What the warning `unguarded-port` is about. If a chain with the filter passes here, or one
/// without it refuses, then the warning and `envoy/istio/README.md` say what is not so.
async fn what_is_open_at_a_sidecar(here: Here) -> Result<()> {
    const GUARDED: &str = "0.0.0.0_8080";
    // The same port by another protocol, and what no Service declares.
    const TCP: &str = "0.0.0.0_8080-tcp";
    const ANY_HTTP: &str = "virtualInbound-catchall-http";
    const ANY_TCP: &str = "virtualInbound";
    let stage = &here.plain;
    for (port, guarded, open) in [
        (Some(8080), &[GUARDED][..], &[TCP, ANY_HTTP, ANY_TCP][..]),
        (None, &[GUARDED, ANY_HTTP], &[TCP, ANY_TCP]),
    ] {
        let labels = vec!["app=portal".parse()?];
        let options = IstioOptions {
            proxies: Proxies::Sidecar { labels, port },
            ..istio_options(Proxy::Sidecar)?
        };
        let bundle = cluster::bundle()?;
        let built = [
            ("filter", envoy_filter(&bundle, &options)?),
            ("plugin", wasm_plugin(&bundle, &options)?),
            ("extension", traffic_extension(&bundle, &options)?),
        ];
        for (form, manifests) in &built {
            let told = manifests.findings().iter().any(|one| one.code == Code::UnguardedPort);
            ensure!(told, "{form}: {:?}", manifests.findings());
            for chain in guarded.iter().chain(open) {
                let objects = manifests.objects();
                let mut served = istio::serve(Proxy::Sidecar, objects, &stage.wasm, Fetch::Good)?;
                only_chain(&mut served, chain)?;
                let envoy = Envoy::start_served(&mut served, stage.backend.address).await?;
                let tag = &format!("open-{form}-{port:?}-{chain}");
                let client = envoy.client("virtualInbound");
                let answer = stage.ask_bare(client, tag, DENIED).send().await?;
                if guarded.contains(chain) {
                    stage.refused(&envoy, tag, &answer, 401, "token_missing").await?;
                } else {
                    ensure!(answer.status == 200, "{tag}: {} {}", answer.status, answer.text());
                    ensure!(stage.backend.complete(tag).len() == 1, "{tag}");
                }
            }
        }
    }
    Ok(())
}

async fn another_route_is_left_alone(here: Here) -> Result<()> {
    let (stage, form) = (&here.plain, Form::Route);
    let envoy = form.start(stage).await?;
    let client = form.client(&envoy);
    let docs = |tag: &str| client.request("GET", "/docs/a").header(TAG, tag).send();
    let answer = docs("docs-route").await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    // Where the whole listener is fieldgate's, there is no other route.
    let envoy = Form::Gateway.start(stage).await?;
    let client = Form::Gateway.client(&envoy);
    let asked = client.request("GET", "/docs/a").header(TAG, "docs-gateway");
    let answer = asked.send().await?;
    stage.refused(&envoy, "docs-gateway", &answer, 404, "path_not_served").await?;
    Ok(())
}

async fn each_patch_finds_its_place(_: Here) -> Result<()> {
    for form in [Form::Gateway, Form::Route] {
        let manifests = form.manifests()?;
        let (served, idle) = gateway::serve(manifests.objects(), "fieldgate.wasm")?;
        ensure!(idle == 0, "{idle} patches of {} found nothing", form.name());
        let filters = &served.listener["default_filter_chain"]["filters"][0]["typed_config"];
        let filters = filters["http_filters"].as_array().context("filters")?;
        let names: Vec<_> = filters.iter().filter_map(|one| one["name"].as_str()).collect();
        ensure!(names[0].starts_with("envoy.filters.http.wasm/"), "{names:?}");
        let behind = ["envoy.filters.http.rbac", "fieldgate.seatbelt", "envoy.filters.http.router"];
        ensure!(names[1..] == behind, "{names:?}");
        let vm = filters[0]["typed_config"]["config"]["vm_config"]["vm_id"].as_str();
        let digest = cluster::bundle()?.digest().short();
        ensure!(vm == Some(&format!("fieldgate-{digest}")), "{vm:?}");
    }
    Ok(())
}
