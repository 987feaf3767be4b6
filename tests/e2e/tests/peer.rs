//! Who the client is by its TLS certificate, as Envoy says it. The certificates, and the client, are
//! those of `openssl`: without it the tests say that they skip.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use fieldgate_e2e::backend::{Backend, TAG};
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use fieldgate_e2e::token::TokenRecipe;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Its field `mesh` is for the peer `spiffe://corpus.test/portal`.
const BUNDLE: &str = "corpus/bundles/conditional";

type Here = Arc<Held<Option<Scene>>>;

struct Scene {
    stage: Stage,
    envoy: Envoy,
    certificates: TempDir,
}

/// How a listener asks for certificates.
#[derive(Clone, Copy, Debug)]
enum Asking {
    /// A client without a valid one has no connection.
    Required,
    /// A client may have one, and one that is not valid is taken.
    Untrusted,
    /// A client has to have one, and nobody is asked who issued it.
    Unverified,
}

fn main() -> ExitCode {
    Suite::new(start)
        .test("a_verified_certificate_names_the_peer", a_verified_certificate_names_the_peer)
        .test("one_that_is_not_verified_names_nobody", one_that_is_not_verified_names_nobody)
        .run()
}

async fn start() -> Result<Option<Scene>> {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: there is no openssl");
        return Ok(None);
    }
    let certificates = tempfile::tempdir()?;
    let folder = certificates.path();
    authority(folder, "ca")?;
    authority(folder, "stranger")?;
    issue(folder, "ca", "server", "DNS:localhost")?;
    issue(
        folder,
        "ca",
        "portal",
        "DNS:portal.test,URI:spiffe://corpus.test/portal,URI:urn:x:second",
    )?;
    issue(folder, "ca", "other", "URI:spiffe://corpus.test/other")?;
    issue(folder, "ca", "named", "DNS:portal.test")?;
    issue(folder, "stranger", "forged", "URI:spiffe://corpus.test/portal")?;

    let bundle = Guarded::load(BUNDLE)?;
    let backend = Backend::start(&bundle.folder).await?;
    let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
    let stage = Stage { backend, bundle, wasm };
    let mut listeners = Vec::new();
    for mode in Template::ALL {
        for asking in [Asking::Required, Asking::Untrusted, Asking::Unverified] {
            let name = name(mode, asking);
            let tls = Some(asking.context(folder));
            listeners.push(Listener { name, tls, ..stage.listener(mode) });
        }
    }
    let envoy = Envoy::start(&listeners).await?;
    Ok(Some(Scene { stage, envoy, certificates }))
}

fn name(mode: Template, asking: Asking) -> String {
    format!("{}-{asking:?}", mode.name())
}

impl Asking {
    fn context(self, folder: &Path) -> Value {
        let file = |name: &str| json!({ "filename": folder.join(name) });
        let own =
            [json!({ "certificate_chain": file("server.pem"), "private_key": file("server.key") })];
        let authority = json!({ "trusted_ca": file("ca.pem") });
        let (required, validation) = match self {
            Self::Required => (true, Some(authority)),
            Self::Untrusted => (
                false,
                Some(json!({
                    "trusted_ca": authority["trusted_ca"],
                    "trust_chain_verification": "ACCEPT_UNTRUSTED",
                })),
            ),
            Self::Unverified => (true, None),
        };
        let mut common = json!({ "tls_certificates": own });
        if let Some(validation) = validation {
            common["validation_context"] = validation;
        }
        json!({ "require_client_certificate": required, "common_tls_context": common })
    }
}

async fn a_verified_certificate_names_the_peer(here: Here) -> Result<()> {
    let Some(here) = &**here else { return Ok(()) };
    for mode in Template::ALL {
        for asking in [Asking::Required, Asking::Untrusted] {
            here.allowed(mode, asking, Some("portal")).await?;
            here.denied(mode, asking, Some("other")).await?;
            // Its DNS name, which the rule does not ask for.
            here.denied(mode, asking, Some("named")).await?;
        }
        here.denied(mode, Asking::Untrusted, None).await?;
    }
    Ok(())
}

async fn one_that_is_not_verified_names_nobody(here: Here) -> Result<()> {
    let Some(here) = &**here else { return Ok(()) };
    for mode in Template::ALL {
        here.denied(mode, Asking::Untrusted, Some("forged")).await?;
        here.denied(mode, Asking::Unverified, Some("forged")).await?;
        // It would be valid, if somebody had asked.
        here.denied(mode, Asking::Unverified, Some("portal")).await?;
        let refused = here.ask(mode, Asking::Required, Some("forged"), "refused").await?;
        ensure!(refused.is_empty(), "{refused}");
    }
    Ok(())
}

impl Scene {
    async fn allowed(&self, mode: Template, asking: Asking, holder: Option<&str>) -> Result<()> {
        let tag = format!("{}-{holder:?}", name(mode, asking));
        let answer = self.ask(mode, asking, holder, &tag).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{tag}: {answer}");
        let record = self.envoy.entry(&tag).await?.record().clone();
        ensure!(record["decision"] == "allow", "{tag}: {record}");
        ensure!(self.stage.backend.seen(&tag).len() == 1, "{tag}");
        Ok(())
    }

    async fn denied(&self, mode: Template, asking: Asking, holder: Option<&str>) -> Result<()> {
        let tag = format!("{}-{holder:?}", name(mode, asking));
        let answer = self.ask(mode, asking, holder, &tag).await?;
        ensure!(answer.starts_with("HTTP/1.1 403"), "{tag}: {answer}");
        let record = self.envoy.entry(&tag).await?.record().clone();
        ensure!(record["reason"] == "field_denied", "{tag}: {record}");
        ensure!(self.stage.backend.complete(&tag).is_empty(), "{tag} reached the upstream");
        Ok(())
    }

    /// Asks for `mesh` with a holder's certificate; what comes back, with its head.
    async fn ask(
        &self,
        mode: Template,
        asking: Asking,
        holder: Option<&str>,
        tag: &str,
    ) -> Result<String> {
        let recipe =
            TokenRecipe::claims(json!({ "groups": ["users"], "level": 3, "risk": 0, "flags": [] }));
        let (token, body) = (recipe.mint(&self.stage.bundle.audience), body("{ mesh }"));
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\n{TAG}: {tag}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len(),
        );
        let input = self.certificates.path().join(format!("{tag}.request"));
        std::fs::write(&input, request)?;
        let mut client = Command::new("openssl");
        let address = self.envoy.address(&name(mode, asking)).to_string();
        client
            .args(["s_client", "-quiet", "-connect", &address])
            .stdin(std::fs::File::open(input)?);
        if let Some(holder) = holder {
            let file = |end: &str| self.certificates.path().join(format!("{holder}.{end}"));
            client.arg("-cert").arg(file("pem")).arg("-key").arg(file("key"));
        }
        // It ends when Envoy closes the connection.
        let said = tokio::task::spawn_blocking(move || client.output()).await??;
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    }
}

/// An authority of its own.
fn authority(folder: &Path, name: &str) -> Result<()> {
    let constraint = "basicConstraints=critical,CA:TRUE";
    make(folder, name, &["-x509", "-addext", constraint], None)
}

/// A certificate that an authority has issued for these alternative names.
fn issue(folder: &Path, authority: &str, name: &str, names: &str) -> Result<()> {
    let names = format!("subjectAltName={names}");
    let file = |end: &str| folder.join(format!("{authority}.{end}"));
    make(
        folder,
        name,
        &["-x509", "-addext", &names, "-addext", "basicConstraints=CA:FALSE"],
        Some([file("pem"), file("key")]),
    )
}

fn make(
    folder: &Path,
    name: &str,
    further: &[&str],
    authority: Option<[PathBuf; 2]>,
) -> Result<()> {
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    let mut request = Command::new("openssl");
    request.args([
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]);
    request.args(["-subj", &format!("/CN={name}")]).args(further);
    request.arg("-keyout").arg(file("key")).arg("-out").arg(file("pem"));
    if let Some([certificate, key]) = authority {
        request.arg("-CA").arg(certificate).arg("-CAkey").arg(key);
    }
    let output = request.output().context("openssl")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
