//! What a caller is judged by, and how a caller is refused.

use crate::denial::Reason;
use crate::token::remote::KeyStore;
use crate::token::signature::SignatureVerifier;
use crate::token::verify::Unverified;
use crate::token::{TokenError, UnixTime};

/// What a token is judged by.
pub(super) struct Trust<'t> {
    pub(super) published: &'t KeyStore,
    pub(super) verifier: &'t dyn SignatureVerifier,
    pub(super) now: UnixTime,
}

/// A refusal of a caller, and the issuer whose new keys could undo it.
pub(super) struct Refused {
    pub(super) reason: Reason,
    pub(super) awaits: Option<usize>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, awaits: None }
    }
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Reason::Token(error).into()
    }
}

impl From<Unverified> for Refused {
    fn from(Unverified { error, awaits }: Unverified) -> Self {
        Self { reason: Reason::Token(error), awaits }
    }
}
