//! The providers that nobody here wrote do what the tests over them rely on, and their tokens are
//! read as they come.

use anyhow::{Context, Error, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldgate_core::token::bearer::RawToken;
use fieldgate_core::token::compact::Jws;
use fieldgate_core::token::keys::{self, KeySet};
use fieldgate_core::token::remote::KeyStore;
use fieldgate_core::token::revocation::Revocations;
use fieldgate_core::token::signature::Portable;
use fieldgate_core::token::verify::{
    AuthenticationRules, ClaimRules, IssuerRules, KeySource, NamesRule, Split, TimeRules,
    VerifiedClaims, verify,
};
use fieldgate_core::token::{TokenError, UnixTime};
use fieldgate_e2e::client::Client;
use fieldgate_e2e::glewlwyd::{self, Glewlwyd};
use fieldgate_e2e::oidc::{AUDIENCE, DISCOVERY, JWKS, Oidc, OldKeys, Said};
use fieldgate_e2e::token::{Algorithm, now};
use serde_json::Value;

const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_and_tokens_follow() -> Result<()> {
    let Some(provider) = Oidc::start(&[("alice", &["customers", "a,b"]), ("bob", &[])]).await?
    else {
        return Ok(());
    };
    let discovery = provider.get(DISCOVERY).await?;
    ensure!(discovery["issuer"] == provider.issuer(), "{discovery}");
    ensure!(discovery["jwks_uri"] == format!("{}{JWKS}", provider.issuer()), "{discovery}");

    let token = provider.token("alice", Algorithm::ES256).await?;
    let claims = outcome(provider.issuer(), &provider.get(JWKS).await?, &token)?;
    ensure!(claims.subject() == "alice" && claims.client() == Some("alice"));
    ensure!(claims.groups().join("|") == "customers|a,b", "{:?}", claims.groups());

    let [first_rsa, first_ec] = signed(&provider, "alice").await?;
    ensure!(kids(&provider).await? == [&*first_rsa, &first_ec]);

    let after = provider.rotate(OldKeys::Keep).await?;
    let [second_rsa, second_ec] = signed(&provider, "bob").await?;
    ensure!(after == [&*second_rsa, &second_ec, &first_rsa, &first_ec], "{after:?}");
    ensure!(kids(&provider).await? == after);
    ensure!(outcome(provider.issuer(), &provider.get(JWKS).await?, &token).is_ok());

    provider.rotate(OldKeys::Withdraw).await?;
    let third = signed(&provider, "alice").await?;
    ensure!(kids(&provider).await? == third);
    ensure!(third.iter().all(|kid| !after.contains(kid)), "{third:?}");
    let refused = outcome(provider.issuer(), &provider.get(JWKS).await?, &token);
    ensure!(refused.is_err_and(unknown_key));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_fail_as_ordered_and_are_counted() -> Result<()> {
    let Some(provider) = Oidc::start(&[("alice", &[])]).await? else { return Ok(()) };
    let ask = async || {
        let answer = Client::new(provider.address()).request("GET", JWKS).send().await?;
        let header = |name| {
            answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let heads = (header("content-type").to_owned(), header("cache-control").to_owned());
        anyhow::Ok((answer.status, heads, answer.body.len()))
    };
    let proper = ask().await?;
    ensure!((proper.0, proper.1.1.as_str()) == (200, ""), "{proper:?}");

    provider.say(JWKS, Said::cache_control("max-age=7")).await?;
    let cached = ask().await?;
    ensure!((cached.1.1.as_str(), cached.2) == ("max-age=7", proper.2), "{cached:?}");

    provider.say(JWKS, Said::instead(502, "text/html", "<html>")).await?;
    let html = ask().await?;
    ensure!((html.0, html.1.0.as_str(), html.2) == (502, "text/html", 6), "{html:?}");

    provider.say(JWKS, Said { filler: Some(1 << 20), ..Said::instead(200, "", "") }).await?;
    ensure!(ask().await?.2 == 1 << 20);

    provider.say(JWKS, Said::default()).await?;
    ensure!(ask().await? == proper);

    provider.go_down().await?;
    ensure!(ask().await.is_err());
    provider.come_back().await?;
    ensure!(ask().await? == proper);
    let counted = provider.requests(JWKS).await?;
    ensure!(counted == 6, "{counted} requests, and one more while the port was closed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_with_groups_in_one_string() -> Result<()> {
    let Some(mut provider) = Glewlwyd::start().await? else { return Ok(()) };
    let discovery = provider.get(glewlwyd::DISCOVERY).await?;
    ensure!(discovery["issuer"] == provider.issuer(), "{discovery}");
    ensure!(discovery["jwks_uri"] == format!("{}{}", provider.issuer(), glewlwyd::JWKS));
    let (issuer, keys) = (provider.issuer(), provider.get(glewlwyd::JWKS).await?);

    let token = provider.user_token().await?;
    let claims = outcome(&issuer, &keys, &token)?;
    let groups: Vec<&str> = glewlwyd::GROUPS.split(',').collect();
    ensure!(claims.groups().iter().map(AsRef::as_ref).eq(groups), "{:?}", claims.groups());
    ensure!(claims.client() == Some("shop") && claims.subject() != "alice");
    let of_client = outcome(&issuer, &keys, &provider.client_token().await?)?;
    ensure!(of_client.groups().is_empty() && of_client.subject() == "shop");

    let kid = provider.rotate().await?;
    let keys = provider.get(glewlwyd::JWKS).await?;
    ensure!(outcome(&issuer, &keys, &token).is_err_and(unknown_key));
    let claims = outcome(&issuer, &keys, &provider.user_token().await?)?;
    ensure!(claims.key() == Some(&*kid), "{:?}", claims.key());
    Ok(())
}

fn unknown_key(error: Error) -> bool {
    error.to_string() == TokenError::Key.code()
}

/// What becomes of a token with this key set; groups in one string are taken apart at commas.
fn outcome(issuer: &str, jwks: &Value, token: &str) -> Result<VerifiedClaims> {
    let groups =
        NamesRule { split: Split::Comma, ..NamesRule::plain("groups".parse().expect("a path")) };
    let rules = IssuerRules {
        issuer: issuer.into(),
        audiences: vec![AUDIENCE.into()],
        algorithms: vec![keys::Algorithm::Rs256, keys::Algorithm::Es256],
        token_types: vec!["at+jwt".into()],
        time: TimeRules::default(),
        authentication: AuthenticationRules::default(),
        claims: ClaimRules { groups: vec![groups], ..ClaimRules::default() },
        revoked: Revocations::default(),
        keys: KeySource::Inline(KeySet::read(&jwks.to_string()).expect("a key set")),
    };
    let read = || {
        let jws = Jws::read(&RawToken::read(token.as_bytes(), "")?)?;
        let now = UnixTime(now());
        verify(&jws, &[rules], &KeyStore::default(), &Portable, now)
    };
    read().map_err(|unverified| anyhow!(unverified.error.code()))
}

/// The names of the keys in the published set, all of which are public.
async fn kids(provider: &Oidc) -> Result<Vec<String>> {
    let set = provider.get(JWKS).await?;
    let keys = set["keys"].as_array().context("keys")?;
    ensure!(keys.iter().all(|key| key.get("d").is_none() && key["use"] == "sig"), "{set}");
    keys.iter().map(|key| Ok(key["kid"].as_str().context("a kid")?.to_owned())).collect()
}

/// The names of the keys that sign a client's tokens now, for each algorithm.
async fn signed(provider: &Oidc, client: &str) -> Result<[String; 2]> {
    let mut kids = ALGORITHMS.map(|_| String::new());
    for (kid, algorithm) in kids.iter_mut().zip(ALGORITHMS) {
        let token = provider.token(client, algorithm).await?;
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _] = parts[..] else { anyhow::bail!("three parts: {token}") };
        let decode = |part| {
            let text = URL_SAFE_NO_PAD.decode(part)?;
            anyhow::Ok(serde_json::from_slice::<Value>(&text)?)
        };
        let (header, claims) = (decode(header)?, decode(claims)?);
        ensure!(header["typ"] == "at+jwt" && header["alg"] == algorithm.name(), "{header}");
        let whose = ["iss", "aud", "sub", "scope"].map(|name| claims[name].as_str());
        let expected = [provider.issuer(), AUDIENCE, client, "catalog:read"].map(Some);
        ensure!(whose == expected, "{claims}");
        ensure!(claims["groups"].is_array() && claims["exp"].is_u64(), "{claims}");
        *kid = header["kid"].as_str().context("a kid")?.to_owned();
    }
    Ok(kids)
}
