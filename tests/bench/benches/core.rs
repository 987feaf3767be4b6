//! The stages of one request, natively: where the time goes inside the filter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::gate::{Arrival, Gate, Pending, Step};
use fieldgate_core::http::{GraphqlRequest, Headers, Peer};
use fieldgate_core::limits::Limits;
use fieldgate_core::plan::{Choice, Plan};
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::revocation::Digests;
use fieldgate_core::token::signature::Portable;
use fieldgate_policy::bundle::Bundle;
use jwt_simple::prelude::{Claims, Clock, Duration, Ed25519KeyPair, EdDSAKeyPairLike};
use serde_json::{Value, json};

const QUERY: &str = "query Q($ref: String!, $n: Int = 10) { entity(ref: $ref) { name owner { name members(first: $n) { email name groups } } ... on Component { secrets { name value } annotations dependsOn { name kind owner { name } } apis { name definition } } } viewer { name email } }";
const BOUNDS: Bounds = Bounds { tokens: 15_000, nesting: 200 };

fn main() {
    divan::main();
}

struct Bench {
    gate: Gate,
    bundle: Bundle,
    headers: Headers,
    body: Vec<u8>,
}

/// The bundle with a key of our own, and a request that it allows.
fn bench() -> Bench {
    let (bench, _) = with(|_| {});
    bench
}

/// The same with a change to its issuer, and its configuration.
fn with(change: impl FnOnce(&mut Value)) -> (Bench, String) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/backstage");
    let bundle = Bundle::load(folder.as_ref(), None).expect("the bundle builds");
    let key = Ed25519KeyPair::generate().with_key_id("bench");
    let mut configuration = bundle.configuration_value().clone();
    let issuer = configuration["issuers"][0]["issuer"].as_str().expect("an issuer").to_owned();
    let jwk: Value = serde_json::from_str(&key.public_key().to_jwk()).expect("a key");
    configuration["issuers"][0]["jwks"] = json!({ "keys": [jwk] });
    change(&mut configuration["issuers"][0]);
    let configuration = configuration.to_string();
    let gate = Gate::configure(configuration.as_bytes()).expect("a configuration");

    let groups = json!({ "groups": ["employees", "sre", "platform"] });
    let claims = Claims::with_custom_claims(groups, Duration::from_hours(1))
        .with_issuer(issuer)
        .with_audience("backstage")
        .with_subject("user:default/bench")
        .with_jwt_id("bench");
    let token = key.sign(claims).expect("a token");
    let authorization = format!("Bearer {token}");
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        ("content-type", "application/json"),
        ("authorization", &authorization),
    ];
    let headers = headers.into_iter().collect();
    let variables = json!({ "ref": "component:default/checkout" });
    let body = json!({ "query": QUERY, "variables": variables }).to_string().into_bytes();
    (Bench { gate, bundle, headers, body }, configuration)
}

/// 100,000 revoked tokens and as many subjects.
fn revoke(issuer: &mut Value) {
    let list = |kind: &str| {
        let names: Vec<String> = (0..100_000).map(|at| format!("{kind} {at}")).collect();
        STANDARD.encode(Digests::of(names.iter().map(String::as_str)).as_bytes())
    };
    issuer["revoked"] = json!({ "jti": list("token"), "subjects": list("subject") });
}

fn now() -> UnixTime {
    UnixTime(Clock::now_since_epoch().as_secs())
}

impl Bench {
    fn begin(&self) -> Pending {
        let arrival = Arrival {
            headers: &self.headers,
            ends: false,
            metadata: b"",
            peer: Peer::default(),
            published: &KeyStore::default(),
            verifier: &Portable,
            now: now(),
        };
        match self.gate.begin(&arrival) {
            Step::AwaitBody(pending) => *pending,
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => {
                panic!("refused: {outcome:?}")
            }
        }
    }
}

#[divan::bench]
fn document(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Document::read(black_box(QUERY), &BOUNDS));
}

#[divan::bench]
fn plan(bencher: Bencher<'_, '_>) {
    let bench = bench();
    let document = Document::read(QUERY, &BOUNDS).expect("a document");
    let policy = bench.bundle.policy();
    let choice = Choice::new(&document, None).expect("an operation");
    bencher.bench_local(|| Plan::new(black_box(&document), choice, policy, &Limits::DEFAULT));
}

#[divan::bench]
fn request(bencher: Bencher<'_, '_>) {
    let bench = bench();
    bencher.bench_local(|| GraphqlRequest::read(black_box(&bench.body), 64));
}

/// Head, token (EdDSA in pure Rust) and roles.
#[divan::bench]
fn begin(bencher: Bencher<'_, '_>) {
    let bench = bench();
    bencher.bench_local(|| bench.begin());
}

/// The same where 100,000 tokens and 100,000 subjects are revoked.
#[divan::bench]
fn begin_revoking(bencher: Bencher<'_, '_>) {
    let (bench, _) = with(revoke);
    bencher.bench_local(|| bench.begin());
}

/// Plugin configuration to gate: key set, policy blob.
#[divan::bench]
fn configure(bencher: Bencher<'_, '_>) {
    let (_, configuration) = with(|_| {});
    bencher.bench_local(|| Gate::configure(black_box(configuration.as_bytes())));
}

/// The same with 100,000 revoked tokens and 100,000 revoked subjects.
#[divan::bench]
fn configure_revoking(bencher: Bencher<'_, '_>) {
    let (_, configuration) = with(revoke);
    bencher.bench_local(|| Gate::configure(black_box(configuration.as_bytes())));
}

/// Body to outcome: request, document, plan, decision, canonical body and facts.
#[divan::bench]
fn finish(bencher: Bencher<'_, '_>) {
    let bench = bench();
    bencher
        .with_inputs(|| bench.begin())
        .bench_local_values(|pending| pending.finish(black_box(&bench.body), now()));
}
