//! The shipped files themselves, and the commands on their pages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fieldgate_e2e::cli::program;
use fieldgate_e2e::envoy::{Channel, Envoy, Template};
use fieldgate_e2e::repository;
use fieldgate_e2e::revision::Revisions;
use fieldgate_e2e::stage::{DENIED, member};
use fieldgate_e2e::subscriber::Verdict;
use serde_json::Value;

use crate::Here;

const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";

/// There is one listener in several files: only where fieldgate's filter comes from differs, and
/// what stands around the listener is the same.
pub(crate) async fn one_listener_in_all(_here: Here) -> Result<()> {
    let read = |name: &str| -> Result<Value> {
        let text = fs::read_to_string(repository().join("envoy").join(name))?;
        serde_saphyr::from_str(&text).with_context(|| name.to_owned())
    };
    let listener = |file: &Value| -> Result<Value> {
        let mut listener = member(file, "/static_resources/listeners/0")?.clone();
        let filters = listener.pointer_mut(&format!("{MANAGER}/http_filters"));
        filters.and_then(Value::as_array_mut).context("filters")?.remove(0);
        Ok(listener)
    };
    let hold = read("static/hold.yaml")?;
    for name in [
        "static/stream.yaml",
        "file-xds/envoy.yaml",
        "file-xds/lds.yaml",
        "management-server/envoy.yaml",
    ] {
        let other = read(name)?;
        for same in ["/admin", "/overload_manager", "/stats_config", "/static_resources/clusters/0"]
        {
            ensure!(member(&other, same)? == member(&hold, same)?, "`{same}` of {name} differs");
        }
        if name != "file-xds/lds.yaml" {
            ensure!(listener(&other)? == listener(&hold)?, "the listener of {name} differs");
        }
    }
    Ok(())
}

/// Each of them starts without a warning, and with a bundle of either mode.
pub(crate) async fn starts_without_a_warning(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    for channel in [Channel::File, Channel::FileListener, Channel::Ads, Channel::DeltaAds] {
        for mode in Template::ALL {
            let revisions = Revisions::new(mode)?;
            let (first, second) = (revisions.build(1)?, revisions.build(2)?);
            let envoy = here.subscriber(channel, &first).await?;
            here.in_force(&envoy, &first, "start").await?;
            let pushed = envoy.push(&second.resource(channel, &here.wasm)?).await?;
            ensure!(pushed == Verdict::Accepted, "{pushed:?}");
            here.comes_into_force(&envoy, &second, "push").await?;
            let tag = format!("mode-{}-{}", channel.name(), mode.name());
            let answer = here.ask(envoy.client(), &tag, DENIED).send().await?;
            let entry = here.refused(&envoy.envoy, &tag, &answer, 403, "field_denied").await?;
            ensure!(entry.record()["mode"] == mode.name(), "{}", entry.line);
            let log = envoy.envoy.log()?;
            ensure!(!log.contains("[warning]") && !log.contains("[error]"), "{log}");
            let stats = envoy.envoy.admin("/stats/prometheus?filter=policy_enforced").await?;
            let digest = &second.digest[..12];
            let labels = format!("{{policy=\"shop\",revision=\"r2\",digest=\"{digest}\"}} 1");
            ensure!(stats.text().contains(&labels), "no {labels} in {}", stats.text());
        }
    }
    Ok(())
}

/// The commands of the two pages, from a bundle to what is pushed, and to a file that Envoy takes.
pub(crate) async fn the_documented_commands(here: Here) -> Result<()> {
    let _turn = here.turn.lock().await;
    let bundle = here.revisions.folder().to_str().context("a path in UTF-8")?;
    let commands = |page: &str, begin: &[&str]| -> Result<Vec<String>> {
        let page = fs::read_to_string(repository().join("envoy").join(page))?;
        let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        let wanted = |line: &&str| begin.iter().any(|begin| line.starts_with(begin));
        let lines = blocks.flat_map(str::lines).filter(wanted);
        Ok(lines.map(|line| line.replace("policies/backstage", bundle)).collect())
    };
    let pages = [
        (Channel::File, "file-xds/README.md", "ecds"),
        (Channel::FileListener, "file-xds/README.md", "lds"),
        (Channel::Ads, "management-server/README.md", "ecds"),
    ];
    for (channel, page, format) in pages {
        let envoy = here.subscriber(channel, &here.revisions.build(1)?).await?;
        let folder = envoy.envoy.directory();
        symlink(&here.wasm, folder.join("fieldgate.wasm"))?;
        fs::create_dir(folder.join("releases"))?;
        let build = format!("fieldgate build policies/backstage --format {format} ");
        if channel == Channel::File {
            for command in commands(page, &[&build, "cp releases/"])? {
                if command.contains("xds/") {
                    let pushed = envoy.counting(|| run(folder, &command)).await?;
                    ensure!(pushed == Verdict::Accepted, "{command}: {pushed:?}");
                } else {
                    run(folder, &command)?;
                }
            }
        } else {
            // What is built is handed on: to the server, or with a port of the test's.
            let built = folder.join("built.json");
            let file = format!("-o {}", built.display());
            for command in commands(page, &[&build])? {
                let (command, _) = command.split_once("-o ").context("a file")?;
                run(folder, &format!("{command}{file}"))?;
            }
            let built = serde_json::from_str(&fs::read_to_string(built)?)?;
            let pushed = envoy.push(&built).await?;
            ensure!(pushed == Verdict::Accepted, "{pushed:?}");
        }
        let begin = Instant::now();
        for round in 0.. {
            let tag = format!("documented-{}-{round}", channel.name());
            let answer = here.ask(envoy.client(), &tag, DENIED).send().await;
            let revision = match answer {
                Ok(_) => envoy.envoy.entry(&tag).await?.record()["policy"]["revision"].clone(),
                Err(_) => Value::Null,
            };
            if revision == "2026-11-24.1" {
                break;
            }
            ensure!(begin.elapsed() < Duration::from_secs(5), "{revision} is in force");
        }
        let shipped = repository().join("envoy").join(channel.shipped());
        fs::copy(shipped, folder.join("envoy.yaml"))?;
        let said = Envoy::validate(folder, "envoy.yaml")?;
        ensure!(!said.contains("[warning]"), "{said}");
    }
    Ok(())
}

/// Runs a command as it stands on a page, with the program of this repository.
fn run(folder: &Path, command: &str) -> Result<()> {
    let script = format!("fieldgate() {{ {} \"$@\"; }}\n{command}", program()?.display());
    let ran = Command::new("sh").args(["-e", "-c", &script]).current_dir(folder).output()?;
    ensure!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}
