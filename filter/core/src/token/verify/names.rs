//! The payload of a token -> names that the issuer gives its caller: groups, roles, scopes.
//!
//! How a claim is read is said by the configuration and never guessed from its look. Deliberately
//! absent: asking the place that an overage names, and any comparison but of whole names.

use std::collections::BTreeSet;

use super::ClaimPath;
use super::claims::texts;
use crate::json::Json;
use crate::limits::GROUPS;
use crate::token::TokenError;

/// How names are taken from one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesRule {
    /// Where the claim is.
    pub path: ClaimPath,
    /// How a string is taken apart. The elements of an array are names as they are.
    pub split: Split,
    /// Only names that begin with it count, and they count without it.
    pub prefix: Box<str>,
    /// Our names for them, sorted by theirs: only those listed count. None: all do, as they are.
    pub map: Option<Vec<(Box<str>, Box<str>)>>,
}

/// How a claim that is a string becomes names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// It is one name.
    Whole,
    /// At each blank (U+0020), as in RFC 6749 section 3.3.
    Space,
    /// At each comma; blanks around a name are not part of it.
    Comma,
}

impl NamesRule {
    /// The names in a claim as they are.
    #[must_use]
    pub fn plain(path: ClaimPath) -> Self {
        Self { path, split: Split::Whole, prefix: "".into(), map: None }
    }

    /// Our name for one of theirs, if it counts.
    fn ours<'n>(&'n self, theirs: &'n str) -> Option<&'n str> {
        let name = theirs.strip_prefix(self.prefix.as_ref())?;
        let Some(map) = &self.map else { return Some(name) };
        let at = map.binary_search_by(|(theirs, _)| theirs.as_ref().cmp(name)).ok()?;
        map.get(at).map(|(_, ours)| ours.as_ref())
    }
}

/// The names in all claims, each once. A token that says they are elsewhere is refused, since a
/// caller with fewer groups than in truth is not always one with fewer rights.
pub(super) fn names(claims: &Json<'_>, rules: &[NamesRule]) -> Result<Vec<Box<str>>, TokenError> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for rule in rules {
        refuse_overage(claims, rule.path.claim())?;
        let Some(value) = rule.path.find(claims)? else { continue };
        let theirs: Vec<&str> = match (value, rule.split) {
            (Json::String(text), Split::Space) => {
                text.split(' ').filter(|name| !name.is_empty()).collect()
            }
            (Json::String(text), Split::Comma) => {
                text.split(',').map(str::trim_ascii).filter(|name| !name.is_empty()).collect()
            }
            (value, Split::Whole | Split::Space | Split::Comma) => texts(value)?,
        };
        if theirs.len() > GROUPS {
            return Err(TokenError::Claims);
        }
        for ours in theirs.into_iter().filter_map(|name| rule.ours(name)) {
            if seen.insert(ours) {
                names.push(ours.into());
            }
        }
    }
    if names.len() > GROUPS { Err(TokenError::Claims) } else { Ok(names) }
}

/// OpenID Connect Core section 5.6.2: `_claim_names` lists claims that are to be had elsewhere.
/// Entra ID has `hasgroups` for the same in tokens of the implicit flow.
pub(super) fn refuse_overage(claims: &Json<'_>, claim: &str) -> Result<(), TokenError> {
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

    fn rule(path: &str) -> NamesRule {
        NamesRule::plain(path.parse().unwrap())
    }

    #[track_caller]
    fn check(claims: &str, rules: &[NamesRule], expected: Result<&str, TokenError>) {
        let found = names(&json(claims), rules).map(|names| names.join("|"));
        assert_eq!(found, expected.map(str::to_owned), "{claims}");
    }

    #[test]
    fn names_are_a_string_or_strings() {
        for (claims, path, expected) in [
            ("{}", "groups", Ok("")),
            (r#"{"groups":["a","b c"]}"#, "groups", Ok("a|b c")),
            (r#"{"groups":["a","b","a"]}"#, "groups", Ok("a|b")),
            (r#"{"groups":"a,b"}"#, "groups", Ok("a,b")),
            (r#"{"groups":[]}"#, "groups", Ok("")),
            (r#"{"r":{"roles":["a"]}}"#, "r.roles", Ok("a")),
            (r#"{"r":{}}"#, "r.roles", Ok("")),
            (r#"{"r.roles":["a"]}"#, "r.roles", Ok("")),
            (r#"{"r.roles":["a"]}"#, r"r\.roles", Ok("a")),
            (r#"{"r":[]}"#, "r.roles", Err(TokenError::Claims)),
            (r#"{"groups":null}"#, "groups", Err(TokenError::Claims)),
            (r#"{"groups":7}"#, "groups", Err(TokenError::Claims)),
            (r#"{"groups":{"a":true}}"#, "groups", Err(TokenError::Claims)),
            (r#"{"groups":["a",1]}"#, "groups", Err(TokenError::Claims)),
            (r#"{"groups":[["a"]]}"#, "groups", Err(TokenError::Claims)),
            (r#"{"_claim_names":{"groups":"src1"}}"#, "groups", Err(TokenError::GroupsOverage)),
            (r#"{"_claim_names":{"r":"src1"}}"#, "r.roles", Err(TokenError::GroupsOverage)),
            (r#"{"_claim_names":{"address":"src1"},"groups":"a"}"#, "groups", Ok("a")),
            (r#"{"_claim_names":[]}"#, "groups", Err(TokenError::Claims)),
            (r#"{"hasgroups":true}"#, "groups", Err(TokenError::GroupsOverage)),
            (r#"{"hasgroups":"true"}"#, "groups", Err(TokenError::GroupsOverage)),
            (r#"{"hasgroups":false,"groups":"a"}"#, "groups", Ok("a")),
            (r#"{"hasgroups":true,"roles":["a"]}"#, "roles", Ok("a")),
        ] {
            check(claims, &[rule(path)], expected);
        }
        check(r#"{"groups":1}"#, &[], Ok(""));
        let many = |count: usize| format!(r#"{{"g":[{}"x"]}}"#, r#""x","#.repeat(count - 1));
        check(&many(1000), &[rule("g")], Ok("x"));
        check(&many(1001), &[rule("g")], Err(TokenError::Claims));
    }

    #[test]
    fn a_string_is_split_as_configured() {
        let split = |split| NamesRule { split, ..rule("scope") };
        for (claims, at, expected) in [
            (r#"{"scope":"hr  fin"}"#, Split::Space, Ok("hr|fin")),
            (r#"{"scope":" hr\tfin "}"#, Split::Space, Ok("hr\tfin")),
            (r#"{"scope":"hr,fin"}"#, Split::Space, Ok("hr,fin")),
            (r#"{"scope":""}"#, Split::Space, Ok("")),
            (r#"{"scope":["hr fin","x"]}"#, Split::Space, Ok("hr fin|x")),
            (r#"{"scope":7}"#, Split::Space, Err(TokenError::Claims)),
            (r#"{"scope":"hr, fin,,"}"#, Split::Comma, Ok("hr|fin")),
            (r#"{"scope":"hr fin"}"#, Split::Comma, Ok("hr fin")),
            (r#"{"scope":["hr,fin"]}"#, Split::Comma, Ok("hr,fin")),
        ] {
            check(claims, &[split(at)], expected);
        }
        let many = |count: usize| format!(r#"{{"scope":"{}"}}"#, "x ".repeat(count));
        check(&many(1000), &[split(Split::Space)], Ok("x"));
        check(&many(1001), &[split(Split::Space)], Err(TokenError::Claims));
    }

    #[test]
    fn prefixes_and_maps_choose() {
        let prefix = NamesRule { prefix: "group:default/".into(), ..rule("ent") };
        let claims = r#"{"ent":["user:default/a","group:default/b","b","group:default/"]}"#;
        check(claims, std::slice::from_ref(&prefix), Ok("b|"));
        let map = |pairs: &[(&str, &str)]| {
            let pair = |(theirs, ours): &(&str, &str)| ((*theirs).into(), (*ours).into());
            Some(pairs.iter().map(pair).collect())
        };
        let mapped =
            NamesRule { map: map(&[("1", "sre"), ("2", "dev"), ("3", "sre")]), ..rule("g") };
        check(r#"{"g":["3","sre","1","2","4"]}"#, &[mapped], Ok("sre|dev"));
        let both = NamesRule { map: map(&[("b", "B")]), ..prefix };
        check(r#"{"ent":["b","group:default/b"],"g":"B"}"#, &[both, rule("g")], Ok("B"));
    }
}
