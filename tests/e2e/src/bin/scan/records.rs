//! What has to hold of every request of a scan, whatever it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fieldgate_e2e::client::TIMEOUT;
use fieldgate_e2e::envoy::{Entry, Envoy};
use serde_json::Value;
use tokio::time::sleep;

/// What the server behind the filter saw of one request.
pub(crate) struct Served {
    pub(crate) body: String,
    pub(crate) executed: Vec<String>,
    pub(crate) errors: Vec<String>,
}

/// What became of a scan's requests.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) allowed: usize,
    /// Not among them: refused by Envoy itself.
    pub(crate) by_envoy: usize,
    /// How many requests have each status, and how many records each reason.
    pub(crate) statuses: BTreeMap<u64, usize>,
    pub(crate) reasons: BTreeMap<String, usize>,
    /// Coordinates that were executed.
    pub(crate) executed: BTreeSet<String>,
    /// Coordinates that were denied.
    pub(crate) denied: BTreeSet<String>,
}

/// How far a listener has come.
pub(crate) struct Mark<'a> {
    listener: &'a str,
    /// Requests, by Envoy's own count.
    requests: u64,
    /// Entries of requests that Envoy refused before it knew their headers: they have no tag.
    untagged: usize,
}

impl<'a> Mark<'a> {
    pub(crate) async fn of(envoy: &Envoy, listener: &'a str) -> Result<Self> {
        let name = format!("http.{listener}.downstream_rq_total");
        let requests = envoy.stats(&name).await?.get(&name).copied().unwrap_or_default();
        let untagged = envoy.entry_count("");
        Ok(Self { listener, requests, untagged })
    }

    /// The log's entries with a tag, and those without since then, when there are as many as Envoy has counted.
    pub(crate) async fn entries(&self, envoy: &Envoy, tag: &str) -> Result<Vec<Entry>> {
        let begin = Instant::now();
        loop {
            let now = Self::of(envoy, self.listener).await?;
            let count = usize::try_from(now.requests - self.requests)?;
            let (tagged, all) = (envoy.entries(tag, 0).await?, envoy.entries("", 0).await?);
            let untagged = &all[self.untagged..];
            if tagged.len() + untagged.len() == count {
                return Ok([&tagged, untagged].concat());
            }
            if begin.elapsed() > TIMEOUT {
                let logged = tagged.len() + untagged.len();
                bail!("Envoy has had {count} requests of `{tag}` and logged {logged}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Checks what holds for all of them: no 5xx, one record each, and only what was allowed goes
/// upstream, where only what is granted is executed.
pub(crate) fn check(
    entries: &[Entry],
    served: &[Served],
    granted: &BTreeSet<String>,
) -> Result<Tally> {
    let mut tally = Tally::default();
    for entry in entries {
        let (line, record) = (&entry.line, entry.record());
        let status = line["status"].as_u64().unwrap_or_default();
        ensure!((200..500).contains(&status), "a status of its own: {line}");
        ensure!(record["version"] == 1, "no record: {line}");
        ensure!(*record == entry.text_record(), "two records: {line}");
        match record["decision"].as_str() {
            Some("allow") => tally.allowed += 1,
            Some("deny") => {
                ensure!(status >= 400, "denied and answered: {line}");
                let reason = record["reason"].as_str().unwrap_or_default().to_owned();
                *tally.reasons.entry(reason).or_default() += 1;
            }
            // Envoy has refused it by itself, as no path or header of a request.
            Some("none") if record["reason"] == "not_evaluated" && status == 400 => {
                tally.by_envoy += 1;
                continue;
            }
            _ => bail!("neither allowed nor denied: {line}"),
        }
        tally.requests += 1;
        *tally.statuses.entry(status).or_default() += 1;
        let denied = record["denied"].as_array().into_iter().flatten();
        let denied = denied.filter_map(|one| one["coordinate"].as_str());
        tally.denied.extend(denied.filter(|one| one.contains('.')).map(str::to_owned));
    }
    ensure!(
        served.len() == tally.allowed,
        "{} requests are allowed, and {} went upstream",
        tally.allowed,
        served.len()
    );
    for one in served {
        let body: Value = serde_json::from_str(&one.body).unwrap_or_default();
        for coordinate in &one.executed {
            ensure!(granted.contains(coordinate), "`{coordinate}` was executed: {body}");
        }
        tally.executed.extend(one.executed.iter().cloned());
    }
    Ok(tally)
}

/// The names in what a server said was wrong that were neither in the request nor known to the caller.
pub(crate) fn told(
    served: &[Served],
    names: &BTreeSet<String>,
    known: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for Served { body, errors, .. } in served {
        let asked: BTreeSet<&str> = words(body).collect();
        for error in errors {
            // In quotes: `value` is a name and a word.
            for word in error.split(['"', '\'']).skip(1).step_by(2).flat_map(words) {
                if names.contains(word) && !known.contains(word) && !asked.contains(word) {
                    told.insert(word.to_owned(), format!("{error} <- {body}"));
                }
            }
        }
    }
    told
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| char != '_' && !char.is_ascii_alphanumeric())
}
