//! Another provider that nobody here wrote, of another kind: Debian's `glewlwyd`, on SQLite. Groups
//! are one comma-separated string, `aud` is the scope, `sub` is opaque, and an old key is gone at
//! once.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use superboring::bn::BigNum;
use superboring::rsa::Rsa;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::client::{Answer, Client, Exchange};

/// Where the provider has its discovery document.
pub const DISCOVERY: &str = "/api/oidc/.well-known/openid-configuration";

/// Where the provider has its key set.
pub const JWKS: &str = "/api/oidc/jwks";

/// What the provider's tokens have as `aud`.
pub const AUDIENCE: &str = "api";

/// The groups of the user, as her token has them.
pub const GROUPS: &str = "customers,staff";

const BINARY: &str = "/usr/bin/glewlwyd";
const SQLITE: &str = "/usr/bin/sqlite3";
/// The tables, with a user `admin`.
const TABLES: &str = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
const MODULES: &str = "/usr/lib/glewlwyd";

/// Of the tables' `admin`, and of whom is made here.
const PASSWORD: &str = "password";
const CLIENT: &str = "shop";
const USER: &str = "alice";

const START: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A provider that runs until it is dropped.
pub struct Glewlwyd {
    process: Process,
    address: SocketAddr,
    _directory: TempDir,
    cookie: String,
    generation: u32,
}

struct Process(Child);

impl Glewlwyd {
    /// Starts a provider with one client and one user. None, and said so, where the package is not
    /// installed.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start() -> Result<Option<Self>> {
        if ![BINARY, SQLITE, TABLES].iter().all(|file| Path::new(file).is_file()) {
            println!("skipped: the Debian packages `glewlwyd` and `sqlite3` are not installed");
            return Ok(None);
        }
        let directory = tempfile::tempdir()?;
        let path = directory.path();
        let database = path.join("database");
        let made = Command::new(SQLITE).arg(&database).stdin(File::open(TABLES)?).status()?;
        ensure!(made.success(), "no database at {}", database.display());
        // It takes no port 0: a free one is looked for, and given back just before.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let configuration = path.join("configuration");
        fs::write(&configuration, configure(address, &database))?;
        let log = File::create(path.join("log"))?;
        let child = Command::new(BINARY)
            .arg("--config-file")
            .arg(&configuration)
            .args(["--log-mode", "console", "--log-level", "WARNING"])
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut provider = Self {
            process: Process(child),
            address,
            _directory: directory,
            cookie: String::new(),
            generation: 1,
        };
        provider.sign_in().await?;
        provider.fill().await?;
        Ok(Some(provider))
    }

    /// What its tokens have as `iss`; the address of the provider as a URL.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks a path of the provider.
    ///
    /// # Errors
    /// It does not answer, or with another status than 200.
    pub async fn get(&self, path: &str) -> Result<Value> {
        read(path, &self.request("GET", path).send().await?)
    }

    /// A token of the user, with her groups.
    ///
    /// # Errors
    /// The provider gives none.
    pub async fn user_token(&self) -> Result<String> {
        let user = format!("grant_type=password&scope=api&username={USER}&password={PASSWORD}");
        self.token(user).await
    }

    /// A token of the client for itself, without groups.
    ///
    /// # Errors
    /// The provider gives none.
    pub async fn client_token(&self) -> Result<String> {
        self.token("grant_type=client_credentials&scope=api".to_owned()).await
    }

    /// Makes a new key in place of the old one, and returns its name.
    ///
    /// # Errors
    /// The provider does not follow.
    pub async fn rotate(&mut self) -> Result<String> {
        self.generation += 1;
        self.admin("PUT", "/api/mod/plugin/oidc", plugin(&self.issuer(), self.generation)?).await?;
        self.admin("PUT", "/api/mod/plugin/oidc/reset", Value::Null).await?;
        Ok(kid(self.generation))
    }

    async fn token(&self, form: String) -> Result<String> {
        let path = "/api/oidc/token";
        let credentials = STANDARD.encode(format!("{CLIENT}:{PASSWORD}"));
        let asked = self
            .request("POST", path)
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let token = read(path, &asked.send().await?)?;
        Ok(token["access_token"].as_str().context("an access token")?.to_owned())
    }

    /// Signs in as the administrator, as soon as there is an answer.
    async fn sign_in(&mut self) -> Result<()> {
        let begin = Instant::now();
        let body = json!({ "username": "admin", "password": PASSWORD }).to_string();
        loop {
            if let Some(status) = self.process.0.try_wait()? {
                bail!("glewlwyd ended with {status}");
            }
            let asked = self.request("POST", "/api/auth/");
            let asked = asked.header("content-type", "application/json").body(body.clone());
            if let Ok(answer) = asked.send().await {
                let cookie = answer.headers.get("set-cookie").context("a session")?.to_str()?;
                cookie.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
                return Ok(());
            }
            ensure!(begin.elapsed() < START, "glewlwyd does not answer");
            sleep(POLL).await;
        }
    }

    /// The scope, the client, the user with groups, and the OpenID Connect module.
    async fn fill(&self) -> Result<()> {
        let scope = json!({
            "name": "api", "display_name": "api", "description": "api",
            "password_required": false, "scheme": {},
        });
        self.admin("POST", "/api/scope/", scope).await?;
        let client = json!({
            "client_id": CLIENT, "password": PASSWORD, "confidential": true, "enabled": true,
            "scope": ["api"], "authorization_type": ["client_credentials", "password"],
            "token_endpoint_auth_method": ["client_secret_basic"],
        });
        self.admin("POST", "/api/client/", client).await?;
        let mut users = self.get("/api/mod/user/database").await?;
        users["parameters"]["data-format"]["groups"] =
            json!({ "multiple": true, "read": true, "write": true });
        self.admin("PUT", "/api/mod/user/database", users).await?;
        self.admin("PUT", "/api/mod/user/database/reset", Value::Null).await?;
        let groups: Vec<&str> = GROUPS.split(',').collect();
        let user = json!({
            "username": USER, "password": PASSWORD, "name": "Alice", "enabled": true,
            "scope": ["api"], "groups": groups,
        });
        self.admin("POST", "/api/user/", user).await?;
        self.admin("POST", "/api/mod/plugin/", plugin(&self.issuer(), self.generation)?).await
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Result<()> {
        let mut asked = self.request(method, path);
        if !body.is_null() {
            asked = asked.header("content-type", "application/json").body(body.to_string());
        }
        let answer = asked.send().await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
        Ok(())
    }

    fn request(&self, method: &str, path: &str) -> Exchange {
        let client = Client::new(self.address);
        client.request(method, path).header("cookie", &self.cookie)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn kid(generation: u32) -> String {
    format!("glewlwyd-{generation}")
}

/// The OpenID Connect module with a fresh key.
fn plugin(issuer: &str, generation: u32) -> Result<Value> {
    let key = Rsa::generate(2048)?;
    let encode = |number: BigNum| URL_SAFE_NO_PAD.encode(number.to_vec());
    let part = |number: Option<BigNum>| number.map(encode).context("a part of the key");
    let key = json!({
        "kty": "RSA", "kid": kid(generation), "alg": "RS256", "use": "sig",
        "n": encode(key.n()), "e": encode(key.e()), "d": encode(key.d()),
        "p": encode(key.p()), "q": encode(key.q()),
        "dp": part(key.dmp1())?, "dq": part(key.dmq1())?, "qi": part(key.iqmp())?,
    });
    Ok(json!({
        "module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": true,
        "parameters": {
            "iss": issuer, "subject-type": "public", "allow-non-oidc": true,
            "jwt-type": "rsa", "jwt-key-size": "256", "jwks-show": true,
            "jwks-private": json!({ "keys": [key] }).to_string(),
            "access-token-duration": 300, "refresh-token-duration": 300, "code-duration": 300,
            "refresh-token-rolling": false, "auth-type-refresh-enabled": false,
            "auth-type-code-enabled": false, "auth-type-token-enabled": false,
            "auth-type-id-token-enabled": true, "auth-type-device-enabled": false,
            "auth-type-client-enabled": true, "auth-type-password-enabled": true,
            "scope": [], "claims": [],
            "additional-parameters": [{ "user-parameter": "groups", "token-parameter": "groups" }],
            "client-pubkey-parameter": "", "client-jwks-parameter": "",
            "client-jwks_uri-parameter": "",
        },
    }))
}

fn configure(address: SocketAddr, database: &Path) -> String {
    format!(
        r#"bind_address="{}"
port={}
external_url="http://{address}"
login_url="login.html"
api_prefix="api"
session_key="SESSION"
session_expiration=3600
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{MODULES}/user"
client_module_path="{MODULES}/client"
user_auth_scheme_module_path="{MODULES}/scheme"
plugin_module_path="{MODULES}/plugin"
hash_algorithm="SHA512"
database={{ type="sqlite3"; path="{}"; }};
"#,
        address.ip(),
        address.port(),
        database.display(),
    )
}

fn read(path: &str, answer: &Answer) -> Result<Value> {
    ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    serde_json::from_slice(&answer.body).with_context(|| format!("{path}: {}", answer.text()))
}
