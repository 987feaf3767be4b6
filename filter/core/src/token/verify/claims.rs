//! The payload of a token -> single claims, each of its one type (RFC 7519 section 4.1).
//!
//! A claim of a wrong type is refused, never taken as absent: that mistake has let expired tokens
//! through elsewhere (CVE-2026-25537).

use std::iter;

use crate::json::Json;
use crate::limits::{PRIOR_ACTORS, SUBJECT_BYTES};
use crate::token::TokenError;
use crate::token::verify::{Actor, ClaimPath, names};

/// The client: where it is configured, or else `azp` (OpenID Connect Core 2) or `client_id` (RFC 8693
/// 4.3). Stricter than either: two that differ, or an empty one, would let one hide the other.
pub(super) fn client(
    payload: &Json<'_>,
    path: Option<&ClaimPath>,
) -> Result<Option<Box<str>>, TokenError> {
    let configured = match path {
        Some(path) => {
            names::refuse_overage(payload, path.claim())?;
            path.find(payload)?
        }
        None => None,
    };
    let client = match configured {
        Some(client) => Some(client.as_str().ok_or(TokenError::Claims)?.into()),
        None => match (text(payload, "azp")?, text(payload, "client_id")?) {
            (Some(azp), Some(client_id)) if azp != client_id => return Err(TokenError::Claims),
            (azp, client_id) => azp.or(client_id),
        },
    };
    if client.as_deref() == Some("") { Err(TokenError::Claims) } else { Ok(client) }
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
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) | Json::Upload => {
            Err(TokenError::Claims)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::read(text, 32).unwrap()
    }

    #[test]
    fn a_client_is_where_it_is_configured() {
        let path: ClaimPath = "app.cid".parse().unwrap();
        let of = |claims: &str, path| client(&json(claims), path);
        for (claims, default, configured) in [
            ("{}", Ok(None), Ok(None)),
            (r#"{"azp":"a"}"#, Ok(Some("a")), Ok(Some("a"))),
            (r#"{"client_id":"a","app":{}}"#, Ok(Some("a")), Ok(Some("a"))),
            (r#"{"azp":"a","client_id":"a"}"#, Ok(Some("a")), Ok(Some("a"))),
            (r#"{"azp":""}"#, Err(TokenError::Claims), Err(TokenError::Claims)),
            (r#"{"azp":"a","app":{"cid":"b"}}"#, Ok(Some("a")), Ok(Some("b"))),
            (r#"{"azp":"a","client_id":"b"}"#, Err(TokenError::Claims), Err(TokenError::Claims)),
            (r#"{"app":{"cid":""}}"#, Ok(None), Err(TokenError::Claims)),
            (r#"{"app":{"cid":7}}"#, Ok(None), Err(TokenError::Claims)),
            (r#"{"app":"b"}"#, Ok(None), Err(TokenError::Claims)),
        ] {
            let owned = |client: Result<Option<&str>, TokenError>| {
                client.map(|client| client.map(Box::<str>::from))
            };
            assert_eq!(of(claims, None), owned(default), "{claims}");
            assert_eq!(of(claims, Some(&path)), owned(configured), "{claims}");
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
