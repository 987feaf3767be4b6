//! Header, claims and key -> token, and the sound ones that everything starts from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::{self, Algorithm};
use crate::object::Object;
use crate::{AUDIENCE, Clock, ISSUERS};

/// A token before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) algorithm: &'static Algorithm,
    pub(crate) header: Object,
    pub(crate) claims: Object,
}

impl Draft {
    /// A sound one, with every claim that means something.
    pub(crate) fn new(algorithm: &'static Algorithm, clock: Clock) -> Self {
        let text = |text: &str| format!("\"{text}\"");
        let header = Object::new([
            ("alg", &text(algorithm.name)),
            ("kid", &text(algorithm.kid)),
            ("typ", "\"JWT\""),
        ]);
        let claims = Object::new([
            ("iss", &text(ISSUERS[algorithm.issuer].name)),
            ("sub", "\"ann\""),
            ("aud", &text(AUDIENCE)),
            ("exp", &(clock.now + 3600).to_string()),
            ("nbf", &clock.now.to_string()),
            ("iat", &clock.now.to_string()),
            ("jti", "\"j\""),
            ("azp", "\"app\""),
            ("client_id", "\"app\""),
            ("act", r#"{"sub":"agent"}"#),
            ("groups", r#"["hr","it"]"#),
            ("scope", "\"read write\""),
        ]);
        Self { algorithm, header, claims }
    }

    /// With the claims that have to be there, and no header member but `alg`.
    pub(crate) fn bare(algorithm: &'static Algorithm, clock: Clock) -> Self {
        let mut draft = Self::new(algorithm, clock);
        draft.header = draft.header.without("kid").without("typ");
        for name in ["nbf", "iat", "jti", "azp", "client_id", "act", "groups", "scope"] {
            draft.claims = draft.claims.without(name);
        }
        draft
    }

    pub(crate) fn mint(&self) -> String {
        mint(self.header.text().as_bytes(), self.claims.text().as_bytes(), self.algorithm)
    }
}

/// A token over any bytes.
pub(crate) fn mint(header: &[u8], claims: &[u8], algorithm: &Algorithm) -> String {
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = algorithm.sign(input.as_bytes());
    format!("{input}.{}", encode(&signature))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn sound(clock: Clock) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for algorithm in algorithm::all().chain(&algorithm::OTHER) {
        let full = Draft::new(algorithm, clock);
        let mut access = full.clone();
        access.header = access.header.with("typ", "\"application/at+jwt\"");
        for draft in [full, access, Draft::bare(algorithm, clock)] {
            tokens.push(("sound".to_owned(), draft.mint()));
        }
    }
    tokens
}
