//! The address of an admin interface -> its answers, as text. Only questions: nothing is changed.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;

use super::Server;

const CONNECT: Duration = Duration::from_secs(5);
/// For one answer: a dump of many listeners takes Envoy its time.
const ANSWER: Duration = Duration::from_secs(30);
/// One answer. A mesh proxy's dump has tens of megabytes, most of them not asked for here.
const MAX_ANSWER_BYTES: u64 = 256 << 20;
/// How often to ask again, while pushes change what is being read.
const ATTEMPTS: u32 = 3;

const SERVER_INFO: &str = "/server_info";
const STATIC: &str = "/config_dump?resource=static_listeners";
const DYNAMIC: &str = "/config_dump?resource=dynamic_listeners";
const ECDS: &str = "/config_dump?resource=ecds_filters";
const ROUTES: &str = "/config_dump?resource=dynamic_route_configs";
/// `^(wasmcustom\.fieldgate\.|wasm\.|listener_manager\.lds\.|extension_config_discovery\.)`, as
/// JSON: the one form in which names are whole, whatever tags are taken out of them.
const STATS: &str = "/stats?format=json&filter=%5E(wasmcustom%5C.fieldgate%5C.%7Cwasm%5C.\
                     %7Clistener_manager%5C.lds%5C.%7Cextension_config_discovery%5C.)";

/// Where an admin interface is.
#[derive(Clone, Debug)]
pub(crate) struct AdminUrl(String);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(super) server: String,
    pub(super) dump: DumpAnswers,
    pub(super) stats: String,
}

/// Parts of `/config_dump`; a part that Envoy does not have is absent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DumpAnswers {
    pub(super) bootstrap: Option<String>,
    pub(super) dynamic: Option<String>,
    pub(super) ecds: Option<String>,
    pub(super) routes: Option<String>,
}

/// Why there are no answers.
#[derive(Debug)]
pub(crate) enum AdminError {
    /// No answer, or none that can be read.
    Silent { url: String, why: String },
    /// It answers, and is not what was asked for.
    NotEnvoy { url: String, why: String },
    /// Envoy's answer is a refusal.
    Refused { path: &'static str, status: u16 },
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { url, why } => write!(f, "`{url}` does not answer: {why}"),
            Self::NotEnvoy { url, why } => {
                write!(f, "`{url}` is not an Envoy's admin interface: {why}")
            }
            Self::Refused { path, status } => write!(f, "Envoy answers `{path}` with {status}"),
        }
    }
}

impl FromStr for AdminUrl {
    type Err = String;

    /// `http://host:port` or `host:port`.
    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected an address like `http://127.0.0.1:9901`";
        let rest = match text.split_once("://") {
            None => text,
            Some(("http", rest)) => rest,
            Some(_) => return Err("an admin interface speaks plain `http`".to_owned()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let uri: Uri = format!("http://{rest}/").parse().map_err(|_| EXPECTED.to_owned())?;
        // Only what has exactly a host and a port is spelled so.
        let host = uri.host().unwrap_or_default();
        match uri.port_u16() {
            Some(port) if !host.is_empty() && rest == format!("{host}:{port}") => {
                Ok(Self(format!("http://{rest}")))
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

impl Answers {
    /// Asks.
    ///
    /// # Errors
    /// There is no Envoy, or it does not answer.
    pub(crate) fn ask(url: &AdminUrl) -> Result<Self, AdminError> {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            // It is on this machine or behind a tunnel to it, whatever the environment says.
            .proxy(None)
            .build();
        let (agent, url) = (Agent::new_with_config(config), url.0.as_str());
        let server = match get(&agent, url, SERVER_INFO)? {
            (200, text) => text,
            (status, _) => {
                let why = format!("it answers `{SERVER_INFO}` with {status}");
                return Err(AdminError::NotEnvoy { url: url.to_owned(), why });
            }
        };
        if let Err(unreadable) = Server::read(&server) {
            let why = unreadable.to_string();
            return Err(AdminError::NotEnvoy { url: url.to_owned(), why });
        }
        // A push between two answers would make them contradict each other: ask until none was.
        let mut dump = DumpAnswers::ask(&agent, url)?;
        let mut attempts = 1;
        loop {
            let stats = match get(&agent, url, STATS)? {
                (200, text) => text,
                (status, _) => return Err(AdminError::Refused { path: "/stats", status }),
            };
            let again = DumpAnswers::ask(&agent, url)?;
            if again == dump || attempts == ATTEMPTS {
                return Ok(Self { server, dump: again, stats });
            }
            dump = again;
            attempts += 1;
        }
    }
}

impl DumpAnswers {
    fn ask(agent: &Agent, url: &str) -> Result<Self, AdminError> {
        let part = |path| match get(agent, url, path)? {
            (200, text) => Ok(Some(text)),
            // How Envoy says that there is nothing of the kind.
            (404, text) if text.contains("not found in config dump") => Ok(None),
            (status, _) => Err(AdminError::Refused { path: "/config_dump", status }),
        };
        Ok(Self {
            bootstrap: part(STATIC)?,
            dynamic: part(DYNAMIC)?,
            ecds: part(ECDS)?,
            routes: part(ROUTES)?,
        })
    }
}

/// The message in the grammar of ours, without the system's number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn get(agent: &Agent, url: &str, path: &'static str) -> Result<(u16, String), AdminError> {
    let silent = |error: ureq::Error| AdminError::Silent {
        url: url.to_owned(),
        why: match error {
            ureq::Error::Io(error) => plain(&error),
            ureq::Error::Timeout(_) => "it takes too long".to_owned(),
            ureq::Error::BodyExceedsLimit(_) => format!("the answer to `{path}` is too large"),
            other => other.to_string(),
        },
    };
    let mut response = agent.get(format!("{url}{path}")).call().map_err(silent)?;
    let text = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    Ok((response.status().as_u16(), text.map_err(silent)?))
}
