//! Header pairs as the ABI has them: a count, the sizes, then names and values, each with a NUL
//! behind it.

use std::borrow::Cow;

use fieldgate_core::http::{Field, Headers};

/// The headers of a map, which stay where they are in it; none if it is not one.
pub(super) fn read_pairs(map: Vec<u8>) -> Option<Headers> {
    let number = |at: usize| {
        let bytes = map.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let count = number(0)?;
    let sizes = 4_usize..count.checked_mul(8)?.checked_add(4)?;
    // A count that is more than the map can have is no reason to take memory.
    let mut fields = Vec::with_capacity(map.get(sizes.clone())?.len() / 8);
    let mut next = sizes.end;
    let mut part = |size: usize| {
        let end = next.checked_add(size)?;
        let part = next..end;
        next = end.checked_add(1)?;
        Some(part)
    };
    for at in sizes.step_by(8) {
        let (name, value) = (number(at)?, number(at.checked_add(4)?)?);
        fields.push(Field { name: part(name)?, value: part(value)? });
    }
    Headers::within(map, fields)
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
