//! Policies pushed to a real Envoy by each of the ways that are shipped: while requests run, good
//! ones and bad ones, one after the other, first ones and last ones.
//!
//! With `FIELDGATE_LONG=1` the loads run for a minute each, in place of some seconds.

mod broken;
mod figures;
mod first;
mod hot;
mod refused;
mod shipped;

use std::ops::Deref;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fieldgate_e2e::envoy::{Channel, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::revision::{Revision, Revisions};
use fieldgate_e2e::stage::{DENIED, Stage};
use fieldgate_e2e::subscriber::{First, Subscriber};
use fieldgate_e2e::suite::{Held, Suite};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::figures::Vm;

/// What every test needs. Each has an Envoy of its own, and the machine for itself.
struct Shared {
    stage: Stage,
    revisions: Revisions,
    turn: Mutex<()>,
}

impl Deref for Shared {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

type Here = Arc<Held<Shared>>;

fn main() -> ExitCode {
    Suite::new(start)
        .test("hot_file", |here| hot::under_load(here, Channel::File))
        .test("hot_ads", |here| hot::under_load(here, Channel::Ads))
        .test("hot_delta_ads", |here| hot::under_load(here, Channel::DeltaAds))
        .test("refused_file", |here| refused::bad_pushes(here, Channel::File))
        .test("refused_file_listener", |here| refused::bad_pushes(here, Channel::FileListener))
        .test("refused_ads", |here| refused::bad_pushes(here, Channel::Ads))
        .test("refused_delta_ads", |here| refused::bad_pushes(here, Channel::DeltaAds))
        .test("first_unusable_file", |here| first::unusable(here, Channel::File))
        .test("first_unusable_listener", |here| first::unusable(here, Channel::FileListener))
        .test("first_unusable_ads", |here| first::unusable(here, Channel::Ads))
        .test("first_unusable_delta_ads", |here| first::unusable(here, Channel::DeltaAds))
        .test("first_absent_file", |here| first::absent(here, Channel::File))
        .test("first_absent_listener", |here| first::absent(here, Channel::FileListener))
        .test("first_absent_ads", |here| first::absent(here, Channel::Ads))
        .test("first_absent_delta_ads", |here| first::absent(here, Channel::DeltaAds))
        .test("first_no_file", first::no_file)
        .test("workers_without_file", |here| broken::workers_without_a_filter(here, Channel::File))
        .test("workers_without_ads", |here| broken::workers_without_a_filter(here, Channel::Ads))
        .test("the_same_again_file", |here| broken::the_same_again(here, Channel::File))
        .test("the_same_again_ads", |here| broken::the_same_again(here, Channel::Ads))
        .test("the_same_again_delta_ads", |here| broken::the_same_again(here, Channel::DeltaAds))
        .test("taken_away_ads", |here| broken::taken_away(here, Channel::Ads))
        .test("taken_away_delta_ads", |here| broken::taken_away(here, Channel::DeltaAds))
        .test("server_away_ads", |here| broken::server_away(here, Channel::Ads))
        .test("server_away_delta_ads", |here| broken::server_away(here, Channel::DeltaAds))
        .test("a_large_resource_file", |here| broken::a_large_resource(here, Channel::File))
        .test("a_large_resource_ads", |here| broken::a_large_resource(here, Channel::Ads))
        .test("a_large_resource_delta_ads", |here| {
            broken::a_large_resource(here, Channel::DeltaAds)
        })
        .test("as_a_config_map", broken::as_a_config_map)
        .test("one_listener_in_all", shipped::one_listener_in_all)
        .test("starts_without_a_warning", shipped::starts_without_a_warning)
        .test("the_documented_commands", shipped::the_documented_commands)
        .test("figures_first_request_fresh", |here| figures::first_request(here, Vm::Fresh))
        .test("figures_first_request_same", |here| figures::first_request(here, Vm::Same))
        .test("figures_configure_github", figures::configure_github)
        .test("figures_memory_fresh", |here| figures::memory(here, Vm::Fresh))
        .test("figures_memory_same", |here| figures::memory(here, Vm::Same))
        .run()
}

/// Whether there is a minute for each load.
fn long() -> bool {
    std::env::var_os("FIELDGATE_LONG").is_some()
}

async fn start() -> Result<Shared> {
    let stage = Stage::new(Build::Plain).await?;
    Ok(Shared { stage, revisions: Revisions::new(Template::Hold)?, turn: Mutex::default() })
}

impl Shared {
    /// An Envoy with this revision in force.
    async fn subscriber(&self, channel: Channel, first: &Revision) -> Result<Subscriber> {
        let resource = first.resource(channel, &self.wasm)?;
        let first = First::Resource(&resource);
        Subscriber::start(channel, self.backend.address, first).await
    }

    /// That a revision is in force, on all of several connections.
    async fn in_force(&self, here: &Subscriber, revision: &Revision, tag: &str) -> Result<()> {
        let tags = (0..8).map(|round| format!("{tag}-{round}-{}", revision.name));
        let mut answers = Vec::new();
        for tag in tags {
            answers.push((self.ask(here.client(), &tag, DENIED).send().await?, tag));
        }
        for (answer, tag) in answers {
            let expected = if revision.grants { 200 } else { 403 };
            let entry = here.envoy.entry(&tag).await?;
            let policy = &entry.record()["policy"];
            ensure!(policy["revision"] == *revision.name, "{tag}: {}", entry.line);
            ensure!(policy["digest"] == *revision.digest, "{tag}: {}", entry.line);
            ensure!(answer.status == expected, "{tag}: {}", entry.line);
        }
        Ok(())
    }

    /// That a revision that Envoy accepted comes into force: the workers follow the main thread,
    /// which is the one that says so.
    async fn comes_into_force(
        &self,
        here: &Subscriber,
        revision: &Revision,
        tag: &str,
    ) -> Result<()> {
        let begin = Instant::now();
        for round in 0.. {
            match self.in_force(here, revision, &format!("{tag}-{round}")).await {
                Ok(()) => break,
                Err(error) if begin.elapsed() > Duration::from_secs(5) => bail!(error),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }
}
