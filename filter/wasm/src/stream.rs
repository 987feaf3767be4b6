//! The host's callbacks for one request -> calls of the [`Request`], one at a time.

use std::cell::RefCell;
use std::rc::Rc;

use fieldgate_core::denial::Reason;
use fieldgate_core::reply::{Refusal, Reply};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::host::{self, LogLevel};
use crate::published::Shared;
use crate::request::{Request, answer};

/// A request as the host's callbacks know it.
pub(crate) struct Stream(Rc<RefCell<Request>>);

impl Stream {
    pub(crate) fn new(shared: Rc<Shared>, context: u32) -> Self {
        Self(Request::new(shared, context))
    }

    /// Calls the request, which nobody else can be calling now.
    fn with(&self, call: impl FnOnce(&mut Request) -> Action) -> Action {
        match self.0.try_borrow_mut() {
            Ok(mut request) => call(&mut request),
            Err(_) => {
                host::log(LogLevel::Critical, "a request is called while it is being called");
                answer(&Reply::from(Refusal::from(Reason::Internal)))
            }
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.with(|request| request.headers_came(end_of_stream))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.with(|request| request.body_came(size, end_of_stream))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.with(Request::trailers_came)
    }

    fn on_log(&mut self) {
        match self.0.try_borrow_mut() {
            Ok(mut request) => request.log(),
            Err(_) => host::log(LogLevel::Critical, "a record is asked for while it is made"),
        }
    }
}
