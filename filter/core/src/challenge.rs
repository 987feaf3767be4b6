//! What a refused caller could do about it -> [`Challenge`], the `www-authenticate` of its answer
//! (RFC 9110 section 11.6.1, RFC 6750 section 3).
//!
//! A challenge tells nothing that the status does not: no issuer, no key, no defect of a token.

use std::borrow::Cow;

use crate::denial::Reason;
use crate::identity::Principal;
use crate::token::TokenError;

/// What a caller is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A token, from one who sent none.
    Token,
    /// Another token, from one whose token is not valid.
    ValidToken,
}

impl Challenge {
    /// What goes with a reason whatever else is known.
    #[must_use]
    pub const fn of(reason: Reason) -> Option<Self> {
        match reason {
            Reason::Token(TokenError::Missing) => Some(Self::Token),
            // Whoever is told that a good token is invalid throws it away.
            Reason::Token(TokenError::KeysUnavailable) => None,
            Reason::Token(_) => Some(Self::ValidToken),
            _ => None,
        }
    }

    /// The header's value.
    #[must_use]
    pub fn header(&self) -> Cow<'static, str> {
        match self {
            Self::Token => "Bearer".into(),
            Self::ValidToken => "Bearer error=\"invalid_token\"".into(),
        }
    }
}

/// What a caller is asked for whose operation was denied.
#[must_use]
pub fn of_denial(principal: &Principal) -> Option<Challenge> {
    principal.claims.is_none().then_some(Challenge::Token)
}
