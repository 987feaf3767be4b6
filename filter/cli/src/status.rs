//! What an Envoy says of itself -> [`Status`]: which policy each of its listeners enforces, and
//! what is wrong with that.
//!
//! [`admin`] asks; the rest is a pure function of the answers. Name, revision and digest come from
//! the policy that Envoy shows in its configuration, read as the filter reads it. Where Envoy shows
//! a configuration that it has refused, they come from the filter's own metrics, or are not known:
//! nothing is guessed.

pub(crate) mod admin;
mod dump;
pub(crate) mod finding;
mod judge;
mod plugin;
mod pushes;
mod routes;
mod seatbelt;
mod stats;
mod surroundings;
mod timestamp;

use std::fmt;

use fieldgate_core::settings::RequestHeaders;
use serde::Deserialize;

use self::admin::Answers;
use self::dump::Dump;
use self::finding::Finding;
use self::stats::Stats;

/// What a running Envoy enforces.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) server: Server,
    /// fieldgate's filters, in the order of listeners and filter chains.
    pub(crate) filters: Vec<Filter>,
    /// Errors first.
    pub(crate) findings: Vec<Finding>,
    pub(crate) rest: Rest,
}

/// Whether metrics may say something else in a moment, and it would matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Still,
    /// A thread that stops enforcing a policy takes the metric of all back, and those that do not
    /// stop set it again within a second.
    Moving,
}

/// Which Envoy it is.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) version: String,
    pub(crate) state: String,
}

/// A fieldgate filter in a listener.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) listener: String,
    /// Which filter chain, where the listener has several.
    pub(crate) chain: Option<String>,
    pub(crate) state: State,
    pub(crate) origin: Origin,
    pub(crate) plugin: String,
    /// What is enforced; none, where that is nothing or not known: a finding says which.
    pub(crate) in_force: Option<InForce>,
    /// Why the last push was refused, if it was.
    pub(crate) refused: Option<String>,
}

/// Where a listener is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Not in force yet.
    Warming,
    Active,
    /// In force for connections that were there before.
    Draining,
}

/// What brought a filter's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Bootstrap,
    Lds,
    /// Extension discovery, under this name.
    Ecds(String),
}

/// A policy that is enforced, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) policy: String,
    pub(crate) revision: String,
    /// The whole digest, or the first twelve digits of it where only metrics tell.
    pub(crate) digest: String,
    /// Not known where only metrics tell.
    pub(crate) mode: Option<RequestHeaders>,
}

/// An answer that is not what Envoy answers.
#[derive(Debug)]
pub(crate) struct Unreadable {
    path: &'static str,
    why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why } = self;
        write!(f, "the answer to `{path}` cannot be read: {why}")
    }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, revision, digest: _, mode: _ } = self;
        write!(f, "`{policy}` revision `{revision}` ({})", self.short_digest())
    }
}

impl InForce {
    /// The digest for people.
    pub(crate) fn short_digest(&self) -> String {
        self.digest.chars().take(12).collect()
    }
}

impl Status {
    /// Reads the answers.
    ///
    /// # Errors
    /// One of them is not what Envoy answers.
    pub(crate) fn read(answers: &Answers) -> Result<Self, Unreadable> {
        let Answers { server, dump, stats } = answers;
        let server = Server::read(server)?;
        let (dump, stats) = (Dump::read(dump)?, Stats::read(stats)?);
        let (filters, findings) = judge::judge(&dump, &stats)?;
        let without = |one: &Filter| one.state == State::Active && one.in_force.is_none();
        let moving = stats.some_taken_back() && filters.iter().any(without);
        let rest = if moving { Rest::Moving } else { Rest::Still };
        Ok(Self { server, filters, findings, rest })
    }
}

impl Server {
    /// Reads `/server_info`. Whatever answers otherwise is no Envoy.
    pub(crate) fn read(answer: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Wire {
            version: String,
            state: String,
            // Nobody else would say this.
            #[serde(rename = "hot_restart_version")]
            _hot_restart_version: String,
        }
        let Wire { version, state, .. } = parse("/server_info", answer)?;
        // `<commit>/<version>/<tree>/<build>/<TLS>`
        let version = version.split('/').nth(1).unwrap_or(&version).to_owned();
        Ok(Self { version, state })
    }
}

/// JSON as `T`.
fn parse<'a, T: Deserialize<'a>>(path: &'static str, answer: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(answer).map_err(|error| Unreadable { path, why: error.to_string() })
}
