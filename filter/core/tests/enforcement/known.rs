//! Tokens that come again: known without a signature, for as long as a verification would agree.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fieldgate_core::gate::{Arrival, Gate, Step};
use fieldgate_core::http::Peer;
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::keys::KeyUse;
use fieldgate_core::token::remote::{Answer, KeyStore, Progress};
use fieldgate_core::token::revocation::Digests;
use fieldgate_core::token::signature::{InvalidSignature, SignatureVerifier};

use crate::world::{JWKS, all_but, body, code, configuration, gate, pairs};

/// Agrees with every signature that begins with a 1, and counts what it was asked.
#[derive(Default)]
struct Counting(Cell<usize>);

impl SignatureVerifier for Counting {
    fn verify(&self, _: KeyUse<'_>, _: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.set(self.0.get() + 1);
        if signature[0] == 1 { Ok(()) } else { Err(InvalidSignature) }
    }
}

/// A gate, its keys, and how often a signature was verified.
struct World {
    gate: Gate,
    published: KeyStore,
    verifier: Counting,
}

impl World {
    fn of(gate: Gate) -> Self {
        let published = gate.key_store(1);
        Self { gate, published, verifier: Counting::default() }
    }

    /// What becomes of a request with a token, and whether its signature was looked at.
    fn ask(&self, token: &str, now: u64) -> (&'static str, bool) {
        let before = self.verifier.0.get();
        let outcome = match self.begin(token, now) {
            Step::AwaitBody(pending) => pending.finish(&body("{version}", ""), UnixTime(now)),
            Step::Settle(outcome) | Step::AwaitKeys { otherwise: outcome, .. } => outcome,
        };
        let (_, record) = outcome.into_parts();
        (code(&record), self.verifier.0.get() > before)
    }

    /// Where a request with a token stands without its body.
    fn begin(&self, token: &str, now: u64) -> Step {
        let headers = pairs(&[
            (":method", "POST"),
            (":path", "/graphql"),
            ("content-type", "application/json"),
            ("authorization", &format!("Bearer {token}")),
        ]);
        self.gate.begin(&Arrival {
            headers: &headers,
            ends: false,
            metadata: b"",
            peer: Peer::default(),
            published: &self.published,
            verifier: &self.verifier,
            now: UnixTime(now),
        })
    }

    fn publish(&mut self, jwks: &str, now: u64) {
        let answer = Answer::Response {
            status: Some(200),
            cache_control: None,
            length: jwks.len(),
            body: Some(jwks.as_bytes()),
        };
        assert_eq!(self.published.due(UnixTime(now)).len(), 1);
        assert_eq!(self.published.answered(0, &answer, UnixTime(now)), Progress::Fetched);
    }
}

const ALICE: &str = r#"{"iss":"i","sub":"alice","aud":"a","exp":2000,"nbf":900,"groups":["g0"]}"#;

/// A token with a signature that is good if it begins with 1.
fn token(claims: &str, signature: [u8; 64]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        "{}.{}.{}",
        part(br#"{"alg":"EdDSA","kid":"k"}"#),
        part(claims.as_bytes()),
        part(&signature)
    )
}

const GOOD: [u8; 64] = [1; 64];

fn plain() -> World {
    World::of(gate_with(""))
}

/// A gate whose one key is named, as are those of the tokens here.
fn gate_with(more: &str) -> Gate {
    Gate::configure(named(&configuration(&all_but(&[]), more)).as_bytes()).unwrap()
}

fn named(text: &str) -> String {
    text.replacen("\"kty\"", "\"kid\":\"k\",\"kty\"", 1)
}

fn seen(code: &'static str, verified: bool) -> (&'static str, bool) {
    (code, verified)
}

#[test]
fn a_token_that_comes_again_is_not_verified_again() {
    let world = plain();
    let alice = token(ALICE, GOOD);
    assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    assert_eq!(world.ask(&alice, 1000), seen("allow", false));
    assert_eq!(world.ask(&alice, 1001), seen("allow", false));
    // What the policy says is asked each time: here of somebody in no group.
    let nobody = token(&ALICE.replace("\"g0\"", ""), GOOD);
    assert_eq!(world.ask(&nobody, 1000), seen("field_denied", true));
    assert_eq!(world.ask(&nobody, 1000), seen("field_denied", false));
}

#[test]
fn no_part_of_a_known_token_makes_another_one_known() {
    let world = plain();
    let alice = token(ALICE, GOOD);
    assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    // The same signature behind other claims, and all of it but one character.
    let mut almost = GOOD;
    almost[0] = 2;
    let mallory = token(&ALICE.replace("alice", "mallory"), almost);
    for (forged, reason) in [
        (mallory.as_str(), "token_signature"),
        (&token(ALICE, almost), "token_signature"),
        (&format!("{alice}A"), "token_signature"),
        (alice.split_at(1).1, "token_malformed"),
        (alice.split_at(alice.len() - 40).1, "token_malformed"),
        (alice.split_at(alice.len() - 16).1, "token_malformed"),
        ("a", "token_malformed"),
    ] {
        for _ in 0..2 {
            assert_eq!(world.ask(forged, 1000).0, reason, "{forged}");
        }
    }
    // What was refused is not remembered, nor does it take the place of what was verified.
    assert_eq!(world.ask(&mallory, 1000), seen("token_signature", true));
    assert_eq!(world.ask(&alice, 1000), seen("allow", false));
}

#[test]
fn a_forged_token_does_not_take_the_older_half() {
    // Of two halves with room for one each, the first token is in the older.
    let world = World::of(gate_with(r#","limits":{"known_tokens":2}"#));
    let (alice, mut other) = (token(ALICE, GOOD), GOOD);
    other[63] = 2;
    assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    assert_eq!(world.ask(&token(ALICE, other), 1000), seen("allow", true));
    let mut almost = GOOD;
    almost[0] = 2;
    let mallory = token(&ALICE.replace("alice", "mallory"), almost);
    assert_eq!(world.ask(&mallory, 1000), seen("token_signature", true));
    assert_eq!(world.ask(&alice, 1000), seen("allow", false));
}

#[test]
fn a_known_token_ends_when_it_ends() {
    let world = plain();
    let alice = token(ALICE, GOOD);
    assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    assert_eq!(world.ask(&alice, 2059), seen("allow", false));
    assert_eq!(world.ask(&alice, 2060).0, "token_expired");
    // A clock that is set back to before the token.
    assert_eq!(world.ask(&alice, 839).0, "token_not_yet_valid");
    assert_eq!(world.ask(&alice, 840), seen("allow", false));
    // Its head alone is refused: it may go upstream before there is a body to be judged.
    assert!(matches!(world.begin(&alice, 2059), Step::AwaitBody(_)));
    for now in [2060, 839] {
        let begun = world.begin(&alice, now);
        assert!(matches!(begun, Step::Settle(_)), "{begun:?} at {now}");
    }
}

#[test]
fn known_tokens_end_with_the_configuration() {
    let policy = all_but(&[]);
    let alice = token(&ALICE.replacen('{', r#"{"jti":"stolen","#, 1), GOOD);
    let before = plain();
    assert_eq!(before.ask(&alice, 1000), seen("allow", true));
    let list = STANDARD.encode(Digests::of(["stolen"]).as_bytes());
    let revoking = named(&configuration(&policy, "")).replacen(
        "\"issuer\":\"i\"",
        &format!(r#""issuer":"i","revoked":{{"jti":"{list}"}}"#),
        1,
    );
    let after = World::of(Gate::configure(revoking.as_bytes()).unwrap());
    assert_eq!(after.ask(&alice, 1000).0, "token_revoked");
    assert_eq!(after.ask(&alice, 1000), seen("token_revoked", true));
    let other_key = JWKS.replacen("\"kty\"", "\"kid\":\"other\",\"kty\"", 1);
    let other = configuration(&policy, "").replacen(JWKS, &other_key, 1);
    let other = World::of(Gate::configure(other.as_bytes()).unwrap());
    assert_eq!(other.ask(&alice, 1000).0, "token_key");
}

#[test]
fn known_tokens_end_with_the_published_keys() {
    let source = r#""remote_jwks":{"uri":"https://i/k","cluster":"i","max_stale_seconds":600}"#;
    let text = configuration(&all_but(&[]), "");
    let text = text.replacen(&format!("\"jwks\":{JWKS}"), source, 1);
    let mut world = World::of(Gate::configure(text.as_bytes()).unwrap());
    let (first, alice) = (named(JWKS), token(&ALICE.replace("2000", "9000"), GOOD));
    let second = first.replacen("\"kid\":\"k\"", "\"kid\":\"next\"", 1);
    assert_eq!(world.ask(&alice, 1000).0, "keys_unavailable");
    world.publish(&first, 1000);
    assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    assert_eq!(world.ask(&alice, 1100), seen("allow", false));
    // The same keys again are no other keys.
    world.publish(&first, 1400);
    assert_eq!(world.ask(&alice, 1400), seen("allow", false));
    // The key is withdrawn.
    world.publish(&second, 1800);
    assert_eq!(world.ask(&alice, 1800), seen("token_key", false));
    // It is back: the same text is a set of its own.
    world.publish(&first, 2200);
    assert_eq!(world.ask(&alice, 2200), seen("allow", true));
    assert_eq!(world.ask(&alice, 2799), seen("allow", false));
    // No keys are in force any more, though the token is valid.
    assert_eq!(world.ask(&alice, 2800), seen("keys_unavailable", false));
}

#[test]
fn what_is_known_is_bounded_and_what_is_used_stays() {
    let world = World::of(gate_with(r#","limits":{"known_tokens":8}"#));
    let nth = |nth: u8| {
        let mut signature = GOOD;
        signature[63] = nth;
        token(ALICE, signature)
    };
    let kept = nth(200);
    assert_eq!(world.ask(&kept, 1000), seen("allow", true));
    for at in 0..40 {
        assert_eq!(world.ask(&nth(at), 1000), seen("allow", true));
        assert_eq!(world.ask(&kept, 1000), seen("allow", false));
    }
    // Of the others the last are there, and no more than there is room for.
    let known = (0..40).rev().take_while(|at| !world.ask(&nth(*at), 1000).1).count();
    assert!((3..=7).contains(&known), "{known}");
}

#[test]
fn nothing_is_known_where_that_is_turned_off() {
    let world = World::of(gate_with(r#","limits":{"known_tokens":0}"#));
    let alice = token(ALICE, GOOD);
    for _ in 0..3 {
        assert_eq!(world.ask(&alice, 1000), seen("allow", true));
    }
    let plain = gate(&all_but(&[]), "");
    assert_eq!(plain.settings().unwrap().limits.known_tokens, 1000);
}

#[test]
fn tokens_are_as_long_as_is_configured() {
    let groups: Vec<String> = (0..200).map(|at| format!("\"{at:036}\"")).collect();
    let claims = ALICE.replace("\"g0\"", &format!("\"g0\",{}", groups.join(",")));
    let long = token(&claims, GOOD);
    let with = |limits: &str| World::of(gate_with(limits)).ask(&long, 1000).0;
    assert_eq!(with(""), "token_too_large");
    let bytes = long.len();
    assert_eq!(with(&format!(r#","limits":{{"token_bytes":{bytes}}}"#)), "allow");
    assert_eq!(with(&format!(r#","limits":{{"token_bytes":{}}}"#, bytes - 1)), "token_too_large");
}

/// Tokens of the largest size, each with as many groups as there may be.
#[test]
fn large_tokens_are_bounded_by_their_bytes() {
    let world = World::of(gate_with(r#","limits":{"known_tokens":100000}"#));
    let groups: Vec<String> = (0..1000).map(|at| format!("\"{at:x}\"")).collect();
    let claims = ALICE.replace("\"g0\"", &format!("\"g0\",{}", groups[1..].join(",")));
    let nth = |nth: usize| {
        let mut signature = GOOD;
        signature[56..].copy_from_slice(&nth.to_le_bytes());
        token(&claims, signature)
    };
    assert!(nth(0).len() < 8192, "{}", nth(0).len());
    for at in 0..500 {
        assert_eq!(world.ask(&nth(at), 1000), seen("allow", true));
    }
    let known = (0..500).rev().take_while(|at| !world.ask(&nth(*at), 1000).1).count();
    // 44 KB each of 16 MiB, half of them at least.
    assert!((150..=400).contains(&known), "{known}");
}
