//! The headers of a request as the host has them, pseudo-headers included, in any order: names and
//! values as bytes, which need not be text, in one buffer.

use std::ops::Range;

/// Headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    bytes: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a header's name and value are in a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Range<usize>,
    /// Its value.
    pub value: Range<usize>,
}

impl Headers {
    /// Those in a buffer; none where one of them is not in it.
    #[must_use]
    pub fn within(bytes: Vec<u8>, fields: Vec<Field>) -> Option<Self> {
        let inside = |range: &Range<usize>| bytes.get(range.clone()).is_some();
        fields
            .iter()
            .all(|Field { name, value }| inside(name) && inside(value))
            .then_some(Self { bytes, fields })
    }

    /// Each name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        // INVARIANT: every field is within the buffer.
        let part = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.fields.iter().map(move |Field { name, value }| (part(name), part(value)))
    }

    /// What they take, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_add(size_of_val(&*self.fields))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            let mut put = |part: &[u8]| {
                let start = headers.bytes.len();
                headers.bytes.extend_from_slice(part);
                start..headers.bytes.len()
            };
            let (name, value) = (put(name.as_ref()), put(value.as_ref()));
            headers.fields.push(Field { name, value });
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Headers};

    #[test]
    fn what_is_collected_is_there() {
        let pairs = [("a", ""), ("", "b"), ("c", "\u{e4}"), ("a", "d")];
        let headers: Headers = pairs.into_iter().collect();
        let expected = pairs.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_field_that_is_elsewhere_is_none() {
        let within = |name, value| Headers::within(vec![b'x'; 4], vec![Field { name, value }]);
        assert!(within(0..4, 4..4).is_some());
        for (name, value) in [(0..5, 0..1), (0..1, 3..5), (5..5, 0..1)] {
            assert!(within(name, value).is_none());
        }
        let (start, end) = (3, 1);
        assert!(within(start..end, 0..1).is_none());
    }
}
