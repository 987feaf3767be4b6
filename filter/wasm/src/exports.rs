//! What the host calls, by name: the callbacks of the ABI (proxy-wasm 0.2.1) that the filter has a
//! use for. The host enters the VM for each one that there is, and goes on where there is none: so
//! there are none for responses, which the filter lets through unseen.
//!
//! A flag is any number but zero: what is not a `bool` must not be taken for one.

#![expect(unsafe_code, reason = "the host finds functions by names that are not mangled")]

use crate::dispatch::{self, Action};
use crate::host::{self, LogLevel};
use crate::request::Request;

unsafe extern "C" {
    /// Made by the linker. A module that does not name them has each of its exports run them.
    fn __wasm_call_ctors();
}

/// Before everything else, once.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: this is the only call, and nothing has run yet.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| host::log(LogLevel::Critical, &panic.to_string())));
}

/// That it is there is what the host asks.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for what a host call returns; `host` makes a `Vec` of it, which has to be of this size.
/// The host calls this while a call of ours runs.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    dispatch::create(context, root);
}

/// What a VM is configured with is nothing to the filter.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> u32 {
    u32::from(true)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    u32::from(dispatch::configure(root, size))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    dispatch::tick(root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: usize,
    body_size: usize,
    _trailers: usize,
) {
    dispatch::answered(root, token, headers, body_size);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, end_of_stream: u32) -> Action {
    dispatch::request(context, |request| request.headers_came(end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end_of_stream: u32) -> Action {
    dispatch::request(context, |request| request.body_came(size, end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: usize) -> Action {
    dispatch::request(context, Request::trailers_came)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_new_connection(context: u32) -> Action {
    dispatch::connection(context)
}

/// The host calls this too of a connection that was paused.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_downstream_data(context: u32, _size: usize, _end: u32) -> Action {
    dispatch::connection(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    dispatch::log(context);
}

/// Nothing here goes on after its context is done.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(context: u32) -> u32 {
    dispatch::done(context);
    u32::from(true)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    dispatch::delete(context);
}
