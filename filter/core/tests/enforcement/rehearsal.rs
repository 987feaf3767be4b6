//! A rehearsal: everything runs, and nothing comes of it.

use std::cell::Cell;

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::Gate;
use fieldgate_core::token::UnixTime;
use fieldgate_core::token::keys::KeyUse;
use fieldgate_core::token::signature::{InvalidSignature, SignatureVerifier};

use crate::world::{all_but, body, code, gate, post, token};

/// Refuses every signature, and counts them.
#[derive(Default)]
struct Counting(Cell<usize>);

impl SignatureVerifier for Counting {
    fn verify(&self, _: KeyUse<'_>, _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        self.0.update(|count| count + 1);
        Err(InvalidSignature)
    }
}

#[test]
fn it_asks_for_a_signature_and_writes_records() {
    let gate = gate(&all_but(&[]), "");
    let verifier = Counting::default();
    assert!(gate.rehearse(&verifier, UnixTime(1000)) > 500);
    assert_eq!(verifier.0.get(), 1);
}

#[test]
fn it_changes_nothing() {
    let gate = gate(&all_but(&[]), "");
    let ask = || post(&gate, &token(&["staff"], ""), &body("{ __typename }", ""));
    let before = ask();
    gate.rehearse(&Counting::default(), UnixTime(1000));
    let after = ask();
    assert_eq!((code(&before.1), before.0), (code(&after.1), after.0));
}

#[test]
fn a_closed_gate_has_nothing_to_rehearse() {
    let closed = Gate::closed(Reason::NotConfigured);
    assert_eq!(closed.rehearse(&Counting::default(), UnixTime(1000)), 0);
}
