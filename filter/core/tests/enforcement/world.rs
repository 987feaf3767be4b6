//! The setting: a schema of a few types, policies over it, and callers whose tokens count as signed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fieldgate_core::audit::AuditRecord;
use fieldgate_core::gate::{Arrival, Effect, Gate, Step};
use fieldgate_core::http::{Headers, Peer};
use fieldgate_core::policy::rules::{Access, Clause, Grant, Role, RoleSet, RuleId};
use fieldgate_core::policy::schema::{FieldId, Schema, TypeKind};
use fieldgate_core::policy::{Policy, PolicyParts, blob};
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::keys::KeyUse;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::signature::{InvalidSignature, SignatureVerifier};

use crate::random;

/// A type: its name and kind, the objects that it can be if it is abstract, and its fields.
pub(crate) type TypeRow = (&'static str, TypeKind, &'static [&'static str], &'static [FieldRow]);
/// A field: its name, its arguments, which take anything, what it returns.
pub(crate) type FieldRow = (&'static str, &'static [&'static str], &'static str);

/// Sorted by name, and so are fields and arguments.
pub(crate) const TYPES: &[TypeRow] = &[
    (
        "Admin",
        TypeKind::Object,
        &[],
        &[
            ("boss", &["level"], "Person"),
            ("id", &[], "ID"),
            ("name", &[], "ID"),
            ("perms", &[], "ID"),
        ],
    ),
    ("Any", TypeKind::Scalar, &[], &[]),
    ("Boolean", TypeKind::Scalar, &[], &[]),
    ("Hit", TypeKind::Union, &["Post", "Tag", "User"], &[]),
    ("ID", TypeKind::Scalar, &[], &[]),
    (
        "Mutation",
        TypeKind::Object,
        &[],
        &[("rename", &["id", "name"], "User"), ("wipe", &[], "ID")],
    ),
    ("Node", TypeKind::Interface, &["Admin", "Post", "User"], &[("id", &[], "ID")]),
    (
        "Person",
        TypeKind::Interface,
        &["Admin", "User"],
        &[("boss", &["level"], "Person"), ("id", &[], "ID"), ("name", &[], "ID")],
    ),
    (
        "Post",
        TypeKind::Object,
        &[],
        &[("author", &[], "User"), ("id", &[], "ID"), ("title", &[], "ID")],
    ),
    (
        "Query",
        TypeKind::Object,
        &[],
        &[
            ("hit", &["q"], "Hit"),
            ("me", &[], "User"),
            ("node", &["id"], "Node"),
            ("person", &[], "Person"),
            ("version", &[], "ID"),
        ],
    ),
    ("Tag", TypeKind::Object, &[], &[("label", &[], "ID")]),
    (
        "User",
        TypeKind::Object,
        &[],
        &[
            ("boss", &["level"], "User"),
            ("id", &[], "ID"),
            ("name", &[], "ID"),
            ("posts", &["after", "first"], "Post"),
            ("ssn", &[], "ID"),
        ],
    ),
];

pub(crate) fn schema_of(rows: &[TypeRow]) -> Schema {
    random::schema::Schema::of(rows).index()
}

/// What decides a field: clauses of role bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) grants: Vec<u64>,
    pub(crate) denies: Vec<u64>,
}

pub(crate) const ROLES: u64 = 4;

/// A policy with roles `r0` to `r3` for groups `g0` to `g3`, the actors `agent` (r0, r1) and `bot`
/// (r0), and for each field what `rule` says of its coordinate.
pub(crate) fn policy(schema: Schema, rule: impl Fn(&str) -> Rule) -> Policy {
    let accesses: Vec<Access> = (0_u32..)
        .take(schema.field_count())
        .map(|field| {
            let Rule { grants, denies } = rule(&schema.coordinate(FieldId(field)));
            let clause = |bits: u64| Clause {
                roles: RoleSet::from_bits(bits),
                condition: None,
                rules: vec![RuleId(0)],
            };
            Access {
                grants: grants.into_iter().map(|bits| Grant { any: vec![clause(bits)] }).collect(),
                denies: denies.into_iter().map(clause).collect(),
                ..Access::default()
            }
        })
        .collect();
    let role = |at: u64| Role {
        name: format!("r{at}").into(),
        groups: vec![format!("g{at}").into_boxed_str()],
        scopes: Vec::new(),
        condition: None,
    };
    Policy::new(PolicyParts {
        roles: (0..ROLES).map(role).collect(),
        actors: vec![
            ("agent".into(), RoleSet::from_bits(0b11)),
            ("bot".into(), RoleSet::from_bits(0b1)),
        ],
        rules: vec!["rule".into()],
        field_access: (0_u32..).take(accesses.len()).collect(),
        accesses,
        ..PolicyParts::new("world", schema)
    })
    .expect("a policy")
}

/// Grants everything to r0 but what is named: that is r1's.
pub(crate) fn all_but(reserved: &'static [&'static str]) -> Policy {
    policy(schema_of(TYPES), |coordinate| Rule {
        grants: vec![if reserved.contains(&coordinate) { 0b10 } else { 0b1 }],
        denies: Vec::new(),
    })
}

/// RFC 8037 appendix A.2.
pub(crate) const JWKS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// A configuration with more members, as JSON with a comma before each.
pub(crate) fn configuration(policy: &Policy, more: &str) -> String {
    let (blob, _) = blob::encode(policy).expect("a blob");
    let policy = STANDARD.encode(blob);
    format!(
        r#"{{"version":1,"issuers":[{{"issuer":"i","audiences":["a"],"algorithms":["EdDSA"],"jwks":{JWKS}}}],"policy":"{policy}"{more}}}"#
    )
}

/// Limits that a small operation never meets.
pub(crate) const WIDE: &str = r#","limits":{"aliases":10000,"directives":1000,"root_fields":1000,"depth":200,"expanded_fields":100000}"#;

pub(crate) fn gate(policy: &Policy, more: &str) -> Gate {
    Gate::configure(configuration(policy, more).as_bytes()).expect("a configuration")
}

/// Takes every signature for a good one.
pub(crate) struct Trusting;

impl SignatureVerifier for Trusting {
    fn verify(&self, _: KeyUse<'_>, _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }
}

/// A token's value in the header, with these groups and more claims, as JSON with a comma each.
pub(crate) fn token(groups: &[&str], more: &str) -> String {
    let groups = serde_json::to_string(groups).unwrap();
    let claims =
        format!(r#"{{"iss":"i","sub":"ann","aud":"a","exp":2000,"groups":{groups}{more}}}"#);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("Bearer {}.{}.{}", part(br#"{"alg":"EdDSA"}"#), part(claims.as_bytes()), part(&[0; 64]))
}

pub(crate) fn pairs(headers: &[(&str, &str)]) -> Headers {
    headers.iter().copied().collect()
}

/// What becomes of a request's head.
pub(crate) fn begin(gate: &Gate, headers: &Headers) -> Step {
    gate.begin(&Arrival {
        headers,
        ends: false,
        metadata: b"",
        peer: Peer::default(),
        published: &KeyStore::default(),
        verifier: &Trusting,
        now: UnixTime(1000),
    })
}

/// The end of a request with these headers and this body.
pub(crate) fn request(gate: &Gate, headers: &Headers, body: &[u8]) -> (Effect, AuditRecord) {
    let outcome = match begin(gate, headers) {
        Step::AwaitBody(pending) => pending.finish(body, UnixTime(1000)),
        Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => outcome,
    };
    let (effect, record) = outcome.into_parts();
    (effect, *record)
}

/// The end of a request by the bearer of `token`.
pub(crate) fn post(gate: &Gate, token: &str, body: &[u8]) -> (Effect, AuditRecord) {
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        ("authorization", token),
        ("content-type", "application/json"),
    ];
    request(gate, &pairs(&headers), body)
}

/// A body with this query, and more members, as JSON with a comma before each.
pub(crate) fn body(query: &str, more: &str) -> Vec<u8> {
    format!("{{\"query\":{}{more}}}", serde_json::to_string(query).unwrap()).into_bytes()
}

/// `allow`, or the reason's code.
pub(crate) fn code(record: &AuditRecord) -> &'static str {
    use fieldgate_core::audit::Verdict;
    match record.verdict() {
        Verdict::Allow => "allow",
        Verdict::Deny(reason) | Verdict::None(reason) => reason.code(),
    }
}
