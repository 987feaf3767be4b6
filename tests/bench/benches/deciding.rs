//! Deciding, natively: a whole request with a known token by the number of rules, with a condition
//! and without, and by how many entities have owners. The difference between two of them is what the
//! one has more.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use fieldgate_core::gate::{Arrival, Gate, Step};
use fieldgate_core::http::{Headers, Peer};
use fieldgate_core::policy::condition::Value;
use fieldgate_core::policy::data::{Data, DataParts};
use fieldgate_core::policy::{Policy, blob};
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::Portable;
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{lower, schema, yaml};
use jwt_simple::prelude::{Claims, Clock, Duration, Ed25519KeyPair, EdDSAKeyPairLike};
use serde_json::json;

fn main() {
    divan::main();
}

/// As many types of two fields as there are rules, each rule for one field; and ten fields of the
/// query that lead to some of them.
fn policy(rules: usize, condition: &str, data: Data) -> Policy {
    let mut sdl = "type Query {\n".to_owned();
    (0..10).for_each(|at| sdl += &format!("  root{at}(ref: ID): T{}\n", at * (rules / 10)));
    sdl += "}\n";
    (0..rules).for_each(|at| sdl += &format!("type T{at} {{ a: ID b: ID }}\n"));
    let mut text = format!(
        "version: 1\nname: bench\nroles:\n  user: {{ groups: [users] }}\nrules:\n  \
         - {{ id: roots, fields: ['Query.*'], allow: [user]{condition} }}\n"
    );
    (0..rules).for_each(|at| {
        text += &format!("  - {{ id: r{at}, fields: [T{at}.a], allow: [user] }}\n");
    });
    let mut findings = Findings::default();
    let file = |name: &str, text: String| -> Arc<SourceFile> { SourceFile::new(name, text) };
    let schema = schema::read(&file("schema.graphql", sdl), &mut findings).expect("a schema");
    let node = yaml::read(&file("policy.yaml", text), &mut findings).expect("YAML");
    let source = PolicySource::read(&node, &mut findings);
    let conditions = lower::check(&source, &schema, &mut findings);
    assert!(!findings.has_errors(), "{:?}", findings.into_sorted());
    lower::lower(&source, schema, (&conditions, data), None).expect("a policy")
}

struct Bench {
    gate: Gate,
    headers: Headers,
    body: Vec<u8>,
}

fn now() -> UnixTime {
    UnixTime(Clock::now_since_epoch().as_secs())
}

impl Bench {
    fn new(policy: &Policy) -> Self {
        let key = Ed25519KeyPair::generate().with_key_id("bench");
        let jwk: serde_json::Value =
            serde_json::from_str(&key.public_key().to_jwk()).expect("a key");
        let (blob, _) = blob::encode(policy).expect("a blob");
        let configuration = json!({
            "version": 1,
            "issuers": [{
                "issuer": "i", "audiences": ["a"], "algorithms": ["EdDSA"],
                "jwks": { "keys": [jwk] },
            }],
            "policy": STANDARD.encode(blob),
        });
        let gate = Gate::configure(configuration.to_string().as_bytes()).expect("a configuration");
        let claims = json!({ "groups": ["users", "group:default/team-7"] });
        let claims = Claims::with_custom_claims(claims, Duration::from_hours(1))
            .with_issuer("i")
            .with_audience("a")
            .with_subject("ann");
        let token = key.sign(claims).expect("a token");
        let authorization = format!("Bearer {token}");
        let headers = [
            (":method", "POST"),
            (":path", "/graphql"),
            ("content-type", "application/json"),
            ("authorization", &authorization),
        ];
        let headers = headers.into_iter().collect();
        let roots = (0..10).map(|at| format!("root{at}(ref: \"component:default/e7\") {{ a }}"));
        let query = format!("{{ {} }}", roots.collect::<Vec<_>>().join(" "));
        Self { gate, headers, body: json!({ "query": query }).to_string().into_bytes() }
    }

    /// One request, of a token that is known.
    fn run(&self, bencher: Bencher<'_, '_>) {
        let published = KeyStore::default();
        let ask = || {
            let arrival = Arrival {
                headers: &self.headers,
                ends: false,
                metadata: b"",
                peer: Peer::default(),
                published: &published,
                verifier: &Portable,
                now: now(),
            };
            match self.gate.begin(black_box(&arrival)) {
                Step::AwaitBody(pending) => pending.finish(black_box(&self.body), now()),
                Step::Settle(_) | Step::AwaitKeys { .. } => panic!("the caller is known"),
            }
        };
        let (effect, record) = ask().into_parts();
        assert!(matches!(effect, fieldgate_core::gate::Effect::Forward(_)), "{record:?}");
        bencher.bench_local(|| ask());
    }
}

/// So many entities, in the hands of a hundred teams.
fn owners(entities: usize) -> Data {
    let team =
        |at: usize| Value::List(vec![Value::String(format!("group:default/team-{at}").into())]);
    let mut keys: Vec<(Box<str>, u32)> = (0..entities)
        .map(|at| (format!("component:default/e{at}").into(), (at % 100) as u32))
        .collect();
    keys.sort();
    let values = (0..100).map(team).collect();
    Data::new(DataParts { owners: keys, tables: Vec::new(), values }).expect("data")
}

#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn rules(bencher: Bencher<'_, '_>, rules: usize) {
    Bench::new(&policy(rules, "", Data::default())).run(bencher);
}

/// Ten occurrences, each asked.
#[divan::bench]
fn ten_conditions_on_arguments(bencher: Bencher<'_, '_>) {
    let condition = ", if: \"args.ref.startsWith('component:')\"";
    Bench::new(&policy(100, condition, Data::default())).run(bencher);
}

/// One condition for all ten.
#[divan::bench]
fn one_condition(bencher: Bencher<'_, '_>) {
    let condition = ", if: \"'users' in subject.groups\"";
    Bench::new(&policy(100, condition, Data::default())).run(bencher);
}

/// Ten lookups.
#[divan::bench(args = [100, 10_000, 100_000])]
fn ten_owners(bencher: Bencher<'_, '_>, entities: usize) {
    let condition = ", if: \"owner(args.ref) in subject.groups\"";
    Bench::new(&policy(100, condition, owners(entities))).run(bencher);
}
