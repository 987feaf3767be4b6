//! Pushes while requests run: none of them fails, none goes without its record, and each is judged
//! by exactly one of the policies pushed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::Channel;
use fieldgate_e2e::load::{Asked, Load, connections, lines};
use fieldgate_e2e::revision::Revision;
use fieldgate_e2e::stage::{DENIED, body};
use fieldgate_e2e::subscriber::{LISTENER, Verdict};
use serde_json::Value;
use tokio::time::sleep;

use crate::figures::quantiles;
use crate::{Here, long};

/// How many pushes, and what lies between them.
fn plan() -> (usize, Duration) {
    match long() {
        true => (60, Duration::from_secs(1)),
        false => (20, Duration::from_millis(350)),
    }
}

pub(crate) async fn under_load(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let (pushes, pause) = plan();
    let revisions = here.revisions.range(1..=pushes + 1)?;
    let (first, further) = revisions.split_first().context("a first one")?;
    let envoy = here.subscriber(channel, first).await?;
    here.backend.clear();
    let connections = connections(&envoy.envoy, LISTENER, 4).await?;
    let connected = connections.len();
    let begin = Instant::now();
    let load = Load::begin(connections, &here.token(), &body(DENIED));
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    let mut acknowledged = Vec::new();
    for revision in further {
        sleep(pause).await;
        let resource = revision.resource(channel, &here.wasm)?;
        let pushed = Instant::now();
        let verdict = envoy.push(&resource).await?;
        acknowledged.push(pushed.elapsed());
        ensure!(verdict == Verdict::Accepted, "{}: {verdict:?}", revision.name);
        for seen in here.backend.take() {
            *arrived.entry(seen.tag).or_default() += 1;
        }
    }
    sleep(pause).await;
    let asked = load.end().await?;
    let lasted = begin.elapsed();
    for seen in here.backend.take() {
        *arrived.entry(seen.tag).or_default() += 1;
    }

    let total = asked.iter().map(Vec::len).sum();
    let lines = lines(&envoy.envoy, "load-", total).await?;
    ensure!(lines.len() == total, "{} of {total} requests are in the log", lines.len());
    let mut seen_in_force = BTreeMap::new();
    for connection in &asked {
        let mut last = 0;
        for one in connection {
            let [line] = lines.get(&one.tag).map_or(&[][..], Vec::as_slice) else {
                anyhow::bail!("{}: not one line in the log: {:?}", one.tag, lines.get(&one.tag));
            };
            let at = revisions.iter().position(|revision| revision.name == line.revision);
            let at =
                at.with_context(|| format!("{}: judged by nothing pushed: {line:?}", one.tag))?;
            ensure!(at >= last, "{}: back to an older revision: {line:?}", one.tag);
            last = at;
            let revision = &revisions[at];
            ensure!(line.status == one.status, "{}: {line:?}", one.tag);
            ensure!(answered(one, revision), "{}: {line:?}: {:?}", one.tag, one.body);
            let decision = if revision.grants { "allow" } else { "deny" };
            ensure!(line.decision == decision, "{}: {line:?}", one.tag);
            let forwarded = arrived.get(&one.tag).copied().unwrap_or(0);
            ensure!(forwarded == usize::from(revision.grants), "{}: sent {forwarded}", one.tag);
            *seen_in_force.entry(at).or_insert(0_usize) += 1;
        }
        ensure!(last == pushes, "a connection ends with {}", revisions[last].name);
    }
    ensure!(seen_in_force.len() > pushes, "some revisions were never seen: {seen_in_force:?}");

    let took = asked.iter().flatten().map(|one| one.took).collect();
    let [median, high, most] = quantiles(took)?;
    let [accepted, _, latest] = quantiles(acknowledged)?;
    let rate = u128::try_from(total)? * 1000 / lasted.as_millis();
    println!(
        "{}: {total} requests on {connected} connections in {lasted:.1?} ({rate}/s), none failed, \
         median {median:.2?}, 99 % {high:.2?}, max {most:.2?}; {pushes} pushes, accepted within \
         median {accepted:.2?}, max {latest:.2?}",
        channel.name(),
    );
    Ok(())
}

/// Whether an answer is what a revision has it to be.
fn answered(one: &Asked, revision: &Revision) -> bool {
    let answer: Value = serde_json::from_slice(&one.body).unwrap_or_default();
    match revision.grants {
        true => one.status == 200 && answer["data"]["product"]["cost"].is_number(),
        false => {
            let code = &answer["errors"][0]["extensions"]["code"];
            one.status == 403 && code == "UNAUTHORIZED_FIELD_OR_TYPE"
        }
    }
}
