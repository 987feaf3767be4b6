//! Any bytes as a policy: the payload is tried behind a good header too, or the digest would end
//! every attempt. What is a policy is written and read back as the same one.

#![no_main]

use fieldgate_core::policy::blob::{FORMAT, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let _ = decode(payload);
    let length = u32::try_from(payload.len()).expect("a short payload");
    let body = miniz_oxide::deflate::compress_to_vec(payload, 1);
    let covered = [&length.to_le_bytes()[..], &body].concat();
    let digest = hmac_sha256::Hash::hash(&covered);
    let blob = [&b"FGPB"[..], &FORMAT.to_le_bytes(), &digest, &covered].concat();
    if let Ok((policy, _)) = decode(&blob) {
        let (again, digest) = encode(&policy).expect("a blob");
        assert_eq!(decode(&again), Ok((policy, digest)));
    }
});
