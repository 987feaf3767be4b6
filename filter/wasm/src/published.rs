//! Published keys in the filter: what one root context fetches, and the requests that wait for it.
//!
//! Only the root context fetches, so that the end of a request never takes an answer with it that
//! others wait for. A request that needs a key has the host call the root context at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::Gate;
use fieldgate_core::limits::{JUDGED_AT_ONCE, KEY_SET_BYTES, WAITING_BYTES, WAITING_REQUESTS};
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::keys::KeySet;
use fieldgate_core::token::remote::{Answer, Fetch, FetchFault, KeyStore, Progress, Wait};

use crate::host::{self, LogLevel, call};
use crate::request::Request;
use crate::request::room::Room;
use crate::request::waiting::Waits;
use crate::stats;

/// How often the host calls while nothing is waited for, in milliseconds.
const TICK: u32 = 1000;
/// And while something is: what a wait's end may be late by.
const TICK_WAITING: u32 = 50;
const TICK_AT_ONCE: u32 = 1;

/// A request that waits, by its context.
struct Waiter {
    context: u32,
    request: Weak<RefCell<Request>>,
}

/// Bytes that wait: accounted for as long as the value lives.
pub(crate) struct Held {
    shared: Rc<Shared>,
    bytes: usize,
}

impl Held {
    /// The same with so many more bytes, if there is room for them.
    pub(crate) fn grown(mut self, more: usize) -> Option<Self> {
        let held = self.shared.held.get().checked_add(more).filter(|all| *all <= WAITING_BYTES)?;
        self.shared.held.set(held);
        self.bytes = self.bytes.saturating_add(more);
        Some(self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.held.set(self.shared.held.get().saturating_sub(self.bytes));
    }
}

/// Why a request does not wait.
pub(crate) enum NoWait {
    /// No answer would come in time.
    InVain,
    /// So many wait that one more would cost too much: whether its token is good is not known.
    TooMany,
}

/// What a root context and its requests share.
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    /// Whoever calls the host while it looks at the keys has them as they are: see [`Self::keys`].
    keys: RefCell<Rc<KeyStore>>,
    flights: RefCell<Vec<(u32, usize)>>,
    waiting: RefCell<Vec<Waiter>>,
    /// Bytes of headers and bodies that wait.
    held: Cell<usize>,
    /// The last fault of each issuer's fetches: the log names it once.
    faults: RefCell<BTreeMap<usize, FetchFault>>,
    root: u32,
    tick: Cell<u32>,
    pub(crate) record: Room,
}

impl Shared {
    pub(crate) fn new(gate: Gate, root: u32) -> Self {
        // Proxies that start together have clocks that differ in nanoseconds.
        let seed = host::nanoseconds().unwrap_or_default().wrapping_add(u64::from(root));
        let keys = RefCell::new(Rc::new(gate.key_store(seed)));
        Self {
            gate,
            keys,
            flights: RefCell::default(),
            waiting: RefCell::default(),
            held: Cell::new(0),
            faults: RefCell::default(),
            root,
            tick: Cell::new(0),
            record: Room::default(),
        }
    }

    /// What refuses every request.
    pub(crate) fn closed(root: u32) -> Self {
        Self::new(Gate::closed(Reason::NotConfigured), root)
    }

    /// The keys as they are now. No borrow of them lasts while the host is called, which may call back.
    pub(crate) fn keys(&self) -> Rc<KeyStore> {
        Rc::clone(&self.keys.borrow())
    }

    /// Changes the keys, for whoever looks from now on. The change calls no host: the keys are borrowed.
    pub(crate) fn change_keys<T>(&self, change: impl FnOnce(&mut KeyStore) -> T) -> T {
        change(Rc::make_mut(&mut self.keys.borrow_mut()))
    }

    /// Has the host call from now on; soon, where there are keys to fetch. Nothing is fetched before:
    /// the instance that a push is tried in is never called.
    pub(crate) fn start(&self) {
        let first = if self.keys().is_empty() { TICK } else { TICK_AT_ONCE };
        self.tick_every(first);
    }

    /// A request waits for a key of this issuer, if there is anything to wait for.
    pub(crate) fn want(
        &self,
        issuer: usize,
        now: UnixTime,
        context: u32,
        request: Weak<RefCell<Request>>,
    ) -> Result<Wait, NoWait> {
        if self.waiting.borrow().len() >= WAITING_REQUESTS {
            return Err(NoWait::TooMany);
        }
        let wait = self.change_keys(|keys| keys.want(issuer, now)).ok_or(NoWait::InVain)?;
        self.waiting.borrow_mut().push(Waiter { context, request });
        let due = self.keys().is_due(now);
        self.tick_every(if due { TICK_AT_ONCE } else { TICK_WAITING });
        Ok(wait)
    }

    /// The host calls: fetches what is due, and looks at who waits.
    pub(crate) fn tick(&self) {
        let Ok(now) = host::now() else { return };
        let due = self.change_keys(|keys| keys.due(now));
        for fetch in due {
            self.fetch(&fetch, now);
        }
        self.look(now);
    }

    /// This configuration is over: nothing is fetched any more, so nobody waits any longer.
    pub(crate) fn end(&self) {
        self.keys.take();
        if let Ok(now) = host::now() {
            self.look(now);
        }
    }

    /// An answer came. Whose it is, the token says.
    pub(crate) fn answered(&self, token: u32, headers: usize, body_size: usize) {
        let flight = {
            let mut flights = self.flights.borrow_mut();
            flights.iter().position(|(known, _)| *known == token).map(|at| flights.swap_remove(at))
        };
        let Some((_, issuer)) = flight else { return };
        // Without a clock nothing can be said of an answer, except that it is not under way any more.
        let Ok(now) = host::now() else { return self.take(issuer, &Answer::Lost, UnixTime(0)) };
        let pairs = call::response_headers().unwrap_or_default();
        let value = |name: &[u8]| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.and_then(|(_, value)| str::from_utf8(value).ok())
        };
        // What is too long is not copied.
        let read = (body_size <= KEY_SET_BYTES).then(|| call::response_body(body_size).ok());
        let body = read.flatten();
        let answer = match headers {
            0 => Answer::Lost,
            _ => Answer::Response {
                status: value(b":status").and_then(|status| status.parse().ok()),
                cache_control: value(b"cache-control"),
                length: body_size,
                body: body.as_deref(),
            },
        };
        self.take(issuer, &answer, now);
        self.look(now);
    }

    fn fetch(&self, fetch: &Fetch, now: UnixTime) {
        match call::get(fetch) {
            Ok(token) => self.flights.borrow_mut().push((token, fetch.issuer)),
            Err(_) => self.take(fetch.issuer, &Answer::NotSent, now),
        }
    }

    fn take(&self, issuer: usize, answer: &Answer<'_>, now: UnixTime) {
        let before = self.keys().number(issuer, now);
        let progress = self.change_keys(|keys| keys.answered(issuer, answer, now));
        match progress {
            Progress::Next(fetch) => self.fetch(&fetch, now),
            Progress::Fetched => {
                stats::fetched("ok");
                if self.faults.borrow_mut().remove(&issuer).is_some() {
                    self.log(LogLevel::Info, issuer, "fetched again");
                }
                if self.keys().number(issuer, now) != before {
                    self.log_unused(issuer, now);
                }
            }
            Progress::Failed(fault) => {
                stats::fetched(fault.code());
                let before = self.faults.borrow_mut().insert(issuer, fault.clone());
                if before.as_ref() != Some(&fault) {
                    self.log(LogLevel::Error, issuer, &fault.to_string());
                }
            }
            Progress::Stray => {}
        }
    }

    /// Names the keys of a new set that nothing here can use.
    fn log_unused(&self, issuer: usize, now: UnixTime) {
        let keys = self.keys();
        for key in keys.keys(issuer, now).into_iter().flat_map(KeySet::ignored) {
            self.log(LogLevel::Info, issuer, &format!("unused {key}"));
        }
    }

    fn log(&self, level: LogLevel, issuer: usize, what: &str) {
        let issuers = self.gate.settings().map(|settings| settings.issuers.as_slice());
        let name = issuers.and_then(|issuers| issuers.get(issuer)).map(|rules| &*rules.issuer);
        host::log(level, &format!("keys of `{}`: {what}", name.unwrap_or_default()));
    }

    /// Lets the requests look that wait: each ends its wait, or goes on with it. Where many have to
    /// be judged, the rest is when the host calls next.
    fn look(&self, now: UnixTime) {
        let mut judged = 0_usize;
        let mut rest = false;
        for waiter in self.waiting.take() {
            let Some(request) = waiter.request.upgrade() else { continue };
            let waits = match request.try_borrow_mut() {
                Ok(_) if judged >= JUDGED_AT_ONCE => {
                    rest = true;
                    true
                }
                Ok(mut request) => match request.waits(now) {
                    Waits::On => true,
                    Waits::No => false,
                    Waits::ToBeJudged => {
                        judged = judged.saturating_add(1);
                        match host::set_effective_context(waiter.context) {
                            Ok(()) => request.look(now),
                            // Its stream is gone.
                            Err(_) => false,
                        }
                    }
                },
                // A request that is being called is looked at again.
                Err(_) => true,
            };
            if waits {
                self.waiting.borrow_mut().push(waiter);
            }
        }
        if judged > 0
            && let Err(error) = host::set_effective_context(self.root)
        {
            host::log(LogLevel::Critical, &error.to_string());
        }
        self.tick_every(match (rest, self.waiting.borrow().is_empty()) {
            (true, _) => TICK_AT_ONCE,
            (false, false) => TICK_WAITING,
            (false, true) => TICK,
        });
    }

    /// Accounts for so many bytes that wait, if there is room for them.
    pub(crate) fn hold(self: &Rc<Self>, bytes: usize) -> Option<Held> {
        Held { shared: Rc::clone(self), bytes: 0 }.grown(bytes)
    }

    fn tick_every(&self, milliseconds: u32) {
        if self.tick.replace(milliseconds) != milliseconds
            && let Err(error) = host::tick_every(milliseconds)
        {
            // Without it nothing waits to its end, so that the host's own bounds have to end it.
            host::log(LogLevel::Critical, &error.to_string());
        }
    }
}
