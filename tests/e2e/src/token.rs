//! A recipe -> a token, sound or broken in a chosen way: what the cases and the identity provider
//! mint. It signs any bytes whatever, so it is written over the primitives and not over a library
//! that would refuse to make a bad token.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

mod keys;

pub use keys::{Algorithm, Keys};

/// The token of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Token {
    /// The word `none`: there is none.
    Word(NoToken),
    Recipe(Box<TokenRecipe>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoToken {
    None,
}

impl Default for Token {
    fn default() -> Self {
        Self::Recipe(Box::default())
    }
}

/// How to make a token. The default is a sound one of subject `alice` without groups.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRecipe {
    pub alg: Algorithm,
    /// Merged over `{alg, kid, typ}`; null removes.
    pub header: Map<String, Value>,
    /// Merged over `{iss, aud, sub, iat, exp}`; null removes; `now+300` is a time.
    pub claims: Map<String, Value>,
    pub signing: Signing,
    /// The header's JSON text, in place of the merged one.
    pub header_text: Option<String>,
    /// The payload's JSON text, in place of the merged one.
    pub payload_text: Option<String>,
    /// The token itself, in place of everything above.
    pub raw: Option<String>,
    /// What comes before the token in its header; in `authorization` `Bearer ` if not given.
    pub prefix: Option<String>,
    /// Where it is put; in `authorization` if not given.
    pub places: Option<Vec<Place>>,
}

/// A place of a request that a token can be put in.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Header(String),
    Cookie(String),
    Query(String),
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    #[default]
    Valid,
    /// The right `kid`, and a key that the provider never published.
    OtherKey,
    /// An empty signature. (`alg` stays as it is: see `header`.)
    None,
    /// A sound signature over another payload.
    TamperedPayload,
    /// One bit of the signature flipped.
    TamperedSignature,
    /// HMAC keyed with the published RSA key, as PEM: the classic confusion.
    Hs256WithPublicKey,
}

/// Whom a token is for: the defaults of its claims.
#[derive(Clone, Debug)]
pub struct Audience {
    pub issuer: String,
    pub audience: String,
}

impl TokenRecipe {
    /// A sound token with these claims.
    #[must_use]
    pub fn claims(claims: Value) -> Self {
        let Value::Object(claims) = claims else { panic!("claims are an object: {claims}") };
        Self { claims, ..Self::default() }
    }

    /// Mints the token: header and prefix aside, what a client would send.
    #[must_use]
    pub fn mint(&self, audience: &Audience) -> String {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let header = self.header_text.clone().unwrap_or_else(|| self.merged_header().to_string());
        let payload =
            self.payload_text.clone().unwrap_or_else(|| self.merged_claims(audience).to_string());
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let input = format!("{}.{}", encode(&header), encode(&payload));
        let keys = Keys::published();
        let signature = match self.signing {
            Signing::Valid => keys.sign(self.alg, &input),
            Signing::OtherKey => Keys::unpublished().sign(self.alg, &input),
            Signing::None => Vec::new(),
            Signing::TamperedPayload => {
                let other = format!("{}.{}", encode(&header), encode(&format!(" {payload}")));
                keys.sign(self.alg, &other)
            }
            Signing::TamperedSignature => {
                let mut signature = keys.sign(self.alg, &input);
                let middle = signature.len() / 2;
                signature[middle] ^= 1;
                signature
            }
            Signing::Hs256WithPublicKey => {
                hmac_sha256::HMAC::mac(input.as_bytes(), keys.rsa_public_pem()).to_vec()
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The token in each of its places, as the name and value of a header; `?` is the URL query.
    fn put(&self, audience: &Audience) -> Vec<(String, String)> {
        let token = self.mint(audience);
        let authorization = [Place::Header("authorization".to_owned())];
        let places = self.places.as_deref().unwrap_or(&authorization);
        let put = |place: &Place| match place {
            Place::Header(name) => {
                let scheme = if name == "authorization" { "Bearer " } else { "" };
                let prefix = self.prefix.as_deref().unwrap_or(scheme);
                (name.clone(), format!("{prefix}{token}"))
            }
            Place::Cookie(name) => ("cookie".to_owned(), format!("{name}={token}")),
            Place::Query(name) => ("?".to_owned(), format!("{name}={token}")),
        };
        places.iter().map(put).collect()
    }

    fn merged_header(&self) -> Value {
        let alg = match self.signing {
            Signing::Hs256WithPublicKey => "HS256",
            _ => self.alg.name(),
        };
        merge(json!({ "alg": alg, "kid": self.alg.kid(), "typ": "JWT" }), &self.header)
    }

    fn merged_claims(&self, audience: &Audience) -> Value {
        let Audience { issuer, audience } = audience;
        let now = now();
        let defaults = json!({
            "iss": issuer, "aud": audience, "sub": "alice", "iat": now, "exp": now + 300,
        });
        merge(defaults, &self.claims)
    }
}

impl Token {
    /// The token in each of its places, as the name and value of a header; `?` is the URL query.
    #[must_use]
    pub fn put(&self, audience: &Audience) -> Vec<(String, String)> {
        match self {
            Self::Word(NoToken::None) => Vec::new(),
            Self::Recipe(recipe) => recipe.put(audience),
        }
    }
}

/// Seconds since the epoch.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970").as_secs()
}

fn merge(mut defaults: Value, over: &Map<String, Value>) -> Value {
    let members = defaults.as_object_mut().expect("defaults are an object");
    for (name, value) in over {
        match time(value) {
            Some(time) => members.insert(name.clone(), time),
            None if value.is_null() => members.remove(name),
            None => members.insert(name.clone(), value.clone()),
        };
    }
    defaults
}

/// A value with the times in it reckoned.
pub(crate) fn timed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), timed(value))).collect()
        }
        other => time(other).unwrap_or_else(|| other.clone()),
    }
}

/// `now`, `now+300` or `now-120`.
fn time(value: &Value) -> Option<Value> {
    let offset = value.as_str()?.strip_prefix("now")?;
    if offset.is_empty() {
        return Some(json!(now()));
    }
    let offset: i64 = offset.parse().ok()?;
    Some(json!(now().checked_add_signed(offset).expect("a time after 1970")))
}

#[cfg(test)]
mod tests {
    use super::{Audience, Signing, TokenRecipe};
    use serde_json::json;

    #[test]
    fn each_signing_gives_another_token() {
        let audience = Audience { issuer: "i".to_owned(), audience: "a".to_owned() };
        let mint = |signing| {
            let claims = json!({ "iat": 1, "exp": 2 });
            TokenRecipe { signing, ..TokenRecipe::claims(claims) }.mint(&audience)
        };
        let all = [
            Signing::Valid,
            Signing::OtherKey,
            Signing::None,
            Signing::TamperedPayload,
            Signing::TamperedSignature,
            Signing::Hs256WithPublicKey,
        ]
        .map(mint);
        for (at, token) in all.iter().enumerate() {
            assert_eq!(token.matches('.').count(), 2);
            assert!(!all[..at].contains(token), "{token}");
        }
        assert_eq!(mint(Signing::Valid), all[0]);
    }
}
