//! The host's properties of a TLS client certificate.

use fieldgate_core::http::Peer;

use super::{HostError, property};

/// The names in the certificate of a connection's client, if the host has verified it.
#[derive(Debug, Default)]
pub(crate) struct Certificate {
    uri: Vec<u8>,
    dns: Vec<u8>,
    subject: Vec<u8>,
}

impl Certificate {
    /// Of the client of this request. Where something cannot be read it is none: a name that is
    /// missing would give another one its place.
    pub(crate) fn of_peer() -> Self {
        // That one was presented says nothing: Envoy takes any where it has no authority to ask, and
        // with `ACCEPT_UNTRUSTED`. Before 1.40 it does not say which are valid.
        let holds = |name: &str| matches!(read(name).as_deref(), Ok([1]));
        if !holds("mtls") || !holds("peer_certificate_valid") {
            return Self::default();
        }
        let names = (
            read("uri_san_peer_certificate"),
            read("dns_san_peer_certificate"),
            read("subject_peer_certificate"),
        );
        match names {
            (Ok(uri), Ok(dns), Ok(subject)) => Self { uri, dns, subject },
            (Err(_), _, _) | (_, Err(_), _) | (_, _, Err(_)) => Self::default(),
        }
    }

    /// In bytes.
    pub(crate) fn size(&self) -> usize {
        let Self { uri, dns, subject } = self;
        [uri, dns, subject].iter().map(|name| name.len()).fold(0, usize::saturating_add)
    }

    pub(crate) fn peer(&self) -> Peer<'_> {
        Peer { uri: &self.uri, dns: &self.dns, subject: &self.subject }
    }
}

/// A property of the connection; empty if it has none.
fn read(name: &str) -> Result<Vec<u8>, HostError> {
    const NOT_FOUND: u32 = 1;
    match property(&["connection", name]) {
        Err(error) if error.status == NOT_FOUND => Ok(Vec::new()),
        read => read,
    }
}
