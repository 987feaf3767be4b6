//! Tokens that were verified a while ago -> the principals they are: no cryptography and no JSON for
//! a token that comes again.
//!
//! What is known here was verified under one configuration, and the cache ends with it. An entry
//! holds as long as its token is valid and the keys of its issuer are the ones that verified it; it
//! is looked at with every use. Only tokens that were verified get in, so that nobody fills it from
//! outside, and it is bounded in entries and bytes: two halves, of which the older is dropped when
//! the younger is full, and what is used moves to the younger.
//!
//! A token is found by the end of its signature and compared as a whole. Deliberately absent:
//! remembering what was refused.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::Principal;
use crate::limits::KNOWN_BYTES;
use crate::token::UnixTime;
use crate::token::bearer::RawToken;
use crate::token::remote::KeyStore;
use crate::token::verify::VerifiedClaims;

/// The tokens that are known.
pub struct Known {
    /// The most entries in a half.
    half: usize,
    halves: RefCell<Halves>,
}

#[derive(Default)]
struct Halves {
    younger: Half,
    older: Half,
}

#[derive(Default)]
struct Half {
    entries: BTreeMap<Tail, Entry>,
    bytes: usize,
}

struct Entry {
    token: Box<str>,
    principal: Rc<Principal>,
    /// The set of published keys that verified it; none for keys in the configuration.
    keys: Option<u64>,
    bytes: usize,
}

/// The last characters of a token: 96 bits of its signature.
type Tail = [u8; 16];

impl Known {
    /// Nothing, with room for so many tokens, or for one less where they are odd.
    #[must_use]
    pub fn new(tokens: usize) -> Self {
        Self { half: tokens / 2, halves: RefCell::default() }
    }

    /// Whom a token is known to be, if it still is.
    #[must_use]
    pub fn recall(
        &self,
        token: RawToken<'_>,
        published: &KeyStore,
        now: UnixTime,
    ) -> Option<Rc<Principal>> {
        let tail = tail(token)?;
        let known = |entry: &&Entry| entry.is_of(token) && entry.holds(published, now);
        let mut halves = self.halves.borrow_mut();
        if let Some(entry) = halves.younger.entries.get(&tail) {
            return Some(entry).filter(known).map(|entry| Rc::clone(&entry.principal));
        }
        // What ends like a known token and is another one leaves it where it is.
        let entry = halves.older.entries.get(&tail).filter(known)?;
        let principal = Rc::clone(&entry.principal);
        if let Some(entry) = halves.older.take(&tail) {
            halves.keep(tail, entry, self.half);
        }
        Some(principal)
    }

    /// Keeps what a token was verified to be.
    pub fn keep(
        &self,
        token: RawToken<'_>,
        principal: &Rc<Principal>,
        published: &KeyStore,
        now: UnixTime,
    ) {
        let (Some(tail), Some(claims)) = (tail(token), &principal.claims) else { return };
        if self.half == 0 {
            return;
        }
        let token: Box<str> = token.expose().into();
        let values = principal.values.as_ref().map_or(0, |values| values.bytes());
        let bytes = token.len().saturating_add(claims.bytes()).saturating_add(values);
        let keys = published.number(claims.issuer(), now);
        let entry = Entry { token, principal: Rc::clone(principal), keys, bytes };
        self.halves.borrow_mut().keep(tail, entry, self.half);
    }
}

impl Halves {
    fn keep(&mut self, tail: Tail, entry: Entry, half: usize) {
        self.older.take(&tail);
        self.younger.take(&tail);
        let bytes = self.younger.bytes.saturating_add(entry.bytes);
        if self.younger.entries.len() >= half || bytes > KNOWN_BYTES / 2 {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.bytes = self.younger.bytes.saturating_add(entry.bytes);
        self.younger.entries.insert(tail, entry);
    }
}

impl Half {
    fn take(&mut self, tail: &Tail) -> Option<Entry> {
        let entry = self.entries.remove(tail)?;
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        Some(entry)
    }
}

impl Entry {
    fn is_of(&self, token: RawToken<'_>) -> bool {
        self.token.as_ref() == token.expose()
    }

    /// Whether a verification would still come to the same.
    fn holds(&self, published: &KeyStore, now: UnixTime) -> bool {
        let issuer = self.principal.claims.as_ref().map(VerifiedClaims::issuer);
        self.principal.check(now).is_ok()
            && issuer.is_some_and(|issuer| published.number(issuer, now) == self.keys)
    }
}

fn tail(token: RawToken<'_>) -> Option<Tail> {
    token.expose().as_bytes().last_chunk().copied()
}

impl fmt::Debug for Known {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Known").field("half", &self.half).finish_non_exhaustive()
    }
}
