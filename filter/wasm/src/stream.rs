//! One request: the host's callbacks drive a small state machine, and every end of it leaves an
//! audit record that is written when the host logs.
//!
//! A callback that does not fit the state is a refusal. The end of the body is the end of the
//! stream or the trailers, whichever comes; a request without a body is judged with its headers.

use fieldgate_core::audit::{AuditRecord, ResponseFacts};
use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Effect, Gate, Outcome, Pending, Step};
use fieldgate_core::http::HeaderChanges;
use fieldgate_core::reply::{Refusal, Reply};
use fieldgate_core::settings::{AuditForm, RequestHeaders};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::hooks;
use crate::host::{self, HostError, LogLevel};
use crate::native::Native;

/// Filter state (`wasm.` + name): the record as JSON text.
const AUDIT: &str = "fieldgate.audit";
/// Filter state: the record as a `google.protobuf.Struct`.
const AUDIT_STRUCT: &str = "fieldgate.audit_struct";
/// Filter state: what the RBAC filter behind this one asks for.
const VERDICT: &str = "fieldgate.verdict";
const FORWARD: &[u8] = b"forward";

/// Declares how the host is to keep the records: for the whole request, internal redirects
/// included. The verdict is not declared, so that it ends with this filter chain.
pub(crate) fn declare_records(gate: &Gate) -> Result<(), HostError> {
    host::declare_string(AUDIT)?;
    match form(gate) {
        AuditForm::TextAndStruct => host::declare_struct(AUDIT_STRUCT),
        AuditForm::Text => Ok(()),
    }
}

pub(crate) struct Stream {
    gate: Gate,
    state: State,
}

enum State {
    /// Nothing came yet.
    Fresh,
    /// The head was accepted; so much of the body is buffered.
    AwaitBody { pending: Box<Pending>, buffered: usize },
    /// It is over: forwarded, or answered.
    Settled(Box<AuditRecord>),
    /// It is over and written.
    Logged,
}

impl Stream {
    pub(crate) fn new(gate: Gate) -> Self {
        Self { gate, state: State::Fresh }
    }

    fn begin(&mut self, end_of_stream: bool) -> Action {
        let (headers, now) = match (host::request_headers(), host::now()) {
            (Ok(headers), Ok(now)) => (headers, now),
            (Err(error), _) | (_, Err(error)) => return self.fail(error),
        };
        hooks::trap_if_asked(&headers);
        match self.gate.begin(&headers, &Native, now) {
            Step::Settle(outcome) => self.settle(*outcome, 0),
            Step::AwaitBody(pending) => {
                if let Err(error) = prepare_headers(pending.header_changes()) {
                    host::log(LogLevel::Critical, &format!("request headers: {error}"));
                    return self.settle(*pending.refuse(Reason::Internal), 0);
                }
                if end_of_stream {
                    return self.settle(*pending.finish(&[]), 0);
                }
                self.state = State::AwaitBody { pending, buffered: 0 };
                match self.mode() {
                    RequestHeaders::Hold => Action::Pause,
                    RequestHeaders::Stream => match host::set_property(VERDICT, FORWARD) {
                        Ok(()) => Action::Continue,
                        Err(error) => self.fail(error),
                    },
                }
            }
        }
    }

    /// The body is complete, in the host's buffer.
    fn finish(&mut self, pending: Box<Pending>, size: usize) -> Action {
        let outcome = match host::request_body(size) {
            Ok(body) if body.len() == size => pending.finish(&body),
            Ok(_) | Err(_) => {
                host::log(LogLevel::Critical, "the request body cannot be read");
                pending.refuse(Reason::Internal)
            }
        };
        self.settle(*outcome, size)
    }

    fn settle(&mut self, outcome: Outcome, buffered: usize) -> Action {
        let (effect, record) = outcome.into_parts();
        self.state = State::Settled(Box::new(record));
        match effect {
            Effect::Reply(reply) => answer(&reply),
            Effect::Forward(body) => match self.forward(&body, buffered) {
                Ok(()) => Action::Continue,
                Err(error) => self.fail(error),
            },
        }
    }

    /// Puts the canonical body in place of the client's. While headers are held they state its
    /// length; in stream mode they are gone, without one.
    fn forward(&self, body: &[u8], buffered: usize) -> Result<(), HostError> {
        host::replace_request_body(buffered, body)?;
        match self.mode() {
            RequestHeaders::Hold => {
                host::set_request_header("content-length", body.len().to_string().as_bytes())?;
                host::set_property(VERDICT, FORWARD)
            }
            RequestHeaders::Stream => Ok(()),
        }
    }

    /// The host does not do what it should: the request ends here, and the record says so.
    fn fail(&mut self, error: HostError) -> Action {
        host::log(LogLevel::Critical, &error.to_string());
        let outcome = match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitBody { pending, .. } => pending.refuse(Reason::Internal),
            State::Settled(record) => record.overruled(Reason::Internal),
            State::Fresh | State::Logged => self.gate.unseen().overruled(Reason::Internal),
        };
        let (effect, record) = outcome.into_parts();
        self.state = State::Settled(Box::new(record));
        match effect {
            Effect::Reply(reply) => answer(&reply),
            Effect::Forward(_) => answer(&Reply::from(Refusal::from(Reason::Internal))),
        }
    }

    /// A closed gate forwards nothing, so that its mode does not matter.
    fn mode(&self) -> RequestHeaders {
        self.gate.settings().map_or(RequestHeaders::Hold, |settings| settings.request_headers)
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match self.state {
            State::Fresh => self.begin(end_of_stream),
            State::AwaitBody { .. } | State::Settled(_) | State::Logged => {
                self.fail(HostError::UNEXPECTED_CALLBACK)
            }
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitBody { pending, .. } if size > pending.body_limit() => {
                self.settle(*pending.refuse(Reason::BodyTooLarge), size)
            }
            State::AwaitBody { pending, .. } if end_of_stream => self.finish(pending, size),
            State::AwaitBody { pending, .. } => {
                self.state = State::AwaitBody { pending, buffered: size };
                Action::Pause
            }
            // An answered request's body is on its way out; a forwarded one has no more of it.
            state @ (State::Settled(_) | State::Logged) => {
                self.state = state;
                Action::Pause
            }
            State::Fresh => self.fail(HostError::UNEXPECTED_CALLBACK),
        }
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitBody { pending, buffered } => match host::clear_request_trailers() {
                Ok(()) => self.finish(pending, buffered),
                Err(error) => {
                    self.state = State::AwaitBody { pending, buffered };
                    self.fail(error)
                }
            },
            state @ (State::Settled(_) | State::Logged) => {
                self.state = state;
                Action::Pause
            }
            State::Fresh => self.fail(HostError::UNEXPECTED_CALLBACK),
        }
    }

    fn on_log(&mut self) {
        let record = match std::mem::replace(&mut self.state, State::Logged) {
            State::Fresh => self.gate.unseen(),
            State::AwaitBody { pending, .. } => pending.abandon(),
            State::Settled(record) => *record,
            State::Logged => return,
        };
        let response = ResponseFacts {
            status: host::number_property(&["response", "code"]).filter(|status| *status != 0),
            details: host::text_property(&["response", "code_details"]),
        };
        let record = record.to_json(&response);
        let nested = match form(&self.gate) {
            AuditForm::TextAndStruct => {
                host::set_property(AUDIT_STRUCT, &AuditRecord::to_struct(&record))
            }
            AuditForm::Text => Ok(()),
        };
        let text = host::set_property(AUDIT, record.to_string().as_bytes());
        if let Err(error) = nested.and(text) {
            host::log(LogLevel::Critical, &format!("audit record lost: {error}: {record}"));
        }
    }
}

/// In which forms records are written: a closed gate does not know which is read, and writes all.
fn form(gate: &Gate) -> AuditForm {
    gate.settings().map_or(AuditForm::TextAndStruct, |settings| settings.audit)
}

/// Makes the headers those of the canonical request, whose length is not known yet. Where a length
/// stayed while the body changes, the rest would be read as the connection's next request.
fn prepare_headers(changes: &HeaderChanges) -> Result<(), HostError> {
    let HeaderChanges { removed, set } = changes;
    removed.iter().try_for_each(|name| host::remove_request_header(name))?;
    set.iter().try_for_each(|(name, value)| host::set_request_header(name, value))
}

/// Answers the client; where that fails the stream is reset, so that nothing hangs.
fn answer(reply: &Reply) -> Action {
    if let Err(error) = host::send_local_response(reply) {
        host::log(LogLevel::Critical, &format!("local reply: {error}"));
        host::reset_request();
    }
    Action::Pause
}
