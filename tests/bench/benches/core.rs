//! The stages of one request, natively: where the time goes inside the filter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use fieldgate_bench::asking::{Asking, NOW, PAGE};
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::gate::Gate;
use fieldgate_core::http::{GraphqlRequest, Headers};
use fieldgate_core::limits::Limits;
use fieldgate_core::plan::{Choice, Plan};
use fieldgate_core::token::revocation::Digests;
use fieldgate_policy::bundle::Bundle;
use serde_json::{Value, json};

const BOUNDS: Bounds = Bounds { tokens: 15_000, nesting: 200 };
const GROUPS: [&str; 3] = ["employees", "sre", "platform"];

fn main() {
    divan::main();
}

/// The bundle, and a request that it allows.
struct Bench {
    asking: Asking,
    configuration: String,
    bundle: Bundle,
    headers: Headers,
    body: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with a change to its issuer.
    fn with(change: impl FnOnce(&mut Value)) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/backstage");
        let bundle = Bundle::load(folder.as_ref(), None).expect("the bundle builds");
        let mut configuration = bundle.configuration_value().clone();
        change(&mut configuration["issuers"][0]);
        let configuration = configuration.to_string();
        let asking = Asking::new(configuration.as_bytes());
        let variables = json!({ "ref": "component:default/checkout" });
        let body = json!({ "query": PAGE, "variables": variables }).to_string().into_bytes();
        let headers = Asking::head(&asking.token(0, &GROUPS), &body);
        Self { asking, configuration, bundle, headers, body }
    }

    /// Each time a token that never came, but for its signature, which the host would verify.
    fn begin_new_tokens(&self, bencher: Bencher<'_, '_>) {
        let mut number = 0;
        let head = || {
            number += 1;
            Asking::head(&self.asking.token(number, &GROUPS), &self.body)
        };
        bencher.with_inputs(head).bench_local_values(|head| self.asking.begin(black_box(&head)));
    }
}

/// 100,000 revoked tokens and as many subjects.
fn revoke(issuer: &mut Value) {
    let list = |kind: &str| {
        let names: Vec<String> = (0..100_000).map(|at| format!("{kind} {at}")).collect();
        STANDARD.encode(Digests::of(names.iter().map(String::as_str)).as_bytes())
    };
    issuer["revoked"] = json!({ "jti": list("token"), "subjects": list("subject") });
}

#[divan::bench]
fn document(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Document::read(black_box(PAGE), &BOUNDS));
}

#[divan::bench]
fn plan(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    let document = Document::read(PAGE, &BOUNDS).expect("a document");
    let policy = bench.bundle.policy();
    let choice = Choice::new(&document, None).expect("an operation");
    bencher.bench_local(|| Plan::new(black_box(&document), choice, policy, &Limits::DEFAULT));
}

#[divan::bench]
fn request(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher.bench_local(|| GraphqlRequest::read(black_box(&bench.body), 64));
}

/// The head of a request by a token that is known.
#[divan::bench]
fn begin(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher.bench_local(|| bench.asking.begin(black_box(&bench.headers)));
}

#[divan::bench]
fn begin_new_token(bencher: Bencher<'_, '_>) {
    Bench::new().begin_new_tokens(bencher);
}

/// The same where 100,000 tokens and 100,000 subjects are revoked.
#[divan::bench]
fn begin_new_token_revoking(bencher: Bencher<'_, '_>) {
    Bench::with(revoke).begin_new_tokens(bencher);
}

/// Plugin configuration to gate: key set, policy blob.
#[divan::bench]
fn configure(bencher: Bencher<'_, '_>) {
    let Bench { configuration, .. } = Bench::new();
    bencher.bench_local(|| Gate::configure(black_box(configuration.as_bytes())));
}

/// The same with 100,000 revoked tokens and 100,000 revoked subjects.
#[divan::bench]
fn configure_revoking(bencher: Bencher<'_, '_>) {
    let Bench { configuration, .. } = Bench::with(revoke);
    bencher.bench_local(|| Gate::configure(black_box(configuration.as_bytes())));
}

/// Body to outcome of a known document: request, decision, canonical body and facts.
#[divan::bench]
fn finish(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher
        .with_inputs(|| bench.asking.begin(&bench.headers))
        .bench_local_values(|pending| pending.finish(black_box(&bench.body), NOW));
}
