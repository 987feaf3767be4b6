//! What is wrong with pushes and no policy's fault: a build that only the workers cannot configure,
//! the same push twice, a resource that is taken away, a management server that is gone.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::cli::fieldgate;
use fieldgate_e2e::envoy::Channel;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::revision::Revision;
use fieldgate_e2e::stage::GRANTED;
use fieldgate_e2e::subscriber::Verdict;
use serde_json::json;
use tokio::time::sleep;

use crate::Here;
use crate::first::closed;
use crate::refused::{REFUSED, bad};

const RBAC: &str = "rbac_access_denied_matched_policy[none]";

/// A build that passes Envoy's trial on the main thread and fails on the workers: Envoy accepts it,
/// and serves without the filter. The seatbelt holds, until a good build comes in a VM of its own.
pub(crate) async fn workers_without_a_filter(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let broken = tokio::task::spawn_blocking(|| Build::FailWorkers.file()).await??;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    here.in_force(&envoy, &first, "first").await?;
    let resource = second.resource(channel, &broken)?;
    ensure!(envoy.push(&resource).await? == Verdict::Accepted);
    for _ in 0..100 {
        let said = envoy.envoy.log()?;
        if said.matches("Failed to configure thread-local").count() >= 2 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    for round in 0..8 {
        let tag = &format!("without-{round}");
        let answer = here.ask(envoy.client(), tag, GRANTED).send().await?;
        let entry = envoy.envoy.entry(tag).await?;
        ensure!(answer.status == 403 && entry.details() == RBAC, "{}", entry.line);
        ensure!(here.backend.seen(tag).is_empty(), "{tag} reached the upstream");
    }
    // That VM stays broken: whatever comes for it is refused.
    let third = here.revisions.build(3)?;
    let mut again = third.resource(channel, &broken)?;
    let vm_id = channel.plugin(&mut resource.clone())["vm_config"]["vm_id"].clone();
    channel.plugin(&mut again)["vm_config"]["vm_id"] = vm_id;
    let pushed = envoy.push(&again).await?;
    ensure!(matches!(&pushed, Verdict::Rejected(why) if why.contains(REFUSED)), "{pushed:?}");
    // The good build has other code, hence other VMs.
    ensure!(envoy.push(&third.resource(channel, &here.wasm)?).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, &third, "recovered").await
}

/// Envoy compares a push with the last one that it got, not with the one in force: a bad one that
/// comes twice is acknowledged the second time, and still not enforced.
pub(crate) async fn the_same_again(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    let (_, _, configuration) = bad(&second.configuration()).remove(0);
    let resource = here.changed(channel, &second, &configuration, "fieldgate-again")?;
    ensure!(matches!(envoy.push(&resource).await?, Verdict::Rejected(_)));
    // Envoy shows what came, not what is in force.
    let dump = envoy.envoy.admin("/config_dump?resource=ecds_filters").await?.text();
    ensure!(dump.contains("\"vm_id\": \"fieldgate-again\""), "{dump}");
    let reloads = envoy.counted("config_reload").await?;
    ensure!(envoy.push(&resource).await? == Verdict::Accepted, "Envoy has become better");
    ensure!(envoy.counted("config_reload").await? == reloads, "it was loaded");
    here.in_force(&envoy, &first, "again").await?;
    // `status` is not deceived.
    let address = envoy.envoy.admin_address().to_string();
    let told = fieldgate(["status", &address].map(str::to_owned).to_vec()).await?;
    let in_force = format!("`shop` revision `r1` ({}) stays in force", &first.digest[..12]);
    ensure!(told.exit == 3 && told.stdout.contains("error[push-refused]"), "{told:?}");
    ensure!(told.stdout.contains(&in_force), "{told:?}");
    // A push of what is in force changes nothing, and one of something else does.
    let resource = first.resource(channel, &here.wasm)?;
    ensure!(envoy.push(&resource).await? == Verdict::Accepted);
    here.in_force(&envoy, &first, "in-force").await?;
    ensure!(envoy.push(&second.resource(channel, &here.wasm)?).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, &second, "another").await
}

/// A management server that takes the resource away: to the state of the world Envoy says yes and
/// does nothing, while of the incremental variant it takes the filter out, and answers 500.
pub(crate) async fn taken_away(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    ensure!(envoy.withdraw().await? == Verdict::Accepted);
    if channel == Channel::DeltaAds {
        sleep(Duration::from_millis(200)).await;
        closed(&here, &envoy, "away").await?;
    } else {
        here.in_force(&envoy, &first, "away").await?;
    }
    ensure!(envoy.push(&second.resource(channel, &here.wasm)?).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, &second, "back").await
}

/// A management server that goes away and comes back: the policy stays meanwhile.
pub(crate) async fn server_away(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    let address = envoy.server_leaves().await?;
    let connected = "control_plane.connected_state";
    for _ in 0..100 {
        if envoy.envoy.stats(connected).await?.get(connected) == Some(&0) {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    ensure!(envoy.envoy.stats(connected).await?.get(connected) == Some(&0), "still connected");
    here.in_force(&envoy, &first, "alone").await?;
    let resource = second.resource(channel, &here.wasm)?;
    ensure!(envoy.server_returns(address, &resource).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, &second, "returned").await
}

/// A resource beyond the 4 MiB that gRPC libraries take by default: Envoy has no such limit.
pub(crate) async fn a_large_resource(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    let mut resource = second.resource(channel, &here.wasm)?;
    let text = &mut channel.plugin(&mut resource)["configuration"]["value"];
    *text = json!(format!("{}{}", text.as_str().context("text")?, " ".repeat(8 << 20)));
    let pushed = envoy.push(&resource).await?;
    ensure!(pushed == Verdict::Accepted, "{pushed:?}");
    here.comes_into_force(&envoy, &second, "large").await
}

/// Kubernetes replaces the files of a `ConfigMap` by turning one link to their folder.
pub(crate) async fn as_a_config_map(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    let channel = Channel::File;
    let (first, second) = (here.revisions.build(1)?, here.revisions.build(2)?);
    let envoy = here.subscriber(channel, &first).await?;
    let file = envoy.file()?;
    let folder = file.parent().context("a folder")?;
    let write = |revision: &Revision| {
        let version = folder.join(format!("..{}", revision.name));
        fs::create_dir(&version)?;
        let resource = revision.resource(channel, &here.wasm)?;
        fs::write(version.join("ecds.json"), resource.to_string())?;
        symlink(format!("..{}", revision.name), folder.join("..data_tmp"))?;
        Ok::<_, anyhow::Error>(fs::rename(folder.join("..data_tmp"), folder.join("..data"))?)
    };
    let turned = envoy.counting(|| {
        write(&first)?;
        symlink("..data/ecds.json", folder.join("link"))?;
        Ok(fs::rename(folder.join("link"), &file)?)
    });
    ensure!(turned.await? == Verdict::Accepted);
    here.in_force(&envoy, &first, "linked").await?;
    ensure!(envoy.counting(|| write(&second)).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, &second, "turned").await
}
