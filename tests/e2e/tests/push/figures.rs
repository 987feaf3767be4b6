//! What a push costs: the first requests after it, and memory after many.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Channel, Envoy, Listener, Template};
use fieldgate_e2e::load::{Connection, Line, connections, lines};
use fieldgate_e2e::repository;
use fieldgate_e2e::revision::Revision;
use fieldgate_e2e::stage::{GRANTED, body};
use fieldgate_e2e::subscriber::{LISTENER, Verdict};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{Here, Shared, long};

/// In which VM a policy comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vm {
    /// Each in a fresh one, as `fieldgate build` has it.
    Fresh,
    /// All in one.
    Same,
}

impl Vm {
    fn resource(self, here: &Shared, revision: &Revision) -> Result<Value> {
        let mut resource = revision.resource(Channel::Ads, &here.wasm)?;
        if self == Self::Same {
            let plugin = Channel::Ads.plugin(&mut resource);
            plugin["vm_config"]["vm_id"] = json!("fieldgate-same");
        }
        Ok(resource)
    }
}

/// What no revision grants to a customer: judged in full, without the backend's share of the time.
const REFUSED: &str = "{ users { name email } }";

const PUSHES: usize = 12;
/// Requests on each worker before and between pushes.
const WARM: usize = 100;
const BETWEEN: usize = 10;

/// How many times the usual the first request takes, where the VM stays, in the median.
const SAME_VM: f64 = 3.0;
const TRIES: usize = 4;

/// How long the first request of a worker takes after a push, beside its usual ones.
pub(crate) async fn first_request(here: Here, vm: Vm) -> Result<()> {
    let _turn = here.turn.lock().await;
    let mut runs = vec![("refused", REFUSED, Duration::ZERO)];
    if long() {
        let settled = Duration::from_millis(150);
        runs.push(("refused", REFUSED, settled));
        runs.push(("allowed", GRANTED, Duration::ZERO));
        runs.push(("allowed", GRANTED, settled));
    }
    for (what, query, settle) in runs {
        // A machine that is busy elsewhere for a moment shows in one try, not in all.
        let mut tries = 0;
        loop {
            tries += 1;
            let (usual, first) = measure(&here, vm, query, settle).await?;
            let [median, high, _] = quantiles(usual)?;
            let [middle, _, most] = quantiles(first)?;
            let times = |time: Duration| time.as_secs_f64() / median.as_secs_f64();
            println!(
                "first request after a push, {vm:?} VM, {what}, {settle:.0?} after it was accepted: \
                 median {middle:.2?} ({:.1} x), max {most:.2?} ({:.1} x); \
                 usual: median {median:.2?}, 99 % {high:.2?} ({:.1} x)",
                times(middle),
                times(most),
                times(high),
            );
            // In a fresh VM the worker has to start that first.
            if vm == Vm::Fresh || times(middle) <= SAME_VM {
                break;
            }
            ensure!(tries < TRIES, "{middle:?} of {median:?}");
        }
    }
    Ok(())
}

/// The usual times, and those of the first request that each worker judged by each policy pushed.
async fn measure(
    here: &Here,
    vm: Vm,
    query: &str,
    settle: Duration,
) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let revisions = here.revisions.range(0..=PUSHES)?;
    let (start, further) = revisions.split_first().context("a first one")?;
    let envoy = here.subscriber(Channel::Ads, start).await?;
    let mut workers = connections(&envoy.envoy, LISTENER, 1).await?;
    let (token, text) = (here.token(), body(query));
    for round in 0..WARM {
        for worker in &mut workers {
            worker.ask(&format!("warm-{round}"), &token, &text).await?;
        }
    }
    let mut runs = Vec::new();
    for revision in further {
        let pushed = envoy.push(&vm.resource(here, revision)?).await?;
        ensure!(pushed == Verdict::Accepted, "{pushed:?}");
        sleep(settle).await;
        for (number, worker) in workers.iter_mut().enumerate() {
            let mut run = Vec::new();
            for round in 0..BETWEEN {
                let tag = format!("push-{number}-{round}-{}", revision.name);
                run.push(worker.ask(&tag, &token, &text).await?);
            }
            runs.push((&revision.name, run));
        }
    }
    let lines = lines(&envoy.envoy, "push-", runs.len() * BETWEEN).await?;
    let (mut usual, mut first) = (Vec::new(), Vec::new());
    for (name, run) in runs {
        let is_new = |line: &Line| line.revision == **name;
        let judged = |tag: &str| lines.get(tag).is_some_and(|lines| lines.iter().all(is_new));
        let mut judged = run.iter().filter(|one| judged(&one.tag));
        first.push(judged.next().context("a request under the policy pushed")?.took);
        usual.extend(judged.skip(2).map(|one| one.took));
    }
    Ok((usual, first))
}

/// Median, 99th percentile and maximum.
pub(crate) fn quantiles(mut times: Vec<Duration>) -> Result<[Duration; 3]> {
    times.sort_unstable();
    let last = times.len().checked_sub(1).context("some times")?;
    Ok([50, 99, 100].map(|percent| times[(times.len() * percent / 100).min(last)]))
}

/// The time that loading a policy may take on a worker's event loop, in the median: so long nothing
/// else runs there.
const CONFIGURE: Duration = Duration::from_millis(25);
/// The longest that one of them may take: it may have to wait for a processor, too.
const CONFIGURE_ONCE: Duration = Duration::from_millis(100);
const STARTS: usize = 3;

/// How long each thread takes to load a policy on GitHub's schema. Skipped where the schema is not
/// installed.
pub(crate) async fn configure_github(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    if !repository().join("policies/github/node_modules").is_dir() {
        println!("skipped: policies/github has no schema; `make node` installs it");
        return Ok(());
    }
    let bundle = Guarded::load("policies/github")?;
    let configuration = bundle.configuration(Template::Hold).to_string();
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let listener = here.stage.listener(Template::Hold);
        let listener = Listener { configuration: Some(configuration.clone()), ..listener };
        let said = Envoy::start(&[listener]).await?.said();
        let lines = said.lines().filter(|line| line.contains("enforcing `github`"));
        let told = lines.filter_map(|line| {
            let (_, after) = line.split_once("configured in ")?;
            after.split_once(" us")?.0.parse().ok().map(Duration::from_micros)
        });
        times.extend(told);
    }
    // The trial, the main thread and two workers, each time.
    ensure!(times.len() == STARTS * 4, "{times:?}");
    let [median, _, most] = quantiles(times)?;
    println!(
        "loading a policy on GitHub's schema ({} KiB): median {median:.1?}, max {most:.1?}",
        configuration.len() >> 10,
    );
    ensure!(median < CONFIGURE, "{median:?}");
    ensure!(most < CONFIGURE_ONCE, "{most:?}");
    Ok(())
}

/// While a push replaces VMs, the old and the new ones are there at once; when that happens first
/// on all threads at the same time is chance. So much memory Envoy may keep of it.
const MARGIN_MIB: u64 = 24;

/// Envoy's memory stays about what it was after ten pushes: nothing of an old policy is kept.
pub(crate) async fn memory(here: Here, vm: Vm) -> Result<()> {
    let _turn = here.turn.lock().await;
    let envoy = here.subscriber(Channel::Ads, &here.revisions.build(0)?).await?;
    let mut workers = connections(&envoy.envoy, LISTENER, 1).await?;
    let mut samples = Vec::new();
    let sampled: &[usize] = if long() { &[10, 30, 50, 100, 200, 300] } else { &[10, 30, 50] };
    for number in 1..=sampled.last().copied().context("a last one")? {
        let revision = here.revisions.build(number)?;
        let pushed = envoy.push(&vm.resource(&here, &revision)?).await?;
        ensure!(pushed == Verdict::Accepted, "{pushed:?}");
        ask(&here, &mut workers, number).await?;
        if sampled.contains(&number) {
            // What is freed is given back with some delay.
            sleep(Duration::from_millis(500)).await;
            samples.push(envoy.envoy.resident_bytes()? >> 20);
        }
    }
    let name = "wasm.wasm_vm_count";
    let vms = envoy.envoy.stats(name).await?.get(name).copied().context("Envoy counts its VMs")?;
    println!("memory, {vm:?} VM: {samples:?} MiB after {sampled:?} pushes; {vms} VMs");
    if vm == Vm::Same {
        stays(&vm_memory(&envoy.envoy.log()?))?;
    }
    let (first, most) = (samples.first(), samples.iter().max());
    let (first, most) = first.zip(most).context("samples")?;
    ensure!(*most <= first + MARGIN_MIB, "it grows: {samples:?} MiB");
    // The base, the main thread's and one for each worker.
    ensure!(vms == 4, "{vms} VMs");
    Ok(())
}

/// The memory of a VM in KiB each time that it has loaded a policy, as the filter tells.
fn vm_memory(log: &str) -> Vec<u64> {
    let told = log.lines().filter_map(|line| {
        let (_, after) = line.split_once("VM memory ")?;
        after.split_once(" KiB")?.0.parse().ok()
    });
    told.collect()
}

/// It never shrinks: what an old policy leaves behind would add up.
fn stays(told: &[u64]) -> Result<()> {
    let (early, late) = told.split_at(told.len() / 5);
    let (early, late) = early.iter().max().zip(late.iter().max()).context("loads")?;
    println!("memory of one VM: {early} KiB, later {late} KiB, in {} loads", told.len());
    ensure!(late <= early, "it grows: {told:?} KiB");
    Ok(())
}

async fn ask(here: &Here, workers: &mut [Connection], number: usize) -> Result<()> {
    let (token, text) = (here.token(), body(GRANTED));
    for (worker, connection) in workers.iter_mut().enumerate() {
        for round in 0..5 {
            let tag = format!("memory-{worker}-{number}-{round}");
            let asked = connection.ask(&tag, &token, &text).await?;
            ensure!(asked.status == 200, "{tag}: {}", asked.status);
        }
    }
    Ok(())
}
