//! Configurations that come while Envoy runs, and the ones that it has to refuse: the policy in
//! force stays, and nothing opens.

use std::ops::Deref;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_e2e::envoy::{Envoy, Listener, Pushed, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{GRANTED, Stage, body, member};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::sleep;

/// One Envoy whose listeners come from a file, in force with the bundle's own configuration
/// whenever a test begins. Tests take turns: what one pushes is what all see.
struct Shared {
    stage: Stage,
    envoy: Envoy,
    turn: Mutex<()>,
}

impl Deref for Shared {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

type Here = Arc<Held<Shared>>;

/// Old listeners drain for a second; stats are confirmed once a second.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    Suite::new(start)
        .test("bad_configurations_are_refused", bad_configurations_are_refused)
        .test("good_ones_come_into_force", good_ones_come_into_force)
        .test("requests_keep_the_policy_they_began_with", requests_keep_their_policy)
        .test("stats_tell_what_is_in_force", stats_tell_what_is_in_force)
        .test("one_push_of_several_listeners", one_push_of_several_listeners)
        .test("a_bad_bootstrap_does_not_start", a_bad_bootstrap_does_not_start)
        .test("the_shipped_placeholder_does_not_start", the_shipped_placeholder_does_not_start)
        .test("the_documented_way_to_fill_in", the_documented_way_to_fill_in)
        .run()
}

async fn start() -> Result<Shared> {
    let stage = Stage::new(Build::Plain).await?;
    let listeners = Template::ALL.map(|template| stage.listener(template));
    let envoy = Envoy::start_with_lds(&listeners).await?;
    Ok(Shared { stage, envoy, turn: Mutex::default() })
}

impl Shared {
    /// The listeners with a changed configuration in one of them.
    fn with(&self, template: Template, configuration: Option<String>) -> Vec<Listener> {
        let listeners = Template::ALL.map(|one| self.listener(one)).into_iter();
        let change = |listener: Listener| match listener.template == template {
            true => Listener { configuration: configuration.clone(), ..listener },
            false => listener,
        };
        listeners.map(change).collect()
    }

    /// The digest under which a customer's request is allowed just now.
    async fn digest(&self, template: Template, tag: &str) -> Result<String> {
        let client = self.envoy.client(template.name());
        let answer = self.ask(client, tag, GRANTED).send().await?;
        let entry = self.allowed(&self.envoy, tag, &answer).await?;
        let digest = member(entry.record(), "/policy/digest")?.as_str().context("a digest")?;
        Ok(digest.to_owned())
    }

    /// Waits until the stats say that a policy is enforced, or that it is not.
    async fn in_force(&self, digest: &str, expected: u64) -> Result<()> {
        let label = format!("digest=.={};.;policy_enforced", digest.get(..12).context("a digest")?);
        let begin = Instant::now();
        loop {
            let stats = self.envoy.stats("policy_enforced").await?;
            let found = stats.iter().find(|(name, _)| name.contains(&label));
            // A stat that no VM holds any more is gone.
            if found.map_or(0, |(_, value)| *value) == expected {
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "expected {expected} for {label} in {stats:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A configuration with another policy: the bundle's, recompiled under another name.
    fn other_configuration(&self, template: Template) -> Result<String> {
        let mut other = other_bundle()?.configuration(template);
        other["limits"] = self.bundle.configuration(template)["limits"].clone();
        Ok(other.to_string())
    }
}

/// The bundle of the tests with another policy name, hence another digest.
fn other_bundle() -> Result<fieldgate_e2e::bundle::Guarded> {
    let folder = tempfile::tempdir()?;
    let bundle = fieldgate_e2e::repository().join("tests").join(fieldgate_e2e::stage::BUNDLE);
    for file in ["fieldgate.yaml", "policy.yaml", "schema.graphql", "jwks.json"] {
        let text = std::fs::read_to_string(bundle.join(file))?;
        let text = text.replace("name: shop", "name: shop-of-tomorrow");
        std::fs::write(folder.path().join(file), text)?;
    }
    fieldgate_e2e::bundle::Guarded::load_folder(folder.path())
}

/// What is wrong with each, and the configuration.
fn bad(good: &Value) -> Vec<(&'static str, Option<String>)> {
    let with = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
        bad.pointer_mut(parent).expect("it is there")[last] = value;
        Some(bad.to_string())
    };
    let blob = STANDARD.decode(good["policy"].as_str().expect("a blob")).expect("base64");
    let broken = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut blob = blob.clone();
        change(&mut blob);
        with("/policy", json!(STANDARD.encode(blob)))
    };
    let without = |name: &str| {
        let mut bad = good.clone();
        bad.as_object_mut().expect("an object").remove(name);
        Some(bad.to_string())
    };
    let jwks = &good["issuers"][0]["jwks"]["keys"];
    let twice = |text: &str| Some(good.to_string().replacen('{', &format!("{{{text},"), 1));
    vec![
        ("empty", Some(String::new())),
        ("placeholder", None),
        ("not JSON", Some("version: 1".to_owned())),
        ("an empty object", Some("{}".to_owned())),
        ("an array", Some("[]".to_owned())),
        ("truncated", Some(good.to_string().split_at(200).0.to_owned())),
        ("something after it", Some(format!("{good} x"))),
        ("another version", with("/version", json!(2))),
        ("an unknown key", with("/shadow", json!(true))),
        ("an unknown key within", with("/issuers/0/leeway", json!(60))),
        ("a key twice", twice("\"version\":1")),
        ("an unknown mode", with("/request_headers", json!("off"))),
        ("a number as text", with("/limits/tokens", json!("500"))),
        ("a limit above its cap", with("/limits/tokens", json!(1_000_000))),
        ("a negative limit", with("/limits/depth", json!(-1))),
        ("leeway too long", with("/issuers/0/leeway_seconds", json!(301))),
        ("a path without a slash", with("/endpoint", json!({ "paths": ["graphql"] }))),
        ("no issuers", with("/issuers", json!([]))),
        ("an issuer twice", with("/issuers", json!([good["issuers"][0], good["issuers"][0]]))),
        ("no audience", with("/issuers/0/audiences", json!([]))),
        ("an algorithm that is none", with("/issuers/0/algorithms", json!(["none"]))),
        ("a symmetric algorithm", with("/issuers/0/algorithms", json!(["HS256"]))),
        ("no keys", with("/issuers/0/jwks", json!({ "keys": [] }))),
        (
            "a symmetric key",
            with("/issuers/0/jwks", json!({ "keys": [{ "kty": "oct", "k": "AA" }] })),
        ),
        ("a kid twice", with("/issuers/0/jwks", json!({ "keys": [jwks[1], jwks[1]] }))),
        ("a key off its curve", with("/issuers/0/jwks/keys/1/x", jwks[1]["y"].clone())),
        ("no policy", without("policy")),
        ("policy not base64", with("/policy", json!("%%%"))),
        ("policy empty", with("/policy", json!(""))),
        ("policy of another format", broken(&|blob| blob[4] ^= 2)),
        ("policy with a byte behind it", broken(&|blob| blob.push(0))),
        ("policy cut", broken(&|blob| blob.truncate(blob.len() / 2))),
        (
            "policy with a flipped bit",
            broken(&|blob| {
                let middle = blob.len() / 2;
                blob[middle] ^= 1;
            }),
        ),
    ]
}

async fn bad_configurations_are_refused(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    for template in Template::ALL {
        let good = here.bundle.configuration(template);
        let mode = template.name();
        let before = here.digest(template, &format!("bad-before-{mode}")).await?;
        for (at, (what, configuration)) in bad(&good).into_iter().enumerate() {
            let pushed = here.envoy.push(&here.with(template, configuration)).await?;
            ensure!(pushed == Pushed::Rejected, "{what} was accepted");
            let tag = format!("bad-{at}-{mode}");
            let after = here.digest(template, &tag).await.with_context(|| what.to_owned())?;
            ensure!(before == after, "{what} changed the policy in force");
            let tag = format!("bad-bare-{at}-{mode}");
            let answer = here.ask_bare(here.envoy.client(mode), &tag, GRANTED).send().await?;
            here.refused(&here.envoy, &tag, &answer, 401, "token_missing").await?;
        }
        // Envoy says so in two places: its log, and the state of the listener.
        let expected = "Unable to create Wasm plugin fieldgate";
        ensure!(here.envoy.said().contains(expected), "{}", here.envoy.said());
        let dump = here.envoy.admin("/config_dump?resource=dynamic_listeners").await?.json();
        let listeners = member(&dump, "/configs")?.as_array().context("a list")?;
        let refused = listeners.iter().find(|one| one["name"] == mode).context("the listener")?;
        let details = member(refused, "/error_state/details")?.as_str().unwrap_or_default();
        ensure!(details.contains(expected), "{refused}");
    }
    Ok(())
}

async fn good_ones_come_into_force(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    for template in Template::ALL {
        let mode = template.name();
        let first = here.digest(template, &format!("good-0-{mode}")).await?;
        let other = here.other_configuration(template)?;
        let pushed = here.envoy.push(&here.with(template, Some(other))).await?;
        ensure!(pushed == Pushed::Accepted);
        let second = here.digest(template, &format!("good-1-{mode}")).await?;
        ensure!(second != first, "the policy in force stayed {first}");
        // And back: what was in force once can be again.
        let listeners = Template::ALL.map(|one| here.listener(one));
        ensure!(here.envoy.push(&listeners).await? == Pushed::Accepted);
        let third = here.digest(template, &format!("good-2-{mode}")).await?;
        ensure!(third == first, "{third} is not {first}");
    }
    Ok(())
}

async fn requests_keep_their_policy(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    for template in Template::ALL {
        let mode = template.name();
        let first = here.digest(template, &format!("keep-0-{mode}")).await?;
        let text = body(GRANTED);
        let (one, rest) = text.as_bytes().split_at(10);
        let tag = format!("keep-1-{mode}");
        let slow = here.ask(here.envoy.client(mode), &tag, GRANTED);
        let slow = tokio::spawn(slow.pieces(Duration::from_millis(600), [one, rest]).send());
        sleep(Duration::from_millis(300)).await;
        let other = here.other_configuration(template)?;
        let pushed = here.envoy.push(&here.with(template, Some(other))).await?;
        ensure!(pushed == Pushed::Accepted);
        ensure!(!slow.is_finished(), "the push took longer than the request");
        let answer = slow.await??;
        let entry = here.allowed(&here.envoy, &tag, &answer).await?;
        ensure!(*member(entry.record(), "/policy/digest")? == json!(first), "{}", entry.line);
        let second = here.digest(template, &format!("keep-2-{mode}")).await?;
        ensure!(second != first);
        let listeners = Template::ALL.map(|one| here.listener(one));
        ensure!(here.envoy.push(&listeners).await? == Pushed::Accepted);
    }
    Ok(())
}

async fn stats_tell_what_is_in_force(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    let template = Template::Hold;
    let first = here.digest(template, "stats-0").await?;
    here.in_force(&first, 1).await?;

    let other = here.other_configuration(template)?;
    ensure!(here.envoy.push(&here.with(template, Some(other))).await? == Pushed::Accepted);
    let second = here.digest(template, "stats-1").await?;
    here.in_force(&second, 1).await?;
    // The other listener still enforces it.
    here.in_force(&first, 1).await?;

    let refused = async || {
        let stats = here.envoy.stats("reason=.=shape;.;configurations_refused").await?;
        Ok::<u64, anyhow::Error>(stats.values().sum())
    };
    let before = refused().await?;
    let bad = Some("{ \"version\": 1, \"polic\": \"\" }".to_owned());
    ensure!(here.envoy.push(&here.with(template, bad)).await? == Pushed::Rejected);
    ensure!(refused().await? == before + 1);
    ensure!(here.envoy.said().contains("configuration refused: `polic`: unknown field"));

    let listeners = Template::ALL.map(|one| here.listener(one));
    ensure!(here.envoy.push(&listeners).await? == Pushed::Accepted);
    here.in_force(&second, 0).await?;
    here.in_force(&first, 1).await
}

/// A push with one bad listener: the good one's state is its own.
async fn one_push_of_several_listeners(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    let hold = here.digest(Template::Hold, "several-0").await?;
    let stream = here.digest(Template::Stream, "several-1").await?;
    let mut listeners = here.with(Template::Hold, Some("{}".to_owned()));
    let other = here.other_configuration(Template::Stream)?;
    for listener in &mut listeners {
        if listener.template == Template::Stream {
            listener.configuration = Some(other.clone());
        }
    }
    ensure!(here.envoy.push(&listeners).await? == Pushed::Rejected);
    ensure!(here.digest(Template::Hold, "several-2").await? == hold);
    ensure!(here.digest(Template::Stream, "several-3").await? != stream);
    let listeners = Template::ALL.map(|one| here.listener(one));
    ensure!(here.envoy.push(&listeners).await? == Pushed::Accepted);
    Ok(())
}

async fn a_bad_bootstrap_does_not_start(here: Here) -> Result<()> {
    for template in Template::ALL {
        let good = here.bundle.configuration(template);
        let chosen = ["empty", "an unknown key", "policy with a flipped bit"];
        for (what, configuration) in bad(&good) {
            if !chosen.contains(&what) {
                continue;
            }
            let listener = Listener { configuration, ..here.listener(template) };
            refuses_to_start(what, &listener).await?;
        }
    }
    Ok(())
}

/// As they are in the repository, the shipped files are closed.
async fn the_shipped_placeholder_does_not_start(here: Here) -> Result<()> {
    for template in Template::ALL {
        let listener = Listener { configuration: None, ..here.listener(template) };
        refuses_to_start("the placeholder", &listener).await?;
    }
    Ok(())
}

async fn refuses_to_start(what: &str, listener: &Listener) -> Result<()> {
    match Envoy::start(std::slice::from_ref(listener)).await {
        Ok(_) => anyhow::bail!("Envoy starts with this: {what}"),
        Err(error) => {
            let error = format!("{error:#}");
            ensure!(error.contains("Unable to create Wasm plugin fieldgate"), "{what}: {error}");
            Ok(())
        }
    }
}

/// The two lines of `envoy/README.md` that put a configuration into a shipped file, which Envoy
/// then takes without a warning.
async fn the_documented_way_to_fill_in(here: Here) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shipped = fieldgate_e2e::repository().join("envoy/static");
    for template in Template::ALL {
        let configuration = here.bundle.configuration(template);
        std::fs::write(folder.path().join("fieldgate.json"), format!("{configuration:#}\n"))?;
        let readme = std::fs::read_to_string(shipped.join("../README.md"))?;
        let lines: Vec<_> = readme.lines().filter(|line| line.starts_with("sed ")).collect();
        ensure!(lines.len() == 2, "envoy/README.md has the two lines: {lines:?}");
        let file = shipped.join(format!("{}.yaml", template.name()));
        let file = file.to_str().context("a path in UTF-8")?;
        let script = lines.join("\n").replace("envoy/static/hold.yaml", file);
        let ran = std::process::Command::new("sh")
            .args(["-e", "-c", &script])
            .current_dir(folder.path())
            .status()?;
        ensure!(ran.success(), "{script}");
        let filled = std::fs::read_to_string(folder.path().join("envoy.yaml"))?;
        let filled: Value = serde_saphyr::from_str(&filled)?;
        let plugin = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
                      /http_filters/0/typed_config/config/configuration/value";
        let value = member(&filled, plugin)?.as_str().context("text")?;
        let value: Value = serde_json::from_str(value)?;
        ensure!(value == configuration, "the configuration arrives as it was");
        std::fs::copy(&here.wasm, folder.path().join("fieldgate.wasm"))?;
        let said = Envoy::validate(folder.path(), "envoy.yaml")?;
        ensure!(!said.contains("[warning]"), "{said}");
    }
    Ok(())
}
