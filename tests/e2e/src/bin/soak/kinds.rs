//! The number of a request -> what is asked, how that has to be answered, and its record.

use std::time::{Duration, Instant};

use std::sync::Mutex;

use fieldgate_e2e::stage::{DENIED, GRANTED, body};
use fieldgate_e2e::token::{Algorithm, Audience, TokenRecipe};
use serde_json::{Value, json};

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Warm,
    NewToken,
    NewDocument,
    Denied,
    Malformed,
    BadSignature,
    TooLarge,
    Aborted,
}

/// What has to come of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) decision: &'static str,
    pub(crate) reason: Option<&'static str>,
}

/// A request.
pub(crate) struct Asking {
    pub(crate) kind: Kind,
    pub(crate) tag: String,
    pub(crate) token: String,
    pub(crate) body: String,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Warm,
        Self::NewToken,
        Self::NewDocument,
        Self::Denied,
        Self::Malformed,
        Self::BadSignature,
        Self::TooLarge,
        Self::Aborted,
    ];

    /// Of which kind a request is: eight of ten are warm.
    fn of(number: u64) -> Self {
        match number % 1000 {
            1..=50 => Self::NewToken,
            201..=250 => Self::NewDocument,
            401..=450 => Self::Denied,
            601..=630 => Self::Malformed,
            701..=710 => Self::BadSignature,
            800 | 850 => Self::TooLarge,
            901..=908 => Self::Aborted,
            _ => Self::Warm,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::NewToken => "new-token",
            Self::NewDocument => "new-document",
            Self::Denied => "denied",
            Self::Malformed => "malformed",
            Self::BadSignature => "bad-signature",
            Self::TooLarge => "too-large",
            Self::Aborted => "aborted",
        }
    }

    pub(crate) fn expected(self) -> Expected {
        let (status, decision, reason) = match self {
            Self::Warm | Self::NewToken | Self::NewDocument => (200, "allow", None),
            Self::Denied => (403, "deny", Some("field_denied")),
            Self::Malformed => (400, "deny", Some("body_malformed")),
            Self::BadSignature => (401, "deny", Some("token_signature")),
            Self::TooLarge => (413, "deny", Some("body_too_large")),
            Self::Aborted => (0, "none", Some("request_incomplete")),
        };
        Expected { status, decision, reason }
    }
}

/// Makes requests.
pub(crate) struct Mix {
    audience: Audience,
    /// Those that are known, made anew before they are out of date.
    known: Mutex<(Instant, Vec<String>)>,
}

const KNOWN_TOKENS: u64 = 50;
const KNOWN_DOCUMENTS: u64 = 20;
/// Shorter than tokens are valid.
const RENEW: Duration = Duration::from_secs(120);

impl Mix {
    pub(crate) fn new(audience: Audience) -> Self {
        let known = Mutex::new((Instant::now(), Self::tokens(&audience)));
        Self { audience, known }
    }

    fn tokens(audience: &Audience) -> Vec<String> {
        (0..KNOWN_TOKENS).map(|at| Self::token(audience, json!(format!("known-{at}")))).collect()
    }

    fn token(audience: &Audience, id: Value) -> String {
        let claims = json!({ "sub": "alice", "groups": ["customers"], "jti": id });
        TokenRecipe { alg: Algorithm::EdDsa, ..TokenRecipe::claims(claims) }.mint(audience)
    }

    fn known(&self, number: u64) -> String {
        let mut known = self.known.lock().expect("no panic while minting");
        if known.0.elapsed() > RENEW {
            *known = (Instant::now(), Self::tokens(&self.audience));
        }
        let at = usize::try_from(number % KNOWN_TOKENS).expect("a number");
        known.1[at].clone()
    }

    /// The request with a number: the same number is the same request, but for the time.
    pub(crate) fn request(&self, number: u64) -> Asking {
        let kind = Kind::of(number);
        let tag = format!("{}.{number}", kind.name());
        let known =
            format!("{{ k{}: product(id: 1) {{ name price id }} }}", number % KNOWN_DOCUMENTS);
        let token = match kind {
            Kind::NewToken => Self::token(&self.audience, json!(tag)),
            Kind::BadSignature => {
                let mut token = self.known(number);
                // A character within the signature: the last one has bits that only fill it up.
                let at = token.len() - 20;
                let other = if token[at..].starts_with('A') { "B" } else { "A" };
                token.replace_range(at..=at, other);
                token
            }
            _ => self.known(number),
        };
        let body = match kind {
            Kind::NewDocument => body(&format!("query Q{number} {GRANTED}")),
            Kind::Denied => body(DENIED),
            Kind::Malformed => format!("{{\"query\":\"{{viewer{{name}}}}\",\"query\":{number}"),
            Kind::TooLarge => body(&format!("{GRANTED}{}", " ".repeat(100_000))),
            Kind::Warm | Kind::NewToken | Kind::BadSignature | Kind::Aborted => body(&known),
        };
        Asking { kind, tag, token, body }
    }
}
