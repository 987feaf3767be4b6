//! The portal of the demo: an identity provider, a real Envoy with the filter, and a backend, over the
//! bundle `policies/backstage`.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::json;

use crate::backend::Backend;
use crate::bundle::Guarded;
use crate::envoy::{Envoy, Listener, Template, log_as_shipped};
use crate::filter::Build;
use crate::idp::Idp;
use crate::token::TokenRecipe;

/// The bundle's folder.
pub const BUNDLE: &str = "policies/backstage";
/// The listener in front of the backend.
pub const PORTAL: &str = "portal";

/// Somebody whose token the IdP hands out.
pub struct Persona {
    pub name: &'static str,
    subject: &'static str,
    pub groups: &'static [&'static str],
    actor: Option<&'static str>,
}

pub const PERSONAS: [Persona; 4] = [
    Persona {
        name: "engineer",
        subject: "user:default/mira.lindqvist",
        groups: &["employees", "engineering"],
        actor: None,
    },
    Persona {
        name: "sre",
        subject: "user:default/priya.raman",
        groups: &["employees", "sre"],
        actor: None,
    },
    Persona {
        name: "contractor",
        subject: "user:default/dana.weiss",
        groups: &["contractors", "engineering"],
        actor: None,
    },
    Persona {
        name: "assistant",
        subject: "user:default/mira.lindqvist",
        groups: &["employees", "engineering"],
        actor: Some("portal-copilot"),
    },
];

impl Persona {
    /// What its tokens say.
    #[must_use]
    pub fn recipe(&self) -> TokenRecipe {
        let mut claims = json!({ "sub": self.subject, "groups": self.groups });
        if let Some(actor) = self.actor {
            claims["act"] = json!({ "sub": actor });
        }
        TokenRecipe::claims(claims)
    }

    /// As the tour introduces them.
    #[must_use]
    pub fn introduction(&self) -> String {
        let groups = self.groups.join(", ");
        match self.actor {
            None => format!("{} ({groups})", self.subject),
            Some(actor) => format!("{actor}, acting for {} ({groups})", self.subject),
        }
    }
}

/// What runs until it is dropped.
pub struct Portal {
    pub bundle: Guarded,
    pub idp: Idp,
    pub backend: Backend,
    pub envoy: Envoy,
}

impl Portal {
    /// Starts it, with more listeners like its own in front of other servers.
    ///
    /// # Errors
    /// A part of it does not start.
    pub async fn open(others: &[(&str, SocketAddr)]) -> Result<Self> {
        let bundle = Guarded::load(BUNDLE)?;
        let wasm = tokio::task::spawn_blocking(|| Build::Plain.file()).await??;
        let personas = PERSONAS.iter().map(|one| (one.name.to_owned(), one.recipe()));
        let idp = Idp::start(bundle.audience.clone(), personas.collect()).await?;
        let backend = Backend::start(&bundle.folder).await?;
        let servers = [(PORTAL, backend.address)];
        let listeners = servers.iter().chain(others).map(|(name, upstream)| Listener {
            name: (*name).to_owned(),
            template: Template::Hold,
            configuration: Some(bundle.shipped(Template::Hold).to_string()),
            upstream: *upstream,
            wasm: wasm.clone(),
            clusters: Vec::new(),
            grpc: Vec::new(),
            change: Some(log_as_shipped),
            tls: None,
        });
        let envoy = Envoy::start(&listeners.collect::<Vec<_>>()).await?;
        Ok(Self { bundle, idp, backend, envoy })
    }
}
