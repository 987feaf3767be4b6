//! The store over time, second by second.

use super::*;

const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn rules() -> RemoteKeys {
    RemoteKeys {
        location: Location::Jwks(Url::read("https://idp.test/keys").unwrap()),
        cluster: "idp".into(),
        timeout_ms: 2000,
        refresh: 300,
        max_stale: 1000,
        refetch: 5,
        wait: 6,
    }
}

fn store() -> KeyStore {
    KeyStore::new([(0, rules())].into_iter(), 7)
}

fn good(cache_control: Option<&str>) -> Answer<'_> {
    let body = Some(SET.as_bytes());
    Answer::Response { status: Some(200), cache_control, length: SET.len(), body }
}

const fn at(seconds: u64) -> UnixTime {
    UnixTime(seconds).plus(1000)
}

/// The seconds until a store fetches again by itself.
fn quiet(store: &mut KeyStore, from: u64) -> u64 {
    (from..200_000).find(|now| !store.due(at(*now)).is_empty()).unwrap().abs_diff(from)
}

#[test]
fn the_first_fetch_is_due_at_once_and_only_once() {
    let mut store = store();
    assert!(store.keys(0, at(0)).is_none());
    let due = store.due(at(0));
    assert_eq!((due.len(), &*due[0].cluster, &*due[0].url.path), (1, "idp", "/keys"));
    assert_eq!(store.due(at(0)), []);
    assert_eq!(store.due(at(500)), [], "one at a time, however long it takes");
    assert_eq!(store.answered(0, &good(None), at(500)), Progress::Fetched);
    assert_eq!(store.keys(0, at(501)).unwrap().keys().len(), 1);
    assert_eq!(store.answered(0, &good(None), at(501)), Progress::Stray);
    assert_eq!(store.answered(1, &good(None), at(501)), Progress::Stray);
}

#[test]
fn an_answer_says_for_how_long_within_bounds() {
    for (cache_control, around) in [
        (None, 300),
        (Some("max-age=1000"), 1000),
        (Some("max-age=1"), REFRESH_MIN),
        (Some("no-store"), REFRESH_MIN),
        (Some("max-age=99999999"), REFRESH_MAX),
    ] {
        let rules = RemoteKeys { max_stale: 30 * REFRESH_MAX, ..rules() };
        let mut store = KeyStore::new([(0, rules)].into_iter(), 7);
        store.due(at(0));
        store.answered(0, &good(cache_control), at(0));
        let found = quiet(&mut store, 0);
        assert!((around * 9 / 10..=around * 11 / 10).contains(&found), "{found} not {around}");
    }
}

#[test]
fn good_keys_outlive_failures_for_a_bounded_time() {
    let mut store = store();
    store.due(at(0));
    store.answered(0, &good(None), at(0));
    let mut failures = 0;
    for now in 1..1500 {
        if !store.due(at(now)).is_empty() {
            let lost = store.answered(0, &Answer::Lost, at(now));
            assert_eq!(lost, Progress::Failed(FetchFault::Lost));
            failures += 1;
        }
        assert_eq!(store.keys(0, at(now)).is_some(), now < 1000, "at {now}");
    }
    assert!((4..20).contains(&failures), "{failures} fetches: it backs off");
    // And recovers by itself.
    let now = 1500 + quiet(&mut store, 1500);
    store.answered(0, &good(None), at(now));
    assert!(store.keys(0, at(now)).is_some());
}

#[test]
fn a_missing_key_is_asked_for_at_once_at_a_bounded_rate() {
    let mut store = store();
    store.due(at(0));
    store.answered(0, &good(None), at(0));
    let mut wait = store.want(0, at(2)).unwrap();
    assert_eq!(store.due(at(2)), [], "the last one began two seconds ago");
    assert_eq!(store.waiting(&mut wait, at(2)), Waiting::On);
    assert_eq!(store.due(at(5)).len(), 1);
    assert_eq!(store.waiting(&mut wait, at(5)), Waiting::On);
    store.answered(0, &good(None), at(5));
    assert_eq!(store.waiting(&mut wait, at(5)), Waiting::Over);
    assert_eq!(store.due(at(11)), [], "nobody waits any more");
    // After a quiet time the first one is not made to wait.
    store.want(0, at(60)).unwrap();
    assert_eq!(store.due(at(60)).len(), 1);
}

#[test]
fn a_fetch_begun_before_the_request_is_not_its_answer() {
    let mut store = store();
    store.due(at(0));
    let mut wait = store.want(0, at(1)).unwrap();
    store.answered(0, &good(None), at(2));
    assert_eq!(store.waiting(&mut wait, at(2)), Waiting::Look);
    assert_eq!(store.waiting(&mut wait, at(2)), Waiting::On);
    assert_eq!(store.due(at(5)).len(), 1, "a second one, begun after the request");
    store.answered(0, &Answer::Lost, at(6));
    assert_eq!(store.waiting(&mut wait, at(6)), Waiting::Over);
}

#[test]
fn a_wait_has_an_end() {
    let mut store = store();
    store.due(at(0));
    let mut wait = store.want(0, at(1)).unwrap();
    assert_eq!(store.waiting(&mut wait, at(6)), Waiting::On);
    assert_eq!(store.waiting(&mut wait, at(7)), Waiting::Over);
    let slow = RemoteKeys { refetch: 60, ..rules() };
    let mut store = KeyStore::new([(3, slow)].into_iter(), 7);
    assert_eq!(store.want(0, at(1)), None, "an issuer that publishes nothing");
    store.due(at(0));
    store.answered(3, &good(None), at(0));
    assert_eq!(store.want(3, at(1)), None, "no fetch would come in time");
}

#[test]
fn discovery_names_the_keys() {
    let document = Url::discovery_of("https://idp.test").unwrap();
    let location = Location::Discovery {
        document,
        issuer: "https://idp.test".into(),
        jwks_cluster: Some("keys".into()),
    };
    let mut store = KeyStore::new([(0, RemoteKeys { location, ..rules() })].into_iter(), 7);
    assert_eq!(&*store.due(at(0))[0].url.path, "/.well-known/openid-configuration");
    let body = r#"{"issuer":"https://idp.test","jwks_uri":"https://keys.test/k"}"#;
    let answer = Answer::Response {
        status: Some(200),
        cache_control: Some("max-age=9999"),
        length: body.len(),
        body: Some(body.as_bytes()),
    };
    let Progress::Next(next) = store.answered(0, &answer, at(0)) else { panic!("more to do") };
    assert_eq!((&*next.cluster, &*next.url.authority), ("keys", "keys.test"));
    assert_eq!(store.due(at(9)), [], "still under way");
    assert_eq!(store.answered(0, &good(None), at(9)), Progress::Fetched);
}

#[test]
fn stores_do_not_ask_in_step() {
    let found: std::collections::BTreeSet<u64> = (0..20_u64)
        .map(|seed| {
            let mut store = KeyStore::new([(0, rules())].into_iter(), seed);
            store.due(at(0));
            store.answered(0, &good(None), at(0));
            quiet(&mut store, 0)
        })
        .collect();
    assert!(found.len() > 10, "{found:?}");
}

/// However long an answer says that it is fresh, an outage when the next one is due is bridged.
#[test]
fn keys_are_fetched_long_before_they_are_stale() {
    for seed in 0..50 {
        let rules = RemoteKeys { max_stale: REFRESH_MAX, ..rules() };
        let mut store = KeyStore::new([(0, rules)].into_iter(), seed);
        store.due(at(0));
        store.answered(0, &good(Some("max-age=86400")), at(0));
        let found = quiet(&mut store, 0);
        assert!(found < REFRESH_MAX * 6 / 10, "{found}");
        assert!(store.keys(0, at(found)).is_some());
    }
}

/// The same keys again are no reason to check a signature again.
#[test]
fn only_other_keys_are_news() {
    let mut store = store();
    store.due(at(0));
    let mut first = store.want(0, at(0)).unwrap();
    store.answered(0, &good(None), at(1));
    assert_eq!(store.waiting(&mut first, at(1)), Waiting::Look);
    assert_eq!(store.waiting(&mut first, at(1)), Waiting::On);
    store.due(at(5));
    let mut second = store.want(0, at(5)).unwrap();
    store.answered(0, &good(None), at(6));
    assert_eq!(store.waiting(&mut first, at(6)), Waiting::Over, "the same set");
    assert_eq!(store.waiting(&mut second, at(6)), Waiting::On);
    store.due(at(10));
    let other = SET.replace("\"a\"", "\"b\"");
    let other = Answer::Response {
        status: Some(200),
        cache_control: None,
        length: other.len(),
        body: Some(other.as_bytes()),
    };
    store.answered(0, &other, at(10));
    assert_eq!(store.waiting(&mut second, at(10)), Waiting::LastLook);
}

#[test]
fn a_clock_that_is_set_back_stretches_nothing() {
    let mut store = store();
    store.due(at(100_000));
    store.answered(0, &good(None), at(100_000));
    let mut wait = store.want(0, at(100_000)).unwrap();
    assert_eq!(store.waiting(&mut wait, at(0)), Waiting::Over);
    store.due(at(0));
    assert!(store.keys(0, at(999)).is_some());
    assert!(store.keys(0, at(1000)).is_none(), "no longer than from when it was set back");
    assert!(quiet(&mut store, 0) <= 5, "it fetches as ever");
    assert!(store.want(0, at(10)).is_some());
}
