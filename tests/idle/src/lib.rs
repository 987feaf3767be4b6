//! A filter that lets everything pass, for benchmarks: configured with `body` it holds the headers,
//! has the whole body buffered and reads it, as fieldgate has to; with anything else it does nothing.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root { reads: false }));
}}

struct Root {
    reads: bool,
}

struct Request {
    reads: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        self.reads = self.get_plugin_configuration().as_deref() == Some(b"body");
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { reads: self.reads }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if self.reads && !end_of_stream { Action::Pause } else { Action::Continue }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !self.reads {
            return Action::Continue;
        }
        if !end_of_stream {
            return Action::Pause;
        }
        match self.get_http_request_body(0, size) {
            Some(body) if body.len() == size => Action::Continue,
            Some(_) | None => Action::Pause,
        }
    }
}
