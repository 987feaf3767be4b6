//! What happens where the filter is not, or stops: nothing passes.
//!
//! Each test has an Envoy of its own, because each breaks it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{DENIED, GRANTED, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::{Value, json};
use tokio::time::sleep;

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
        .test("filter_absent", filter_absent)
        .test("filter_disabled_for_the_route", filter_disabled_for_the_route)
        .test("filter_missing_on_the_workers", filter_missing_on_the_workers)
        .test("what_the_seatbelt_is_for", what_the_seatbelt_is_for)
        .test("among_network_filters", among_network_filters)
        .test("trap_and_reload", trap_and_reload)
        .test("trap_takes_held_requests_down", trap_takes_held_requests_down)
        .test("fail_open_stays_closed", fail_open_stays_closed)
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
async fn all_refused(stage: &Stage, envoy: &Envoy, listener: &str, tag: &str) -> Result<()> {
    for round in 0..8 {
        // Several connections, so that both workers get some.
        for (kind, query) in [("granted", GRANTED), ("denied", DENIED)] {
            let tag = &format!("{tag}-{kind}-{round}");
            let answer = stage.ask(envoy.client(listener), tag, query).send().await?;
            ensure!(answer.status == 403, "{tag}: {} {}", answer.status, answer.text());
            let entry = envoy.entry(tag).await?;
            ensure!(entry.details() == RBAC, "{}", entry.line);
            ensure!(stage.backend.seen(tag).is_empty(), "{tag} reached the upstream");
        }
    }
    Ok(())
}

fn without_filter(manager: &mut Value) {
    manager["http_filters"].as_array_mut().expect("filters").remove(0);
}

fn without_seatbelt(manager: &mut Value) {
    manager["http_filters"].as_array_mut().expect("filters").remove(1);
}

fn disabled(manager: &mut Value) {
    let route = manager.pointer_mut("/route_config/virtual_hosts/0/routes/0").expect("a route");
    route["typed_per_filter_config"] = json!({ "envoy.filters.http.wasm": {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
        "disabled": true,
    } });
}

fn fail_open(manager: &mut Value) {
    let plugin = manager.pointer_mut("/http_filters/0/typed_config/config").expect("the plugin");
    plugin["failure_policy"] = json!("FAIL_OPEN");
    plugin.as_object_mut().expect("an object").remove("reload_config");
}

/// Puts the plugin in front of a connection manager that lets all pass, as a network filter.
fn in_network_chain(bootstrap: &mut Value) {
    let filters = "/static_resources/listeners/0/filter_chains/0/filters";
    let filters = bootstrap.pointer_mut(filters).expect("filters").as_array_mut().expect("a list");
    let manager = &mut filters[0]["typed_config"];
    let mut wasm = manager["http_filters"][0]["typed_config"].clone();
    without_seatbelt(manager);
    without_filter(manager);
    wasm["@type"] = json!("type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm");
    filters.insert(0, json!({ "name": "envoy.filters.network.wasm", "typed_config": wasm }));
}

async fn filter_absent(here: Here) -> Result<()> {
    for template in Template::ALL {
        let stage = &here.plain;
        let envoy = Envoy::start(&[stage.listener(template).changed(without_filter)]).await?;
        all_refused(stage, &envoy, template.name(), &format!("absent-{}", template.name())).await?;
    }
    Ok(())
}

async fn filter_disabled_for_the_route(here: Here) -> Result<()> {
    for template in Template::ALL {
        let stage = &here.plain;
        let envoy = Envoy::start(&[stage.listener(template).changed(disabled)]).await?;
        let tag = format!("disabled-{}", template.name());
        all_refused(stage, &envoy, template.name(), &tag).await?;
    }
    Ok(())
}

async fn filter_missing_on_the_workers(here: Here) -> Result<()> {
    for template in Template::ALL {
        let stage = &here.fail_workers;
        let envoy = Envoy::start(&[stage.listener(template)]).await?;
        let tag = format!("workers-{}", template.name());
        all_refused(stage, &envoy, template.name(), &tag).await?;
        let said = envoy.said();
        ensure!(said.contains("Failed to configure thread-local"), "{said}");
    }
    Ok(())
}

/// Without the seatbelt Envoy lets all pass where a worker has no filter. If this fails, Envoy has
/// become better, and the shipped configurations can become simpler.
async fn what_the_seatbelt_is_for(here: Here) -> Result<()> {
    let stage = &here.fail_workers;
    let listener = stage.listener(Template::Hold).changed(without_seatbelt);
    let envoy = Envoy::start(&[listener]).await?;
    let answer = stage.ask_bare(envoy.client("hold"), "open", DENIED).send().await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    ensure!(stage.backend.complete("open").len() == 1);
    Ok(())
}

/// Where it sees no requests, it lets nothing pass.
async fn among_network_filters(here: Here) -> Result<()> {
    let (stage, template) = (&here.plain, Template::Hold);
    let listener = stage.listener(template);
    let envoy = Envoy::start_changed(&[listener], in_network_chain).await?;
    for round in 0..8 {
        let tag = &format!("network-{round}");
        let asked = stage.ask(envoy.client(template.name()), tag, GRANTED).send().await;
        ensure!(asked.is_err(), "{tag} was answered");
        ensure!(stage.backend.seen(tag).is_empty(), "{tag} reached the upstream");
    }
    let said = envoy.said();
    ensure!(said.contains("this is no network filter"), "{said}");
    Ok(())
}

async fn trap_and_reload(here: Here) -> Result<()> {
    for template in Template::ALL {
        let (stage, mode) = (&here.trap, template.name());
        let envoy = Envoy::start(&[stage.listener(template)]).await?;
        let client = envoy.client(mode);
        let tag = &format!("before-{mode}");
        let answer = stage.ask(client, tag, GRANTED).send().await?;
        stage.allowed(&envoy, tag, &answer).await?;

        let tag = &format!("trap-{mode}");
        let asked = stage.ask(client, tag, GRANTED).header("x-fieldgate-test", "trap");
        let answer = asked.send().await?;
        ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
        ensure!(stage.backend.seen(tag).is_empty(), "the trapping request was forwarded");
        // The record of this request dies with the VM; Envoy's own words are what is left.
        let entry = envoy.entry(tag).await?;
        ensure!(entry.details() == "wasm_fail_stream", "{}", entry.line);

        // Refused until the filter is back, and then judged as before; never let through.
        let begin = Instant::now();
        for round in 0.. {
            let tag = &format!("bare-{round}-{mode}");
            let answer = stage.ask_bare(client, tag, DENIED).send().await?;
            ensure!(matches!(answer.status, 503 | 401), "{} {}", answer.status, answer.text());
            ensure!(stage.backend.seen(tag).is_empty(), "{tag} reached the upstream");
            let tag = &format!("after-{round}-{mode}");
            let answer = stage.ask(client, tag, GRANTED).send().await?;
            if answer.status == 200 {
                stage.allowed(&envoy, tag, &answer).await?;
            }
            // The worker that trapped has its new instance with its next request.
            let reloads = envoy.stats("wasm.fieldgate.vm_reload_success").await?;
            if answer.status == 200 && reloads.values().sum::<u64>() >= 1 {
                break;
            }
            if begin.elapsed() > Duration::from_secs(20) {
                bail!("the filter did not come back: {reloads:?}\n{}", envoy.said());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// A trap ends every request in that VM. None of them gets further than it was.
async fn trap_takes_held_requests_down(here: Here) -> Result<()> {
    let stage = &here.trap;
    let envoy = Envoy::start(&[stage.listener(Template::Hold)]).await?;
    let client = envoy.client("hold");
    let text = body(GRANTED);
    let (first, rest) = text.as_bytes().split_at(10);
    let mut held = Vec::new();
    for at in 0..8 {
        let asked = stage.ask(client, &format!("held-{at}"), GRANTED);
        let asked = asked.pieces(Duration::from_millis(700), [first, rest]);
        held.push(tokio::spawn(asked.send()));
    }
    sleep(Duration::from_millis(1000)).await;
    // Enough of them that each worker traps.
    for at in 0..8 {
        let asked = client.post("/graphql").header(TAG, format!("trapping-{at}"));
        let answer = asked.header("x-fieldgate-test", "trap").body("{}").send().await?;
        ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
    }
    let mut down = 0;
    for (at, held) in held.into_iter().enumerate() {
        let tag = &format!("held-{at}");
        match held.await?? {
            answer if answer.status == 503 => {
                ensure!(stage.backend.seen(tag).is_empty(), "{tag} reached the upstream");
                down += 1;
            }
            answer => {
                stage.allowed(&envoy, tag, &answer).await?;
            }
        }
    }
    ensure!(down > 0, "no held request was in a VM that trapped");
    Ok(())
}

/// Whoever sets `FAIL_OPEN` against all advice is still held by the seatbelt.
async fn fail_open_stays_closed(here: Here) -> Result<()> {
    for template in Template::ALL {
        let (stage, mode) = (&here.trap, template.name());
        let listener: Listener = stage.listener(template).changed(fail_open);
        let envoy = Envoy::start(&[listener]).await?;
        let client = envoy.client(mode);
        for at in 0..8 {
            let asked = client.post("/graphql").header(TAG, format!("opening-{at}-{mode}"));
            let answer = asked.header("x-fieldgate-test", "trap").body("{}").send().await?;
            ensure!(matches!(answer.status, 503 | 403), "{} {}", answer.status, answer.text());
        }
        all_refused(stage, &envoy, mode, &format!("fail-open-{mode}")).await?;
    }
    Ok(())
}
