//! fieldgate as a proxy-wasm filter (ABI 0.2.1): host callbacks <-> values of the core.
//!
//! It collects input, calls the gate and applies the outcome; it decides nothing. The root context
//! here holds the gate, `stream` follows one request, `native` verifies signatures with the host's
//! cryptography, and `host` is the only place that calls the host.

mod hooks;
mod host;
mod native;
mod stream;

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::Gate;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::host::LogLevel;
use crate::stream::Stream;

proxy_wasm::main! {{
    std::panic::set_hook(Box::new(|panic| host::log(LogLevel::Critical, &panic.to_string())));
    proxy_wasm::set_root_context(|_| Box::new(Root { gate: Gate::closed(Reason::NotConfigured) }));
}}

/// One plugin configuration in one VM.
struct Root {
    gate: Gate,
}

impl Root {
    /// Refuses every request from now on, and says so to the host as a success: see `on_configure`.
    fn close(&mut self, why: &str) -> bool {
        host::log(LogLevel::Critical, &format!("{why}: every request is refused"));
        self.gate = Gate::closed(Reason::NotConfigured);
        // What could be declared is; the rest of the record is written all the same.
        let _declared = stream::declare_records(&self.gate);
        true
    }
}

impl Context for Root {}

impl RootContext for Root {
    /// `false` makes the host refuse the configuration and keep the one in force. A worker that
    /// answers `false` where the main thread did not is left without the filter, so this does so
    /// only for what every VM sees alike; anything else closes the gate instead.
    fn on_configure(&mut self, size: usize) -> bool {
        if hooks::fails_to_configure() {
            return false;
        }
        let Ok(bytes) = host::plugin_configuration(size) else {
            return self.close("the plugin configuration cannot be read");
        };
        let gate = match Gate::configure(&bytes) {
            Ok(gate) => gate,
            Err(error) => {
                host::log(LogLevel::Error, &format!("configuration refused: {error}"));
                return false;
            }
        };
        if stream::declare_records(&gate).is_err() {
            return self.close("audit records cannot be declared");
        }
        if let Some(enforced) = gate.enforced() {
            let (name, revision) = (&enforced.policy, &enforced.revision);
            let digest = &enforced.digest;
            let message = format!("enforcing `{name}` revision `{revision}` ({digest})");
            host::log(LogLevel::Info, &message);
        }
        self.gate = gate;
        true
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.gate.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
