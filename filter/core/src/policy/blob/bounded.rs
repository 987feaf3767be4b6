//! Sequences of a payload that are counted before there is room for them: a byte or two on the wire
//! are many in memory.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Reads a sequence; `None` if it says that it is longer than this.
pub(super) struct AtMost<T> {
    max: usize,
    items: PhantomData<T>,
}

impl<T> AtMost<T> {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, items: PhantomData }
    }
}

/// Reads a sequence that has at most `MAX` items.
pub(super) fn at_most<'de, const MAX: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    AtMost::new(MAX).deserialize(from)?.ok_or_else(|| Error::custom("too many items"))
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for AtMost<T> {
    type Value = Option<Vec<T>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtMost<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        // The encoding says how many follow, unless there is not so much left to read.
        let count = items.size_hint().unwrap_or_default();
        if count > self.max {
            return Ok(None);
        }
        let mut all = Vec::with_capacity(count);
        while let Some(item) = items.next_element()? {
            if all.len() == self.max {
                return Ok(None);
            }
            all.push(item);
        }
        Ok(Some(all))
    }
}
