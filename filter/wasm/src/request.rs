//! One request: a small state machine that callbacks drive, and of which every end leaves an
//! audit record that is written when the host logs.
//!
//! A callback that does not fit the state is a refusal. The end of the body is the end of the
//! stream or the trailers, whichever comes; a request without a body is judged with its headers.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use fieldgate_core::audit::{AuditRecord, ResponseFacts};
use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Arrival, Effect, Gate, Outcome, Pending, Step};
use fieldgate_core::http::Headers;
use fieldgate_core::reply::{Refusal, Reply};
use fieldgate_core::settings::{Audit, AuditForm, RequestHeaders, Settings};
use fieldgate_core::token::{TokenError, UnixTime};

use crate::dispatch::Action;
use crate::hooks;
use crate::host::certificate::Certificate;
use crate::host::{self, HostError, LogLevel};
use crate::native::Native;
use crate::published::Shared;
use crate::request::waiting::{AwaitKeys, Body};

pub(crate) mod room;
mod sending;
pub(crate) mod waiting;

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
    match audit(gate).form {
        AuditForm::TextAndStruct => host::declare_struct(AUDIT_STRUCT),
        AuditForm::Text => Ok(()),
    }
}

/// A request. It is shared with whoever calls it when keys have come.
pub(crate) struct Request {
    shared: Rc<Shared>,
    context: u32,
    this: Weak<RefCell<Self>>,
    state: State,
}

enum State {
    /// Nothing came yet.
    Fresh,
    /// A key is missing that may have been published since.
    AwaitKeys(Box<AwaitKeys>),
    /// The head was accepted; so much of the body is buffered.
    AwaitBody { pending: Box<Pending>, buffered: usize, head: HeadWas },
    /// It is over: the canonical request is on its way upstream.
    Forwarded(Box<AuditRecord>),
    /// It is over: the request is on its way upstream, and what comes of its body follows.
    Passed(Box<AuditRecord>),
    /// It is over: the client has its answer from here.
    Answered(Box<AuditRecord>),
    /// It is over and written.
    Logged,
}

/// What the host has of a request when its headers have come.
struct Head {
    headers: Headers,
    /// They were all.
    ends: bool,
    metadata: Vec<u8>,
    certificate: Certificate,
}

impl Head {
    /// In bytes.
    fn size(&self) -> usize {
        let Self { headers, ends: _, metadata, certificate } = self;
        [headers.size(), metadata.len(), certificate.size()]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// How the head of a request came to be accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeadWas {
    /// When it came.
    Accepted,
    /// After a wait for keys, in stream mode: the host had to be told to go on.
    Resumed,
}

impl Request {
    pub(crate) fn new(shared: Rc<Shared>, context: u32) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|this| {
            let this = this.clone();
            RefCell::new(Self { shared, context, this, state: State::Fresh })
        })
    }

    fn begin(&mut self, end_of_stream: bool) -> Action {
        let headers = match host::request_headers() {
            Ok(headers) => headers,
            Err(error) => return self.fail(error),
        };
        // Whatever becomes of the request, the host logs its path.
        if let Some(path) = self.shared.gate.loggable_path(&headers)
            && let Err(error) = host::set_request_header(":path", path)
        {
            return self.fail(error);
        }
        let (head, now) = match (self.metadata(), host::now()) {
            (Ok(metadata), Ok(now)) => {
                let certificate = self.certificate();
                (Head { headers, ends: end_of_stream, metadata, certificate }, now)
            }
            (Err(error), _) | (_, Err(error)) => return self.fail(error),
        };
        hooks::trap_if_asked(&head.headers);
        if let Some(reply) = hooks::verdicts_if_asked(&head.headers) {
            return answer(&reply);
        }
        let body = if end_of_stream { Body::None } else { Body::Part(0) };
        match self.judge_head(&head, now) {
            Step::AwaitKeys { issuer, otherwise } => {
                self.await_keys(head, issuer, otherwise, body, now)
            }
            step => self.follow(step, body, HeadWas::Accepted),
        }
    }

    /// The host's metadata of the request, where somebody may be known by it.
    fn metadata(&self) -> Result<Vec<u8>, HostError> {
        let read = self.shared.gate.settings().is_some_and(Settings::reads_metadata);
        if read { host::metadata() } else { Ok(Vec::new()) }
    }

    /// The client's certificate, where a condition can look at it. One that the host cannot tell is
    /// as none.
    fn certificate(&self) -> Certificate {
        if self.shared.gate.reads_peer() { Certificate::of_peer() } else { Certificate::default() }
    }

    fn judge_head(&self, head: &Head, now: UnixTime) -> Step {
        let Head { headers, ends, metadata, certificate } = head;
        let (ends, published) = (*ends, &*self.shared.keys());
        let (peer, verifier) = (certificate.peer(), &Native);
        self.shared.gate.begin(&Arrival { headers, ends, metadata, peer, published, verifier, now })
    }

    /// Goes on from the verdict on the head.
    fn follow(&mut self, step: Step, body: Body, head: HeadWas) -> Action {
        let pending = match step {
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => {
                return self.settle(outcome, 0);
            }
            Step::AwaitBody(pending) => pending,
        };
        if let Err(error) = self.prepare_headers(pending.header_changes()) {
            host::log(LogLevel::Critical, &format!("request headers: {error}"));
            return self.settle(pending.refuse(Reason::Internal), 0);
        }
        let buffered = match body {
            Body::None => return self.finish(*pending, 0),
            Body::Whole(size) => return self.finish(*pending, size),
            Body::Part(size) => size,
        };
        self.state = State::AwaitBody { pending, buffered, head };
        match self.mode() {
            RequestHeaders::Hold => Action::Pause,
            RequestHeaders::Stream => match host::set_property(VERDICT, FORWARD) {
                Ok(()) => Action::Continue,
                Err(error) => self.fail(error),
            },
        }
    }

    /// The body is complete, in the host's buffer.
    fn finish(&mut self, pending: Pending, size: usize) -> Action {
        let outcome = match (host::request_body(size), host::now()) {
            (Ok(body), Ok(now)) if body.len() == size => pending.finish(&body, now),
            (Ok(_) | Err(_), _) => {
                host::log(LogLevel::Critical, "the request body or the time cannot be read");
                pending.refuse(Reason::Internal)
            }
        };
        self.settle(outcome, size)
    }

    fn settle(&mut self, outcome: Outcome, buffered: usize) -> Action {
        let (effect, record) = outcome.into_parts();
        match effect {
            Effect::Reply(reply) => {
                self.state = State::Answered(record);
                answer(&reply)
            }
            Effect::Forward(body) => {
                let amounts = self.amounts(&record);
                self.state = State::Forwarded(record);
                match self.forward(&body, buffered, &amounts) {
                    Ok(()) => Action::Continue,
                    Err(error) => self.fail(error),
                }
            }
            Effect::Pass(changes) => {
                let amounts = self.amounts(&record);
                self.state = State::Passed(record);
                match self.pass(&changes, &amounts) {
                    Ok(()) => Action::Continue,
                    Err(error) => self.fail(error),
                }
            }
        }
    }

    /// The host does not do what it should: the request ends here, and the record says so.
    fn fail(&mut self, error: HostError) -> Action {
        host::log(LogLevel::Critical, &error.to_string());
        let outcome = match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitKeys(waiting) => {
                let (_, record) = waiting.otherwise().into_parts();
                record.overruled(Reason::Internal)
            }
            State::AwaitBody { pending, .. } => pending.refuse(Reason::Internal),
            State::Forwarded(record) | State::Passed(record) | State::Answered(record) => {
                record.overruled(Reason::Internal)
            }
            State::Fresh | State::Logged => self.shared.gate.unseen().overruled(Reason::Internal),
        };
        let (effect, record) = outcome.into_parts();
        self.state = State::Answered(record);
        match effect {
            Effect::Reply(reply) => answer(&reply),
            Effect::Forward(_) | Effect::Pass(_) => {
                answer(&Reply::from(Refusal::from(Reason::Internal)))
            }
        }
    }

    /// A closed gate forwards nothing, so that its mode does not matter.
    fn mode(&self) -> RequestHeaders {
        self.shared
            .gate
            .settings()
            .map_or(RequestHeaders::Hold, |settings| settings.request_headers)
    }
}

impl Request {
    pub(crate) fn headers_came(&mut self, end_of_stream: bool) -> Action {
        match self.state {
            State::Fresh => self.begin(end_of_stream),
            State::AwaitKeys(_)
            | State::AwaitBody { .. }
            | State::Forwarded(_)
            | State::Passed(_)
            | State::Answered(_)
            | State::Logged => self.fail(HostError::UNEXPECTED_CALLBACK),
        }
    }

    pub(crate) fn body_came(&mut self, size: usize, end_of_stream: bool) -> Action {
        match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitKeys(waiting) => {
                let body = if end_of_stream { Body::Whole(size) } else { Body::Part(size) };
                self.keep(waiting, body)
            }
            State::AwaitBody { pending, .. } if size > pending.body_limit() => {
                self.settle(pending.refuse(Reason::BodyTooLarge), size)
            }
            State::AwaitBody { pending, .. } if end_of_stream => self.finish(*pending, size),
            State::AwaitBody { pending, head, .. } => {
                self.state = State::AwaitBody { pending, buffered: size, head };
                Action::Pause
            }
            State::Passed(record) => {
                self.state = State::Passed(record);
                Action::Continue
            }
            // An answered request's body is on its way out; a forwarded one has no more of it.
            state @ (State::Forwarded(_) | State::Answered(_) | State::Logged) => {
                self.state = state;
                Action::Pause
            }
            State::Fresh => self.fail(HostError::UNEXPECTED_CALLBACK),
        }
    }

    pub(crate) fn trailers_came(&mut self) -> Action {
        // Nobody looks for a token or a name of ours in them.
        if let State::AwaitKeys(_) | State::AwaitBody { .. } | State::Passed(_) = self.state
            && let Err(error) = host::clear_request_trailers()
        {
            return self.fail(error);
        }
        match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitKeys(waiting) => match waiting.body() {
                Body::Part(size) | Body::Whole(size) => self.keep(waiting, Body::Whole(size)),
                Body::None => self.fail(HostError::UNEXPECTED_CALLBACK),
            },
            // Envoy 1.40 loses the body of a request that was resumed, if it has trailers. The client
            // may try again: the keys are there now.
            State::AwaitBody { pending, buffered, head: HeadWas::Resumed } => {
                let outcome = pending.refuse(Reason::Token(TokenError::KeysUnavailable));
                self.settle(outcome, buffered)
            }
            State::AwaitBody { pending, buffered, head: HeadWas::Accepted } => {
                self.finish(*pending, buffered)
            }
            State::Passed(record) => {
                self.state = State::Passed(record);
                Action::Continue
            }
            state @ (State::Forwarded(_) | State::Answered(_) | State::Logged) => {
                self.state = state;
                Action::Pause
            }
            State::Fresh => self.fail(HostError::UNEXPECTED_CALLBACK),
        }
    }

    /// Writes the record, once.
    pub(crate) fn log(&mut self) {
        let record = match std::mem::replace(&mut self.state, State::Logged) {
            State::Fresh => self.shared.gate.unseen(),
            State::AwaitKeys(waiting) => waiting.otherwise().into_parts().1.abandoned(),
            State::AwaitBody { pending, .. } => pending.abandon(),
            State::Forwarded(record) | State::Passed(record) | State::Answered(record) => record,
            State::Logged => return,
        };
        let Audit { form, response } = audit(&self.shared.gate);
        let response = response.then(|| ResponseFacts {
            status: host::number_property(&["response", "code"]).filter(|status| *status != 0),
            details: host::text_property(&["response", "code_details"]),
        });
        let response = response.as_ref();
        let nested = match form {
            AuditForm::TextAndStruct => {
                host::set_property(AUDIT_STRUCT, &record.to_struct(response))
            }
            AuditForm::Text => Ok(()),
        };
        let text = |room| record.to_text_in(room, response);
        self.shared.record.write(text, |record| {
            let text = host::set_property(AUDIT, record.as_bytes());
            if let Err(error) = nested.and(text) {
                host::log(LogLevel::Critical, &format!("audit record lost: {error}: {record}"));
            }
        });
    }
}

/// What is written of a request: a closed gate does not know what is read, and writes all.
fn audit(gate: &Gate) -> Audit {
    let all = Audit { form: AuditForm::TextAndStruct, response: true };
    gate.settings().map_or(all, |settings| settings.audit)
}

/// Answers the client; where that fails the stream is reset, so that nothing hangs.
pub(crate) fn answer(reply: &Reply) -> Action {
    if let Err(error) = host::send_local_response(reply) {
        host::log(LogLevel::Critical, &format!("local reply: {error}"));
        host::reset_request();
    }
    Action::Pause
}
