//! The payload of a token -> the time in which it is valid, if that is now (RFC 7519 section 4.1).

use serde_json::Number;

use crate::json::Json;
use crate::token::{TokenError, UnixTime};

/// When tokens are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRules {
    /// How far clocks may differ, in seconds.
    pub leeway: u64,
    /// How long a token may live, in seconds from `iat`, which it then needs.
    pub max_lifetime: Option<u64>,
    /// Whether a token needs `exp`.
    pub exp: Exp,
}

/// Whether a token has to say when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exp {
    /// It has to.
    Required,
    /// One without `exp` ends with `max_lifetime`, without which it is refused.
    Optional,
}

/// The time in which a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    expires: UnixTime,
    /// The later of `nbf` and `iat`.
    begins: UnixTime,
    leeway: u64,
    /// From when until when the subject's authentication is recent enough, if that is asked for.
    authenticated: Option<(UnixTime, UnixTime)>,
}

impl Window {
    /// The same, for a subject that was authenticated at `time` and has to be again after `max_age`
    /// seconds.
    pub(super) fn authenticated(self, time: UnixTime, max_age: u64) -> Self {
        Self { authenticated: Some((time, time.plus(max_age))), ..self }
    }

    /// `exp` without leeway.
    #[must_use]
    pub const fn expires(self) -> UnixTime {
        self.expires
    }

    /// Whether the token is valid at `now`.
    ///
    /// # Errors
    /// `Expired`, `NotYetValid` or `Authentication`.
    pub fn check(self, now: UnixTime) -> Result<(), TokenError> {
        let recent = |(time, until): (UnixTime, UnixTime)| {
            time <= now.plus(self.leeway) && now < until.plus(self.leeway)
        };
        // "MUST be before the expiration date/time": at the very second it is over.
        if now >= self.expires.plus(self.leeway) {
            Err(TokenError::Expired)
        } else if self.begins > now.plus(self.leeway) {
            Err(TokenError::NotYetValid)
        } else if !self.authenticated.is_none_or(recent) {
            Err(TokenError::Authentication)
        } else {
            Ok(())
        }
    }
}

impl Default for TimeRules {
    fn default() -> Self {
        Self { leeway: 60, max_lifetime: None, exp: Exp::Required }
    }
}

/// When the token is valid, if it is at `now` (RFC 7519 sections 4.1.4 to 4.1.6).
pub(super) fn window(
    claims: &Json<'_>,
    rules: &TimeRules,
    now: UnixTime,
) -> Result<Window, TokenError> {
    let TimeRules { leeway, max_lifetime, exp } = *rules;
    let longest = longest(claims, max_lifetime)?;
    // Fractions are rounded so that the token is valid for a shorter time, never a longer one.
    let expires = match (date(claims, "exp", Round::Down)?, exp, longest) {
        (Some(expires), _, _) => expires,
        // Required, though optional in the RFC: a token that never expires cannot be taken back.
        (None, Exp::Required, _) | (None, Exp::Optional, None) => return Err(TokenError::Claims),
        (None, Exp::Optional, Some(longest)) => longest,
    };
    let not_before = date(claims, "nbf", Round::Up)?;
    let issued = date(claims, "iat", Round::Up)?;
    // Stricter than the RFC: leeway is for two clocks, and these two dates are of one.
    if not_before.is_some_and(|not_before| not_before > expires) {
        return Err(TokenError::Claims);
    }
    let window = |begins: Option<u64>| Window {
        expires: UnixTime(expires),
        begins: UnixTime(begins.unwrap_or_default()),
        leeway,
        authenticated: None,
    };
    window(not_before).check(now)?;
    let whole = window(issued.max(not_before));
    whole.check(now).map_err(|_| TokenError::IssuedInFuture)?;
    if longest.is_some_and(|longest| longest < expires) {
        return Err(TokenError::Lifetime);
    }
    Ok(whole)
}

/// `iat`, its fraction of a second left out.
pub(super) fn issued(claims: &Json<'_>) -> Result<Option<UnixTime>, TokenError> {
    Ok(date(claims, "iat", Round::Down)?.map(UnixTime))
}

/// The last second that a token may end at, where its lifetime is bounded: then it needs `iat`.
fn longest(claims: &Json<'_>, max_lifetime: Option<u64>) -> Result<Option<u64>, TokenError> {
    let Some(most) = max_lifetime else { return Ok(None) };
    let issued = date(claims, "iat", Round::Down)?.ok_or(TokenError::Claims)?;
    Ok(Some(issued.saturating_add(most)))
}

/// What becomes of a fraction of a second.
#[derive(Clone, Copy)]
pub(super) enum Round {
    Down,
    Up,
}

/// A NumericDate (RFC 7519 section 2): a number from zero to below 2^53, where doubles are exact.
pub(super) fn date(claims: &Json<'_>, name: &str, round: Round) -> Result<Option<u64>, TokenError> {
    const END: u64 = 1 << 53;
    let Some(value) = claims.member(name) else {
        return Ok(None);
    };
    let number = value.as_number().ok_or(TokenError::Claims)?;
    let seconds = match number.as_u64() {
        Some(seconds) => seconds,
        None => fraction(number, round)?,
    };
    if seconds < END { Ok(Some(seconds)) } else { Err(TokenError::Claims) }
}

#[expect(
    clippy::as_conversions,
    reason = "a float that is not negative; above the range the cast saturates, and `date` refuses"
)]
fn fraction(number: &Number, round: Round) -> Result<u64, TokenError> {
    let seconds = number.as_f64().filter(|seconds| *seconds >= 0.0).ok_or(TokenError::Claims)?;
    Ok(match round {
        Round::Down => seconds.floor() as u64,
        Round::Up => seconds.ceil() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::read(text, 32).unwrap()
    }

    #[track_caller]
    fn check_window(claims: &str, now: u64, expected: Result<u64, TokenError>) {
        let result = window(&json(claims), &TimeRules::default(), UnixTime(now));
        assert_eq!(result.map(|window| window.expires.0), expected, "{claims} at {now}");
    }

    #[test]
    fn exp_is_a_time_that_has_not_passed() {
        for (claims, now, expected) in [
            (r#"{"exp":1000}"#, 1000, Ok(1000)),
            (r#"{"exp":1000}"#, 1059, Ok(1000)),
            (r#"{"exp":1000}"#, 1060, Err(TokenError::Expired)),
            (r#"{"exp":1000.9}"#, 1059, Ok(1000)),
            (r#"{"exp":1000.9}"#, 1060, Err(TokenError::Expired)),
            (r#"{"exp":1e3}"#, 0, Ok(1000)),
            (r#"{"exp":0}"#, 0, Ok(0)),
            (r#"{"exp":-0}"#, 60, Err(TokenError::Expired)),
            (r#"{"exp":9007199254740991}"#, 1, Ok(9_007_199_254_740_991)),
            (r#"{"exp":9007199254740992}"#, 1, Err(TokenError::Claims)),
            (r#"{"exp":9007199254740992.0}"#, 1, Err(TokenError::Claims)),
            (r#"{"exp":18446744073709551615}"#, 1, Err(TokenError::Claims)),
            (r#"{"exp":1e300}"#, 1, Err(TokenError::Claims)),
            (r#"{"exp":-1}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":-0.5}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":-9.2e18}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":null}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":"1000"}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":true}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":[1000]}"#, 0, Err(TokenError::Claims)),
            (r#"{"Exp":1000}"#, 0, Err(TokenError::Claims)),
            (r#"{"exp":1000}"#, u64::MAX, Err(TokenError::Expired)),
        ] {
            check_window(claims, now, expected);
        }
        let forever = window(
            &json(r#"{"exp":1}"#),
            &TimeRules { leeway: u64::MAX, ..TimeRules::default() },
            UnixTime(5),
        );
        assert_eq!(forever.map(Window::expires), Ok(UnixTime(1)));
    }

    #[test]
    fn nbf_and_iat_are_times_that_have_come() {
        for (claims, expected) in [
            (r#"{"exp":9000,"nbf":1060,"iat":1060}"#, Ok(9000)),
            (r#"{"exp":9000,"nbf":1061}"#, Err(TokenError::NotYetValid)),
            (r#"{"exp":9000,"nbf":1060.1}"#, Err(TokenError::NotYetValid)),
            (r#"{"exp":9000,"nbf":-1}"#, Err(TokenError::Claims)),
            (r#"{"exp":9000,"nbf":"9999"}"#, Err(TokenError::Claims)),
            (r#"{"exp":9000,"nbf":null}"#, Err(TokenError::Claims)),
            (r#"{"exp":9000,"iat":1061}"#, Err(TokenError::IssuedInFuture)),
            (r#"{"exp":9000,"iat":1060.1}"#, Err(TokenError::IssuedInFuture)),
            (r#"{"exp":9000,"iat":"x"}"#, Err(TokenError::Claims)),
            (r#"{"exp":990,"nbf":990}"#, Ok(990)),
            (r#"{"exp":990,"nbf":991}"#, Err(TokenError::Claims)),
        ] {
            check_window(claims, 1000, expected);
        }
    }

    #[test]
    fn a_window_is_asked_again_later() {
        let of =
            |claims: &str| window(&json(claims), &TimeRules::default(), UnixTime(1000)).unwrap();
        for (claims, now, expected) in [
            (r#"{"exp":1000,"nbf":1000}"#, 1059, Ok(())),
            (r#"{"exp":1000,"nbf":1000}"#, 1060, Err(TokenError::Expired)),
            (r#"{"exp":1000,"nbf":1000}"#, 940, Ok(())),
            // A clock that is set back.
            (r#"{"exp":1000,"nbf":1000}"#, 939, Err(TokenError::NotYetValid)),
            (r#"{"exp":1000,"iat":900,"nbf":800}"#, 839, Err(TokenError::NotYetValid)),
            (r#"{"exp":1000,"iat":800,"nbf":900}"#, 839, Err(TokenError::NotYetValid)),
            (r#"{"exp":1000}"#, 0, Ok(())),
        ] {
            assert_eq!(of(claims).check(UnixTime(now)), expected, "{claims} at {now}");
        }
    }

    #[test]
    fn a_lifetime_is_bounded_from_iat() {
        let of = |exp, claims: &str, now| {
            let rules = TimeRules { max_lifetime: Some(600), exp, ..TimeRules::default() };
            window(&json(claims), &rules, UnixTime(now)).map(|window| window.expires.0)
        };
        for (claims, expected) in [
            (r#"{"exp":1600,"iat":1000}"#, Ok(1600)),
            (r#"{"exp":1601,"iat":1000}"#, Err(TokenError::Lifetime)),
            (r#"{"exp":1600,"iat":999.5}"#, Err(TokenError::Lifetime)),
            (r#"{"exp":9007199254740991,"iat":1000}"#, Err(TokenError::Lifetime)),
            (r#"{"exp":1500}"#, Err(TokenError::Claims)),
            (r#"{"exp":1500,"iat":"1000"}"#, Err(TokenError::Claims)),
        ] {
            assert_eq!(of(Exp::Required, claims, 1000), expected, "{claims}");
            assert_eq!(of(Exp::Optional, claims, 1000), expected, "{claims}");
        }
        assert_eq!(of(Exp::Required, r#"{"iat":1000}"#, 1000), Err(TokenError::Claims));
        assert_eq!(of(Exp::Optional, r#"{"iat":1000}"#, 1659), Ok(1600));
        assert_eq!(of(Exp::Optional, r#"{"iat":1000}"#, 1660), Err(TokenError::Expired));
        assert_eq!(of(Exp::Optional, r#"{"iat":1000,"exp":null}"#, 1000), Err(TokenError::Claims));
        let unbounded = TimeRules { exp: Exp::Optional, ..TimeRules::default() };
        let never = window(&json(r#"{"iat":1000}"#), &unbounded, UnixTime(1000));
        assert_eq!(never, Err(TokenError::Claims));
    }
}
