//! Blobs whose digest is good, whatever is behind it: what is not a policy is refused with its
//! reason, and what is one has every invariant.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails stops by panicking"
)]

mod sizes;
mod small;
mod structure;

use fieldgate_core::policy::blob::FORMAT;
use miniz_oxide::deflate::compress_to_vec;

/// A blob with this payload.
fn wrap(payload: &[u8]) -> Vec<u8> {
    sealed(u32::try_from(payload.len()).unwrap(), &compress_to_vec(payload, 0))
}

/// A blob that says it has a payload of this length.
fn sealed(length: u32, body: &[u8]) -> Vec<u8> {
    let covered = [&length.to_le_bytes()[..], body].concat();
    let digest = hmac_sha256::Hash::hash(&covered);
    [&b"FGPB"[..], &FORMAT.to_le_bytes(), &digest, &covered].concat()
}
