//! A made-up request through every stage, so that the first real one finds code and memory warm: a
//! host compiles what runs for the first time, and that can take longer than many requests.
//!
//! It has no effect: what it decides is dropped, and nobody is told. Its token is signed with zeros,
//! so that the gate refuses it after the signature has been asked for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Gate, Open, authorize, refuse};
use crate::audit::{AuditRecord, Facts, ResponseFacts, Verdict};
use crate::identity::Principal;
use crate::policy::rules::RoleSet;
use crate::policy::schema::{FieldDef, Schema};
use crate::settings::Anonymous;
use crate::token::UnixTime;
use crate::token::remote::KeyStore;
use crate::token::signature::SignatureVerifier;
use crate::token::verify::{IssuerRules, KeySource};

/// Fields of the root that are asked for.
const FIELDS: usize = 4;
/// Fields of the root among which those are looked for.
const LOOKED_AT: usize = 64;

impl Gate {
    /// Rehearses, and gives the length of the records that came of it. A closed gate has nothing to
    /// rehearse.
    pub fn rehearse(&self, verifier: &dyn SignatureVerifier, now: UnixTime) -> usize {
        let Ok(open) = &self.open else { return 0 };
        let settings = &open.configuration.settings;
        let token = settings.issuers.first().map(|issuer| token(issuer, now)).unwrap_or_default();
        let header = |name: &str, value: String| (name.as_bytes().to_vec(), value.into_bytes());
        let headers = [
            header(":method", "POST".to_owned()),
            header(":path", settings.path.to_string()),
            header(":authority", "rehearsal".to_owned()),
            header("content-type", "application/json".to_owned()),
            header("authorization", format!("Bearer {token}")),
        ];
        let _refused = self.begin(&headers, &KeyStore::default(), verifier, now);
        let every = RoleSet::first(open.configuration.policy.parts().roles.len());
        [RoleSet::EMPTY, every].into_iter().map(|roles| judge(open, roles)).sum()
    }
}

/// Judges the made-up operation, and writes its record.
fn judge(open: &Open, roles: RoleSet) -> usize {
    let Ok(principal) = Principal::anonymous(Anonymous::Role(roles)) else { return 0 };
    let mut facts = Facts { enforced: Some(open.enforced.clone()), ..Facts::default() };
    facts.note_caller(&principal, &open.configuration);
    let body = body(open.configuration.policy.schema());
    let judged = authorize(&open.configuration, &principal, body.as_bytes(), &mut facts);
    let record = match judged {
        Ok(_) => AuditRecord::new(Verdict::Allow, facts),
        Err(refusal) => refuse(refusal, facts).into_parts().1,
    };
    let record = record.to_json(&ResponseFacts::default());
    AuditRecord::to_struct(&record).len().saturating_add(record.to_string().len())
}

/// An operation over the first fields of the root, as far as they take no arguments.
fn body(schema: &Schema) -> String {
    let fields = schema.type_def(schema.query()).map(|def| def.fields()).into_iter().flatten();
    let fields = fields.take(LOOKED_AT).filter_map(|id| schema.field_def(id));
    let bare = fields.filter(|field| schema.arguments(field).next().is_none());
    let selection = |field: FieldDef<'_>| match schema.type_def(field.returns)?.possible.is_empty()
    {
        true => Some(field.name.to_owned()),
        false => Some(format!("{} {{ __typename }}", field.name)),
    };
    let selections: Vec<String> = bare.filter_map(selection).take(FIELDS).collect();
    let query = format!(
        "query Rehearsal($a: Boolean = true) {{ __typename @include(if: $a) {} }}",
        selections.join(" ")
    );
    serde_json::json!({ "query": query, "variables": { "a": true } }).to_string()
}

/// A token of an issuer that has everything but a signature.
fn token(issuer: &IssuerRules, now: UnixTime) -> String {
    let algorithm = issuer.algorithms.first().copied();
    let keys = match &issuer.keys {
        KeySource::Inline(keys) => keys.keys(),
        KeySource::Published(_) => &[],
    };
    let served = algorithm.and_then(|algorithm| {
        keys.iter().find_map(|key| Some((key.kid(), key.serving(algorithm)?)))
    });
    let mut header = serde_json::json!({ "typ": "JWT" });
    if let (Some(header), Some(algorithm)) = (header.as_object_mut(), algorithm) {
        header.insert("alg".to_owned(), algorithm.as_str().into());
        if let Some((Some(kid), _)) = served {
            header.insert("kid".to_owned(), kid.into());
        }
    }
    let claims = serde_json::json!({
        "iss": issuer.issuer, "aud": issuer.audiences, "sub": "rehearsal", "groups": ["rehearsal"],
        "iat": now.0, "exp": now.plus(300).0,
    });
    let signature = vec![0_u8; served.map_or(64, |(_, serving)| serving.signature_bytes())];
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (header, claims) = (header.to_string(), claims.to_string());
    format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(&signature))
}
