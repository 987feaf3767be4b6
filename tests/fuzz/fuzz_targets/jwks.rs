//! Any text as a key set: it is refused, or every key in it is within its bounds.

#![no_main]

use fieldgate_core::token::keys::{Algorithm, KeySet, Secrecy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|jwks: &str| {
    let readings =
        [(Secrecy::Public, KeySet::read(jwks)), (Secrecy::Secret, KeySet::read_secret(jwks))];
    assert!(readings.iter().filter(|(_, read)| read.is_ok()).count() < 2);
    for (secrecy, set) in readings {
        let Ok(set) = set else { continue };
        assert!(!set.keys().is_empty());
        for key in set.keys() {
            assert!(!key.algorithms().is_empty());
            for algorithm in Algorithm::ALL {
                let Some(serving) = key.serving(algorithm) else { continue };
                assert_eq!(algorithm.secrecy(), secrecy);
                assert_eq!(serving.spki_der().is_some(), secrecy == Secrecy::Public);
                assert!(serving.signature_bytes() >= 32);
            }
        }
    }
});
