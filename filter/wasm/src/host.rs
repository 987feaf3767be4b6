//! The host's functions (proxy-wasm 0.2.1), each as a call that returns a `Result`: whatever the host
//! answers, and whatever bytes a client sends, is no reason to panic, which would end the VM for
//! everybody.

#![expect(unsafe_code, reason = "the host's interface is a C interface")]

use std::fmt;
use std::ptr::null_mut;

use fieldgate_core::http::Headers;
use fieldgate_core::protobuf::Message;
use fieldgate_core::reply::Reply;
use fieldgate_core::token::UnixTime;

use self::pairs::{read_pairs, write_pairs};

pub(crate) mod call;
pub(crate) mod certificate;
pub(crate) mod metric;
mod pairs;
#[cfg(feature = "test-fail-workers")]
pub(crate) mod shared_data;

/// A call that the host did not carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostError {
    call: &'static str,
    status: u32,
}

impl HostError {
    /// Not a call at all: the host called back in an order that cannot be.
    pub(crate) const UNEXPECTED_CALLBACK: Self = Self { call: "callback order", status: 0 };
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host call `{}` failed with status {}", self.call, self.status)
    }
}

/// Levels of the host's log.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LogLevel {
    Info,
    Error,
    Critical,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_close_stream(stream: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, metric: *mut u32) -> u32;
    fn proxy_record_metric(metric: u32, value: u64) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
}

const REQUEST_BODY: u32 = 0;
const PLUGIN_CONFIGURATION: u32 = 7;
const REQUEST_HEADERS: u32 = 0;
const REQUEST_TRAILERS: u32 = 1;
const REQUEST_STREAM: u32 = 0;
const DOWNSTREAM: u32 = 2;
const NO_GRPC_STATUS: i32 = -1;

/// Writes to the host's log. Nobody can be told if even that fails.
pub(crate) fn log(level: LogLevel, message: &str) {
    let level = match level {
        LogLevel::Info => 2,
        LogLevel::Error => 4,
        LogLevel::Critical => 5,
    };
    // SAFETY: the host reads `message` and keeps nothing.
    unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

/// The host's wall clock.
pub(crate) fn now() -> Result<UnixTime, HostError> {
    Ok(UnixTime(nanoseconds()? / 1_000_000_000))
}

/// The host's wall clock in nanoseconds, for what takes less than a second.
pub(crate) fn nanoseconds() -> Result<u64, HostError> {
    let mut nanoseconds = 0_u64;
    // SAFETY: the host writes one u64.
    let status = unsafe { proxy_get_current_time_nanoseconds(&raw mut nanoseconds) };
    check("get_current_time", status)?;
    Ok(nanoseconds)
}

/// Has the host call `on_tick` every `milliseconds` from now on.
pub(crate) fn tick_every(milliseconds: u32) -> Result<(), HostError> {
    // SAFETY: takes a number.
    let status = unsafe { proxy_set_tick_period_milliseconds(milliseconds) };
    check("set_tick_period", status)
}

pub(crate) fn plugin_configuration(size: usize) -> Result<Vec<u8>, HostError> {
    if size == 0 {
        return Ok(Vec::new());
    }
    const CALL: &str = "get_plugin_configuration";
    // A part of it would be refused here, and here alone.
    match buffer(CALL, PLUGIN_CONFIGURATION, size)? {
        bytes if bytes.len() == size => Ok(bytes),
        _ => Err(HostError { call: CALL, status: 0 }),
    }
}

pub(crate) fn request_body(size: usize) -> Result<Vec<u8>, HostError> {
    if size == 0 {
        return Ok(Vec::new());
    }
    buffer("get_request_body", REQUEST_BODY, size)
}

/// Puts `body` in place of the first `size` bytes of the buffered body.
pub(crate) fn replace_request_body(size: usize, body: &[u8]) -> Result<(), HostError> {
    // SAFETY: the host reads `body` and keeps nothing.
    let status =
        unsafe { proxy_set_buffer_bytes(REQUEST_BODY, 0, size, body.as_ptr(), body.len()) };
    check("set_request_body", status)
}

/// The VM's memory, in KiB. It never shrinks.
pub(crate) fn memory_kib() -> usize {
    const PAGE_KIB: usize = 64;
    core::arch::wasm32::memory_size(0).saturating_mul(PAGE_KIB)
}

/// All request headers, pseudo-headers included, as bytes.
pub(crate) fn request_headers() -> Result<Headers, HostError> {
    header_pairs("get_request_headers", REQUEST_HEADERS)
}

fn header_pairs(call: &'static str, map: u32) -> Result<Headers, HostError> {
    let pairs = returned(call, |data, size| {
        // SAFETY: see `returned`.
        unsafe { proxy_get_header_map_pairs(map, data, size) }
    })?;
    read_pairs(pairs).ok_or(HostError { call, status: 0 })
}

/// Lets a paused request go on.
pub(crate) fn resume_request() -> Result<(), HostError> {
    // SAFETY: takes a number.
    check("continue_stream", unsafe { proxy_continue_stream(REQUEST_STREAM) })
}

/// Makes further calls be about another context.
pub(crate) fn set_effective_context(context: u32) -> Result<(), HostError> {
    // SAFETY: takes a number.
    check("set_effective_context", unsafe { proxy_set_effective_context(context) })
}

/// Sets a request header to one value.
pub(crate) fn set_request_header(name: &str, value: &[u8]) -> Result<(), HostError> {
    // SAFETY: the host reads both and keeps nothing.
    let status = unsafe {
        proxy_replace_header_map_value(
            REQUEST_HEADERS,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("set_request_header", status)
}

/// Removes every value of a request header.
pub(crate) fn remove_request_header(name: &[u8]) -> Result<(), HostError> {
    // SAFETY: the host reads `name` and keeps nothing.
    let status =
        unsafe { proxy_remove_header_map_value(REQUEST_HEADERS, name.as_ptr(), name.len()) };
    check("remove_request_header", status)
}

/// Removes every request trailer.
pub(crate) fn clear_request_trailers() -> Result<(), HostError> {
    let empty = write_pairs(&[]);
    // SAFETY: the host reads `empty` and keeps nothing.
    let status =
        unsafe { proxy_set_header_map_pairs(REQUEST_TRAILERS, empty.as_ptr(), empty.len()) };
    check("set_request_trailers", status)
}

/// Ends the request with an answer of our own.
pub(crate) fn send_local_response(reply: &Reply) -> Result<(), HostError> {
    let Reply { status, headers, body, details } = reply;
    let headers = write_pairs(headers);
    // SAFETY: the host reads all of them and keeps nothing.
    let status = unsafe {
        proxy_send_local_response(
            u32::from(*status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    };
    check("send_local_response", status)
}

/// Resets the request, when nothing else can be done.
pub(crate) fn reset_request() {
    // SAFETY: takes a number.
    let status = unsafe { proxy_close_stream(REQUEST_STREAM) };
    if let Err(error) = check("close_stream", status) {
        log(LogLevel::Critical, &error.to_string());
    }
}

/// Closes the client's connection.
pub(crate) fn close_connection() {
    // SAFETY: takes a number.
    let status = unsafe { proxy_close_stream(DOWNSTREAM) };
    if let Err(error) = check("close_stream", status) {
        log(LogLevel::Critical, &error.to_string());
    }
}

/// The metadata that filters wrote about the request, a `Metadata` in bytes. A host that has none is
/// one on which nobody can be known by it.
pub(crate) fn metadata() -> Result<Vec<u8>, HostError> {
    property(&["metadata"])
}

/// A property as text, if the host has it.
pub(crate) fn text_property(path: &[&str]) -> Option<String> {
    let bytes = known_property(path)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A property as a number: eight bytes, little endian.
pub(crate) fn number_property(path: &[&str]) -> Option<u64> {
    known_property(path)?.try_into().ok().map(u64::from_le_bytes)
}

/// A property, if the host has it and there is something in it: that it is not there is no fault.
fn known_property(path: &[&str]) -> Option<Vec<u8>> {
    property(path).ok().filter(|value| !value.is_empty())
}

fn property(path: &[&str]) -> Result<Vec<u8>, HostError> {
    let path = path.join("\0");
    returned("get_property", |data, size| {
        // SAFETY: see `returned`; the host reads `path` and keeps nothing.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }
    })
}

/// Writes filter state `wasm.<name>`. One segment: a path of several cannot be read back.
pub(crate) fn set_property(name: &str, value: &[u8]) -> Result<(), HostError> {
    // SAFETY: the host reads both and copies.
    let status =
        unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
    check("set_property", status)
}

/// Declares filter state `wasm.<name>` as a string that lives as long as the request.
pub(crate) fn declare_string(name: &str) -> Result<(), HostError> {
    declare(name, 1, b"")
}

/// Declares filter state `wasm.<name>` as a `google.protobuf.Struct`, likewise.
pub(crate) fn declare_struct(name: &str) -> Result<(), HostError> {
    declare(name, 3, b"type.googleapis.com/google.protobuf.Struct")
}

/// `DeclarePropertyArguments`: 1 name, 2 readonly, 3 type, 4 schema, 5 span (1: the request).
fn declare(name: &str, kind: u8, schema: &[u8]) -> Result<(), HostError> {
    let mut message = Message::default();
    message.bytes(1, name.as_bytes());
    message.number(3, kind);
    message.bytes(4, schema);
    message.number(5, 1);
    call_foreign_function("declare_property", &message.into_bytes()).map(|_| ())
}

/// Calls one of the host's extensions.
pub(crate) fn call_foreign_function(
    name: &'static str,
    arguments: &[u8],
) -> Result<Vec<u8>, HostError> {
    returned(name, |data, size| {
        // SAFETY: see `returned`; the host reads the arguments and keeps nothing.
        unsafe {
            proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        }
    })
}

fn buffer(call: &'static str, buffer: u32, size: usize) -> Result<Vec<u8>, HostError> {
    returned(call, |data, data_size| {
        // SAFETY: see `returned`.
        unsafe { proxy_get_buffer_bytes(buffer, 0, size, data, data_size) }
    })
}

/// What a call returns in memory that the host took from this module's allocator; empty if nothing.
fn returned(
    call: &'static str,
    host: impl FnOnce(*mut *mut u8, *mut usize) -> u32,
) -> Result<Vec<u8>, HostError> {
    let mut data = null_mut::<u8>();
    let mut size = 0_usize;
    check(call, host(&raw mut data, &raw mut size))?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host allocated `size` bytes with `proxy_on_memory_allocate`, which gives a slice of
    // just that size, filled them, and gives them away.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

const fn check(call: &'static str, status: u32) -> Result<(), HostError> {
    match status {
        0 => Ok(()),
        status => Err(HostError { call, status }),
    }
}
