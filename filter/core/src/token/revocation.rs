//! Which tokens of an issuer are worth nothing any more, although they verify.
//!
//! The lists are pushed with the configuration, to every proxy, and looked up for every token: so
//! they are sorted digests in one piece of memory, searched as they came. Eight bytes of SHA-256 for
//! each name: that a name that nobody revoked is among 100,000 has a chance of about 5 in 10^15, and
//! then a token is refused, not let in. Deliberately absent: asking the issuer (RFC 7662).

use crate::token::{TokenError, UnixTime};

/// What is revoked of one issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    /// Tokens by `jti`. Where one is listed, a token without `jti` is refused: it could be that one.
    pub tokens: Digests,
    /// All tokens of a subject, by `sub`, those that a client or an actor of that name got, and those
    /// that came by way of one.
    pub subjects: Digests,
    /// All tokens issued before. Where it is set, a token without `iat` is refused.
    pub issued_before: Option<UnixTime>,
}

/// A set of names, as the sorted beginnings of their SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(Vec<u8>);

/// Bytes that are no such set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDigests;

const BYTES: usize = 8;

type Digest = [u8; BYTES];

impl Revocations {
    /// Whether a token still counts, by its `jti`, everybody whom it names, and its `iat`.
    ///
    /// # Errors
    /// `Revoked`, or `Claims` for a token that does not say what has to be known of it.
    pub(super) fn check<'p>(
        &self,
        jti: Option<&str>,
        mut parties: impl Iterator<Item = &'p str>,
        issued: Option<UnixTime>,
    ) -> Result<(), TokenError> {
        if !self.tokens.is_empty() && self.tokens.contains(jti.ok_or(TokenError::Claims)?) {
            return Err(TokenError::Revoked);
        }
        if parties.any(|party| self.subjects.contains(party)) {
            return Err(TokenError::Revoked);
        }
        match self.issued_before {
            Some(time) if issued.ok_or(TokenError::Claims)? < time => Err(TokenError::Revoked),
            Some(_) | None => Ok(()),
        }
    }
}

impl Digests {
    /// The set of some names.
    #[must_use]
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut digests: Vec<Digest> = names.into_iter().map(digest).collect();
        digests.sort_unstable();
        digests.dedup();
        Self(digests.concat())
    }

    /// The set as it was written.
    ///
    /// # Errors
    /// [`NotDigests`] if the bytes are not whole digests in order, each once.
    pub fn read(bytes: Vec<u8>) -> Result<Self, NotDigests> {
        let (digests, rest) = bytes.as_chunks::<BYTES>();
        if rest.is_empty() && digests.is_sorted_by(|a, b| a < b) {
            Ok(Self(bytes))
        } else {
            Err(NotDigests)
        }
    }

    /// The set in bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digests().len()
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        !self.is_empty() && self.digests().binary_search(&digest(name)).is_ok()
    }

    fn digests(&self) -> &[Digest] {
        self.0.as_chunks::<BYTES>().0
    }
}

fn digest(name: &str) -> Digest {
    let mut digest = [0; BYTES];
    let hash = hmac_sha256::Hash::hash(name.as_bytes());
    digest.iter_mut().zip(hash).for_each(|(to, byte)| *to = byte);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_its_names_and_no_others() {
        let names: Vec<String> = (0..1000).map(|at| format!("name {at}")).collect();
        let set = Digests::of(names.iter().map(String::as_str));
        assert_eq!(set.len(), 1000);
        assert!(names.iter().all(|name| set.contains(name)));
        for other in ["", "name", "name 1000", "name 10 ", "Name 1"] {
            assert!(!set.contains(other), "{other}");
        }
        assert_eq!(Digests::of(["a", "a"]).len(), 1);
        assert!(!Digests::default().contains(""));
        // The first eight bytes of SHA-256 of "abc" (FIPS 180-4).
        let abc = Digests::of(["abc"]);
        assert_eq!(abc.as_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }

    #[test]
    fn a_set_has_one_spelling() {
        let set = Digests::of(["a", "b", "c"]);
        assert_eq!(Digests::read(set.as_bytes().to_vec()), Ok(set.clone()));
        assert_eq!(Digests::read(Vec::new()), Ok(Digests::default()));
        let (first, rest) = set.as_bytes().split_at(8);
        for bytes in
            [[first, first, rest].concat(), [rest, first].concat(), first[1..].to_vec(), vec![0]]
        {
            assert_eq!(Digests::read(bytes), Err(NotDigests));
        }
    }

    #[test]
    fn what_is_revoked_is_refused() {
        let by = |tokens: &[&str], subjects: &[&str], issued_before| Revocations {
            tokens: Digests::of(tokens.iter().copied()),
            subjects: Digests::of(subjects.iter().copied()),
            issued_before,
        };
        let time = |seconds| Some(UnixTime(seconds));
        for (revoked, jti, issued, expected) in [
            (by(&[], &[], None), None, None, Ok(())),
            (by(&["j"], &[], None), Some("j"), None, Err(TokenError::Revoked)),
            (by(&["j"], &[], None), Some("k"), None, Ok(())),
            (by(&["j"], &[], None), None, None, Err(TokenError::Claims)),
            (by(&[], &["ann"], None), None, None, Err(TokenError::Revoked)),
            (by(&[], &["bot"], None), None, None, Err(TokenError::Revoked)),
            (by(&["ann"], &["j"], None), Some("j"), None, Ok(())),
            (by(&[], &[], time(100)), None, time(99), Err(TokenError::Revoked)),
            (by(&[], &[], time(100)), None, time(100), Ok(())),
            (by(&[], &[], time(100)), None, None, Err(TokenError::Claims)),
        ] {
            assert_eq!(
                revoked.check(jti, ["ann", "bot"].into_iter(), issued),
                expected,
                "{revoked:?} {jti:?}"
            );
        }
    }
}
