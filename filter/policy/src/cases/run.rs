//! Cases -> verdicts, through the filter's gate: the only place here that knows it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use fieldgate_core::audit;
use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Arrival, Gate, Step};
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::Portable;
use serde_json::{Map, Value, json};

use super::{Case, Checked, Verdict};
use crate::bundle::Bundle;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Text;

/// When the cases take place: a fixed time, so that a case means the same every day.
const NOW: u64 = 1_800_000_000;
const LIFETIME_SECONDS: u64 = 300;

/// The key of the cases' tokens. It is public, and no configuration that leaves here trusts it.
const SEED: [u8; 32] = *b"fieldgate policy cases: public!!";

/// Runs the cases against a gate that trusts a key of this run in place of the first issuer's.
pub(super) fn run(bundle: &Bundle, cases: Vec<Case>) -> Result<Vec<Checked>, Box<Diagnostic>> {
    let failed = |what: String| Box::new(Diagnostic::anywhere(Code::CaseValue, what));
    let court = Court::new(bundle).map_err(failed)?;
    Ok(cases.into_iter().map(|case| court.check(case)).collect())
}

/// What all cases have in common.
struct Court {
    gate: Gate,
    key: KeyPair,
    issuer: Value,
    audience: Value,
    path: Vec<u8>,
}

impl Court {
    fn new(bundle: &Bundle) -> Result<Self, String> {
        let key = KeyPair::from_seed(Seed::new(SEED));
        let mut configuration = bundle.configuration_value().clone();
        // A case is about who asks, not about how the token comes.
        configuration.as_object_mut().map(|members| members.remove("tokens"));
        let issuer = configuration.pointer_mut("/issuers/0").and_then(Value::as_object_mut);
        let issuer = issuer.ok_or("the bundle has no issuer")?;
        let x = URL_SAFE_NO_PAD.encode(key.pk.as_slice());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "cases", "x": x });
        for elsewhere in ["remote_jwks", "discovery", "trust"] {
            issuer.remove(elsewhere);
        }
        issuer.insert("jwks".to_owned(), json!({ "keys": [jwk] }));
        issuer.insert("algorithms".to_owned(), json!(["EdDSA"]));
        let name = issuer.get("issuer").cloned().unwrap_or_default();
        let audience = issuer.get("audiences").and_then(|all| all.get(0)).cloned();
        let gate = Gate::configure(configuration.to_string().as_bytes());
        let gate = gate.map_err(|error| error.to_string())?;
        let path = gate.settings().map(|settings| settings.path.as_bytes().to_vec());
        Ok(Self {
            gate,
            key,
            issuer: name,
            audience: audience.unwrap_or_default(),
            path: path.unwrap_or_default(),
        })
    }

    fn check(&self, case: Case) -> Checked {
        let Case { name, claims, query, variables, operation, expected } = case;
        let mut body = json!({ "query": query });
        if let Some(body) = body.as_object_mut() {
            body.extend(variables.map(|variables| ("variables".to_owned(), variables)));
            body.extend(operation.map(|name| ("operationName".to_owned(), name.into())));
        }
        let token = claims.map(|claims| self.token(claims));
        let found = self.judge(token.as_deref(), body.to_string().as_bytes());
        let Text { text: name, place } = name;
        Checked { name, place, expected, found }
    }

    /// A token with the case's claims, those that it needs filled in.
    fn token(&self, mut claims: Map<String, Value>) -> String {
        claims.entry("iss").or_insert_with(|| self.issuer.clone());
        claims.entry("aud").or_insert_with(|| self.audience.clone());
        claims.entry("iat").or_insert_with(|| NOW.into());
        claims.entry("exp").or_insert_with(|| (NOW + LIFETIME_SECONDS).into());
        claims.entry("jti").or_insert_with(|| "case".into());
        let header = json!({ "alg": "EdDSA", "kid": "cases" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&Value::Object(claims)));
        let signature = self.key.sk.sign(input.as_bytes(), None);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_slice()))
    }

    fn judge(&self, token: Option<&str>, body: &[u8]) -> Verdict {
        let header = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
        let mut headers = vec![
            header(":method", b"POST"),
            header(":path", &self.path),
            header(":authority", b"cases.test"),
            header("content-type", b"application/json"),
        ];
        let bearer = token.map(|token| format!("Bearer {token}"));
        headers.extend(bearer.map(|bearer| header("authorization", bearer.as_bytes())));
        let arrival = Arrival {
            headers: &headers,
            metadata: b"",
            published: &KeyStore::default(),
            verifier: &Portable,
            now: UnixTime(NOW),
        };
        let outcome = match self.gate.begin(&arrival) {
            Step::AwaitBody(pending) => pending.finish(body, UnixTime(NOW)),
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => outcome,
        };
        let (_, record) = outcome.into_parts();
        match record.verdict() {
            audit::Verdict::Allow => Verdict::Allow,
            audit::Verdict::Deny(Reason::FieldDenied) => {
                let denied = &record.facts().denied;
                let by_coordinate: BTreeMap<String, BTreeSet<String>> = denied
                    .iter()
                    .map(|one| (one.coordinate.clone(), one.rules.iter().cloned().collect()))
                    .collect();
                Verdict::Deny(by_coordinate)
            }
            audit::Verdict::Deny(reason) | audit::Verdict::None(reason) => {
                Verdict::Refuse(reason.code().to_owned())
            }
        }
    }
}
