//! [`Jws`] + issuers + verifier + time -> [`VerifiedClaims`] (RFC 7519 section 7.2, RFC 8725).
//!
//! The order is fixed: who claims to have issued it, with which algorithm and key, whether the
//! signature holds, and only then what it says. A token with a bad signature is that and nothing
//! else. Claims that another filter has verified go the same way from there on. Deliberately absent:
//! sender constraints (`cnf`), and any default that lets a token pass; optional is only what
//! [`IssuerRules`] or the RFC calls so.

mod authentication;
mod claims;
mod names;
mod path;
mod rules;
mod time;
mod verified;

use crate::json::Json;
use crate::limits::KEY_TRIES;
use crate::token::attested::Attested;
use crate::token::compact::Jws;
use crate::token::keys::{Key, KeySet, KeyUse};
use crate::token::remote::KeyStore;
use crate::token::signature::SignatureVerifier;
use crate::token::{TokenError, UnixTime, media_type};

pub use authentication::AuthenticationRules;
pub use names::{NamesRule, Split};
pub use path::{ClaimPath, NotAPath};
pub use rules::{ClaimRules, IssuerRules, KeySource};
pub use time::{Exp, TimeRules, Window};
use verified::Proof;
pub use verified::{Actor, VerifiedClaims};

/// Claims nest this deep at most: room for rich authorization details (RFC 9396) and `act`.
pub(super) const CLAIMS_DEPTH: u32 = 32;

/// Why a token was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// The fault.
    pub error: TokenError,
    /// The issuer of which a key is missing that may have been published since.
    pub awaits: Option<usize>,
    /// The issuer whose token it is, where that is proven.
    pub issuer: Option<usize>,
}

impl From<TokenError> for Unverified {
    fn from(error: TokenError) -> Self {
        Self { error, awaits: None, issuer: None }
    }
}

/// Verifies a token.
///
/// # Errors
/// The first fault in the order of this function.
pub fn verify(
    jws: &Jws<'_>,
    issuers: &[IssuerRules],
    published: &KeyStore,
    verifier: &dyn SignatureVerifier,
    now: UnixTime,
) -> Result<VerifiedClaims, Unverified> {
    let payload = said(jws)?;
    let (issuer, rules) = issuer(&payload, issuers)?;
    let key = match &rules.keys {
        // RFC 8725 section 3.1: the configuration names the algorithms, not the token.
        KeySource::Inline(_) | KeySource::Published(_)
            if !rules.algorithms.contains(&jws.algorithm()) =>
        {
            return Err(TokenError::Algorithm.into());
        }
        KeySource::Inline(keys) => signing_key(jws, keys, verifier)?,
        KeySource::Published(_) => published
            .keys(issuer, now)
            .ok_or(TokenError::KeysUnavailable)
            .and_then(|keys| signing_key(jws, keys, verifier))
            .map_err(|error| Unverified {
                awaits: awaited(error, jws).then_some(issuer),
                ..error.into()
            })?,
        // What another filter verifies comes from there, or not at all.
        KeySource::Attested(_) => return Err(TokenError::Issuer.into()),
    };
    // From here on the issuer speaks.
    check_type(jws.typ(), &rules.token_types)?;
    let proof = Proof::Signature(key.kid().map(Into::into));
    accept(&payload, issuer, rules, proof, now)
}

/// Everything that a token says, verified or not.
///
/// # Errors
/// `Malformed` for what is no object of claims.
pub fn said<'j>(jws: &'j Jws<'_>) -> Result<Json<'j>, TokenError> {
    let payload = std::str::from_utf8(jws.payload()).map_err(|_| TokenError::Malformed)?;
    // RFC 7519 section 4 lets a reader keep the last of two equal claims; stricter: refused.
    let payload = Json::read(payload, CLAIMS_DEPTH).map_err(|_| TokenError::Malformed)?;
    payload.as_object().is_some().then_some(payload).ok_or(TokenError::Malformed)
}

/// Takes claims that another filter has verified: everything but the signature is asked here too.
///
/// # Errors
/// The first fault, as for [`verify`].
pub fn take(
    attested: &Attested<'_, '_>,
    issuers: &[IssuerRules],
    now: UnixTime,
) -> Result<VerifiedClaims, Unverified> {
    let Attested { trust, payload } = attested;
    let (issuer, rules) = issuer(payload, issuers)?;
    match &rules.keys {
        KeySource::Attested(trusted) if trusted == *trust => {
            accept(payload, issuer, rules, Proof::Attestation, now)
        }
        KeySource::Attested(_) | KeySource::Inline(_) | KeySource::Published(_) => {
            Err(TokenError::Issuer.into())
        }
    }
}

/// What a payload says, where it is the issuer's.
fn accept(
    payload: &Json<'_>,
    issuer: usize,
    rules: &IssuerRules,
    proof: Proof,
    now: UnixTime,
) -> Result<VerifiedClaims, Unverified> {
    read(payload, issuer, rules, proof, now)
        .map_err(|error| Unverified { issuer: Some(issuer), ..error.into() })
}

fn read(
    payload: &Json<'_>,
    issuer: usize,
    rules: &IssuerRules,
    proof: Proof,
    now: UnixTime,
) -> Result<VerifiedClaims, TokenError> {
    let window = time::window(payload, &rules.time, now)?;
    claims::check_audience(payload, &rules.audiences)?;
    let claims = VerifiedClaims {
        issuer,
        proof,
        subject: claims::subject(payload)?,
        client: claims::client(payload, rules.claims.client.as_ref())?,
        actor: claims::actor(payload)?,
        groups: names::names(payload, &rules.claims.groups)?,
        roles: names::names(payload, &rules.claims.roles)?,
        scopes: names::names(payload, &rules.claims.scopes)?,
        jti: claims::text(payload, "jti")?,
        window,
    };
    rules.revoked.check(claims.jti(), claims.parties(), time::issued(payload)?)?;
    // Last, as it tells the caller what would do: only one whose token is good otherwise.
    let window = rules.authentication.check(payload, claims.window, now)?;
    Ok(VerifiedClaims { window, ..claims })
}

/// RFC 7519 section 4.1.1, RFC 8725 section 3.8: a string equal to the name of exactly one issuer.
fn issuer<'r>(
    payload: &Json<'_>,
    issuers: &'r [IssuerRules],
) -> Result<(usize, &'r IssuerRules), TokenError> {
    let iss = payload.member("iss").and_then(Json::as_str).ok_or(TokenError::Issuer)?;
    let mut named = issuers.iter().enumerate().filter(|(_, rules)| rules.issuer.as_ref() == iss);
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only),
        (None, _) | (Some(_), Some(_)) => Err(TokenError::Issuer),
    }
}

/// Whether a key that was published since could change the answer. Without `kid` a bad signature may
/// be by a new key; with it, a known key has said no.
fn awaited(error: TokenError, jws: &Jws<'_>) -> bool {
    matches!(error, TokenError::KeysUnavailable | TokenError::Key)
        || error == TokenError::Signature && jws.kid().is_none()
}

/// The key of a set whose signature this is. Whether the issuer may use the algorithm is not asked.
///
/// # Errors
/// `Key` if no key fits, `Signature` if none of those that fit agrees.
pub fn signing_key<'k>(
    jws: &Jws<'_>,
    keys: &'k KeySet,
    verifier: &dyn SignatureVerifier,
) -> Result<&'k Key, TokenError> {
    // RFC 7515 section 4.1.4: `kid` is a hint, but a wrong one is not a reason to try other keys.
    let named = |key: &&Key| jws.kid().is_none_or(|kid| key.kid() == Some(kid));
    let fitting = keys.keys().iter().filter(named);
    let fitting = fitting.filter_map(|key| key.serving(jws.algorithm()));
    let mut candidates = fitting.take(KEY_TRIES).peekable();
    if candidates.peek().is_none() {
        return Err(TokenError::Key);
    }
    candidates
        .find(|key| {
            // Here, so that no verifier has to.
            jws.signature().len() == key.signature_bytes()
                && verifier.verify(*key, jws.signing_input(), jws.signature()).is_ok()
        })
        .map(KeyUse::key)
        .ok_or(TokenError::Signature)
}

/// RFC 8725 section 3.11; RFC 7515 section 4.1.9: a media type, compared without case.
fn check_type(typ: Option<&str>, allowed: &[Box<str>]) -> Result<(), TokenError> {
    let Some(typ) = typ else { return Ok(()) };
    let typ = media_type(typ);
    if allowed.iter().any(|allowed| media_type(allowed).eq_ignore_ascii_case(typ)) {
        Ok(())
    } else {
        Err(TokenError::Type)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jwt_simple::algorithms::Ed25519KeyPair;

    use super::*;
    use crate::token::bearer::{BEARER, RawToken};
    use crate::token::keys::Algorithm;
    use crate::token::revocation::Revocations;
    use crate::token::signature::InvalidSignature;

    /// Agrees with the n-th call, and counts them.
    struct Nth {
        agrees: usize,
        calls: Cell<usize>,
    }

    impl SignatureVerifier for Nth {
        fn verify(&self, _: KeyUse<'_>, _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
            self.calls.update(|calls| calls.saturating_add(1));
            if self.calls.get() == self.agrees { Ok(()) } else { Err(InvalidSignature) }
        }
    }

    fn rules(issuer: &str, kids: &[Option<&str>]) -> IssuerRules {
        let jwk = |kid: &Option<&str>| {
            let key = Ed25519KeyPair::generate().public_key();
            kid.map_or_else(|| key.to_jwk(), |kid| key.clone().with_key_id(kid).to_jwk())
        };
        let keys: Vec<String> = kids.iter().map(jwk).collect();
        IssuerRules {
            issuer: issuer.into(),
            audiences: vec!["api".into()],
            algorithms: vec![Algorithm::EdDsa],
            token_types: vec!["JWT".into(), "application/at+jwt".into()],
            time: TimeRules::default(),
            authentication: AuthenticationRules::default(),
            claims: ClaimRules::default(),
            revoked: Revocations::default(),
            keys: KeySource::Inline(
                KeySet::read(&format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap(),
            ),
        }
    }

    const GOOD: &str = r#"{"iss":"i","sub":"s","aud":"api","exp":100}"#;

    /// Verifies a token whose signature the n-th key agrees with; how many keys were tried.
    fn run(
        header: &str,
        payload: &str,
        signature: &[u8],
        issuers: &[IssuerRules],
        agrees: usize,
    ) -> (Result<VerifiedClaims, TokenError>, usize) {
        let parts = [header.as_bytes(), payload.as_bytes(), signature];
        let token = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let value = format!("Bearer {token}");
        let verifier = Nth { agrees, calls: Cell::new(0) };
        let jws = Jws::read(&RawToken::read(value.as_bytes(), BEARER).unwrap()).unwrap();
        let result = verify(&jws, issuers, &KeyStore::default(), &verifier, UnixTime(50));
        (result.map_err(|unverified| unverified.error), verifier.calls.get())
    }

    #[test]
    fn a_token_without_kid_tries_four_keys() {
        let issuers = [rules("i", &[None; 6])];
        let header = r#"{"alg":"EdDSA"}"#;
        for agrees in 1..=4 {
            let (result, tries) = run(header, GOOD, &[0; 64], &issuers, agrees);
            assert_eq!((result.is_ok(), tries), (true, agrees));
        }
        let (result, tries) = run(header, GOOD, &[0; 64], &issuers, 5);
        assert_eq!((result.map(|_| ()), tries), (Err(TokenError::Signature), 4));
    }

    #[test]
    fn a_kid_names_the_only_key_that_is_tried() {
        let issuers = [rules("i", &[Some("a"), Some("b"), None]), rules("j", &[Some("c")])];
        let tried = |kid: &str| {
            let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#);
            let (result, tries) = run(&header, GOOD, &[0; 64], &issuers, 1);
            (result.map(|claims| claims.key().map(str::to_owned)), tries)
        };
        assert_eq!(tried("b"), (Ok(Some("b".into())), 1));
        // The third is the key of another issuer.
        for unknown in ["", "B", "c", "../../dev/null"] {
            assert_eq!(tried(unknown), (Err(TokenError::Key), 0), "{unknown}");
        }
    }

    #[test]
    fn a_signature_of_another_length_is_not_tried() {
        let issuers = [rules("i", &[None])];
        for length in [0, 63, 65, 256] {
            let (result, tries) = run(r#"{"alg":"EdDSA"}"#, GOOD, &vec![0; length], &issuers, 1);
            assert_eq!((result.map(|_| ()), tries), (Err(TokenError::Signature), 0));
        }
    }

    #[test]
    fn an_issuer_is_named_exactly_once() {
        let header = r#"{"alg":"EdDSA"}"#;
        let twice = [rules("i", &[None]), rules("i", &[None])];
        assert_eq!(run(header, GOOD, &[0; 64], &twice, 1).0.err(), Some(TokenError::Issuer));
        assert_eq!(run(header, GOOD, &[0; 64], &[], 1).0.err(), Some(TokenError::Issuer));
        let second = [rules("", &[None]), rules("i", &[None])];
        assert_eq!(run(header, GOOD, &[0; 64], &second, 1).0.map(|c| c.issuer()), Ok(1));
    }

    #[test]
    fn what_is_verified_is_not_printed() {
        let payload = r#"{"iss":"i","sub":"secret","aud":"api","exp":100,"act":{"sub":"secret"}}"#;
        let claims = run(r#"{"alg":"EdDSA"}"#, payload, &[0; 64], &[rules("i", &[None])], 1).0;
        let claims = claims.unwrap();
        assert!(!format!("{claims:?} {:?}", claims.actor()).contains("secret"));
        assert_eq!((claims.subject(), claims.window().expires()), ("secret", UnixTime(100)));
    }

    #[test]
    fn types_are_media_types() {
        let allowed = [Box::from("JWT"), Box::from("application/at+jwt")];
        for typ in [None, Some("jwt"), Some("APPLICATION/JWT"), Some("at+JWT")] {
            assert_eq!(check_type(typ, &allowed), Ok(()), "{typ:?}");
        }
        for typ in ["", "secevent+jwt", "application/", "text/jwt", "application/jwt/jwt", "JWT "] {
            assert_eq!(check_type(Some(typ), &allowed), Err(TokenError::Type), "{typ}");
        }
        assert_eq!(check_type(Some("JWT"), &[]), Err(TokenError::Type));
    }
}
