//! Heads and bodies that some server reads in another way: each has one reading here, or a refusal.

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Effect, Gate};

use crate::rewrite::forwarded;
use crate::world::{all_but, body, code, gate, pairs, post, request, token};

/// Header changes: `name: value` replaces what has that name, `+name: value` adds to it, `-name`
/// leaves it out.
const HEADS: &[(&[&str], &str)] = &[
    (&[], "allow"),
    (&[":path: /graphql?"], "url_query_not_allowed"),
    (&[":path: /graphql?query={node{id}}"], "url_query_not_allowed"),
    (&[":path: /graphql/"], "path_not_served"),
    (&[":path: //graphql"], "path_not_served"),
    (&[":path: /GRAPHQL"], "path_not_served"),
    (&[":path: /graphql;a=b"], "path_not_served"),
    (&[":path: /%67raphql"], "path_not_served"),
    (&[":path: /x/../graphql"], "path_not_served"),
    (&[":path: /graphql#"], "path_not_served"),
    (&[":path: "], "path_not_served"),
    (&["-:path"], "head_malformed"),
    (&["+:path: /graphql"], "head_malformed"),
    (&["-:method"], "head_malformed"),
    (&["+:method: POST"], "head_malformed"),
    (&[":method: GET"], "method_not_allowed"),
    (&[":method: post"], "method_not_allowed"),
    (&[":method: POST "], "method_not_allowed"),
    (&[":method: OPTIONS"], "method_not_allowed"),
    (&[":method: QUERY"], "method_not_allowed"),
    (&[":method: PUT"], "method_not_allowed"),
    (&["upgrade: websocket"], "upgrade_not_allowed"),
    (&[":protocol: websocket"], "upgrade_not_allowed"),
    (&["-authorization"], "token_missing"),
    (&["+authorization: Bearer x"], "token_duplicate"),
    (&["+Authorization: Bearer x"], "token_duplicate"),
    (&["authorization: "], "token_scheme"),
    (&["authorization: Bearer x"], "token_malformed"),
    // Who may not ask learns nothing about how to.
    (&["-authorization", "content-type: text/plain"], "token_missing"),
    (&["-content-type"], "content_type_not_supported"),
    (&["+content-type: application/json"], "content_type_not_supported"),
    (&["content-type: "], "content_type_not_supported"),
    (&["content-type: Application/JSON"], "allow"),
    (&["content-type: application/json;charset=UTF-8"], "allow"),
    (&["content-type: application/json ; charset=\"utf-8\""], "allow"),
    (&["content-type: application/json;"], "content_type_not_supported"),
    (&["content-type: application/json;x"], "content_type_not_supported"),
    (&["content-type: application/json;charset=utf-16"], "content_type_not_supported"),
    (&["content-type: application/json;charset=utf-7"], "content_type_not_supported"),
    (&["content-type: application/json;charset=utf8"], "content_type_not_supported"),
    (&["content-type: application/json;charset=utf-8;x=y"], "content_type_not_supported"),
    (
        &["content-type: application/json;charset=utf-8;charset=utf-16"],
        "content_type_not_supported",
    ),
    (&["content-type: application/json, text/plain"], "content_type_not_supported"),
    (&["content-type: application/json,application/json"], "content_type_not_supported"),
    (&["content-type: application/jsonx"], "content_type_not_supported"),
    (&["content-type: application/graphql"], "content_type_not_supported"),
    (&["content-type: application/graphql+json"], "content_type_not_supported"),
    (&["content-type: application/graphql-response+json"], "content_type_not_supported"),
    (&["content-type: application/x-www-form-urlencoded"], "content_type_not_supported"),
    (&["content-type: multipart/form-data; boundary=x"], "content_type_not_supported"),
    (&["content-type: text/plain"], "content_type_not_supported"),
    (&["content-encoding: gzip"], "content_encoding_not_supported"),
    (&["content-encoding: identity"], "allow"),
    (&["content-encoding: identity, gzip"], "content_encoding_not_supported"),
    (&["content-encoding: identity", "+content-encoding: br"], "content_encoding_not_supported"),
    (&["content-length: 1048576"], "allow"),
    (&["content-length: 1048577"], "body_too_large"),
    (&["content-length: 18446744073709551616"], "head_malformed"),
    (&["content-length: 5, 5"], "head_malformed"),
    (&["content-length: -1"], "head_malformed"),
    (&["content-length: 0x10"], "head_malformed"),
    (&["content-length: 5", "+content-length: 5"], "head_malformed"),
    // Servers behind CGI-like interfaces read these as the headers with `-`.
    (&["content_type: text/plain"], "head_malformed"),
    (&["content_length: 5"], "head_malformed"),
    (&["content_encoding: gzip"], "head_malformed"),
    (&["x_http_method_override: GET"], "head_malformed"),
    (&["x_request_id: a"], "allow"),
];

/// The code for a request with changed headers.
fn head(changes: &[&str]) -> &'static str {
    let gate = gate(&all_but(&["User.ssn", "Query.node"]), "");
    let token = token(&["g0"], "");
    let mut headers = vec![
        (":method", "POST"),
        (":path", "/graphql"),
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    for change in changes {
        let (name, value) = change.split_once(": ").unwrap_or((change, ""));
        let plain = name.trim_start_matches(['+', '-']);
        if !name.starts_with('+') {
            headers.retain(|(known, _)| *known != plain);
        }
        if !name.starts_with('-') {
            headers.push((plain, value));
        }
    }
    code(&request(&gate, &pairs(&headers), &body("{version}", "")).1)
}

#[test]
fn one_reading_of_a_head() {
    for (changes, expected) in HEADS {
        assert_eq!(head(changes), *expected, "{changes:?}");
    }
}

/// A body, and the code; for `allow`, what is forwarded.
const BODIES: &[(&str, &str)] = &[
    ("", "body_empty"),
    (" ", "body_malformed"),
    ("null", "body_malformed"),
    ("\"{version}\"", "body_malformed"),
    ("{version}", "body_malformed"),
    ("[{\"query\":\"{version}\"}]", "batch_not_allowed"),
    (" \n[]", "batch_not_allowed"),
    ("{}", "query_missing"),
    ("{\"query\":null}", "query_missing"),
    ("{\"query\":\"\"}", "query_missing"),
    ("{\"query\":[\"{version}\"]}", "query_missing"),
    ("{\"query\":{\"a\":\"{version}\"}}", "query_missing"),
    ("{\"query\":1}", "query_missing"),
    ("{\"query\":\" \"}", "document_syntax"),
    ("\u{feff}{\"query\":\"{version}\"}", "body_malformed"),
    ("{\"query\":\"{version}\"}x", "body_malformed"),
    ("{\"query\":\"{version}\"}{\"query\":\"{node{id}}\"}", "body_malformed"),
    ("{\"query\":\"{version}\",}", "body_malformed"),
    ("{\"query\":\"{version}\"/**/}", "body_malformed"),
    ("{'query':'{version}'}", "body_malformed"),
    ("{\"query\":\"{version}\",\"query\":\"{node{id}}\"}", "duplicate_member"),
    ("{\"query\":\"{version}\",\"\\u0071uery\":\"{node{id}}\"}", "duplicate_member"),
    ("{\"query\":\"{version}\",\"Query\":\"{node{id}}\"}", "unknown_member"),
    ("{\"query\":\"{version}\",\"id\":\"x\"}", "unknown_member"),
    ("{\"query\":\"{version}\",\"documentId\":\"x\"}", "unknown_member"),
    ("{\"query\":\"{version}\",\"\":1}", "unknown_member"),
    ("{\"query\":\"{version}\",\"operationName\":\"\"}", "operation_name_invalid"),
    ("{\"query\":\"{version}\",\"operationName\":1}", "operation_name_invalid"),
    ("{\"query\":\"{version}\",\"operationName\":[\"A\"]}", "operation_name_invalid"),
    ("{\"query\":\"{version}\",\"operationName\":\"A\"}", "operation_unknown"),
    ("{\"query\":\"query A{version}\",\"operationName\":\"a\"}", "operation_unknown"),
    (
        "{\"query\":\"query A{version}\",\"operationName\":\"B\",\"operationName\":null}",
        "duplicate_member",
    ),
    ("{\"query\":\"{version}\",\"variables\":[]}", "variables_invalid"),
    ("{\"query\":\"{version}\",\"variables\":\"{}\"}", "variables_invalid"),
    ("{\"query\":\"{version}\",\"variables\":1}", "variables_invalid"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":1,\"a\":1}}", "duplicate_member"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":1,\"\\u0061\":1}}", "duplicate_member"),
    (
        "{\"query\":\"{version}\",\"variables\":{\"a\":[{\"b\":{\"c\":1,\"c\":1}}]}}",
        "duplicate_member",
    ),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":NaN}}", "body_malformed"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":1e400}}", "body_malformed"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":01}}", "body_malformed"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":\"\\ud800\"}}", "body_malformed"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":\"\t\"}}", "body_malformed"),
    ("{\"query\":\"{version}\",\"extensions\":[]}", "extensions_invalid"),
    ("{\"query\":\"{version}\",\"extensions\":\"\"}", "extensions_invalid"),
    ("{\"query\":\"{version}\",\"extensions\":{\"a\":1,\"a\":2}}", "duplicate_member"),
    ("{\"query\":\"{version}\",\"extensions\":{\"a\":1}} ", "{\"query\":\"{version}\"}"),
    (
        "{\"extensions\":null,\"variables\":null,\"operationName\":null,\"query\":\"{version}\"}",
        "{\"query\":\"{version}\"}",
    ),
    (
        "{\"query\":\"query A{version}\"}",
        "{\"query\":\"query A{version}\",\"operationName\":\"A\"}",
    ),
    ("{\"query\":\"\\u007bversion\\u007d\"}", "{\"query\":\"{version}\"}"),
    ("{\"query\":\"{version}\",\"variables\":{\"a\":1}}", "{\"query\":\"{version}\"}"),
    // A variable's text is forwarded as it came, where the operation defines it.
    (
        "{\"query\":\"query($\\u0061:Any){hit(q:$a){__typename}}\",\"variables\":{\"\\u0061\":[-0 ,1.0e5, 123456789012345678901234567890, \"\\u00e4\\ud83d\\ude00\"],\"b\":2}}",
        "{\"query\":\"query($a:Any){hit(q:$a){__typename}}\",\"variables\":{\"a\":[-0 ,1.0e5, 123456789012345678901234567890, \"\\u00e4\\ud83d\\ude00\"]}}",
    ),
    // A private name of the JSON library is a name like any other.
    (
        "{\"query\":\"query($a:Any){hit(q:$a){__typename}}\",\"variables\":{\"a\":{\"$serde_json::private::RawValue\":\"{}\"}}}",
        "{\"query\":\"query($a:Any){hit(q:$a){__typename}}\",\"variables\":{\"a\":{\"$serde_json::private::RawValue\":\"{}\"}}}",
    ),
];

#[test]
fn one_reading_of_a_body() {
    let gate = gate(&all_but(&["User.ssn", "Query.node"]), "");
    let token = token(&["g0"], "");
    for (body, expected) in BODIES {
        let (effect, record) = post(&gate, &token, body.as_bytes());
        match effect {
            Effect::Forward(sent) => assert_eq!(String::from_utf8_lossy(&sent), *expected),
            Effect::Pass(_) => panic!("passes unread: {body}"),
            Effect::Reply(_) => assert_eq!(code(&record), *expected, "{body}"),
        }
    }
}

#[test]
fn a_body_is_text_in_utf_8() {
    let gate = gate(&all_but(&[]), "");
    let token = token(&["g0"], "");
    let text = "{\"query\":\"{version}\"}";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        &wide[..],
        b"{\"query\":\"{version}\xff\"}",
        b"{\"query\":\"{version}\"}\0",
        b"\x1f\x8b\x08",
    ] {
        assert_eq!(code(&post(&gate, &token, body).1), "body_malformed", "{body:?}");
    }
}

#[test]
fn variables_nest_as_deep_as_configured() {
    let gate = gate(&all_but(&[]), r#","limits":{"variables_depth":3}"#);
    let token = token(&["g0"], "");
    for (variables, expected) in [
        ("{\"a\":[[[1]]]}", "allow"),
        ("{\"a\":[[[[1]]]]}", "limit_variables_depth"),
        ("{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", "limit_variables_depth"),
    ] {
        let body = body("{version}", &format!(",\"variables\":{variables}"));
        let (effect, record) = post(&gate, &token, &body);
        assert_eq!(code(&record), expected, "{variables}");
        assert_eq!(forwarded(effect).is_some(), expected == "allow");
    }
}

#[test]
fn the_peer_is_asked_for_where_a_condition_looks_at_the_request() {
    assert!(!gate(&all_but(&[]), "").reads_peer());
    assert!(!Gate::closed(Reason::Internal).reads_peer());
}

#[test]
fn other_paths_are_for_known_callers_whoever_may_ask_the_endpoint() {
    let more = r#","endpoint":{"other_paths":"allow","unauthenticated_paths":["/open"]},"anonymous":{"role":"r0"}"#;
    let gate = gate(&all_but(&[]), more);
    let token = token(&[], "");
    for (path, token, expected) in [
        ("/admin", None, "token_missing"),
        ("/admin", Some(&token), "allow"),
        ("/open", None, "allow"),
        ("/open", Some(&token), "allow"),
    ] {
        let mut headers = vec![(":method", "GET"), (":path", path)];
        headers.extend(token.map(|token| ("authorization", token.as_str())));
        assert_eq!(code(&request(&gate, &pairs(&headers), b"").1), expected, "{path}");
    }
}
