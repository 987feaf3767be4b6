//! The payload of a token -> the groups of the caller, as the issuer names them.
//!
//! Deliberately absent: splitting a string at blanks or commas, and asking the place that an
//! overage names.

use crate::json::Json;
use crate::limits::GROUPS;
use crate::token::TokenError;
use crate::token::verify::claims::texts;

/// The groups at `path`; a token that says they are elsewhere is refused, since a caller with fewer
/// groups than in truth is not always one with fewer rights.
pub(super) fn groups(claims: &Json<'_>, path: &[Box<str>]) -> Result<Vec<Box<str>>, TokenError> {
    let Some(first) = path.first() else {
        return Ok(Vec::new());
    };
    refuse_overage(claims, first)?;
    let mut at = claims;
    for name in path {
        if at.as_object().is_none() {
            return Err(TokenError::Claims);
        }
        match at.member(name) {
            Some(value) => at = value,
            None => return Ok(Vec::new()),
        }
    }
    let groups = texts(at)?;
    if groups.len() > GROUPS {
        return Err(TokenError::Claims);
    }
    Ok(groups.into_iter().map(Into::into).collect())
}

/// OpenID Connect Core section 5.6.2: `_claim_names` lists claims that are to be had elsewhere.
/// Entra ID has `hasgroups` for the same in tokens of the implicit flow.
fn refuse_overage(claims: &Json<'_>, claim: &str) -> Result<(), TokenError> {
    match claims.member("_claim_names") {
        None => {}
        Some(names) if names.as_object().is_none() => return Err(TokenError::Claims),
        Some(names) if names.member(claim).is_some() => return Err(TokenError::GroupsOverage),
        Some(_) => {}
    }
    match claims.member("hasgroups") {
        Some(Json::Bool(false)) | None => Ok(()),
        Some(_) if claim == "groups" => Err(TokenError::GroupsOverage),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::read(text, 32).unwrap()
    }

    #[test]
    fn groups_are_a_string_or_strings() {
        let read = |claims: &str, path: &[&str]| {
            let path: Vec<Box<str>> = path.iter().map(|name| (*name).into()).collect();
            groups(&json(claims), &path).map(|groups| groups.join("|"))
        };
        for (claims, path, expected) in [
            ("{}", &["groups"][..], Ok("")),
            (r#"{"groups":1}"#, &[], Ok("")),
            (r#"{"groups":["a","b c"]}"#, &["groups"], Ok("a|b c")),
            (r#"{"groups":"a,b"}"#, &["groups"], Ok("a,b")),
            (r#"{"groups":[]}"#, &["groups"], Ok("")),
            (r#"{"r":{"roles":["a"]}}"#, &["r", "roles"], Ok("a")),
            (r#"{"r":{}}"#, &["r", "roles"], Ok("")),
            (r#"{"r.roles":["a"]}"#, &["r", "roles"], Ok("")),
            (r#"{"r":[]}"#, &["r", "roles"], Err(TokenError::Claims)),
            (r#"{"groups":null}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"groups":7}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"groups":{"a":true}}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"groups":["a",1]}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"groups":[["a"]]}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"_claim_names":{"groups":"src1"}}"#, &["groups"], Err(TokenError::GroupsOverage)),
            (r#"{"_claim_names":{"address":"src1"},"groups":"a"}"#, &["groups"], Ok("a")),
            (r#"{"_claim_names":[]}"#, &["groups"], Err(TokenError::Claims)),
            (r#"{"hasgroups":true}"#, &["groups"], Err(TokenError::GroupsOverage)),
            (r#"{"hasgroups":"true"}"#, &["groups"], Err(TokenError::GroupsOverage)),
            (r#"{"hasgroups":false,"groups":"a"}"#, &["groups"], Ok("a")),
            (r#"{"hasgroups":true,"roles":["a"]}"#, &["roles"], Ok("a")),
        ] {
            assert_eq!(read(claims, path), expected.map(str::to_owned), "{claims} {path:?}");
        }
        let many = |count: usize| format!(r#"{{"g":[{}"x"]}}"#, r#""x","#.repeat(count - 1));
        assert!(read(&many(1000), &["g"]).is_ok());
        assert_eq!(read(&many(1001), &["g"]), Err(TokenError::Claims));
    }
}
