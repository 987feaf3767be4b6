//! Claims and a request's body -> what the filter does with them: the filter's own gate, with keys
//! of this run in place of those of the issuers. The only place here that knows it.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use fieldgate_core::audit::AuditRecord;
use fieldgate_core::gate::{Arrival, Effect, Gate, Step};
use fieldgate_core::http::{Headers, Peer};
use fieldgate_core::identity::Principal;
use fieldgate_core::limits::Limits;
use fieldgate_core::policy::condition;
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::Portable;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::bundle::Bundle;

/// When requests take place: a fixed time, so that they mean the same every day.
const NOW: u64 = 1_800_000_000;
/// The same for people.
pub(crate) const NOW_TEXT: &str = "2027-01-15T08:00:00Z";
const LIFETIME_SECONDS: u64 = 300;

/// The key of the tokens. It is public, and no configuration that leaves here trusts it.
const SEED: [u8; 32] = *b"fieldgate policy cases: public!!";

/// A gate that trusts a key of its own in place of those of the issuers.
pub(crate) struct Court {
    gate: Gate,
    limits: Limits,
    key: KeyPair,
    /// Each with its first audience; the first one is who issues tokens that do not say.
    issuers: Vec<(Value, Value)>,
    path: Vec<u8>,
}

/// What a client sends.
pub(crate) struct Body<'a> {
    pub(crate) query: &'a str,
    pub(crate) variables: Option<&'a RawValue>,
    pub(crate) operation_name: Option<&'a str>,
}

/// What became of it.
pub(crate) struct Heard {
    /// Who asked, if the token was accepted.
    pub(crate) principal: Option<Rc<Principal>>,
    /// The head of the request for conditions, if one looks at it.
    pub(crate) head: Option<condition::Value<'static>>,
    pub(crate) effect: Effect,
    pub(crate) record: AuditRecord,
}

impl Body<'_> {
    /// As JSON, in which the variables are as they were written.
    pub(crate) fn text(&self) -> Result<String, String> {
        let Self { query, variables, operation_name } = self;
        let query = to_raw_value(query).map(Some);
        let name = operation_name.map(to_raw_value).transpose();
        let (query, name) = match (query, name) {
            (Ok(query), Ok(name)) => (query, name),
            (Err(error), _) | (_, Err(error)) => return Err(error.to_string()),
        };
        let members = [
            ("query", query.as_deref()),
            ("variables", *variables),
            ("operationName", name.as_deref()),
        ];
        let members = members.into_iter().filter_map(|(key, raw)| Some((key, raw?)));
        let texts: Vec<String> =
            members.map(|(key, raw)| format!("\"{key}\":{}", raw.get())).collect();
        Ok(format!("{{{}}}", texts.join(",")))
    }
}

impl Court {
    pub(crate) fn new(bundle: &Bundle) -> Result<Self, String> {
        let key = KeyPair::from_seed(Seed::new(SEED));
        let mut configuration = bundle.configuration_value().clone();
        // It is about who asks, not about how the token comes.
        configuration.as_object_mut().map(|members| members.remove("tokens"));
        let x = URL_SAFE_NO_PAD.encode(key.pk.as_slice());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "cases", "x": x });
        let issuers = configuration.pointer_mut("/issuers").and_then(Value::as_array_mut);
        let mut names = Vec::new();
        for issuer in issuers.into_iter().flatten().filter_map(Value::as_object_mut) {
            for elsewhere in ["remote_jwks", "discovery", "trust"] {
                issuer.remove(elsewhere);
            }
            issuer.insert("jwks".to_owned(), json!({ "keys": [jwk] }));
            issuer.insert("algorithms".to_owned(), json!(["EdDSA"]));
            let audience = issuer.get("audiences").and_then(|all| all.get(0)).cloned();
            let name = issuer.get("issuer").cloned().unwrap_or_default();
            names.push((name, audience.unwrap_or_default()));
        }
        if names.is_empty() {
            return Err("the bundle has no issuer".to_owned());
        }
        let gate = Gate::configure(configuration.to_string().as_bytes());
        let gate = gate.map_err(|error| error.to_string())?;
        let settings = gate.settings().ok_or("the gate is closed")?;
        let (path, limits) = (
            settings.endpoint.paths.first().map_or_else(Vec::new, |path| path.as_bytes().to_vec()),
            settings.limits,
        );
        Ok(Self { gate, limits, key, issuers: names, path })
    }

    /// The limits on requests.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What becomes of a request; without claims it is one without a token.
    pub(crate) fn hear(&self, claims: Option<Map<String, Value>>, body: &[u8]) -> Heard {
        let bearer = claims.map(|claims| format!("Bearer {}", self.token(claims)));
        let headers = [
            (":method", &b"POST"[..]),
            (":path", &self.path),
            (":authority", b"cases.test"),
            ("content-type", b"application/json"),
        ];
        let bearer = bearer.as_ref().map(|bearer| ("authorization", bearer.as_bytes()));
        let headers: Headers = headers.into_iter().chain(bearer).collect();
        let arrival = Arrival {
            headers: &headers,
            ends: false,
            metadata: b"",
            peer: Peer::default(),
            published: &KeyStore::default(),
            verifier: &Portable,
            now: UnixTime(NOW),
        };
        let (principal, head, outcome) = match self.gate.begin(&arrival) {
            Step::AwaitBody(pending) => {
                let (principal, head) = (Rc::clone(pending.principal()), pending.head().cloned());
                (Some(principal), head, pending.finish(body, UnixTime(NOW)))
            }
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => {
                (None, None, outcome)
            }
        };
        let (effect, record) = outcome.into_parts();
        Heard { principal, head, effect, record: *record }
    }

    /// A token with these claims, those that it needs filled in.
    fn token(&self, mut claims: Map<String, Value>) -> String {
        let named = |(name, _): &&(Value, Value)| claims.get("iss") == Some(name);
        let issuer = self.issuers.iter().find(named).or(self.issuers.first());
        let (issuer, audience) = issuer.cloned().unwrap_or_default();
        claims.entry("iss").or_insert(issuer);
        claims.entry("aud").or_insert(audience);
        claims.entry("iat").or_insert_with(|| NOW.into());
        claims.entry("exp").or_insert_with(|| (NOW + LIFETIME_SECONDS).into());
        claims.entry("jti").or_insert_with(|| "case".into());
        let header = json!({ "alg": "EdDSA", "kid": "cases" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&Value::Object(claims)));
        let signature = self.key.sk.sign(input.as_bytes(), None);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_slice()))
    }
}
