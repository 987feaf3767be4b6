//! What there is before the first good policy: nothing passes, and the first good one opens.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::envoy::Channel;
use fieldgate_e2e::stage::GRANTED;
use fieldgate_e2e::subscriber::{First, LISTENER, Subscriber, Verdict};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::Here;
use crate::refused::{REFUSED, bad};

/// The first resource cannot be enforced.
pub(crate) async fn unusable(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let good = here.revisions.build(1)?;
    let (what, _, configuration) = bad(&good.configuration()).remove(0);
    let resource = here.changed(channel, &good, &configuration, "fieldgate-first")?;
    let address = here.backend.address;
    let envoy = Subscriber::start(channel, address, First::Unusable(&resource)).await?;
    match channel {
        Channel::File => ensure!(envoy.envoy.said().contains(REFUSED), "{}", envoy.envoy.said()),
        // There is no listener, and what would be asked is not there.
        Channel::FileListener => {
            ensure!(envoy.envoy.said().contains(REFUSED), "{}", envoy.envoy.said());
            ensure!(envoy.envoy.listeners().await?.is_empty(), "{what}: a listener");
            return opens(&here, &envoy, channel).await;
        }
        Channel::Ads | Channel::DeltaAds => match envoy.verdict().await? {
            Verdict::Rejected(detail) => ensure!(detail.contains(REFUSED), "{detail}"),
            Verdict::Accepted => anyhow::bail!("accepted: {what}"),
        },
    }
    closed(&here, &envoy, "unusable").await?;
    opens(&here, &envoy, channel).await
}

/// There is no first resource.
pub(crate) async fn absent(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let envoy = Subscriber::start(channel, here.backend.address, First::Nothing).await?;
    match channel {
        Channel::File => closed(&here, &envoy, "absent").await?,
        Channel::FileListener => {
            ensure!(envoy.envoy.listeners().await?.is_empty(), "a listener from nothing");
        }
        // The listener is bound and waits for the policy.
        Channel::Ads | Channel::DeltaAds => {
            let begin = Instant::now();
            while envoy.envoy.listeners().await?.is_empty() {
                ensure!(begin.elapsed() < Duration::from_secs(5), "no listener");
                sleep(Duration::from_millis(20)).await;
            }
            for _ in 0..10 {
                let tried = TcpStream::connect(envoy.envoy.address(LISTENER)).await;
                let refused = tried.map_err(|error| error.kind()).err();
                ensure!(refused == Some(ErrorKind::ConnectionRefused), "{refused:?}");
                let ready = envoy.envoy.admin("/ready").await?;
                ensure!(ready.status == 503, "{} {}", ready.status, ready.text());
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    opens(&here, &envoy, channel).await
}

/// There is no file, not even an empty one.
pub(crate) async fn no_file(here: Here) -> Result<()> {
    for channel in [Channel::File, Channel::FileListener] {
        let started = Subscriber::start(channel, here.backend.address, First::NoFile).await;
        let error = started.err().context("Envoy starts")?;
        let said = format!("{error:#}");
        ensure!(said.contains("paths must refer to an existing path"), "{said}");
    }
    Ok(())
}

/// That Envoy answers 500 in place of a filter that it has not, and says so in its log.
pub(crate) async fn closed(here: &Here, envoy: &Subscriber, tag: &str) -> Result<()> {
    for round in 0..4 {
        let tag = &format!("{tag}-{round}");
        let answer = here.ask(envoy.client(), tag, GRANTED).send().await?;
        ensure!(answer.status == 500 && answer.body.is_empty(), "{} {}", tag, answer.text());
        let entry = envoy.envoy.entry(tag).await?;
        ensure!(entry.line["response_flags"] == "NFCF", "{}", entry.line);
        // Without a filter there is no record.
        ensure!(*entry.record() == Value::Null, "{}", entry.line);
        ensure!(here.backend.seen(tag).is_empty(), "{tag} reached the upstream");
    }
    let ready = envoy.envoy.admin("/ready").await?;
    ensure!(ready.status == 200, "{} {}", ready.status, ready.text());
    Ok(())
}

async fn opens(here: &Here, envoy: &Subscriber, channel: Channel) -> Result<()> {
    let good = here.revisions.build(1)?;
    let pushed = envoy.push(&good.resource(channel, &here.wasm)?).await?;
    ensure!(pushed == Verdict::Accepted, "{pushed:?}");
    here.comes_into_force(envoy, &good, "opens").await
}
