//! What all VMs of one id share.

use super::{HostError, check, returned};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        data: *const u8,
        size: usize,
        version: u32,
    ) -> u32;
}

/// An error if nothing has been set.
pub(crate) fn get(key: &str) -> Result<Vec<u8>, HostError> {
    let mut version = 0_u32;
    returned("get_shared_data", |data, size| {
        // SAFETY: see `returned`; the host reads `key` and writes one u32.
        unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut version) }
    })
}

/// Whatever the version is that it has.
pub(crate) fn set(key: &str, value: &[u8]) -> Result<(), HostError> {
    // SAFETY: the host reads both and copies.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), 0) };
    check("set_shared_data", status)
}
