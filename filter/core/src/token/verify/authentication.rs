//! How and when the subject was authenticated, where that is asked for (RFC 9470 section 5).

use super::claims::text;
use super::time::{Round, Window, date};
use crate::json::Json;
use crate::token::{TokenError, UnixTime};

/// What is asked of the event in which the subject was authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationRules {
    /// Any of these as `acr`, in order of preference; empty: none is asked for.
    pub acr_values: Vec<Box<str>>,
    /// How long ago it may be, in seconds, by `auth_time`.
    pub max_age: Option<u64>,
}

impl AuthenticationRules {
    /// The time in which a token that is valid in `window` is good enough, if it is at `now`.
    ///
    /// # Errors
    /// `Authentication`, or `Claims` for a claim of a wrong type.
    pub(super) fn check(
        &self,
        claims: &Json<'_>,
        window: Window,
        now: UnixTime,
    ) -> Result<Window, TokenError> {
        if !self.acr_values.is_empty() {
            let acr = text(claims, "acr")?.ok_or(TokenError::Authentication)?;
            if !self.acr_values.contains(&acr) {
                return Err(TokenError::Authentication);
            }
        }
        let Some(max_age) = self.max_age else { return Ok(window) };
        let time = date(claims, "auth_time", Round::Down)?.ok_or(TokenError::Authentication)?;
        let window = window.authenticated(UnixTime(time), max_age);
        window.check(now)?;
        Ok(window)
    }
}
