//! A gate, and requests as `filter/wasm/src/request.rs` puts them to it, in the same order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldgate_core::audit::AuditRecord;
use fieldgate_core::gate::{Arrival, Effect, Gate, Outcome, Pending, Step};
use fieldgate_core::http::{Headers, Peer};
use fieldgate_core::settings::Settings;
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::keys::KeyUse;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::{InvalidSignature, SignatureVerifier};
use serde_json::{Value, json};
use std::hint::black_box;

/// When all of it happens.
pub const NOW: UnixTime = UnixTime(1_800_000_000);

/// The page's query of 265 bytes, for the schema of `policies/backstage`.
pub const PAGE: &str = "query Q($ref: String!, $n: Int = 10) { entity(ref: $ref) { name owner { name members(first: $n) { email name groups } } ... on Component { secrets { name value } annotations dependsOn { name kind owner { name } } apis { name definition } } } viewer { name email } }";

/// Says yes: the host does the cryptography.
struct Host;

impl SignatureVerifier for Host {
    fn verify(&self, key: KeyUse<'_>, input: &[u8], signed: &[u8]) -> Result<(), InvalidSignature> {
        black_box((key, input, signed));
        Ok(())
    }
}

/// A configuration in force.
pub struct Asking {
    pub gate: Gate,
    configuration: Value,
    published: KeyStore,
}

/// Which records are made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    Text,
    TextAndStruct,
}

impl Asking {
    /// # Panics
    /// If it is no configuration.
    #[must_use]
    pub fn new(configuration: &[u8]) -> Self {
        let gate = Gate::configure(configuration).expect("a configuration");
        let published = gate.key_store(1);
        let configuration = serde_json::from_slice(configuration).expect("JSON");
        Self { gate, configuration, published }
    }

    /// A token of the first issuer that differs from every other one, with these groups.
    #[must_use]
    pub fn token(&self, number: u64, groups: &[&str]) -> String {
        self.token_saying(number, &json!({ "groups": groups }))
    }

    /// The same, with these claims beside those that each has.
    ///
    /// # Panics
    /// If they are no object.
    #[must_use]
    pub fn token_saying(&self, number: u64, more: &Value) -> String {
        let issuer = &self.configuration["issuers"][0];
        let header =
            json!({ "alg": "RS256", "typ": "JWT", "kid": issuer["jwks"]["keys"][0]["kid"] });
        let mut claims = json!({
            "iss": issuer["issuer"], "aud": issuer["audiences"][0], "sub": "user:default/ann.keller",
            "iat": NOW.0 - 60, "exp": NOW.0 + 3600, "jti": format!("{number:016x}"),
            "name": "Ann Keller", "email": "ann.keller@tarnbeck.test",
        });
        let all = claims.as_object_mut().expect("an object");
        all.extend(more.as_object().expect("an object").clone());
        // As long as one of an RSA key of 2048 bits.
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
        let signature = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()
        });
        let signature: Vec<u8> = signature.take(32).flatten().collect();
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The head of a request as Envoy has it.
    #[must_use]
    pub fn head(token: &str, body: &[u8]) -> Headers {
        let bearer = format!("Bearer {token}");
        let length = body.len().to_string();
        [
            (":authority", "portal.tarnbeck.test"),
            (":path", "/graphql"),
            (":method", "POST"),
            (":scheme", "https"),
            ("content-type", "application/json"),
            ("content-length", &length),
            ("accept", "application/graphql-response+json, application/json;q=0.9"),
            ("accept-encoding", "gzip, deflate, br"),
            (
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ),
            ("authorization", &bearer),
            ("x-forwarded-proto", "https"),
            ("x-request-id", "5c1b0a9e-7d5e-4f43-9b37-0d4ab6a9f8d1"),
        ]
        .into_iter()
        .collect()
    }

    /// The first half of a request.
    ///
    /// # Panics
    /// If the head is refused.
    pub fn begin(&self, head: &Headers) -> Pending {
        black_box(self.gate.loggable_path(head));
        black_box((
            self.gate.settings().is_some_and(Settings::reads_metadata),
            self.gate.reads_peer(),
        ));
        let arrival = Arrival {
            headers: head,
            ends: false,
            metadata: b"",
            peer: Peer::default(),
            published: &self.published,
            verifier: &Host,
            now: NOW,
        };
        match self.gate.begin(&arrival) {
            Step::AwaitBody(pending) => {
                black_box(pending.header_changes());
                *pending
            }
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => {
                panic!("refused by its head: {outcome:?}")
            }
        }
    }

    /// The second half.
    #[must_use]
    pub fn finish(pending: Pending, body: &[u8]) -> Outcome {
        black_box(pending.body_limit());
        pending.finish(body, NOW)
    }

    /// What is left of it until its record is written.
    pub fn end(&self, outcome: Outcome, records: Records) -> (Effect, String) {
        let (effect, record) = outcome.into_parts();
        let exported = self.gate.settings().map_or(&[][..], |settings| &settings.exported);
        black_box(record.amounts(exported).count());
        if records == Records::TextAndStruct {
            black_box(record.to_struct(None));
        }
        (effect, record.to_text(None))
    }

    /// A whole request: what became of it, and its record.
    pub fn ask(&self, head: &Headers, body: &[u8], records: Records) -> (Effect, String) {
        self.end(Self::finish(self.begin(head), body), records)
    }

    /// The record of a request.
    #[must_use]
    pub fn record(&self, head: &Headers, body: &[u8]) -> AuditRecord {
        *Self::finish(self.begin(head), body).into_parts().1
    }
}
