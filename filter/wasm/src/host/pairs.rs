//! Header pairs as the ABI has them: a count, the sizes, then names and values, each with a NUL
//! behind it.

use std::borrow::Cow;

use fieldgate_core::http::HeaderPair;

/// The pairs of a map; none if it is not one.
pub(super) fn read_pairs(map: &[u8]) -> Option<Vec<HeaderPair>> {
    let (count, rest) = map.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (sizes, mut rest) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut pairs = Vec::with_capacity(count);
    let mut field = |size: &[u8]| {
        let size = usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok()?;
        let (field, behind) = rest.split_at_checked(size)?;
        rest = behind.split_first()?.1;
        Some(field.to_vec())
    };
    for size in sizes.chunks_exact(8) {
        let (name, value) = size.split_at_checked(4)?;
        pairs.push((field(name)?, field(value)?));
    }
    Some(pairs)
}

/// The map of pairs.
pub(super) fn write_pairs(pairs: &[(&str, Cow<'_, str>)]) -> Vec<u8> {
    let size = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut map = u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    for (name, value) in pairs {
        map.extend(size(name));
        map.extend(size(value));
    }
    for text in pairs.iter().flat_map(|(name, value)| [*name, value]) {
        map.extend(text.as_bytes());
        map.push(0);
    }
    map
}
