//! The host calls that can be measured, by name: when they are made, and how.

use proxy_wasm::hostcalls::{
    call_foreign_function, get_buffer, get_current_time, get_map, get_map_value, get_property,
    remove_map_value, set_buffer, set_map_value, set_property,
};
use proxy_wasm::types::{BufferType, MapType};

/// How often a call is made in each request.
const TIMES: usize = 20;

/// Filter state under fieldgate's names, so that its access log and its seatbelt fit.
pub(crate) const AUDIT: &str = "fieldgate.audit";
pub(crate) const VERDICT: &str = "fieldgate.verdict";

/// 1,000 bytes of JSON, whose quotes an access log in JSON has to escape as it has to a record's.
pub(crate) const RECORD: &str = include_str!("record.json");

/// The callback in which a call makes sense.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Headers,
    /// The whole body is there.
    Body,
    Log,
}

/// A call that is measured.
pub(crate) struct Call {
    name: &'static str,
    pub(crate) when: When,
    /// Makes it once, given the body's size; nothing if the host did not carry it out.
    make: fn(usize) -> Option<()>,
}

const HEADERS: MapType = MapType::HttpRequestHeaders;
const BODY: BufferType = BufferType::HttpRequestBody;

static CALLS: [Call; 10] = [
    Call { name: "get_pairs", when: When::Headers, make: |_| get_map(HEADERS).ok().map(|_| ()) },
    Call {
        name: "get_header",
        when: When::Headers,
        make: |_| get_map_value(HEADERS, "content-type").ok()?.map(|_| ()),
    },
    Call {
        name: "replace_header",
        when: When::Headers,
        make: |_| set_map_value(HEADERS, "x-subject", Some("alice")).ok(),
    },
    Call {
        name: "remove_absent_header",
        when: When::Headers,
        make: |_| remove_map_value(HEADERS, "x-absent").ok(),
    },
    Call { name: "get_time", when: When::Headers, make: |_| get_current_time().ok().map(|_| ()) },
    Call {
        name: "get_body",
        when: When::Body,
        make: |size| get_buffer(BODY, 0, size).ok()?.map(|_| ()),
    },
    Call {
        name: "set_body",
        when: When::Body,
        // The same number of bytes, so that each time is like the first.
        make: |size| set_buffer(BODY, 0, size, RECORD.as_bytes().get(..size)?).ok(),
    },
    Call {
        name: "get_property",
        when: When::Log,
        make: |_| get_property(vec!["response", "code"]).ok()?.map(|_| ()),
    },
    Call {
        name: "set_property_20",
        when: When::Headers,
        make: |_| set_property(vec![VERDICT], Some(&[b'v'; 20])).ok(),
    },
    Call {
        name: "set_property_1000",
        when: When::Log,
        make: |_| set_property(vec![AUDIT], Some(RECORD.as_bytes())).ok(),
    },
];

/// The call of a name.
pub(crate) fn find(name: &[u8]) -> Option<&'static Call> {
    CALLS.iter().find(|call| call.name.as_bytes() == name)
}

impl Call {
    /// Makes it all its times, if it is its time.
    pub(crate) fn perform(&self, when: When, size: usize) -> Option<()> {
        if self.when != when {
            return Some(());
        }
        (0..TIMES).try_for_each(|_| (self.make)(size))
    }
}

/// Declares the record as a string that lives as long as the request, as fieldgate does.
pub(crate) fn declare_record() -> Result<(), ()> {
    let name = AUDIT.as_bytes();
    let mut message = vec![0x0a, u8::try_from(name.len()).map_err(|_| ())?];
    message.extend(name);
    // 3, the type: a string; 5, the span: the request.
    message.extend([0x18, 1, 0x28, 1]);
    call_foreign_function("declare_property", Some(&message)).map(|_| ()).map_err(|_| ())
}
