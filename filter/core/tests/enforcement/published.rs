//! Settings of keys that an issuer publishes: every way in which they can be wrong, with the place
//! that the error names; and a gate whose keys have not come.

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Arrival, Gate, Step};
use fieldgate_core::http::{Headers, Peer};
use fieldgate_core::token::remote::{Answer, KeyStore, Progress};
use fieldgate_core::token::{TokenError, UnixTime};

use crate::world::{JWKS, Trusting, all_but, body, configuration, pairs, token};

fn begin(gate: &Gate, headers: &Headers, published: &KeyStore, now: UnixTime) -> Step {
    gate.begin(&Arrival {
        headers,
        ends: false,
        metadata: b"",
        peer: Peer::default(),
        published,
        verifier: &Trusting,
        now,
    })
}

/// A configuration whose one issuer has its keys from here.
fn with(source: &str) -> String {
    let good = configuration(&all_but(&[]), "");
    let changed = good.replacen(&format!("\"jwks\":{JWKS}"), source, 1);
    assert_ne!(changed, good);
    changed
}

#[test]
fn every_fault_names_its_place() {
    let long = "issuers[0].remote_jwks";
    let jwks = |more: &str| format!(r#""remote_jwks":{{"uri":"https://i/k","cluster":"i"{more}}}"#);
    let discovery = |more: &str| format!(r#""discovery":{{"cluster":"i"{more}}}"#);
    let rows = [
        (jwks(""), "ok".to_owned()),
        (jwks(r#","timeout_ms":1"#), "ok".to_owned()),
        (jwks(r#","timeout_ms":0"#), format!("{long}.timeout_ms")),
        (jwks(r#","timeout_ms":30001"#), format!("{long}.timeout_ms")),
        (jwks(r#","refresh_seconds":60"#), "ok".to_owned()),
        (jwks(r#","refresh_seconds":59"#), format!("{long}.refresh_seconds")),
        (jwks(r#","refresh_seconds":86401"#), format!("{long}.refresh_seconds")),
        (jwks(r#","max_stale_seconds":2592000"#), "ok".to_owned()),
        (jwks(r#","max_stale_seconds":2592001"#), format!("{long}.max_stale_seconds")),
        (jwks(r#","max_stale_seconds":0"#), format!("{long}.max_stale_seconds")),
        (jwks(r#","refetch_seconds":0"#), format!("{long}.refetch_seconds")),
        (jwks(r#","refetch_seconds":61"#), format!("{long}.refetch_seconds")),
        (jwks(r#","refresh_seconds":60,"max_stale_seconds":120"#), "ok".to_owned()),
        (
            jwks(r#","refresh_seconds":61,"max_stale_seconds":120"#),
            format!("{long}.max_stale_seconds"),
        ),
        (jwks(r#","refetch_seconds":6,"wait_seconds":6"#), "ok".to_owned()),
        (jwks(r#","refetch_seconds":7"#), format!("{long}.wait_seconds")),
        (jwks(r#","wait_seconds":0"#), format!("{long}.wait_seconds")),
        (jwks(r#","wait_seconds":31"#), format!("{long}.wait_seconds")),
        (jwks(r#","wait_seconds":"6""#), format!("{long}.wait_seconds")),
        (jwks(r#","cluster":"j""#), long.to_owned()),
        (jwks(r#","retries":1"#), format!("{long}.retries")),
        (jwks(r#","jwks_cluster":"j""#), format!("{long}.jwks_cluster")),
        (r#""remote_jwks":{"uri":"https://i/k"}"#.to_owned(), long.to_owned()),
        (r#""remote_jwks":{"cluster":"i"}"#.to_owned(), long.to_owned()),
        (r#""remote_jwks":{"uri":"i/k","cluster":"i"}"#.to_owned(), format!("{long}.uri")),
        (
            r#""remote_jwks":{"uri":"https://i/k","cluster":""}"#.to_owned(),
            format!("{long}.cluster"),
        ),
        (r#""remote_jwks":"https://i/k""#.to_owned(), long.to_owned()),
        // The issuer of these tests is `i`, which is no URL to look below.
        (discovery(""), "issuers[0].discovery".to_owned()),
        (discovery(r#","uri":"https://i/d""#), "ok".to_owned()),
        (discovery(r#","uri":"https://i/d","jwks_cluster":"j""#), "ok".to_owned()),
        (
            discovery(r#","uri":"https://i/d","jwks_cluster":"""#),
            "issuers[0].discovery.jwks_cluster".to_owned(),
        ),
        (discovery(r#","uri":"https://u@i/d""#), "issuers[0].discovery.uri".to_owned()),
        // One source, and only one.
        (format!("{},{}", jwks(""), discovery(r#","uri":"https://i/d""#)), "issuers[0]".to_owned()),
        (format!("\"jwks\":{JWKS},{}", jwks("")), "issuers[0]".to_owned()),
        (r#""jwks":null"#.to_owned(), "issuers[0]".to_owned()),
    ];
    for (source, place) in rows {
        let result = Gate::configure(with(&source).as_bytes());
        let found = result.as_ref().map_or_else(|error| error.path(), |_| "ok");
        assert_eq!(found, place, "{source}");
    }
}

/// Without keys a request waits; if none come it is refused, and nothing is said against its token.
#[test]
fn a_request_waits_for_keys_and_is_judged_when_they_come() {
    let source = r#""remote_jwks":{"uri":"https://i/k","cluster":"i"}"#;
    let gate = Gate::configure(with(source).as_bytes()).expect("a configuration");
    let headers = pairs(&[
        (":method", "POST"),
        (":path", "/graphql"),
        ("authorization", &token(&["staff"], "")),
        ("content-type", "application/json"),
    ]);
    let now = UnixTime(1000);
    let mut keys = gate.key_store(1);
    let Step::AwaitKeys { issuer, otherwise } = begin(&gate, &headers, &keys, now) else {
        panic!("keys are waited for");
    };
    let (_, record) = otherwise.into_parts();
    let unavailable = Reason::Token(TokenError::KeysUnavailable);
    let refused = record.overruled(unavailable).into_parts().0;
    let refused = format!("{refused:?}");
    assert!(refused.contains("503") && !refused.contains("www-authenticate"), "{refused}");

    assert_eq!((issuer, keys.due(now).len()), (0, 1));
    let answer = Answer::Response {
        status: Some(200),
        cache_control: None,
        length: JWKS.len(),
        body: Some(JWKS.as_bytes()),
    };
    assert_eq!(keys.answered(issuer, &answer, now), Progress::Fetched);
    let Step::AwaitBody(pending) = begin(&gate, &headers, &keys, now) else {
        panic!("the caller is known");
    };
    let (effect, _) = pending.finish(&body("{ __typename }", ""), now).into_parts();
    assert!(matches!(effect, fieldgate_core::gate::Effect::Forward(_)), "{effect:?}");
}
