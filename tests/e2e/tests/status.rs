//! `fieldgate status` asks a real Envoy: what it says is what Envoy does.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::cli::{Ran, fieldgate};
use fieldgate_e2e::envoy::{Envoy, Listener, Pushed, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{GRANTED, Stage, member};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::manifest::{Plugin, xds};
use serde_json::{Value, json};
use tokio::time::sleep;

/// The tests' bundle, and another one to push in its place.
struct Shared {
    stage: Stage,
    other: Guarded,
}

type Here = Arc<Held<Shared>>;

/// Old listeners drain for a second; metrics are confirmed once a second.
const PATIENCE: Duration = Duration::from_secs(20);

const HOLD: Template = Template::Hold;

fn main() -> ExitCode {
    Suite::new(start)
        .test("listeners_of_the_bootstrap", listeners_of_the_bootstrap)
        .test("pushes_of_listeners", pushes_of_listeners)
        .test("pushes_of_an_extension", pushes_of_an_extension)
        .test("what_is_unsafe", what_is_unsafe)
        .test("a_trap", a_trap)
        .test("not_the_admin_interface", not_the_admin_interface)
        .run()
}

async fn start() -> Result<Shared> {
    let stage = Stage::new(Build::Plain).await?;
    Ok(Shared { stage, other: Guarded::load("policies/backstage")? })
}

/// What `fieldgate status` says.
#[derive(Debug)]
struct Said {
    exit: i32,
    filters: Vec<Value>,
    findings: Vec<Value>,
}

impl Said {
    async fn by(envoy: &Envoy) -> Result<Self> {
        let address = envoy.admin_address().to_string();
        let words = ["status", &address, "--format", "json"].map(str::to_owned);
        let Ran { exit, stdout, stderr } = fieldgate(words.to_vec()).await?;
        ensure!(stderr.starts_with("Envoy 1."), "{stderr}");
        let lines = stdout.lines().map(serde_json::from_str);
        let lines: Vec<Value> = lines.collect::<Result<_, _>>()?;
        let (filters, findings) = lines.into_iter().partition(|line| line["kind"] == "filter");
        Ok(Self { exit, filters, findings })
    }

    /// Asks until the answer has these findings: a push comes into force at once, but what was
    /// there before takes its time to go.
    async fn until(envoy: &Envoy, codes: &[&str]) -> Result<Self> {
        let begin = Instant::now();
        loop {
            let said = Self::by(envoy).await?;
            let found: Vec<&str> =
                said.findings.iter().filter_map(|f| f["code"].as_str()).collect();
            if found == codes {
                return Ok(said);
            }
            ensure!(begin.elapsed() < PATIENCE, "expected {codes:?} in {said:#?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// The only filter of a listener that is active.
    fn filter(&self, listener: &str) -> Result<&Value> {
        let active =
            |filter: &&Value| filter["listener"] == listener && filter["state"] == "active";
        let mut filters = self.filters.iter().filter(active);
        let one = filters.next().with_context(|| format!("no `{listener}` in {self:#?}"))?;
        ensure!(filters.next().is_none(), "several `{listener}` in {self:#?}");
        Ok(one)
    }

    /// That nothing is wrong.
    fn good(&self) -> Result<()> {
        ensure!(self.exit == 0 && self.findings.is_empty(), "{self:#?}");
        Ok(())
    }
}

/// That a listener enforces what `status` says: the audit record of a request has the same.
async fn enforces(stage: &Stage, envoy: &Envoy, filter: &Value, tag: &str) -> Result<()> {
    let listener = filter["listener"].as_str().context("a name")?;
    let answer = stage.ask(envoy.client(listener), tag, GRANTED).send().await?;
    let entry = stage.allowed(envoy, tag, &answer).await?;
    let record = entry.record();
    for (said, recorded) in
        [("policy", "/policy/name"), ("revision", "/policy/revision"), ("digest", "/policy/digest")]
    {
        // The digest is a short one where only metrics tell.
        let recorded = member(record, recorded)?.as_str().context("text")?;
        let said = filter[said].as_str().with_context(|| filter.to_string())?;
        ensure!(!said.is_empty() && recorded.starts_with(said), "{filter} and {record}");
    }
    let mode = &filter["mode"];
    ensure!(mode.is_null() || *mode == record["mode"], "{filter} and {record}");
    Ok(())
}

async fn listeners_of_the_bootstrap(here: Here) -> Result<()> {
    let stage = &here.stage;
    let envoy = Envoy::start(&Template::ALL.map(|template| stage.listener(template))).await?;
    let said = Said::by(&envoy).await?;
    said.good()?;
    for template in Template::ALL {
        let filter = said.filter(template.name())?;
        ensure!(filter["from"] == "bootstrap" && filter["mode"] == template.name(), "{filter}");
        enforces(stage, &envoy, filter, template.name()).await?;
    }
    Ok(())
}

async fn pushes_of_listeners(here: Here) -> Result<()> {
    let stage = &here.stage;
    let good = Template::ALL.map(|template| stage.listener(template));
    let envoy = Envoy::start_with_lds(&good).await?;
    Said::by(&envoy).await?.good()?;
    let [hold, stream] = good;

    let mut bad = stage.bundle.configuration(HOLD);
    bad["issuers"] = json!([]);
    let bad = Listener { configuration: Some(bad.to_string()), ..hold.clone() };
    ensure!(envoy.push(&[bad.clone(), stream.clone()]).await? == Pushed::Rejected);
    let said = Said::by(&envoy).await?;
    let [refused] = said.findings.as_slice() else { anyhow::bail!("{said:#?}") };
    ensure!(said.exit == 3 && refused["code"] == "push-refused", "{said:#?}");
    ensure!(refused["listener"] == "hold", "{refused}");
    let why = "`issuers`: expected at least one issuer";
    ensure!(refused["message"].as_str().is_some_and(|text| text.contains(why)), "{refused}");
    let filter = said.filter("hold")?;
    ensure!(filter["from"] == "lds" && filter["refused"] == why, "{filter}");
    enforces(stage, &envoy, filter, "refused-hold").await?;
    enforces(stage, &envoy, said.filter("stream")?, "refused-stream").await?;

    // A listener that was never good is not there.
    let new = Listener { name: "new".to_owned(), ..bad };
    ensure!(envoy.push(&[hold.clone(), stream.clone(), new]).await? == Pushed::Rejected);
    let said = Said::by(&envoy).await?;
    let [refused] = said.findings.as_slice() else { anyhow::bail!("{said:#?}") };
    ensure!(refused["code"] == "push-refused" && refused["listener"] == "new", "{said:#?}");
    ensure!(said.filter("new").is_err() && said.filter("hold")?["refused"].is_null(), "{said:#?}");

    let other = here.other.configuration(HOLD).to_string();
    let other = Listener { configuration: Some(other), ..hold };
    ensure!(envoy.push(&[other, stream]).await? == Pushed::Accepted);
    let said = Said::until(&envoy, &["refused-before"]).await?;
    ensure!(said.exit == 0, "{said:#?}");
    let filter = said.filter("hold")?;
    ensure!(filter["policy"] == "backstage" && filter["revision"] == "2026-11-24.1", "{filter}");
    enforces(stage, &envoy, said.filter("stream")?, "other-stream").await
}

/// Where the extension comes from. Envoy looks when a file is moved into the folder.
const EXTENSIONS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/status-extensions");

fn by_discovery(manager: &mut Value) {
    manager["http_filters"][0] = json!({ "name": "fieldgate", "config_discovery": {
        "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
        "config_source": {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": format!("{EXTENSIONS}/ecds.json"),
                "watched_directory": { "path": EXTENSIONS },
            },
        },
    } });
}

/// What `fieldgate build --format ecds` gives, with this configuration in it.
fn push_extension(stage: &Stage, configuration: &Value) -> Result<()> {
    let bundle = Bundle::load(&stage.bundle.folder, None);
    let bundle = bundle.map_err(|findings| anyhow::anyhow!("{findings:?}"))?;
    let mut response = xds::ecds(&Plugin::new(&bundle), &stage.wasm)?;
    let place = "/resources/0/typed_config/config";
    let plugin = response.pointer_mut(place).context("a plugin")?;
    plugin["configuration"]["value"] = json!(configuration.to_string());
    plugin["allow_on_headers_stop_iteration"] = json!(true);
    let (next, file) = ("ecds.json.next", "ecds.json");
    let folder = Path::new(EXTENSIONS);
    fs::write(folder.join(next), response.to_string())?;
    Ok(fs::rename(folder.join(next), folder.join(file))?)
}

async fn pushes_of_an_extension(here: Here) -> Result<()> {
    let stage = &here.stage;
    let good = stage.bundle.configuration(HOLD);
    let mut bad = good.clone();
    // The beginning of a blob, its format included, and then nothing that is one.
    let blob = good["policy"].as_str().context("a blob")?;
    bad["policy"] = json!(format!("{}AAAAAAAAAAAA", &blob[..8]));
    fs::create_dir_all(EXTENSIONS)?;

    push_extension(stage, &bad)?;
    let listener = stage.listener(HOLD).changed(by_discovery);
    let envoy = Envoy::start_with_lds(&[listener]).await?;
    let said = Said::until(&envoy, &["push-refused"]).await?;
    let why = "`policy`: policy blob is corrupt";
    let filter = said.filter("hold")?;
    ensure!(filter["refused"].as_str().is_some_and(|text| text.starts_with(why)), "{filter}");
    ensure!(said.exit == 3 && filter["policy"].is_null(), "{said:#?}");
    let answer = stage.ask(envoy.client("hold"), "nothing", GRANTED).send().await?;
    ensure!(answer.status == 500, "{}", answer.status);

    push_extension(stage, &good)?;
    let said = Said::until(&envoy, &["refused-before"]).await?;
    let filter = said.filter("hold")?;
    ensure!(said.exit == 0 && filter["from"] == "ecds", "{said:#?}");
    enforces(stage, &envoy, filter, "good").await?;

    // Envoy shows the refused one now; what is in force, metrics tell.
    push_extension(stage, &bad)?;
    let said = Said::until(&envoy, &["push-refused"]).await?;
    let filter = said.filter("hold")?;
    ensure!(said.exit == 3 && filter["mode"].is_null(), "{said:#?}");
    enforces(stage, &envoy, filter, "kept").await?;

    push_extension(stage, &here.other.configuration(HOLD))?;
    let said = Said::until(&envoy, &["refused-before"]).await?;
    ensure!(said.filter("hold")?["policy"] == "backstage", "{said:#?}");
    Ok(())
}

async fn what_is_unsafe(here: Here) -> Result<()> {
    let stage = &here.stage;
    let named = |name: &str, change: fn(&mut Value)| {
        Listener { name: name.to_owned(), ..stage.listener(HOLD) }.changed(change)
    };
    let no_filter = named("no-filter", |manager| {
        manager["http_filters"].as_array_mut().expect("filters").remove(0);
    });
    let said = Said::by(&Envoy::start(std::slice::from_ref(&no_filter)).await?).await?;
    ensure!(said.exit == 3 && said.filters.is_empty(), "{said:#?}");
    ensure!(said.findings.len() == 1 && said.findings[0]["code"] == "no-filter", "{said:#?}");

    let no_seatbelt = named("no-seatbelt", |manager| {
        manager["http_filters"].as_array_mut().expect("filters").remove(1);
    });
    let fail_open = named("fail-open", |manager| {
        let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
        plugin["failure_policy"] = json!("FAIL_OPEN");
        plugin.as_object_mut().expect("a plugin").remove("reload_config");
    });
    let no_flag = named("no-flag", |manager| {
        let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
        plugin["allow_on_headers_stop_iteration"] = json!(false);
    });
    fn route(manager: &mut Value, filter: &str, off: Value) {
        let route = manager.pointer_mut("/route_config/virtual_hosts/0/routes/0").expect("a route");
        route["typed_per_filter_config"] = json!({ filter: off });
    }
    let route_off = named("route-off", |manager| {
        let kind = "type.googleapis.com/envoy.config.route.v3.FilterConfig";
        let off = json!({ "@type": kind, "disabled": true });
        route(manager, "envoy.filters.http.wasm", off);
    });
    let route_open = named("route-open", |manager| {
        let kind = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute";
        route(manager, "envoy.filters.http.rbac", json!({ "@type": kind }));
    });
    let upgrade = named("upgrade", |manager| {
        let router = &manager["http_filters"].as_array().expect("filters")[2..];
        let upgrade = json!({ "upgrade_type": "websocket", "filters": router });
        manager["upgrade_configs"] = json!([upgrade]);
    });
    let unsafe_ones = [no_seatbelt, fail_open, no_flag, route_off, route_open, upgrade];
    let all: Vec<Listener> = std::iter::once(no_filter).chain(unsafe_ones).collect();
    let envoy = Envoy::start(&all).await?;
    let said = Said::by(&envoy).await?;
    let found = said.findings.iter().map(|one| (one["listener"].as_str(), one["code"].as_str()));
    let found: Vec<_> = found.collect();
    let expected = [
        (Some("fail-open"), Some("fail-open")),
        (Some("no-flag"), Some("hold-without-flag")),
        (Some("no-seatbelt"), Some("seatbelt-missing")),
        (Some("route-open"), Some("route-without-seatbelt")),
        (Some("upgrade"), Some("upgrade-unguarded")),
        (Some("route-off"), Some("route-without-filter")),
    ];
    ensure!(said.exit == 3 && said.filters.len() == 6 && found == expected, "{said:#?}");
    Ok(())
}

async fn a_trap(_: Here) -> Result<()> {
    let stage = Stage::new(Build::Trap).await?;
    let envoy = Envoy::start(&[stage.listener(HOLD)]).await?;
    Said::by(&envoy).await?.good()?;
    let client = envoy.client("hold");
    let asked = stage.ask(client, "trap", GRANTED).header("x-fieldgate-test", "trap");
    ensure!(asked.send().await?.status == 503);
    stage.reloaded(&envoy, client).await?;
    let said = Said::until(&envoy, &["trapped"]).await?;
    ensure!(said.exit == 0, "{said:#?}");
    enforces(&stage, &envoy, said.filter("hold")?, "reloaded").await
}

/// A listener of the same Envoy, asked by mistake.
async fn not_the_admin_interface(here: Here) -> Result<()> {
    let stage = &here.stage;
    let envoy = Envoy::start(&[stage.listener(HOLD)]).await?;
    let address = envoy.address("hold").to_string();
    let Ran { exit, stdout, stderr } =
        fieldgate(vec!["status".to_owned(), address.clone()]).await?;
    ensure!(exit == 1 && stdout.is_empty(), "{exit} {stdout}");
    let expected = format!("error: `http://{address}` is not an Envoy's admin interface: ");
    ensure!(stderr.starts_with(&expected), "{stderr}");
    Ok(())
}
