//! What fieldgate makes of tokens, in a setting that a peer can be given too.

use std::thread;

use fieldgate_core::token::bearer::RawToken;
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::KeySet;
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::revocation::Revocations;
use fieldgate_core::token::signature::Portable;
use fieldgate_core::token::verify::{
    AuthenticationRules, ClaimRules, IssuerRules, KeySource, NamesRule, TimeRules, VerifiedClaims,
    verify,
};
use fieldgate_core::token::{TokenError, UnixTime};
use serde_json::json;

use crate::difference::{Reading, Verdict};
use crate::{AUDIENCE, Algorithm, ISSUERS, Issuer, LEEWAY, Mutant, Mutants, Set, TYPES};

/// The verdict on each token.
#[must_use]
pub fn verdicts(mutants: &Mutants, now: u64) -> Vec<Verdict> {
    let sound = ISSUERS.each_ref().map(|issuer| rules(issuer, &issuer.sound_set()));
    let sound = sound.map(|rules| rules.expect("a sound set"));
    let issuers: Vec<_> = mutants.sets.iter().map(|set| issuers(&sound, set)).collect();
    let judge = |mutant: &Mutant| match &issuers[mutant.set] {
        Ok(issuers) => match outcome(issuers, &mutant.token, now) {
            Ok(claims) => Verdict::Accepted(Some(reading(&claims))),
            Err(error) => Verdict::Refused(error.code().to_owned()),
        },
        Err(fault) => Verdict::Refused(fault.clone()),
    };
    let (first, second) = mutants.all.split_at(mutants.all.len() / 2);
    thread::scope(|scope| {
        let first = scope.spawn(|| first.iter().map(judge).collect::<Vec<_>>());
        let second: Vec<_> = second.iter().map(judge).collect();
        first.join().expect("no panic").into_iter().chain(second).collect()
    })
}

fn outcome(issuers: &[IssuerRules], token: &str, now: u64) -> Result<VerifiedClaims, TokenError> {
    let raw = RawToken::read(token.as_bytes(), "")?;
    let published = KeyStore::default();
    verify(&Jws::read(&raw)?, issuers, &published, &Portable, UnixTime(now))
        .map_err(|unverified| unverified.error)
}

/// All issuers, one of them with this key set; or the fault of the set.
fn issuers(sound: &[IssuerRules], set: &Set) -> Result<Vec<IssuerRules>, String> {
    let mut all = sound.to_vec();
    all[set.issuer] = rules(&ISSUERS[set.issuer], &set.text)?;
    Ok(all)
}

fn rules(issuer: &Issuer, set: &str) -> Result<IssuerRules, String> {
    let keys = if issuer.secret { KeySet::read_secret(set) } else { KeySet::read(set) };
    let keys = keys.map_err(|error| format!("keys {:?}", error.fault))?;
    let known = |algorithm: &Algorithm| algorithm.name.parse().expect("an algorithm of fieldgate");
    Ok(IssuerRules {
        issuer: issuer.name.into(),
        audiences: vec![AUDIENCE.into()],
        algorithms: issuer.algorithms.iter().map(known).collect(),
        token_types: TYPES.map(Into::into).to_vec(),
        time: TimeRules { leeway: LEEWAY, ..TimeRules::default() },
        authentication: AuthenticationRules::default(),
        claims: ClaimRules {
            groups: vec![NamesRule::plain("groups".parse().expect("a path"))],
            ..ClaimRules::default()
        },
        revoked: Revocations::default(),
        keys: KeySource::Inline(keys),
    })
}

fn reading(claims: &VerifiedClaims) -> Reading {
    let groups: Vec<&str> = claims.groups().iter().map(AsRef::as_ref).collect();
    Reading {
        issuer: claims.issuer(),
        sub: json!(claims.subject()),
        groups: json!(groups),
        jti: json!(claims.jti()),
        // A number of JSON, as a peer's is.
        exp: claims.window().expires().0.to_string().parse().ok(),
    }
}
