//! Any bytes as a request: what is read is read again from what would be forwarded.

#![no_main]

use fieldgate_core::http::GraphqlRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(request) = GraphqlRequest::read(body, 64) {
        let value: serde_json::Value = serde_json::from_slice(body).expect("JSON, for others too");
        assert_eq!(value["query"].as_str(), Some(request.query.as_ref()));
        assert_eq!(value["operationName"].as_str(), request.operation_name.as_deref());
        let variables = value["variables"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(variables, request.variables.len());
    }
});
