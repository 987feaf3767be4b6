//! Any text as a key set: it is refused, or every key in it is within its bounds.

#![no_main]

use fieldgate_core::token::keys::KeySet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|jwks: &str| {
    if let Ok(set) = KeySet::read(jwks) {
        assert!(!set.keys().is_empty());
        for key in set.keys() {
            assert!(!key.spki_der().is_empty() && key.signature_bytes() >= 64);
        }
    }
});
