//! Every way in which a configuration can be wrong, with the place that the error names.

use fieldgate_core::gate::Gate;

use crate::world::{JWKS, all_but, configuration};

mod endpoint;

/// What is replaced in a good configuration, by what, and where the error has to be: for a key given
/// twice the object that has it, and the message names the key.
const ROWS: &[(&str, &str, &str)] = &[
    // The whole.
    ("{\"version\":1", "[{\"version\":1", "."),
    ("{\"version\":1", "{\"version\":1 ", "ok"),
    ("{\"version\":1", "{\"version\":1,\"nope\":1", "nope"),
    ("{\"version\":1", "{\"version\":1,\"Version\":1", "Version"),
    ("{\"version\":1", "{\"version\":1,\"version\":1", "."),
    ("{\"version\":1,", "{", "."),
    ("\"version\":1", "\"version\":2", "version"),
    ("\"version\":1", "\"version\":0", "version"),
    ("\"version\":1", "\"version\":\"1\"", "version"),
    ("\"version\":1", "\"version\":1.0", "version"),
    ("\"version\":1", "\"version\":-1", "version"),
    ("\"version\":1", "\"version\":4294967297", "version"),
    ("\"version\":1", "\"version\":null", "version"),
    ("\"version\":1", "\"version\":[1]", "version"),
    // The policy.
    ("\"policy\":\"", "\"policy\":\"!", "policy"),
    ("\"policy\":\"", "\"policy\":\" ", "policy"),
    ("\"policy\":\"RkdQQ", "\"policy\":\"RkdQR", "policy"),
    ("\"policy\":\"", "\"policy\":\"\",\"policy\":\"", "."),
    ("\"policy\":\"", "\"policyx\":\"", "policyx"),
    // One member more at the end, or in the issuer.
    ("+", "\"request_headers\":\"hold\"", "ok"),
    ("+", "\"request_headers\":\"Hold\"", "request_headers"),
    ("+", "\"request_headers\":\"\"", "request_headers"),
    ("+", "\"request_headers\":1", "request_headers"),
    ("+", "\"request_headers\":{\"hold\":null}", "request_headers"),
    ("+", "\"request_headers\":\"hold\",\"request_headers\":\"hold\"", "."),
    ("+", "\"audit\":{\"nested\":true}", "ok"),
    ("+", "\"audit\":{}", "ok"),
    ("+", "\"audit\":{\"nested\":1}", "audit.nested"),
    ("+", "\"audit\":{\"nested\":\"true\"}", "audit.nested"),
    ("+", "\"audit\":{\"nested\":true,\"nested\":true}", "audit"),
    ("+", "\"audit\":{\"nest\":true}", "audit.nest"),
    ("+", "\"audit\":[true]", "audit"),
    ("+", "\"audit\":null", "audit"),
    ("+", "\"audit\":true", "audit"),
    ("+", "\"limits\":{}", "ok"),
    ("+", "\"limits\":{\"depth\":0}", "ok"),
    ("+", "\"limits\":{\"depth\":200}", "ok"),
    ("+", "\"limits\":{\"depth\":201}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":-1}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":1.5}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":\"1\"}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":true}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":4294967296}", "limits.depth"),
    ("+", "\"limits\":{\"depth\":1,\"depth\":1}", "limits"),
    ("+", "\"limits\":{\"body_bytes\":8388609}", "limits.body_bytes"),
    ("+", "\"limits\":{\"tokens\":100001}", "limits.tokens"),
    ("+", "\"limits\":{\"root_fields\":1001}", "limits.root_fields"),
    ("+", "\"limits\":{\"aliases\":10001}", "limits.aliases"),
    ("+", "\"limits\":{\"directives\":10001}", "limits.directives"),
    ("+", "\"limits\":{\"expanded_fields\":100001}", "limits.expanded_fields"),
    ("+", "\"limits\":{\"variables_depth\":101}", "limits.variables_depth"),
    ("+", "\"limits\":{\"token_bytes\":49152}", "ok"),
    ("+", "\"limits\":{\"token_bytes\":49153}", "limits.token_bytes"),
    ("+", "\"limits\":{\"known_tokens\":0}", "ok"),
    ("+", "\"limits\":{\"known_tokens\":100000}", "ok"),
    ("+", "\"limits\":{\"known_tokens\":100001}", "limits.known_tokens"),
    ("+", "\"limits\":{\"known_tokens\":-1}", "limits.known_tokens"),
    ("+", "\"limits\":{\"rootFields\":1}", "limits.rootFields"),
    ("+", "\"limits\":[1,1,1,1,1,1,1,1]", "limits"),
    ("+", "\"limits\":{},\"limits\":{}", "."),
    ("+", "\"tokens\":{}", "ok"),
    ("+", "\"tokens\":[]", "tokens"),
    ("+", "\"tokens\":{\"source\":[]}", "tokens.source"),
    ("+", "\"tokens\":{\"upstream\":\"forward\"}", "ok"),
    ("+", "\"tokens\":{\"upstream\":\"Forward\"}", "tokens.upstream"),
    ("+", "\"tokens\":{\"upstream\":true}", "tokens.upstream"),
    ("+", "\"tokens\":{\"sources\":[]}", "tokens.sources"),
    ("+", "\"tokens\":{\"sources\":[\"cookie\"]}", "tokens.sources[0]"),
    ("+", "\"tokens\":{\"sources\":[{}]}", "tokens.sources[0]"),
    ("+", "\"tokens\":{\"sources\":[{\"prefix\":\"a\"}]}", "tokens.sources[0]"),
    ("+", "\"tokens\":{\"sources\":[{\"cookie\":\"a\",\"prefix\":\"a\"}]}", "tokens.sources[0]"),
    ("+", "\"tokens\":{\"sources\":[{\"cookie\":\"a\",\"query\":\"a\"}]}", "tokens.sources[0]"),
    (
        "+",
        "\"tokens\":{\"sources\":[{\"cookie\":\"a\"},{\"query\":\"a\"},{\"header\":\"a\"}]}",
        "ok",
    ),
    ("+", "\"tokens\":{\"sources\":[{\"cookie\":\"a\"},{\"cookie\":\"a\"}]}", "tokens.sources[1]"),
    (
        "+",
        "\"tokens\":{\"sources\":[{\"header\":\"a\",\"prefix\":\"b \"},{\"header\":\"A\"}]}",
        "tokens.sources[1]",
    ),
    ("+", "\"tokens\":{\"sources\":[{\"cookie\":\"a b\"}]}", "tokens.sources[0].cookie"),
    ("+", "\"tokens\":{\"sources\":[{\"cookie\":\"\"}]}", "tokens.sources[0].cookie"),
    ("+", "\"tokens\":{\"sources\":[{\"query\":\"a[b]\"}]}", "tokens.sources[0].query"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\"\"}]}", "tokens.sources[0].header"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\":path\"}]}", "tokens.sources[0].header"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\"x_a\"}]}", "tokens.sources[0].header"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\"Cookie\"}]}", "tokens.sources[0].header"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\"Content-Type\"}]}", "tokens.sources[0].header"),
    ("+", "\"tokens\":{\"sources\":[{\"header\":\"x-original-url\"}]}", "tokens.sources[0].header"),
    (
        "+",
        "\"tokens\":{\"sources\":[{\"header\":\"a\",\"prefix\":\"a,\"}]}",
        "tokens.sources[0].prefix",
    ),
    (
        "+",
        "\"tokens\":{\"sources\":[{\"header\":\"a\",\"prefix\":\"ä\"}]}",
        "tokens.sources[0].prefix",
    ),
    ("+", "\"anonymous\":\"deny\"", "ok"),
    ("+", "\"anonymous\":{\"role\":\"r0\"}", "ok"),
    ("+", "\"anonymous\":\"allow\"", "anonymous"),
    ("+", "\"anonymous\":{}", "anonymous"),
    ("+", "\"anonymous\":null", "anonymous"),
    ("+", "\"anonymous\":[\"r0\"]", "anonymous"),
    ("+", "\"anonymous\":{\"role\":\"\"}", "anonymous.role"),
    ("+", "\"anonymous\":{\"role\":\"r9\"}", "anonymous.role"),
    ("+", "\"anonymous\":{\"role\":[\"r0\"]}", "anonymous.role"),
    ("+", "\"anonymous\":{\"roles\":\"r0\"}", "anonymous.roles"),
    ("+", "\"identity_headers\":{}", "ok"),
    ("+", "\"identity_headers\":{\"send\":[]}", "ok"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-a-\",\"send\":[\"subject\",\"roles\"]}", "ok"),
    ("+", "\"identity_headers\":[\"subject\"]", "identity_headers"),
    ("+", "\"identity_headers\":{\"names\":[]}", "identity_headers.names"),
    ("+", "\"identity_headers\":{\"send\":\"subject\"}", "identity_headers.send"),
    ("+", "\"identity_headers\":{\"send\":[\"subject\",\"sub\"]}", "identity_headers.send[1]"),
    ("+", "\"identity_headers\":{\"send\":[\"roles\",\"roles\"]}", "identity_headers.send[1]"),
    ("+", "\"identity_headers\":{\"prefix\":\"\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-a\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"a-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"X-A-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-a_b-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-a b-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-envoy-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-forwarded-\"}", "identity_headers.prefix"),
    ("+", "\"identity_headers\":{\"prefix\":\"x-envoy-a-\"}", "identity_headers.prefix"),
    // Issuers.
    ("\"issuers\":[", "\"issuers\":[],\"x\":[", "x"),
    ("\"issuers\":[", "\"issuers\":[1,", "issuers[0]"),
    ("\"issuers\":[", "\"issuers\":[null,", "issuers[0]"),
    ("\"issuers\":[", "\"issuers\":[[\"i\"],", "issuers[0]"),
    ("\"issuers\":[", "\"issuers\":[{},", "issuers[0]"),
    ("\"issuers\":[{\"issuer\":\"i\"", "\"issuers\":[@,{\"issuer\":\"i\"", "issuers[1].issuer"),
    ("\"issuers\":[{\"issuer\":\"i\"", "\"issuers\":[@,{\"issuer\":\"j\"", "ok"),
    (
        "\"issuers\":[{\"issuer\":\"i\"",
        "\"issuers\":[@,{\"issuer\":\"j\",\"leeway_seconds\":301",
        "issuers[1].leeway_seconds",
    ),
    ("\"issuer\":\"i\"", "\"issuer\":\"\"", "issuers[0].issuer"),
    ("\"issuer\":\"i\"", "\"issuer\":1", "issuers[0].issuer"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"issuer\":\"i\"", "issuers[0]"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"jwks_uri\":\"x\"", "issuers[0].jwks_uri"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"leeway_seconds\":300", "ok"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"leeway_seconds\":-1", "issuers[0].leeway_seconds"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"leeway_seconds\":\"60\"", "issuers[0].leeway_seconds"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"token_types\":\"JWT\"", "issuers[0].token_types"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"token_types\":[1]", "issuers[0].token_types[0]"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"claims\":{\"groups\":\"a.b\"}", "ok"),
    (
        "\"issuer\":\"i\"",
        "\"issuer\":\"i\",\"claims\":{\"groups\":\"\"}",
        "issuers[0].claims.groups",
    ),
    (
        "\"issuer\":\"i\"",
        "\"issuer\":\"i\",\"claims\":{\"groups\":\"a..b\"}",
        "issuers[0].claims.groups",
    ),
    ("+i", "\"revoked\":{}", "ok"),
    ("+i", "\"revoked\":{\"jti\":\"\",\"subjects\":\"AAAAAAAAAAE=\",\"issued_before\":0}", "ok"),
    ("+i", "\"revoked\":[]", "issuers[0].revoked"),
    ("+i", "\"revoked\":{\"subject\":\"\"}", "issuers[0].revoked.subject"),
    ("+i", "\"revoked\":{\"jti\":[\"a\"]}", "issuers[0].revoked.jti"),
    ("+i", "\"revoked\":{\"jti\":\"a\"}", "issuers[0].revoked.jti"),
    ("+i", "\"revoked\":{\"subjects\":\"AAAA\"}", "issuers[0].revoked.subjects"),
    (
        "+i",
        "\"revoked\":{\"subjects\":\"AAAAAAAAAAEAAAAAAAAAAQ==\"}",
        "issuers[0].revoked.subjects",
    ),
    (
        "+i",
        "\"revoked\":{\"issued_before\":\"2026-11-24T10:00:00Z\"}",
        "issuers[0].revoked.issued_before",
    ),
    ("+i", "\"revoked\":{\"issued_before\":-1}", "issuers[0].revoked.issued_before"),
    ("+i", "\"claims\":{}", "ok"),
    ("+i", "\"claims\":{\"groups\":[\"a\"]}", "ok"),
    ("+i", "\"claims\":{\"groups\":[]}", "ok"),
    (
        "+i",
        "\"claims\":{\"roles\":\"a\",\"scopes\":{\"path\":\"a\",\"split\":\"space\"},\"client\":\"cid\"}",
        "ok",
    ),
    (
        "+i",
        "\"claims\":{\"groups\":[{\"path\":\"a\\\\.b\",\"split\":\"comma\",\"prefix\":\"x\",\"map\":{\"p\":\"q\"}},\"c\"]}",
        "ok",
    ),
    ("+i", "\"claims\":{\"role\":\"a\"}", "issuers[0].claims.role"),
    ("+i", "\"claims\":{\"groups\":7}", "issuers[0].claims.groups"),
    ("+i", "\"claims\":{\"groups\":[7]}", "issuers[0].claims.groups[0]"),
    ("+i", "\"claims\":{\"groups\":[[\"a\"]]}", "issuers[0].claims.groups[0]"),
    ("+i", "\"claims\":{\"groups\":[\"a\",\"a..b\"]}", "issuers[0].claims.groups[1]"),
    ("+i", "\"claims\":{\"groups\":\"a\\\\b\"}", "issuers[0].claims.groups"),
    ("+i", "\"claims\":{\"groups\":{}}", "issuers[0].claims.groups"),
    ("+i", "\"claims\":{\"groups\":{\"path\":\".\"}}", "issuers[0].claims.groups.path"),
    (
        "+i",
        "\"claims\":{\"groups\":[{\"path\":\"a\",\"split\":\"blank\"}]}",
        "issuers[0].claims.groups[0].split",
    ),
    (
        "+i",
        "\"claims\":{\"groups\":{\"path\":\"a\",\"splits\":\"space\"}}",
        "issuers[0].claims.groups.splits",
    ),
    ("+i", "\"claims\":{\"groups\":{\"path\":\"a\",\"path\":\"b\"}}", "issuers[0].claims.groups"),
    (
        "+i",
        "\"claims\":{\"groups\":{\"path\":\"a\",\"map\":[\"b\"]}}",
        "issuers[0].claims.groups.map",
    ),
    (
        "+i",
        "\"claims\":{\"groups\":{\"path\":\"a\",\"map\":{\"b\":1}}}",
        "issuers[0].claims.groups.map.b",
    ),
    (
        "+i",
        "\"claims\":{\"groups\":{\"path\":\"a\",\"map\":{\"b\":\"c\",\"b\":\"c\"}}}",
        "issuers[0].claims.groups.map",
    ),
    ("+i", "\"claims\":{\"client\":\"\"}", "issuers[0].claims.client"),
    ("+i", "\"claims\":{\"client\":[\"a\"]}", "issuers[0].claims.client"),
    ("+i", "\"max_lifetime_seconds\":3600", "ok"),
    ("+i", "\"max_lifetime_seconds\":0", "issuers[0].max_lifetime_seconds"),
    ("+i", "\"max_lifetime_seconds\":\"1h\"", "issuers[0].max_lifetime_seconds"),
    ("+i", "\"authentication\":{\"acr_values\":[\"urn:mfa\"]}", "ok"),
    ("+i", "\"authentication\":{\"max_age_seconds\":1}", "ok"),
    (
        "+i",
        "\"authentication\":{\"max_age_seconds\":0}",
        "issuers[0].authentication.max_age_seconds",
    ),
    ("+i", "\"authentication\":{\"acr_values\":[\"a b\"]}", "issuers[0].authentication.acr_values"),
    (
        "+i",
        "\"authentication\":{\"acr_values\":[\"a\\\"\"]}",
        "issuers[0].authentication.acr_values",
    ),
    ("+i", "\"authentication\":{\"acr_values\":\"a\"}", "issuers[0].authentication.acr_values"),
    ("+i", "\"authentication\":{\"acr_values\":[]}", "issuers[0].authentication"),
    ("+i", "\"authentication\":{\"acr\":[\"a\"]}", "issuers[0].authentication.acr"),
    ("+i", "\"authentication\":{}", "issuers[0].authentication"),
    ("+", "\"challenges\":{\"scope\":true}", "ok"),
    ("+", "\"challenges\":{}", "ok"),
    ("+", "\"challenges\":{\"scope\":\"on\"}", "challenges.scope"),
    ("+", "\"challenges\":{\"scopes\":true}", "challenges.scopes"),
    ("+", "\"challenges\":true", "challenges"),
    ("+i", "\"exp\":\"required\"", "ok"),
    ("+i", "\"exp\":\"optional\"", "issuers[0].exp"),
    ("+i", "\"exp\":\"optional\",\"max_lifetime_seconds\":3600", "ok"),
    ("+i", "\"exp\":\"never\"", "issuers[0].exp"),
    ("+i", "\"exp\":false", "issuers[0].exp"),
    ("\"issuer\":\"i\"", "\"issuer\":\"i\",\"claims\":[\"a\"]", "issuers[0].claims"),
    ("\"audiences\":[\"a\"]", "\"audiences\":[]", "issuers[0].audiences"),
    ("\"audiences\":[\"a\"]", "\"audiences\":[\"a\",\"\"]", "issuers[0].audiences"),
    ("\"audiences\":[\"a\"]", "\"audiences\":\"a\"", "issuers[0].audiences"),
    ("\"audiences\":[\"a\"]", "\"audiences\":[\"a\",1]", "issuers[0].audiences[1]"),
    ("\"audiences\":[\"a\"],", "", "issuers[0]"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"none\"]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"HS256\"]", "issuers[0].jwks"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"ES256K\"]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"eddsa\"]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"EdDSA\",\"HS256\"]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"HS256\",\"EdDSA\"]", "issuers[0].algorithms"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"PS256\",\"EdDSA\"]", "ok"),
    ("\"algorithms\":[\"EdDSA\"]", "\"algorithms\":[\"ES256\"]", "issuers[0].jwks"),
    ("{\"keys\":[", "{\"keys\":[1,", "issuers[0].jwks"),
    ("{\"keys\":[{", "{\"keys\":[{\"kty\":\"OKP\",", "issuers[0].jwks"),
    ("{\"keys\":[", "{\"keys\":[],\"x\":[", "issuers[0].jwks"),
    ("\"jwks\":", "\"jwks\":null,\"x\":", "issuers[0].x"),
    ("\"jwks\":", "\"jwks\":{},\"jwks\":", "issuers[0]"),
];

const ISSUER: &str = "\"issuer\":\"i\"";

#[test]
fn every_fault_names_its_place() {
    let good = configuration(&all_but(&[]), "");
    let issuer =
        format!(r#"{{"issuer":"i","audiences":["a"],"algorithms":["EdDSA"],"jwks":{JWKS}}}"#);
    let mut failures = Vec::new();
    for (from, to, expected) in ROWS.iter().chain(endpoint::ROWS) {
        let changed = match *from {
            "+" => configuration(&all_but(&[]), &format!(",{to}")),
            "+i" => good.replacen(ISSUER, &format!("{ISSUER},{to}"), 1),
            from => good.replacen(from, &to.replace('@', &issuer), 1),
        };
        assert!(*from == "+" || changed != good, "{from} is not there");
        let result = Gate::configure(changed.as_bytes());
        let place = result.as_ref().map_or_else(|error| error.path(), |_| "ok");
        if place != *expected {
            failures
                .push(format!("{to}: {place}, expected {expected} ({:?})", result.as_ref().err()));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn an_issuer_has_public_keys_or_secrets() {
    let secret = |bytes: usize| {
        let k = "_".repeat(bytes / 3 * 4) + ["", "_w", "__8"][bytes % 3];
        format!(r#"{{"keys":[{{"kty":"oct","k":"{k}"}}]}}"#)
    };
    for (algorithms, jwks, place) in [
        (r#"["HS256"]"#, secret(32), "ok"),
        (r#"["HS512","HS256"]"#, secret(32), "ok"),
        (r#"["HS512"]"#, secret(64), "ok"),
        // Long enough for HS384, which this issuer may not use.
        (r#"["HS512"]"#, secret(63), "issuers[0].jwks"),
        (r#"["HS256"]"#, secret(31), "issuers[0].jwks"),
        (r#"["EdDSA"]"#, secret(64), "issuers[0].jwks"),
        (r#"["EdDSA","HS512"]"#, secret(64), "issuers[0].algorithms"),
        (r#"["HS512","EdDSA"]"#, secret(64), "issuers[0].algorithms"),
    ] {
        let good = configuration(&all_but(&[]), "");
        let changed = good.replacen(r#"["EdDSA"]"#, algorithms, 1).replacen(JWKS, &jwks, 1);
        assert!(changed != good && changed.contains(&jwks));
        let result = Gate::configure(changed.as_bytes());
        let found = result.as_ref().map_or_else(|error| error.path(), |_| "ok");
        assert_eq!(found, place, "{algorithms} {jwks}");
    }
}

/// Whoever can read a secret can sign, and what is published can be read.
#[test]
fn a_secret_is_never_published() {
    for place in [
        r#""remote_jwks":{"uri":"https://i/jwks","cluster":"i"}"#,
        r#""discovery":{"uri":"https://i/openid","cluster":"i"}"#,
    ] {
        let good = configuration(&all_but(&[]), "").replacen(&format!("\"jwks\":{JWKS}"), place, 1);
        assert!(good.contains(place));
        assert!(Gate::configure(good.as_bytes()).is_ok(), "{place}");
        for algorithms in [r#"["HS256"]"#, r#"["HS512","HS384"]"#] {
            let changed = good.replacen(r#"["EdDSA"]"#, algorithms, 1);
            let error = Gate::configure(changed.as_bytes()).expect_err("a fault");
            assert_eq!(error.path(), "issuers[0]", "{error}");
        }
    }
}

#[test]
fn what_is_no_configuration_at_all() {
    let good = configuration(&all_but(&[]), "");
    for (bytes, place) in [
        (&b""[..], "."),
        (b" ", "."),
        (b"null", "."),
        (b"[]", "."),
        (b"{}", "."),
        (b"\xff", "."),
        (format!("{good} x").as_bytes(), "."),
        (format!("{good}{good}").as_bytes(), "."),
        (format!("\u{feff}{good}").as_bytes(), "."),
    ] {
        let error = Gate::configure(bytes).expect_err("a fault");
        assert_eq!(error.path(), place, "{error}");
    }
    assert!(Gate::configure(format!(" {good}\n").as_bytes()).is_ok());
    for end in 0..good.len() {
        assert!(Gate::configure(&good.as_bytes()[..end]).is_err(), "{end} bytes");
    }
}

/// An issuer whose tokens another filter verifies.
#[test]
fn trust_takes_the_place_of_keys() {
    let good = configuration(&all_but(&[]), "");
    let keys = format!("\"algorithms\":[\"EdDSA\"],\"jwks\":{JWKS}");
    assert!(good.contains(&keys));
    let jwks = format!("\"jwks\":{JWKS}");
    let metadata = r#""trust":{"metadata":{"key":"payload"}}"#;
    for (members, place) in [
        (metadata.to_owned(), "ok"),
        (r#""trust":{"metadata":{"filter":"f","key":"k"}}"#.to_owned(), "ok"),
        (
            r#""trust":{"metadata":{"filter":"","key":"k"}}"#.to_owned(),
            "issuers[0].trust.metadata.filter",
        ),
        (r#""trust":{"metadata":{"key":""}}"#.to_owned(), "issuers[0].trust.metadata.key"),
        (r#""trust":{"metadata":{}}"#.to_owned(), "issuers[0].trust.metadata"),
        (r#""trust":{"metadata":"payload"}"#.to_owned(), "issuers[0].trust.metadata"),
        (
            r#""trust":{"metadata":{"key":"k","claims":"k"}}"#.to_owned(),
            "issuers[0].trust.metadata.claims",
        ),
        (r#""trust":{"header":"x-payload"}"#.to_owned(), "issuers[0].trust.header"),
        (r#""trust":{}"#.to_owned(), "issuers[0].trust"),
        (r#""trust":true"#.to_owned(), "issuers[0].trust"),
        (format!(r#"{metadata},"algorithms":["EdDSA"]"#), "issuers[0].trust"),
        (format!("{metadata},{jwks}"), "issuers[0].trust"),
        (
            format!(r#"{metadata},"remote_jwks":{{"uri":"https://i/k","cluster":"i"}}"#),
            "issuers[0].trust",
        ),
        (format!(r#"{metadata},"discovery":{{"cluster":"i"}}"#), "issuers[0].trust"),
        (format!(r#"{metadata},"token_types":["JWT"]"#), "issuers[0].token_types"),
        // Neither one nor the other.
        (jwks, "issuers[0]"),
        (r#""algorithms":["EdDSA"]"#.to_owned(), "issuers[0]"),
    ] {
        let changed = good.replacen(&keys, &members, 1);
        let found = Gate::configure(changed.as_bytes());
        let found = found.map_or_else(|error| error.path().to_owned(), |_| "ok".to_owned());
        assert_eq!(found, place, "{members}");
    }
    // Nobody here could verify a token, and none is looked for.
    let trusting = Gate::configure(good.replacen(&keys, metadata, 1).as_bytes()).unwrap();
    assert_eq!(trusting.settings().unwrap().tokens.headers().count(), 0);
    assert!(trusting.settings().unwrap().reads_metadata());
    assert!(!Gate::configure(good.as_bytes()).unwrap().settings().unwrap().reads_metadata());
}
