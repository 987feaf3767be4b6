//! Who asks, where the proxy around the filter is set otherwise than it is shipped.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use fieldgate_e2e::backend::TAG;
use fieldgate_e2e::envoy::Template;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::stage::{GRANTED, Scene, Stage, body};
use fieldgate_e2e::suite::{Held, Suite};
use serde_json::{Value, json};

type Here = Arc<Held<Scene>>;

fn main() -> ExitCode {
    Suite::new(start).test("names_with_underscores", names_with_underscores).run()
}

async fn start() -> Result<Scene> {
    let stage = Stage::new(Build::Plain).await?;
    let mut listeners = Vec::new();
    for template in Template::ALL {
        let mut configuration = stage.bundle.configuration(template);
        configuration["identity_headers"] = json!({ "send": ["subject", "roles"] });
        let mut listener = stage.listener(template).changed(allow_underscores);
        listener.configuration = Some(configuration.to_string());
        listeners.push(listener);
    }
    Scene::new(stage, &listeners).await
}

fn allow_underscores(manager: &mut Value) {
    manager["common_http_protocol_options"]["headers_with_underscores_action"] = json!("ALLOW");
}

/// A server behind a CGI-like interface reads `x_fieldgate_subject` as `x-fieldgate-subject`.
async fn names_with_underscores(here: Here) -> Result<()> {
    for (name, _, client) in here.clients() {
        let tag = &format!("underscores-{name}");
        let asked = here
            .ask(client, tag, GRANTED)
            .header("x_fieldgate_subject", "root")
            .header("x-fieldgate_roles", "manager")
            .header("x-fieldgate-subject", "root")
            .header("x_other", "stays");
        let answer = asked.send().await?;
        here.allowed(&here.envoy, tag, &answer).await?;
        let seen = &here.backend.seen(tag)[0];
        let value = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok());
        ensure!(value("x-fieldgate-subject") == Some("alice"), "{:?}", seen.headers);
        ensure!(value("x-fieldgate-roles") == Some("\"customer\""), "{:?}", seen.headers);
        ensure!(value("x_other") == Some("stays"), "{:?}", seen.headers);
        for gone in ["x_fieldgate_subject", "x-fieldgate_roles", "authorization"] {
            ensure!(value(gone).is_none(), "{gone}: {:?}", seen.headers);
        }
        let mine = seen.headers.keys().filter(|name| name.as_str().contains("fieldgate")).count();
        ensure!(mine == 2, "{:?}", seen.headers);

        // Such a name is refused where it could stand for the token or the body's type.
        let tag = &format!("disguised-{name}");
        let asked = client.post("/graphql").header(TAG, tag).header("content_type", "text/plain");
        let answer = asked.bearer(&here.token()).body(body(GRANTED)).send().await?;
        here.refused(&here.envoy, tag, &answer, 400, "head_malformed").await?;
    }
    Ok(())
}
