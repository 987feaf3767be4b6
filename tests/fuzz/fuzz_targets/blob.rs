//! Any bytes as a policy: the payload is tried behind a good header too, or the sums would end
//! every attempt. What is a policy is written and read back as the same one.

#![no_main]

use fieldgate_core::policy::blob::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let _ = decode(payload);
    let length = u32::try_from(payload.len()).expect("a short payload");
    let digest = hmac_sha256::Hash::hash(payload);
    let body = miniz_oxide::deflate::compress_to_vec(payload, 1);
    let summed = [&length.to_le_bytes()[..], &digest, &body].concat();
    let sum = hmac_sha256::Hash::hash(&summed);
    let blob = [&b"FGPB\x01\x00"[..], &sum[..8], &summed].concat();
    if let Ok((policy, _)) = decode(&blob) {
        let (again, digest) = encode(&policy).expect("a blob");
        assert_eq!(decode(&again), Ok((policy, digest)));
    }
});
