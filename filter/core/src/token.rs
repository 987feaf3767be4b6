//! Header values -> `RawToken` -> `Jws` -> `VerifiedClaims`: who sent this request, or why not.
//!
//! Each step is a type that only its parser can make: [`source`] and [`bearer`] (RFC 6750),
//! [`compact`] (RFC 7515), [`keys`] (RFC 7517), [`remote`], [`signature`] and [`verify`] (RFC 7519,
//! with RFC 8725 as the threat list). Deliberately absent: encryption (JWE), the JSON serialisations
//! of RFC 7515 section 7.2, and any meaning of roles (`identity`).

pub mod attested;
pub mod bearer;
pub mod compact;
pub mod keys;
pub mod remote;
pub mod revocation;
pub mod signature;
pub mod source;
pub mod verify;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 section 2, NumericDate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// So many seconds later.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// Why there is no verified caller. Nothing of the token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenError {
    /// There is none in any of the places where it may be (RFC 6750 section 3).
    Missing,
    /// There is more than one in all places together, or a list of them (RFC 9110 section 5.3).
    Duplicate,
    /// The value is not exactly the prefix of its place, for `Authorization` `Bearer` and one space,
    /// and a b64token (RFC 6750 section 2.1).
    Scheme,
    /// The token is longer than is configured.
    TooLarge,
    /// Not three parts of canonical base64url around JSON (RFC 7515 sections 2 and 7.1).
    Malformed,
    /// A header that is not allowed: `crit`, `zip`, `b64`, a nested token (RFC 7515 section 4.1).
    Header,
    /// `typ` says that this is another kind of token (RFC 8725 section 3.11).
    Type,
    /// `alg` is not one that this issuer may use; `none` never is (RFC 8725 section 3.1).
    Algorithm,
    /// `iss` is missing, or not the name of an issuer (RFC 7519 section 4.1.1).
    Issuer,
    /// The issuer publishes its keys, and there are none that are young enough.
    KeysUnavailable,
    /// No key of the issuer fits `kid` and `alg` (RFC 7515 section 4.1.4).
    Key,
    /// The signature is not by a key of the issuer over these bytes (RFC 7515 section 5.2).
    Signature,
    /// `exp` has passed (RFC 7519 section 4.1.4).
    Expired,
    /// `nbf` has not come (RFC 7519 section 4.1.5).
    NotYetValid,
    /// `iat` has not come (RFC 7519 section 4.1.6).
    IssuedInFuture,
    /// It lives longer than tokens of its issuer may.
    Lifetime,
    /// `aud` does not name this service (RFC 7519 section 4.1.3).
    Audience,
    /// The subject was not authenticated as is asked for, or too long ago (RFC 9470 section 3).
    Authentication,
    /// Its issuer's configuration says that it is worth nothing any more.
    Revoked,
    /// A claim is missing or of another type than it has to be (RFC 7519 section 4.1).
    Claims,
    /// The groups are elsewhere: the token only names the place (OpenID Connect Core section 5.6.2).
    GroupsOverage,
}

impl TokenError {
    /// The stable name of the fault, for the audit record.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Duplicate => "token_duplicate",
            Self::Scheme => "token_scheme",
            Self::TooLarge => "token_too_large",
            Self::Malformed => "token_malformed",
            Self::Header => "token_header",
            Self::Type => "token_type",
            Self::Algorithm => "token_algorithm",
            Self::Issuer => "token_issuer",
            Self::KeysUnavailable => "keys_unavailable",
            Self::Key => "token_key",
            Self::Signature => "token_signature",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::IssuedInFuture => "token_issued_in_future",
            Self::Lifetime => "token_lifetime",
            Self::Audience => "token_audience",
            Self::Authentication => "token_authentication",
            Self::Revoked => "token_revoked",
            Self::Claims => "token_claims",
            Self::GroupsOverage => "token_groups_overage",
        }
    }
}

/// A media type without the `application/` that may be left out (RFC 7515 section 4.1.9: only if no
/// other slash follows).
fn media_type(name: &str) -> &str {
    match name.split_once('/') {
        Some((kind, rest)) if kind.eq_ignore_ascii_case("application") && !rest.contains('/') => {
            rest
        }
        Some(_) | None => name,
    }
}
