//! Credentials and names of callers in the head of a request: what goes on to the server, what ends
//! here, and what the server is told of who asks.

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Effect, Gate, Step};
use fieldgate_core::http::{HeaderChanges, Headers};
use fieldgate_core::token::UnixTime;

use crate::world::{JWKS, all_but, begin, body, code, configuration, gate, pairs, request, token};

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
    (removed.into_iter().map(|name| text(name.into_owned())).collect(), set.collect())
}

const TYPE: (&str, &str) = ("content-type", "application/json");

/// The same in a client's words.
const ASKED: (&str, &str) = ("content-type", "Application/JSON");

/// What goes upstream has one type, and one value of it; where it has that already nothing is set.
#[test]
fn the_type_is_set_where_it_is_another() {
    let token = token(&["g0"], "");
    for (asked, expected) in [
        (vec![ASKED], vec![TYPE]),
        (vec![("content-type", "application/json; charset=utf-8")], vec![TYPE]),
        (vec![("content-type", "application/json ")], vec![TYPE]),
        (vec![TYPE], vec![]),
        (vec![("Content-Type", "application/json")], vec![]),
    ] {
        let head = [(":method", "POST"), (":path", "/graphql"), ("authorization", &*token)];
        let headers = [&head[..], &asked].concat();
        let owned = expected.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let (_, set) = told(changes("", &headers));
        assert_eq!(set, owned.collect::<Vec<(String, String)>>(), "{asked:?}");
    }
}

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
        let headers = [(":method", "POST"), (":path", path), ASKED, (name, value)];
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
    assert_eq!(path(sources, "?t=x").as_deref(), Some(&b"/"[..]));
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
            ASKED,
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
        ASKED,
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
            ASKED,
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
        ASKED,
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
        let others = [
            (":method", "POST"),
            (":path", "/graphql"),
            ("authorization", &*token),
            ("content-type", "application/json"),
        ];
        let others = others.into_iter().filter(|(known, _)| *known != name);
        let others = others.map(|(name, value)| (name, value.as_bytes()));
        let headers: Headers = others.chain([(name, &b"Bearer \xff\x00\xfe"[..])]).collect();
        let (effect, record) = request(&gate, &headers, &body("{version}", ""));
        let expected = if name == "authorization" { "token_scheme" } else { expected };
        assert_eq!(code(&record), expected, "{name}");
        assert_eq!(matches!(effect, Effect::Forward(_)), expected == "allow");
    }
}
