//! `make scan`: scanners that others wrote against the demo, on this machine alone. What they report is
//! in `tests/scan/README.md`; what has to hold is checked here.

mod names;
mod records;
mod server;
mod sweep;
mod talk;
mod tools;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use fieldgate_e2e::portal::{PERSONAS, PORTAL, Portal};
use fieldgate_e2e::repository;
use fieldgate_policy::bundle::Bundle;

use crate::names::{Names, decoys};
use crate::records::{Mark, Served, Tally, check, told};
use crate::server::Server;
use crate::sweep::{Swept, sweep};
use crate::talk::{TALK, talk};
use crate::tools::{Target, Tested, Tools};

/// The listener in front of the server that speaks as graphql-js does.
const WORDS: &str = "words";
/// An employee, of no other privilege.
const EMPLOYEE: &str = "engineer";
/// Where a scanner begins.
const DOCUMENTS: [(&str, &str); 2] =
    [("query", "query { FUZZ }"), ("mutation", "mutation { FUZZ }")];
/// Seconds for schemathesis, with a token and without.
const SECONDS: [u32; 2] = [90, 20];

/// What schemathesis may report, and what the server may say; `tests/scan/README.md` has the reasons.
const KNOWN: [(&str, Option<&str>); 2] = [
    ("GraphQLClientError", None),
    (
        "GraphQLServerError",
        Some("internal: invalid value for interface \"Node\", expected \"FieldValue::WithType\""),
    ),
];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scan: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tools = Tools::new(folder.path())?;
    let schema = repository().join(fieldgate_e2e::portal::BUNDLE).join("schema.graphql");
    let server = Server::start(&tools.python(), &schema)?;
    let portal = Portal::open(&[(WORDS, server.address)]).await?;
    let bundle = Bundle::load(&portal.bundle.folder, None)
        .map_err(|findings| anyhow::anyhow!("{findings:?}"))?;
    let persona = PERSONAS.iter().find(|one| one.name == EMPLOYEE);
    let persona = persona.expect("the portal has this persona");
    let names = Names::new(bundle.policy(), persona.groups);
    let granted = names.granted();
    let words = names.words();
    let listed: BTreeSet<String> = words.union(&decoys(&words)).cloned().collect();
    let file = folder.path().join("words.txt");
    fs::write(&file, Vec::from_iter(listed.iter().cloned()).join("\n"))?;
    println!(
        "{} of {} fields are granted to `{EMPLOYEE}`; {} words, {} of them of the schema",
        granted.len(),
        names.coordinates().count(),
        listed.len(),
        words.len()
    );
    let scan = Scan { tools, schema, server, portal, names, granted, words: listed, file };
    let token = || scan.portal.idp.mint(&persona.recipe());
    scan.schemathesis("schemathesis", Some(token()), SECONDS[0]).await?;
    scan.schemathesis("schemathesis-anonymous", None, SECONDS[1]).await?;
    let bare = scan.control()?;
    for (name, document) in DOCUMENTS {
        scan.clairvoyance(&format!("clairvoyance-{name}"), document, Some(token()), &bare).await?;
        let tag = format!("clairvoyance-{name}-anonymous");
        scan.clairvoyance(&tag, document, None, &bare).await?;
    }
    scan.sweep(Some(token())).await?;
    scan.sweep(None).await?;
    scan.talk(&token()).await?;
    println!("scan: passed");
    Ok(())
}

struct Scan<'a> {
    tools: Tools,
    schema: PathBuf,
    server: Server,
    portal: Portal,
    names: Names<'a>,
    granted: BTreeSet<String>,
    words: BTreeSet<String>,
    /// The same words.
    file: PathBuf,
}

impl Scan<'_> {
    async fn schemathesis(&self, tag: &str, token: Option<String>, seconds: u32) -> Result<()> {
        let Portal { envoy, backend, .. } = &self.portal;
        let before = Mark::of(envoy, PORTAL).await?;
        let target = Target { address: envoy.address(PORTAL), tag, token: token.as_deref() };
        let tested = self.tools.schemathesis(&self.schema, &target, seconds)?;
        let entries = before.entries(envoy, tag).await?;
        let served: Vec<Served> = backend
            .complete(tag)
            .into_iter()
            .map(|seen| Served {
                body: String::from_utf8_lossy(&seen.body.unwrap_or_default()).into_owned(),
                executed: seen.executed,
                errors: Vec::new(),
            })
            .collect();
        let tally = check(&entries, &served, &self.granted)?;
        let Tested { requests, failures, statuses, errors, said } = &tested;
        tell(tag, &tally);
        println!("  it reports {failures:?}");
        ensure!(errors.is_empty(), "schemathesis has errors of its own: {errors:?}");
        let same = *requests == tally.requests && *statuses == tally.statuses;
        ensure!(same, "schemathesis has other answers than the log: {tested:?}, {tally:?}");
        for (body, error) in said {
            let is_known = KNOWN.iter().any(|(_, text)| Some(error.as_str()) == *text);
            ensure!(is_known, "the server says: {error} <- {body}");
        }
        let said = said.iter().map(|(body, error)| Served {
            body: body.clone(),
            executed: Vec::new(),
            errors: vec![error.clone()],
        });
        self.expect_nothing_told(tag, &said.collect::<Vec<_>>())?;
        for kind in failures.keys() {
            let is_known = KNOWN.iter().any(|(known, _)| known == kind);
            ensure!(is_known, "a finding of another kind: {failures:?}");
        }
        ensure!(tally.allowed > 0 || token.is_none(), "nothing was allowed");
        ensure!(tally.allowed == 0 || token.is_some(), "something was allowed without a token");
        Ok(())
    }

    /// Clairvoyance without the filter: what it can recover from that server.
    fn control(&self) -> Result<BTreeSet<String>> {
        let mut recovered = BTreeSet::new();
        for (name, document) in DOCUMENTS {
            let tag = format!("control-{name}");
            let target = Target { address: self.server.address, tag: &tag, token: None };
            recovered.extend(self.tools.clairvoyance(&self.file, &target, document)?);
        }
        let real: BTreeSet<String> = self.names.coordinates().map(|(name, _)| name).collect();
        let found = recovered.intersection(&real).count();
        let denied =
            recovered.intersection(&real).filter(|one| !self.granted.contains(*one)).count();
        println!(
            "control: clairvoyance recovers {found} of {} fields without the filter",
            real.len()
        );
        println!("  {denied} of them are not granted to `{EMPLOYEE}`");
        ensure!(found * 2 > real.len() && denied > 0, "the control proves nothing");
        Ok(recovered)
    }

    async fn clairvoyance(
        &self,
        tag: &str,
        document: &str,
        token: Option<String>,
        bare: &BTreeSet<String>,
    ) -> Result<()> {
        let Portal { envoy, .. } = &self.portal;
        let before = Mark::of(envoy, WORDS).await?;
        let target = Target { address: envoy.address(WORDS), tag, token: token.as_deref() };
        let recovered = self.tools.clairvoyance(&self.file, &target, document)?;
        let tally = self.judge(tag, &before).await?;
        tell(tag, &tally);
        println!("  it recovers {} fields ({} without the filter)", recovered.len(), bare.len());
        ensure!(tally.requests > 0, "it has asked nothing");
        let more: Vec<_> = recovered.difference(&self.granted).collect();
        ensure!(more.is_empty(), "clairvoyance recovers what is not granted: {more:?}");
        ensure!(recovered.is_empty(), "clairvoyance recovers by error texts: {recovered:?}");
        Ok(())
    }

    async fn sweep(&self, token: Option<String>) -> Result<()> {
        let tag = if token.is_some() { "sweep" } else { "sweep-anonymous" };
        let exists = self.names.coordinates().map(|(name, _)| name).collect();
        let before = Mark::of(&self.portal.envoy, WORDS).await?;
        let client = self.portal.envoy.client(WORDS);
        let nothing = BTreeSet::new();
        let granted = if token.is_some() { &self.granted } else { &nothing };
        let Swept { requests, denied, unknown } =
            sweep(client, (tag, token.as_deref()), &self.words, &exists, granted).await?;
        let tally = self.judge(tag, &before).await?;
        tell(tag, &tally);
        println!(
            "  {denied} words that are denied and {unknown} that there are not, answered alike"
        );
        ensure!(tally.requests == requests, "{} requests of {requests}", tally.requests);
        Ok(())
    }

    async fn talk(&self, token: &str) -> Result<()> {
        let before = Mark::of(&self.portal.envoy, WORDS).await?;
        talk(self.portal.envoy.client(WORDS), token).await?;
        tell(TALK, &self.judge(TALK, &before).await?);
        Ok(())
    }

    /// Judges the requests with a tag to the server that speaks, and what it said.
    async fn judge(&self, tag: &str, before: &Mark<'_>) -> Result<Tally> {
        let entries = before.entries(&self.portal.envoy, tag).await?;
        let served: Vec<Served> = self
            .server
            .asked(tag)
            .into_iter()
            .map(|one| Served { body: one.body, executed: one.executed, errors: one.errors })
            .collect();
        let tally = check(&entries, &served, &self.granted)?;
        self.expect_nothing_told(tag, &served)?;
        Ok(tally)
    }

    /// What the server itself finds wrong passes the filter: it must not name what is not granted.
    fn expect_nothing_told(&self, tag: &str, served: &[Served]) -> Result<()> {
        for Served { body, errors, .. } in served {
            errors.iter().for_each(|error| println!("  the server says: {error} <- {body}"));
        }
        let told = told(served, &self.names.all(), &self.names.known());
        ensure!(told.is_empty(), "{tag}: the server's errors tell of the schema: {told:#?}");
        Ok(())
    }
}

fn tell(tag: &str, tally: &Tally) {
    let Tally { requests, allowed, by_envoy, statuses, reasons, executed, denied } = tally;
    println!(
        "{tag}: {requests} requests, {allowed} allowed; {statuses:?}; Envoy refuses {by_envoy}"
    );
    println!("  refused {reasons:?}");
    println!("  {} coordinates executed, {} denied", executed.len(), denied.len());
}
