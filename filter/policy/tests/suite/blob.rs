//! The blob: read back what was written, and refuse everything else.

use std::path::Path;

use fieldgate_core::policy::blob;
use fieldgate_policy::bundle::Bundle;

fn blob_of(folder: &str) -> (Bundle, Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let bundle = Bundle::load(&folder, None).unwrap();
    let (blob, digest) = blob::encode(bundle.policy()).unwrap();
    assert_eq!(digest, bundle.digest());
    assert_eq!(blob.len(), bundle.blob_bytes());
    (bundle, blob)
}

#[test]
fn what_is_encoded_is_decoded() {
    for folder in ["tests/bundles/minimal", "../../policies/backstage"] {
        let (bundle, blob) = blob_of(folder);
        let (policy, digest) = blob::decode(&blob).unwrap();
        assert_eq!(&policy, bundle.policy());
        assert_eq!(digest, bundle.digest());
        assert_eq!(blob::encode(&policy).unwrap().0, blob);
    }
}

#[test]
fn a_changed_byte_is_refused() {
    let (_, blob) = blob_of("tests/bundles/minimal");
    for at in 0..blob.len() {
        for value in (0..=u8::MAX).filter(|value| *value != blob[at]) {
            let mut changed = blob.clone();
            changed[at] = value;
            let what = format!("byte {at} of {} as {value:#04x}", blob.len());
            assert!(blob::decode(&changed).is_err(), "{what}");
        }
    }
}

#[test]
fn a_shorter_blob_is_refused() {
    let (_, blob) = blob_of("tests/bundles/minimal");
    for end in 0..blob.len() {
        assert!(blob::decode(&blob[..end]).is_err(), "the first {end} bytes");
    }
}

#[test]
fn a_longer_blob_is_refused() {
    let (_, blob) = blob_of("tests/bundles/minimal");
    for more in [&[0_u8][..], &[1, 2, 3], &blob] {
        assert!(blob::decode(&[&blob, more].concat()).is_err(), "{} more", more.len());
    }
}
