//! An identity provider: OIDC discovery, its key set, and a token endpoint that hands a named
//! persona its token without asking for anything. For demos and tests only.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::token::{Algorithm, Audience, Keys, TokenRecipe};

/// Who a token can be asked for, by name.
pub type Personas = BTreeMap<String, TokenRecipe>;

/// A provider that runs until it is dropped.
pub struct Idp {
    pub address: SocketAddr,
    pub audience: Audience,
    task: JoinHandle<()>,
}

struct Shared {
    base: String,
    audience: Audience,
    personas: Personas,
}

impl Idp {
    /// Starts a provider on a free port of the loopback. `audience` says what its tokens claim;
    /// the issuer in it is the name that the policy trusts, and need not be this address.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(audience: Audience, personas: Personas) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the IdP")?;
        let address = listener.local_addr()?;
        let base = format!("http://{address}");
        let shared = Arc::new(Shared { base, audience: audience.clone(), personas });
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(async || Json(Keys::published().jwks())))
            .route("/token/{persona}", post(token))
            .with_state(shared);
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("the IdP serves");
        });
        Ok(Self { address, audience, task })
    }

    /// The key set, as a policy's configuration carries it.
    #[must_use]
    pub fn jwks(&self) -> Value {
        Keys::published().jwks()
    }

    #[must_use]
    pub fn mint(&self, recipe: &TokenRecipe) -> String {
        recipe.mint(&self.audience)
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let base = &shared.base;
    Json(json!({
        "issuer": shared.audience.issuer,
        "jwks_uri": format!("{base}/jwks"),
        "token_endpoint": format!("{base}/token"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::PUBLIC.map(Algorithm::name),
    }))
}

/// `POST /token/PERSONA`: the answer of RFC 6749 5.1.
async fn token(
    State(shared): State<Arc<Shared>>,
    Path(persona): Path<String>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let recipe = shared.personas.get(&persona).ok_or_else(|| {
        let known = shared.personas.keys().cloned().collect::<Vec<_>>().join(", ");
        (StatusCode::NOT_FOUND, format!("no such persona; there are: {known}\n"))
    })?;
    Ok(Json(json!({
        "access_token": recipe.mint(&shared.audience),
        "token_type": "Bearer",
        "expires_in": 300,
    })))
}
