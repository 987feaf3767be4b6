//! `make demo`: an identity provider, a real Envoy with the filter, and a backend over the bundle
//! `policies/backstage`, all on this machine; a tour that shows each request with its answer and
//! its audit record, and fails if one is not as announced; then some `curl` lines to go on with.

mod show;
mod tour;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use fieldgate_e2e::portal::{PERSONAS, PORTAL, Portal};

use crate::show::Screen;
use crate::tour::{Outcome, STEPS, Step};

const USAGE: &str = "\
Shows the filter at work, on this machine alone

Usage: demo [--once]

Options:
  --once   End after the tour
  --help   Print this

Colours are off where NO_COLOR is set or the output is no terminal.
";

/// What runs for the tour, until it is dropped.
struct House(Portal);

#[tokio::main]
async fn main() -> ExitCode {
    let screen = Screen::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let once = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--once"] => true,
        ["--help" | "-h"] => {
            screen.line(USAGE);
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&screen, once).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(screen: &Screen, once: bool) -> Result<()> {
    let house = House::open(screen).await?;
    let mut outcomes = Vec::new();
    for (number, step) in (1..).zip(&STEPS) {
        outcomes.push(house.take(screen, number, step).await?);
    }
    screen.summary(&outcomes);
    let failed: Vec<_> = outcomes.iter().filter(|one| one.fault.is_some()).collect();
    if !failed.is_empty() {
        bail!("{} of {} steps did not go as announced", failed.len(), outcomes.len());
    }
    if once {
        return Ok(());
    }
    house.invite(screen);
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")
}

impl House {
    async fn open(screen: &Screen) -> Result<Self> {
        screen.progress(
            "compiling the policy, starting the identity provider, the backend and Envoy",
        );
        let portal = Portal::open(&[]).await?;
        let Portal { idp, backend, envoy, .. } = &portal;
        screen.heading("fieldgate in front of a developer portal");
        screen.line(&format!("  IdP      http://{}", idp.address));
        screen.line(&format!("  Envoy    http://{}/graphql", envoy.address(PORTAL)));
        screen.line(&format!("  backend  http://{}  (no protection of its own)", backend.address));
        Ok(Self(portal))
    }

    async fn take(&self, screen: &Screen, number: usize, step: &Step) -> Result<Outcome> {
        let tag = format!("tour-{number}");
        let Self(Portal { idp, backend, envoy, .. }) = self;
        let answer = step.request(idp, envoy.client(PORTAL), &tag).send().await?;
        let entry = envoy.entry(&tag).await?;
        let seen = backend.seen(&tag);
        screen.step(number, step, &answer, entry.record(), &seen);
        let fault = step.fault(&answer, entry.record(), &seen);
        if let Some(fault) = &fault {
            screen.fault(fault);
        }
        Ok(Outcome { title: step.title, status: answer.status, fault })
    }

    /// What to try next, ready to paste.
    fn invite(&self, screen: &Screen) {
        let Self(Portal { idp, envoy, .. }) = self;
        let endpoint = format!("http://{}/graphql", envoy.address(PORTAL));
        screen.heading("Your turn");
        screen.line("A fresh token for a persona (each lasts five minutes):\n");
        for persona in &PERSONAS {
            let name = persona.name;
            screen.line(&format!(
                "  {name}=$(curl -s -X POST http://{}/token/{name} | sed 's/.*access_token\":\"//; s/\".*//')",
                idp.address
            ));
        }
        screen.line("\nAnd something to ask:\n");
        for (persona, query) in [
            ("engineer", r#"{ component(name: \"checkout\") { name owner { name } } }"#),
            ("engineer", r#"{ component(name: \"checkout\") { secrets { name value } } }"#),
            ("sre", r#"{ component(name: \"checkout\") { secrets { name value } } }"#),
            ("assistant", r#"{ viewer { name email } }"#),
        ] {
            screen.line(&format!(
                "  curl -s {endpoint} -H 'content-type: application/json' \\\n    \
                 -H \"authorization: Bearer ${persona}\" -d '{{\"query\":\"{query}\"}}'\n"
            ));
        }
        let log = envoy.directory().join("access.log");
        screen.line(&format!(
            "The audit records, as they come:\n\n  tail -f {} | jq '.fieldgate | fromjson'\n",
            log.display()
        ));
        screen.line("Ctrl-C ends everything.");
    }
}
