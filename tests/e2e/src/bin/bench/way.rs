//! A row: who is asked, what, and what has to come of it.

use std::net::SocketAddr;

use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::{Envoy, Listener};
use fieldgate_e2e::token::Audience;
use serde_json::{Value, json};

/// The page's query, of 265 bytes.
const PAGE: &str = "query Q($ref: String!, $n: Int = 10) { entity(ref: $ref) { name owner { name members(first: $n) { email name groups } } ... on Component { secrets { name value } annotations dependsOn { name kind owner { name } } apis { name definition } } } viewer { name email } }";

/// The groups of who is granted everything that is asked for, but for what says otherwise.
const ALL: &[&str] = &["employees", "sre", "platform", "group:default/team-7"];
/// Of who may not see [`crate::servers::SECRET`].
pub(crate) const FEW: &[&str] = &["employees"];

/// What the others are compared with.
pub(crate) const PASS: &str = "pass-through";

/// What differs from one request to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Nothing.
    Same,
    /// The token: each comes once.
    NewToken,
    /// The token: so many in turn, all of which came before.
    Tokens(usize),
    /// The document: each comes once.
    NewDocument,
}

/// What is refused, as is looked at before anything is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refuses {
    Nothing,
    /// A token with a signature of somebody else's.
    Forged,
    /// That, and fields that are not granted: nobody else gets the secret.
    Fields,
}

#[derive(Clone, Debug)]
pub(crate) enum Server {
    /// A listener of the one Envoy.
    Envoy(Listener),
    /// A process that is asked without an Envoy.
    Direct(SocketAddr),
}

/// Where a row stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Envoy,
    Requests,
    Policies,
    Peers,
    HostCalls,
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) table: Table,
    pub(crate) server: Server,
    /// Processes whose CPU time counts, with Envoy's if it is asked.
    pub(crate) processes: Vec<u32>,
    pub(crate) traffic: Traffic,
    pub(crate) body: String,
    pub(crate) audience: Audience,
    pub(crate) groups: &'static [&'static str],
    /// The row whose difference it shows.
    pub(crate) over: Option<&'static str>,
    pub(crate) status: u16,
    /// Whether each request goes upstream, or none.
    pub(crate) goes_upstream: bool,
    pub(crate) refuses: Refuses,
    /// It is asked so many times less often than others.
    pub(crate) part: usize,
}

impl Way {
    /// The page's query, the same each time, of a listener that lets everything pass.
    pub(crate) fn new(
        name: &'static str,
        table: Table,
        listener: Listener,
        portal: &Guarded,
    ) -> Self {
        Self {
            name,
            table,
            server: Server::Envoy(listener),
            processes: Vec::new(),
            traffic: Traffic::Same,
            body: page(),
            audience: portal.audience.clone(),
            groups: ALL,
            over: (name != PASS).then_some(PASS),
            status: 200,
            goes_upstream: true,
            refuses: Refuses::Nothing,
            part: 1,
        }
    }

    /// Asked something else, with the row that is asked the same without a filter.
    pub(crate) fn asked(self, body: &str, over: Option<&'static str>) -> Self {
        Self { body: body.to_owned(), over, ..self }
    }

    pub(crate) fn traffic(self, traffic: Traffic) -> Self {
        Self { traffic, ..self }
    }

    pub(crate) fn refusing(self, refuses: Refuses) -> Self {
        Self { refuses, ..self }
    }

    pub(crate) fn address(&self, envoy: &Envoy) -> SocketAddr {
        match &self.server {
            Server::Envoy(listener) => envoy.address(&listener.name),
            Server::Direct(address) => *address,
        }
    }

    /// Requests that have to come before it is as warm as it is to be, where so many are for others.
    pub(crate) fn warming(&self, requests: usize) -> usize {
        match self.traffic {
            Traffic::Tokens(count) => requests.max(count),
            Traffic::Same | Traffic::NewToken | Traffic::NewDocument => requests,
        }
    }
}

/// The body of a request: a document of operation `Q`.
pub(crate) fn request(document: &str, variables: &Value) -> String {
    json!({ "query": document, "operationName": "Q", "variables": variables }).to_string()
}

fn page() -> String {
    request(PAGE, &json!({ "ref": "component:default/checkout" }))
}
