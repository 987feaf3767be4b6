//! The host's callbacks -> calls of the root context or the request that they are for.
//!
//! A panic would end the VM for everybody, so that a callback for what is not there is none: it is
//! logged, and what it is about stays closed. A call can lead into a host call, and that into the next
//! callback. Hence the table is never borrowed while anything is called, and a request that is being
//! called already is not called again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use fieldgate_core::denial::Reason;
use fieldgate_core::reply::{Refusal, Reply};

use crate::Root;
use crate::host::{self, LogLevel};
use crate::published::Shared;
use crate::request::{Request, answer};

/// What the host does with a request after a callback, as the ABI numbers it.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Continue = 0,
    Pause = 1,
}

#[derive(Clone)]
enum Context {
    Root(Rc<Root>),
    Request(Rc<RefCell<Request>>),
}

thread_local! {
    /// By id. The host counts them up, so that few are ever compared.
    static CONTEXTS: RefCell<BTreeMap<u32, Context>> = const { RefCell::new(BTreeMap::new()) };
}

/// A root context, which has no root, or a request. One whose root is not known is refused.
pub(crate) fn create(context: u32, root: u32) {
    let created = match root {
        0 => Context::Root(Rc::new(Root::new(context))),
        root => {
            let shared =
                find_root(root).map_or_else(|| Rc::new(Shared::closed(root)), |root| root.shared());
            Context::Request(Request::new(shared, context))
        }
    };
    let is_new = CONTEXTS.with(|contexts| match contexts.try_borrow_mut() {
        Ok(mut contexts) => match contexts.entry(context) {
            Entry::Vacant(place) => {
                place.insert(created);
                true
            }
            // It stays what it is: a root is configured anew, a request goes on from its state.
            Entry::Occupied(_) => false,
        },
        Err(_) => false,
    });
    if !is_new {
        complain("created twice", context);
    }
}

/// `false` would be refused by this VM alone where a root is not known: all its requests are instead.
pub(crate) fn configure(root: u32, size: usize) -> bool {
    find_root(root).is_none_or(|root| root.configure(size))
}

pub(crate) fn tick(root: u32) {
    if let Some(root) = find_root(root) {
        root.tick();
    }
}

/// Only root contexts make calls, and the host hands each answer to the one that called.
pub(crate) fn answered(root: u32, token: u32, headers: usize, body_size: usize) {
    if let Some(root) = find_root(root) {
        root.shared().answered(token, headers, body_size);
    }
}

/// Calls a request; the client is refused if that is not possible.
pub(crate) fn request(context: u32, call: impl FnOnce(&mut Request) -> Action) -> Action {
    if let Some(Context::Request(request)) = find(context)
        && let Ok(mut request) = request.try_borrow_mut()
    {
        return call(&mut request);
    }
    complain("not a request that can be called", context);
    answer(&Reply::from(Refusal::from(Reason::Internal)))
}

/// The module is in a chain of network filters, where a callback that is missing lets all bytes pass.
pub(crate) fn connection(context: u32) -> Action {
    complain("a connection, and this is no network filter", context);
    host::close_connection();
    Action::Pause
}

/// A root context is asked too, where it is that of an access logger.
pub(crate) fn log(context: u32) {
    match find(context) {
        Some(Context::Root(_)) => {}
        Some(Context::Request(request)) => match request.try_borrow_mut() {
            Ok(mut request) => request.log(),
            Err(_) => complain("asked for its record while it is called", context),
        },
        None => complain("asked for its record and not known", context),
    }
}

pub(crate) fn done(context: u32) {
    if let Some(Context::Root(root)) = find(context) {
        root.end();
    }
}

/// Whoever calls it still has it until then.
pub(crate) fn delete(context: u32) {
    let deleted = CONTEXTS.with(|contexts| contexts.try_borrow_mut().ok()?.remove(&context));
    if deleted.is_none() {
        complain("deleted and not known", context);
    }
}

fn find_root(context: u32) -> Option<Rc<Root>> {
    match find(context) {
        Some(Context::Root(root)) => Some(root),
        Some(Context::Request(_)) | None => {
            complain("not a root context", context);
            None
        }
    }
}

fn find(context: u32) -> Option<Context> {
    CONTEXTS.with(|contexts| contexts.try_borrow().ok()?.get(&context).cloned())
}

fn complain(what: &str, context: u32) {
    host::log(LogLevel::Critical, &format!("unexpected callback: context {context} is {what}"));
}
