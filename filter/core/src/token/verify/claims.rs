//! The payload of a token -> single claims, each of its one type (RFC 7519 section 4.1).
//!
//! A claim of a wrong type is refused, never taken as absent: that mistake has let expired tokens
//! through elsewhere (CVE-2026-25537).

use std::iter;

use serde_json::Number;

use crate::json::Json;
use crate::limits::{PRIOR_ACTORS, SUBJECT_BYTES};
use crate::token::verify::Actor;
use crate::token::{TokenError, UnixTime};

/// The client: `azp` (OpenID Connect Core 2) or `client_id` (RFC 8693 4.3). Stricter than either:
/// two that differ, or an empty one, would let one hide the other.
pub(super) fn client(payload: &Json<'_>) -> Result<Option<Box<str>>, TokenError> {
    match (text(payload, "azp")?, text(payload, "client_id")?) {
        (Some(azp), Some(client_id)) if azp != client_id => Err(TokenError::Claims),
        (Some(client), _) | (None, Some(client)) if client.is_empty() => Err(TokenError::Claims),
        (Some(client), _) | (None, Some(client)) => Ok(Some(client)),
        (None, None) => Ok(None),
    }
}

/// An optional claim that is text.
pub(super) fn text(claims: &Json<'_>, name: &str) -> Result<Option<Box<str>>, TokenError> {
    match claims.member(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_ref().into())),
        Some(_) => Err(TokenError::Claims),
    }
}

/// `sub` of the payload or of an actor: required here, though optional in RFC 7519 section 4.1.2,
/// because decisions and audit are about someone.
pub(super) fn subject(claims: &Json<'_>) -> Result<Box<str>, TokenError> {
    let subject = text(claims, "sub")?.ok_or(TokenError::Claims)?;
    if (1..=SUBJECT_BYTES).contains(&subject.len()) { Ok(subject) } else { Err(TokenError::Claims) }
}

/// `exp`, if the token is valid at `now` (RFC 7519 sections 4.1.4 to 4.1.6).
pub(super) fn window(
    claims: &Json<'_>,
    leeway: u64,
    now: UnixTime,
) -> Result<UnixTime, TokenError> {
    // Fractions are rounded so that the token is valid for a shorter time, never a longer one.
    // Required, though optional in the RFC: a token that never expires cannot be taken back.
    let expires = date(claims, "exp", Round::Down)?.ok_or(TokenError::Claims)?;
    let not_before = date(claims, "nbf", Round::Up)?;
    let issued = date(claims, "iat", Round::Up)?;
    // Stricter than the RFC: leeway is for two clocks, and these two dates are of one.
    if not_before.is_some_and(|not_before| not_before > expires) {
        return Err(TokenError::Claims);
    }
    // "MUST be before the expiration date/time": at the very second it is over.
    if now.0 >= expires.saturating_add(leeway) {
        return Err(TokenError::Expired);
    }
    let horizon = now.0.saturating_add(leeway);
    if not_before.is_some_and(|not_before| not_before > horizon) {
        return Err(TokenError::NotYetValid);
    }
    if issued.is_some_and(|issued| issued > horizon) {
        return Err(TokenError::IssuedInFuture);
    }
    Ok(UnixTime(expires))
}

/// `aud` names one of us (RFC 7519 section 4.1.3).
pub(super) fn check_audience(claims: &Json<'_>, ours: &[Box<str>]) -> Result<(), TokenError> {
    let named = match claims.member("aud") {
        None => return Err(TokenError::Audience),
        Some(aud) => texts(aud)?,
    };
    if named.iter().any(|name| ours.iter().any(|our| our.as_ref() == *name)) {
        Ok(())
    } else {
        Err(TokenError::Audience)
    }
}

/// `act` (RFC 8693 section 4.1): the actor, and those it acts for in turn.
pub(super) fn actor(claims: &Json<'_>) -> Result<Option<Actor>, TokenError> {
    let Some(act) = claims.member("act") else {
        return Ok(None);
    };
    let chain = iter::successors(act.member("act"), |prior| prior.member("act"))
        // One more than allowed is enough to see that there are too many.
        .take(PRIOR_ACTORS.saturating_add(1))
        .map(subject)
        .collect::<Result<Vec<_>, _>>()?;
    if chain.len() > PRIOR_ACTORS {
        return Err(TokenError::Claims);
    }
    Ok(Some(Actor { subject: subject(act)?, chain }))
}

/// A string, or an array of strings only.
pub(super) fn texts<'j>(value: &'j Json<'_>) -> Result<Vec<&'j str>, TokenError> {
    match value {
        Json::String(text) => Ok(vec![text]),
        Json::Array(elements) => {
            elements.iter().map(|text| text.as_str().ok_or(TokenError::Claims)).collect()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Err(TokenError::Claims),
    }
}

/// What becomes of a fraction of a second.
#[derive(Clone, Copy)]
enum Round {
    Down,
    Up,
}

/// A NumericDate (RFC 7519 section 2): a number from zero to below 2^53, where doubles are exact.
fn date(claims: &Json<'_>, name: &str, round: Round) -> Result<Option<u64>, TokenError> {
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
        let result = window(&json(claims), 60, UnixTime(now));
        assert_eq!(result.map(|time| time.0), expected, "{claims} at {now}");
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
        let forever = window(&json(r#"{"exp":1}"#), u64::MAX, UnixTime(5));
        assert_eq!(forever, Ok(UnixTime(1)));
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
    fn an_audience_is_ours_by_its_exact_name() {
        let ours = [Box::from("api"), Box::from("other")];
        for (aud, expected) in [
            (r#""api""#, Ok(())),
            (r#"["x","other"]"#, Ok(())),
            (r#"["x"]"#, Err(TokenError::Audience)),
            ("[]", Err(TokenError::Audience)),
            (r#""""#, Err(TokenError::Audience)),
            (r#""API""#, Err(TokenError::Audience)),
            (r#""x api""#, Err(TokenError::Audience)),
            (r#""api\u0000""#, Err(TokenError::Audience)),
            (r#"["api",1]"#, Err(TokenError::Claims)),
            (r#"[["api"]]"#, Err(TokenError::Claims)),
            (r#"{"api":1}"#, Err(TokenError::Claims)),
            ("null", Err(TokenError::Claims)),
        ] {
            let claims = format!(r#"{{"aud":{aud}}}"#);
            assert_eq!(check_audience(&json(&claims), &ours), expected, "{aud}");
        }
        assert_eq!(check_audience(&json("{}"), &ours), Err(TokenError::Audience));
        assert_eq!(check_audience(&json(r#"{"aud":"api"}"#), &[]), Err(TokenError::Audience));
    }

    #[test]
    fn an_actor_has_a_subject_and_a_bounded_chain() {
        let read = |claims: &str| {
            actor(&json(claims)).map(|actor| actor.map(|actor| (actor.subject, actor.chain)))
        };
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(
            read(r#"{"act":{"sub":"a","act":{"sub":"b","act":{"sub":"c","iss":"i"}}}}"#),
            Ok(Some(("a".into(), vec!["b".into(), "c".into()])))
        );
        for act in [
            "null",
            "\"a\"",
            "[]",
            "{}",
            r#"{"sub":1}"#,
            r#"{"sub":""}"#,
            r#"{"act":{"sub":"b"}}"#,
            r#"{"sub":"a","act":null}"#,
            r#"{"sub":"a","act":{"sub":"b","act":{}}}"#,
            r#"{"sub":"a","act":[{"sub":"b"}]}"#,
        ] {
            assert_eq!(read(&format!(r#"{{"act":{act}}}"#)), Err(TokenError::Claims), "{act}");
        }
        let nested = |levels: usize| {
            format!("{{{}{}}}", r#""act":{"sub":"a","#.repeat(levels), r#""x":0"#)
                + &"}".repeat(levels)
        };
        assert_eq!(read(&nested(9)).map(|actor| actor.unwrap().1.len()), Ok(8));
        assert_eq!(read(&nested(10)), Err(TokenError::Claims));
    }

    #[test]
    fn a_subject_is_required_and_bounded() {
        let of = |length: usize| format!(r#"{{"sub":"{}"}}"#, "s".repeat(length));
        assert_eq!(subject(&json(&of(1024))).map(|subject| subject.len()), Ok(1024));
        let long = of(1025);
        for claims in ["{}", r#"{"sub":""}"#, r#"{"sub":1}"#, r#"{"sub":null}"#, &long] {
            assert_eq!(subject(&json(claims)), Err(TokenError::Claims), "{claims}");
        }
        assert_eq!(text(&json(r#"{"jti":1}"#), "jti"), Err(TokenError::Claims));
        assert_eq!(text(&json("{}"), "jti"), Ok(None));
    }
}
