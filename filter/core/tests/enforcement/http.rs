//! Heads and bodies that some server reads in another way: each has one reading here, or a refusal.

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Effect, Gate, Step};
use fieldgate_core::http::HeaderChanges;
use fieldgate_core::token::UnixTime;

use crate::rewrite::forwarded;
use crate::world::{
    JWKS, all_but, begin, body, code, configuration, gate, pairs, post, request, token,
};

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

/// What changes in the headers of a request that a gate with more settings accepts.
fn changes(more: &str, headers: &[(&str, &str)]) -> HeaderChanges {
    let gate = gate(&all_but(&[]), more);
    match begin(&gate, &pairs(headers)) {
        Step::AwaitBody(pending) => pending.header_changes().clone(),
        Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => panic!("{outcome:?}"),
    }
}

/// The names removed, and the headers set, as text.
fn told(changes: HeaderChanges) -> (Vec<String>, Vec<(String, String)>) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let HeaderChanges { removed, set } = changes;
    let set = set.into_iter().map(|(name, value)| (name.into_owned(), text(value)));
    (removed.into_iter().map(text).collect(), set.collect())
}

const TYPE: (&str, &str) = ("content-type", "application/json");

#[test]
fn headers_of_another_body_are_removed() {
    let token = token(&["g0"], "");
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        ("content-type", "Application/JSON"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("X-HTTP-Method-Override", "GET"),
        ("x-original-url", "/admin"),
        ("x-original-url", "/more"),
        ("authorization", &token),
        ("cookie", "a=b"),
    ];
    let (removed, set) = told(changes("", &headers));
    let expected = [
        "Content-Length",
        "transfer-encoding",
        "X-HTTP-Method-Override",
        "x-original-url",
        "authorization",
    ];
    assert_eq!(removed, expected);
    assert_eq!(set, [(TYPE.0.to_owned(), TYPE.1.to_owned())]);
}

#[test]
fn a_token_goes_no_further_than_it_may() {
    let bearer = token(&["g0"], "");
    let token = bearer.strip_prefix("Bearer ").expect("a bearer token");
    let crumb = format!("t={token}");
    let (crumbs, query) = (format!("a=b;{crumb};c=d"), format!("/graphql?{crumb}"));
    let sources =
        r#""sources":[{"header":"authorization"},{"header":"X-T"},{"cookie":"t"},{"query":"t"}]"#;
    let remove = format!(r#","tokens":{{{sources}}}"#);
    let forward = format!(r#","tokens":{{{sources},"upstream":"forward"}}"#);
    for (path, name, value, removed, set) in [
        ("/graphql", "authorization", bearer.as_str(), Some("authorization"), None),
        ("/graphql", "x-t", token, Some("x-t"), None),
        ("/graphql", "cookie", &crumbs, None, Some(("cookie", "a=b; c=d"))),
        ("/graphql", "cookie", &crumb, Some("cookie"), None),
        (query.as_str(), "x-other", "x", None, Some((":path", "/graphql"))),
    ] {
        let headers = [(":method", "POST"), (":path", path), TYPE, (name, value)];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let expected: Vec<String> = removed.map(str::to_owned).into_iter().collect();
        let set: Vec<_> = set.into_iter().chain([TYPE]).map(owned).collect();
        assert_eq!(told(changes(&remove, &headers)), (expected, set.clone()), "{name}");
        // A token in the URL query is never passed on.
        let path = set.into_iter().filter(|(name, _)| name != "cookie").collect();
        assert_eq!(told(changes(&forward, &headers)), (Vec::new(), path), "{name}");
    }
}

#[test]
fn a_path_is_logged_without_what_may_be_a_token() {
    let policy = all_but(&[]);
    let sources = r#","tokens":{"sources":[{"header":"authorization"},{"query":"t"}]}"#;
    let path = |more: &str, path: &str| {
        let headers = pairs(&[(":method", "GET"), (":path", path)]);
        gate(&policy, more).loggable_path(&headers).map(<[u8]>::to_vec)
    };
    for query in ["/a?t=x", "/a?", "/a?query={b}&t=x", "/a?x?t=x", "/a?T=x"] {
        assert_eq!(path(sources, query).as_deref(), Some(&b"/a"[..]), "{query}");
        assert_eq!(path("", query), None, "{query}");
    }
    assert_eq!(path(sources, "/a"), None);
    // A closed gate does not know where tokens may be.
    let headers = pairs(&[(":method", "POST"), (":path", "/a?t=x")]);
    let closed = Gate::closed(Reason::NotConfigured);
    assert_eq!(closed.loggable_path(&headers), Some(&b"/a"[..]));
}

#[test]
fn a_token_ends_while_its_body_comes() {
    let gate = gate(&all_but(&[]), "");
    let finished = |now| {
        let headers = [
            (":method", "POST"),
            (":path", "/graphql"),
            TYPE,
            ("authorization", &*token(&["g0"], "")),
        ];
        let begun = begin(&gate, &pairs(&headers));
        let Step::AwaitBody(pending) = begun else { panic!("{begun:?}") };
        code(&pending.finish(&body("{version}", ""), UnixTime(now)).into_parts().1)
    };
    assert_eq!(finished(2059), "allow");
    assert_eq!(finished(2060), "token_expired");
}

#[test]
fn authorization_is_not_passed_on_unread() {
    let token = token(&["g0"], "");
    let token = token.strip_prefix("Bearer ").expect("a bearer token");
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        TYPE,
        ("x-t", token),
        ("authorization", "Bearer of-somebody-else"),
    ];
    let sources = r#""sources":[{"header":"x-t"}]"#;
    let (removed, _) = told(changes(&format!(r#","tokens":{{{sources}}}"#), &headers));
    assert_eq!(removed, ["x-t", "authorization"]);
    let forward = format!(r#","tokens":{{{sources},"upstream":"forward"}}"#);
    let (removed, _) = told(changes(&forward, &headers));
    assert_eq!(removed, ["authorization"]);
}

/// Where `authorization` is none of the places, it is a credential all the same.
#[test]
fn who_sends_authorization_is_not_anonymous() {
    let policy = all_but(&[]);
    let trust = r#","trust":{"metadata":{"key":"payload"}}"#;
    let guest = r#","anonymous":{"role":"r0"}"#;
    let cookie = r#","tokens":{"sources":[{"cookie":"session"}]}"#;
    let elsewhere = gate(&policy, &format!("{guest}{cookie}"));
    let text = configuration(&policy, guest);
    let attested = text.replacen(&format!(",\"algorithms\":[\"EdDSA\"],\"jwks\":{JWKS}"), trust, 1);
    let attested = Gate::configure(attested.as_bytes()).unwrap();
    assert!(attested.settings().unwrap().reads_metadata());
    for gate in [elsewhere, attested] {
        let plain = [(":method", "POST"), (":path", "/graphql"), TYPE];
        let (_, record) = request(&gate, &pairs(&plain), &body("{version}", ""));
        assert_eq!(code(&record), "allow");
        for value in ["Bearer x", "Basic eDp5", ""] {
            let headers = [&plain[..], &[("authorization", value)]].concat();
            let (_, record) = request(&gate, &pairs(&headers), &body("{version}", ""));
            assert_eq!(code(&record), "token_scheme", "{value}");
        }
    }
}

const EVERYTHING: &str = r#","identity_headers":{"send":["subject","issuer","client","actor","roles","groups","scopes"]}"#;

#[test]
fn the_server_is_told_who_asks_by_nobody_else() {
    let claims = r#","azp":"app 1","act":{"sub":"bot"},"scope":"read write:\u00e4""#;
    let (bearer, nobody) = (token(&["g0", "g1", "x, \"y"], claims), token(&[], ""));
    let headers = |token| {
        [
            (":method", "POST"),
            (":path", "/graphql"),
            TYPE,
            ("authorization", token),
            ("x-fieldgate-subject", "root"),
            ("X-FieldGate-Roles", "admin"),
            ("x_fieldgate_groups", "admin"),
            ("x-fieldgate-new", "1"),
            ("x-fieldgates", "stays"),
        ]
    };
    let stripped = [
        "authorization",
        "x-fieldgate-subject",
        "X-FieldGate-Roles",
        "x_fieldgate_groups",
        "x-fieldgate-new",
    ];
    let (removed, set) = told(changes("", &headers(&bearer)));
    assert_eq!((removed, set.len()), (stripped.map(str::to_owned).to_vec(), 1));
    let told_of = |token| {
        let (removed, set) = told(changes(EVERYTHING, &headers(token)));
        assert_eq!(removed, stripped);
        set.into_iter().skip(1).map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    let expected = [
        "x-fieldgate-subject: ann",
        "x-fieldgate-issuer: i",
        "x-fieldgate-client: app%201",
        "x-fieldgate-actor: bot",
        // The actor has no other of the subject's.
        "x-fieldgate-roles: \"r0\"",
        "x-fieldgate-groups: \"g0\", \"g1\", \"x%2C%20%22y\"",
        "x-fieldgate-scopes: \"read\", \"write:%C3%A4\"",
    ];
    assert_eq!(told_of(&bearer), expected);
    assert_eq!(told_of(&nobody), expected[..2]);
}

#[test]
fn another_prefix_is_another_name() {
    let bearer = token(&["g0"], "");
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        TYPE,
        ("authorization", &bearer),
        ("x-who-subject", "root"),
        ("x-fieldgate-subject", "root"),
    ];
    let more = r#","identity_headers":{"prefix":"x-who-","send":["subject"]}"#;
    let (removed, set) = told(changes(more, &headers));
    assert_eq!(removed, ["authorization", "x-who-subject"]);
    assert_eq!(set[1..], [("x-who-subject".to_owned(), "ann".to_owned())]);
}

#[test]
fn header_values_need_not_be_text() {
    let gate = gate(&all_but(&[]), "");
    let token = token(&["g0"], "");
    for (name, expected) in [
        (":method", "method_not_allowed"),
        (":path", "path_not_served"),
        ("authorization", "token_malformed"),
        ("content-type", "content_type_not_supported"),
        ("content-encoding", "content_encoding_not_supported"),
        ("x-anything", "allow"),
    ] {
        let mut headers = pairs(&[
            (":method", "POST"),
            (":path", "/graphql"),
            ("authorization", &token),
            ("content-type", "application/json"),
        ]);
        headers.retain(|(known, _)| known != name.as_bytes());
        headers.push((name.into(), b"Bearer \xff\x00\xfe".to_vec()));
        let (effect, record) = request(&gate, &headers, &body("{version}", ""));
        let expected = if name == "authorization" { "token_scheme" } else { expected };
        assert_eq!(code(&record), expected, "{name}");
        assert_eq!(matches!(effect, Effect::Forward(_)), expected == "allow");
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
        "{\"query\":\"query($\\u0061:ID){hit(q:$a){__typename}}\",\"variables\":{\"\\u0061\":[-0 ,1.0e5, 123456789012345678901234567890, \"\\u00e4\\ud83d\\ude00\"],\"b\":2}}",
        "{\"query\":\"query($a:ID){hit(q:$a){__typename}}\",\"variables\":{\"a\":[-0 ,1.0e5, 123456789012345678901234567890, \"\\u00e4\\ud83d\\ude00\"]}}",
    ),
    // A private name of the JSON library is a name like any other.
    (
        "{\"query\":\"query($a:ID){hit(q:$a){__typename}}\",\"variables\":{\"a\":{\"$serde_json::private::RawValue\":\"{}\"}}}",
        "{\"query\":\"query($a:ID){hit(q:$a){__typename}}\",\"variables\":{\"a\":{\"$serde_json::private::RawValue\":\"{}\"}}}",
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
