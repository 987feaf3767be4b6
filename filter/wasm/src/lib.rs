//! fieldgate as a proxy-wasm filter (ABI 0.2.1): host callbacks <-> values of the core.
//!
//! It collects input, calls the gate and applies the outcome; it decides nothing. The root context
//! here holds the gate, `request` follows one request, `native` verifies signatures with the host's
//! cryptography, `published` fetches keys, `stats` counts. `exports` is what the host calls,
//! `dispatch` finds whom it means, and `host` is the only place that calls the host.

mod dispatch;
mod exports;
mod hooks;
mod host;
mod native;
mod published;
mod request;
mod stats;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use fieldgate_core::audit::Enforced;
use fieldgate_core::gate::Gate;
use fieldgate_core::settings::Settings;

use crate::host::LogLevel;
use crate::published::Shared;
use crate::stats::InForce;

/// One plugin configuration in one VM. What changes is never borrowed while the host is called.
pub(crate) struct Root {
    context: u32,
    shared: RefCell<Rc<Shared>>,
    in_force: Cell<Option<InForce>>,
}

impl Root {
    pub(crate) fn new(context: u32) -> Self {
        let shared = RefCell::new(Rc::new(Shared::closed(context)));
        Self { context, shared, in_force: Cell::new(None) }
    }

    /// What its requests share from now on.
    pub(crate) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared.borrow())
    }

    /// Refuses every request from now on, and says so to the host as a success: see `configure`.
    fn close(&self, why: &str) -> bool {
        host::log(LogLevel::Critical, &format!("{why}: every request is refused"));
        let closed = Rc::new(Shared::closed(self.context));
        // What could be declared is; the rest of the record is written all the same.
        let _declared = request::declare_records(&closed.gate);
        self.shared.replace(closed);
        true
    }

    /// Says in log and stats what is enforced from now on. Nothing depends on it.
    fn announce(&self, enforced: &Enforced, begun: Option<u64>) {
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
            Ok(in_force) => self.in_force.set(Some(in_force)),
            Err(error) => host::log(LogLevel::Error, &format!("no stat of the policy: {error}")),
        }
    }

    /// `false` makes the host refuse the configuration and keep the one in force. A worker that
    /// answers `false` where the main thread did not is left without the filter, so this does so
    /// only for what every VM sees alike; anything else closes the gate instead.
    pub(crate) fn configure(&self, size: usize) -> bool {
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
        let shared = Rc::new(Shared::new(gate, self.context));
        self.shared.replace(Rc::clone(&shared));
        shared.start();
        true
    }

    pub(crate) fn tick(&self) {
        self.shared().tick();
        if let Some(in_force) = self.in_force.get() {
            in_force.confirm();
        }
    }

    /// This configuration is over.
    pub(crate) fn end(&self) {
        if let Some(in_force) = self.in_force.take() {
            in_force.end();
        }
        self.shared().end();
    }
}
