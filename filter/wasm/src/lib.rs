//! fieldgate as a proxy-wasm filter (ABI 0.2.1): host callbacks <-> values of the core.
//!
//! It collects input, calls the gate and applies the outcome; it decides nothing. The root context
//! here holds the gate, `request` follows one request as `stream` is called, `native` verifies signatures with the host's
//! cryptography, `published` fetches keys,
//! `stats` counts, and `host` is the only place that calls the host.

mod hooks;
mod host;
mod native;
mod published;
mod request;
mod stats;
mod stream;

use std::rc::Rc;

use fieldgate_core::audit::Enforced;
use fieldgate_core::denial::Reason;
use fieldgate_core::gate::Gate;
use fieldgate_core::settings::Settings;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::host::LogLevel;
use crate::published::Shared;
use crate::stats::InForce;
use crate::stream::Stream;

proxy_wasm::main! {{
    std::panic::set_hook(Box::new(|panic| host::log(LogLevel::Critical, &panic.to_string())));
    proxy_wasm::set_root_context(|context| Box::new(Root::new(context)));
}}

/// One plugin configuration in one VM.
struct Root {
    context: u32,
    shared: Rc<Shared>,
    in_force: Option<InForce>,
}

impl Root {
    fn new(context: u32) -> Self {
        let shared = Rc::new(Shared::new(Gate::closed(Reason::NotConfigured), context));
        Self { context, shared, in_force: None }
    }

    /// Refuses every request from now on, and says so to the host as a success: see `on_configure`.
    fn close(&mut self, why: &str) -> bool {
        host::log(LogLevel::Critical, &format!("{why}: every request is refused"));
        self.shared = Rc::new(Shared::new(Gate::closed(Reason::NotConfigured), self.context));
        // What could be declared is; the rest of the record is written all the same.
        let _declared = request::declare_records(&self.shared.gate);
        true
    }

    /// Says in log and stats what is enforced from now on. Nothing depends on it.
    fn announce(&mut self, enforced: &Enforced, begun: Option<u64>) {
        let Enforced { policy, revision, digest, .. } = enforced;
        let took =
            begun.zip(host::nanoseconds().ok()).map(|(begun, now)| now.saturating_sub(begun));
        let took = took.map_or_else(String::new, |took| format!(" in {} us", took / 1000));
        let memory = host::memory_kib();
        let message = format!(
            "enforcing `{policy}` revision `{revision}` ({digest}): configured{took}, VM memory {memory} KiB"
        );
        host::log(LogLevel::Info, &message);
        match InForce::begin(enforced) {
            Ok(in_force) => self.in_force = Some(in_force),
            Err(error) => host::log(LogLevel::Error, &format!("no stat of the policy: {error}")),
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _: usize) {
        self.shared.answered(token, headers, body);
    }

    fn on_done(&mut self) -> bool {
        if let Some(in_force) = self.in_force.take() {
            in_force.end();
        }
        self.shared.end();
        true
    }
}

impl RootContext for Root {
    /// `false` makes the host refuse the configuration and keep the one in force. A worker that
    /// answers `false` where the main thread did not is left without the filter, so this does so
    /// only for what every VM sees alike; anything else closes the gate instead.
    fn on_configure(&mut self, size: usize) -> bool {
        if hooks::fails_to_configure() {
            return false;
        }
        let begun = host::nanoseconds().ok();
        let Ok(bytes) = host::plugin_configuration(size) else {
            return self.close("the plugin configuration cannot be read");
        };
        let gate = match Gate::configure(&bytes) {
            Ok(gate) => gate,
            Err(error) => {
                host::log(LogLevel::Error, &format!("configuration refused: {error}"));
                stats::refused(&error);
                return false;
            }
        };
        if request::declare_records(&gate).is_err() {
            return self.close("audit records cannot be declared");
        }
        if let Some(enforced) = gate.enforced() {
            self.announce(enforced, begun);
        }
        for (at, key) in gate.settings().into_iter().flat_map(Settings::ignored_keys) {
            host::log(LogLevel::Info, &format!("`{at}`: unused {key}"));
        }
        self.shared = Rc::new(Shared::new(gate, self.context));
        self.shared.start();
        true
    }

    fn on_tick(&mut self) {
        self.shared.tick();
        if let Some(in_force) = &self.in_force {
            in_force.confirm();
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(Rc::clone(&self.shared), context)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
