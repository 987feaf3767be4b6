//! A filter that lets everything pass, for benchmarks. What it does beside that is its configuration:
//! nothing; `hold`, `body` and `shape`, which are steps towards what fieldgate has to do; or a host
//! call by its name in [`calls`], twenty times in each request.

mod calls;

use proxy_wasm::hostcalls::{get_buffer, get_map, set_buffer, set_map_value, set_property};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MapType};

use calls::{AUDIT, Call, RECORD, VERDICT, When};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root { work: Work::Nothing }));
}}

/// What is done with a request.
#[derive(Clone, Copy)]
enum Work {
    Nothing,
    /// The headers are held until the body is there.
    Hold,
    /// And the body is read.
    Body,
    /// All host calls of a filter that decides by headers and body, marks what it lets pass, replaces
    /// the body and leaves a record of 1,000 bytes: what such a filter pays, whatever it decides.
    Shape,
    Call(&'static Call),
}

struct Root {
    work: Work,
}

struct Request {
    work: Work,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        self.work = match configuration.as_slice() {
            b"" => Work::Nothing,
            b"hold" => Work::Hold,
            b"body" => Work::Body,
            b"shape" => Work::Shape,
            name => match calls::find(name) {
                Some(call) => Work::Call(call),
                None => return false,
            },
        };
        calls::declare_record().is_ok()
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { work: self.work }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Request {
    /// What is to be done with the whole body.
    fn body(&self, size: usize) -> Option<()> {
        match self.work {
            Work::Nothing | Work::Hold => Some(()),
            Work::Body => read(size).map(|_| ()),
            Work::Call(call) => call.perform(When::Body, size),
            Work::Shape => {
                let body = read(size)?;
                set_buffer(BufferType::HttpRequestBody, 0, size, &body).ok()?;
                set_map_value(MapType::HttpRequestHeaders, "x-subject", Some("alice")).ok()?;
                set_property(vec![VERDICT], Some(b"forward")).ok()
            }
        }
    }

    fn holds(&self) -> bool {
        match self.work {
            Work::Nothing => false,
            Work::Hold | Work::Body | Work::Shape => true,
            Work::Call(call) => matches!(call.when, When::Body),
        }
    }
}

impl Context for Request {}

// A step that the host did not carry out ends the request, so that no figure is of less than it says.
impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let done = match self.work {
            Work::Nothing | Work::Hold | Work::Body => Some(()),
            Work::Shape => get_map(MapType::HttpRequestHeaders).ok().map(|_| ()),
            Work::Call(call) => call.perform(When::Headers, 0),
        };
        if done.is_none() {
            self.reset_http_request();
        }
        if self.holds() && !end_of_stream { Action::Pause } else { Action::Continue }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.holds() && !end_of_stream {
            return Action::Pause;
        }
        if end_of_stream && self.body(size).is_none() {
            self.reset_http_request();
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        let done = match self.work {
            Work::Nothing | Work::Hold | Work::Body => Some(()),
            Work::Shape => set_property(vec![AUDIT], Some(RECORD.as_bytes())).ok(),
            Work::Call(call) => call.perform(When::Log, 0),
        };
        // Nobody can be told any more but who reads Envoy's log.
        assert!(done.is_some(), "a call is not carried out");
    }
}

fn read(size: usize) -> Option<Vec<u8>> {
    let body = get_buffer(BufferType::HttpRequestBody, 0, size).ok()??;
    (body.len() == size).then_some(body)
}
