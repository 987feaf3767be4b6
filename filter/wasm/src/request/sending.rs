//! How a request that may go on is sent upstream, and who is told what it uses.

use fieldgate_core::audit::AuditRecord;
use fieldgate_core::http::HeaderChanges;
use fieldgate_core::settings::RequestHeaders;

use super::{FORWARD, Request, VERDICT};
use crate::host::{self, HostError};

const CONTENT_LENGTH: &str = "content-length";
/// Filter state: how much of something the operation uses, by its name behind this.
const EXPORTED: &str = "fieldgate.";

impl Request {
    /// Sends the head on: nothing is expected of what follows.
    pub(super) fn pass(
        &self,
        changes: &HeaderChanges,
        amounts: &[(&str, String)],
    ) -> Result<(), HostError> {
        changes.removed.iter().try_for_each(|name| host::remove_request_header(name))?;
        set_headers(changes)?;
        self.export(amounts)?;
        host::set_property(VERDICT, FORWARD)
    }

    /// Makes the headers those of the canonical request, whose length is not known yet. Where a length
    /// stayed while the body changes, the rest would be read as the connection's next request: what
    /// is held gets the right one before it goes on, and everything else has none.
    pub(super) fn prepare_headers(&self, changes: &HeaderChanges) -> Result<(), HostError> {
        let stays = |name: &[u8]| match self.mode() {
            RequestHeaders::Hold => name.eq_ignore_ascii_case(CONTENT_LENGTH.as_bytes()),
            RequestHeaders::Stream => false,
        };
        let mut removed = changes.removed.iter().filter(|name| !stays(name));
        removed.try_for_each(|name| host::remove_request_header(name))?;
        set_headers(changes)
    }

    /// Tells other filters, and in hold mode the server, what an operation uses.
    fn export(&self, amounts: &[(&str, String)]) -> Result<(), HostError> {
        for (name, amount) in amounts {
            host::set_property(&format!("{EXPORTED}{name}"), amount.as_bytes())?;
            if self.mode() == RequestHeaders::Hold {
                let header = format!("{}{}", self.header_prefix(), name.replace('_', "-"));
                host::set_request_header(&header, amount.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Puts the canonical body in place of the client's. While headers are held they state its
    /// length; in stream mode they are gone, without one.
    pub(super) fn forward(
        &self,
        body: &[u8],
        buffered: usize,
        amounts: &[(&str, String)],
    ) -> Result<(), HostError> {
        host::replace_request_body(buffered, body)?;
        self.export(amounts)?;
        match self.mode() {
            RequestHeaders::Hold => {
                host::set_request_header(CONTENT_LENGTH, body.len().to_string().as_bytes())?;
                host::set_property(VERDICT, FORWARD)
            }
            RequestHeaders::Stream => Ok(()),
        }
    }

    /// What other filters are told of an operation.
    pub(super) fn amounts(&self, record: &AuditRecord) -> Vec<(&'static str, String)> {
        let exported = self.shared.gate.settings().map_or(&[][..], |settings| &settings.exported);
        record.amounts(exported).map(|(name, amount)| (name, amount.to_string())).collect()
    }

    fn header_prefix(&self) -> &str {
        self.shared.gate.settings().map_or("", |settings| &settings.identity_headers.prefix)
    }
}

fn set_headers(HeaderChanges { set, .. }: &HeaderChanges) -> Result<(), HostError> {
    set.iter().try_for_each(|(name, value)| host::set_request_header(name, value))
}
