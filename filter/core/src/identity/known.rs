//! Tokens that were verified a while ago -> the principals they are: no cryptography and no JSON for
//! a token that comes again.
//!
//! What is known here was verified under one configuration, and the cache ends with it. An entry
//! holds as long as its token is valid and the keys of its issuer are the ones that verified it; it
//! is looked at with every use. Only tokens that were verified get in, so that nobody fills it from
//! outside.
//!
//! A token is found by the end of its signature and compared as a whole. Deliberately absent:
//! remembering what was refused.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use super::Principal;
use crate::halves::Halves;
use crate::limits::{KEPT_BYTES, KNOWN_BYTES};
use crate::token::UnixTime;
use crate::token::bearer::{Presented, RawToken};
use crate::token::remote::KeyStore;
use crate::token::verify::VerifiedClaims;

/// The tokens that are known.
pub struct Known(RefCell<Halves<Tail, Entry>>);

struct Entry {
    token: Box<str>,
    principal: Rc<Principal>,
    /// The set of published keys that verified it; none for keys in the configuration.
    keys: Option<u64>,
}

/// The last characters of a token: 96 bits of its signature.
type Tail = [u8; 16];

impl Known {
    /// Nothing, with room for so many tokens, or for one less where they are odd.
    #[must_use]
    pub fn new(tokens: usize) -> Self {
        Self(RefCell::new(Halves::new(tokens, KNOWN_BYTES)))
    }

    /// Whom a token is known to be, if it still is. What ends like a known token and is another one
    /// leaves it where it is.
    #[must_use]
    pub fn recall(
        &self,
        token: Presented<'_>,
        published: &KeyStore,
        now: UnixTime,
    ) -> Option<Rc<Principal>> {
        let known = |entry: &Entry| entry.is_of(token) && entry.holds(published, now);
        let entry = self.0.borrow_mut().get(&tail(token.expose())?, known)?;
        Some(Rc::clone(&entry.principal))
    }

    /// Keeps what a token was verified to be, and what records say of it, if that is known already.
    pub fn keep(
        &self,
        token: RawToken<'_>,
        principal: &Rc<Principal>,
        published: &KeyStore,
        now: UnixTime,
    ) {
        let (Some(tail), Some(claims)) = (tail(token.expose().as_bytes()), &principal.claims)
        else {
            return;
        };
        let token: Box<str> = token.expose().into();
        let values = principal.values.as_ref().map_or(0, |values| values.bytes());
        let noted = principal.noted.get().map_or(0, |noted| noted.bytes());
        let said = claims.bytes().saturating_add(values).saturating_add(noted);
        let bytes = token.len().saturating_add(said).saturating_add(KEPT_BYTES);
        let keys = published.number(claims.issuer(), now);
        let entry = Entry { token, principal: Rc::clone(principal), keys };
        self.0.borrow_mut().keep(tail, entry, bytes);
    }
}

impl Entry {
    fn is_of(&self, token: Presented<'_>) -> bool {
        self.token.as_bytes() == token.expose()
    }

    /// Whether a verification would still come to the same.
    fn holds(&self, published: &KeyStore, now: UnixTime) -> bool {
        let issuer = self.principal.claims.as_ref().map(VerifiedClaims::issuer);
        self.principal.check(now).is_ok()
            && issuer.is_some_and(|issuer| published.number(issuer, now) == self.keys)
    }
}

fn tail(token: &[u8]) -> Option<Tail> {
    token.last_chunk().copied()
}

impl fmt::Debug for Known {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Known").field("room", &self.0.borrow().room()).finish_non_exhaustive()
    }
}
