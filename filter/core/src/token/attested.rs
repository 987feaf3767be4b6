//! The host's metadata -> the claims of a token that another filter has verified.
//!
//! Envoy's `jwt_authn` writes the payload of a token that it has verified into dynamic metadata, and
//! so does Istio with it. Such claims count only for an issuer that is configured to be trusted so,
//! from the exact place that is configured; clients cannot write there. The metadata is the bytes of
//! an `envoy.config.core.v3.Metadata`, in which every value keeps its type.
//!
//! ```text
//! Metadata { map<string, Struct> filter_metadata = 1 }
//! Struct { map<string, Value> fields = 1 }      Value { 1 null, 2 double, 3 string, 4 bool,
//! ListValue { repeated Value values = 1 }               5 Struct, 6 ListValue }
//! ```

use std::borrow::Cow;
use std::fmt;

use serde_json::Number;

use crate::json::Json;
use crate::protobuf::{Fields, Value};
use crate::token::TokenError;
use crate::token::verify::{CLAIMS_DEPTH, IssuerRules, KeySource};

/// Where another filter leaves the claims of what it has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The filter's namespace in the metadata.
    pub filter: Box<str>,
    /// The key of the payload in it.
    pub key: Box<str>,
}

/// The filter that verifies tokens in Envoy.
pub const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// The claims of a token that another filter has verified, and where it left them.
#[derive(Clone, PartialEq)]
pub struct Attested<'r, 'm> {
    pub(super) trust: &'r Trust,
    pub(super) payload: Json<'m>,
}

impl<'m> Attested<'_, 'm> {
    /// Everything that the token says.
    #[must_use]
    pub fn claims(&self) -> &Json<'m> {
        &self.payload
    }
}

impl fmt::Debug for Attested<'_, '_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Attested").field("trust", self.trust).finish_non_exhaustive()
    }
}

/// The claims in any of the places where those of an issuer may be; none if there are none.
///
/// # Errors
/// `Duplicate` for claims in two places; `Malformed` for bytes that are not metadata, or claims that
/// are not an object with one reading; `TooLarge` for more than a token of the `longest` length has.
pub fn find<'r, 'm>(
    metadata: &'m [u8],
    issuers: &'r [IssuerRules],
    longest: usize,
) -> Result<Option<Attested<'r, 'm>>, TokenError> {
    let mut found: Option<Attested<'r, 'm>> = None;
    for rules in issuers {
        let KeySource::Attested(trust) = &rules.keys else { continue };
        // Several issuers may share a place.
        if found.as_ref().is_some_and(|found| found.trust == trust) {
            continue;
        }
        if let Some(payload) = trust.find(metadata, longest)?
            && found.replace(Attested { trust, payload }).is_some()
        {
            return Err(TokenError::Duplicate);
        }
    }
    Ok(found)
}

impl Trust {
    fn find<'m>(&self, metadata: &'m [u8], longest: usize) -> Result<Option<Json<'m>>, TokenError> {
        let Some(filter) = entry(metadata, 1, &self.filter)? else { return Ok(None) };
        let Some(claims) = entry(filter, 1, &self.key)? else { return Ok(None) };
        // In this form the claims of a token fit into five times its length, however short they are.
        if claims.len() / 5 > longest {
            return Err(TokenError::TooLarge);
        }
        match value(claims, CLAIMS_DEPTH)? {
            claims @ Json::Object(_) => Ok(Some(claims)),
            Json::Null
            | Json::Bool(_)
            | Json::Number(_)
            | Json::String(_)
            | Json::Array(_)
            | Json::Upload => Err(TokenError::Malformed),
        }
    }
}

/// The value under a key of the map in a field. A map has it once: two would have two readings.
fn entry<'m>(message: &'m [u8], map: u64, key: &str) -> Result<Option<&'m [u8]>, TokenError> {
    let mut found = None;
    for entry in entries(message, map) {
        let (name, value) = entry?;
        if name == key && found.replace(value).is_some() {
            return Err(TokenError::Malformed);
        }
    }
    Ok(found)
}

/// The keys and values of the map in a field.
fn entries(message: &[u8], map: u64) -> impl Iterator<Item = Result<(&str, &[u8]), TokenError>> {
    let of_map = Fields::of(message).filter_map(move |field| match field {
        Ok((number, Value::Bytes(entry))) if number == map => Some(Ok(entry)),
        Ok((number, _)) if number == map => Some(Err(TokenError::Malformed)),
        Ok(_) => None,
        Err(_) => Some(Err(TokenError::Malformed)),
    });
    of_map.map(|entry| {
        let (mut key, mut value) = ("", &[][..]);
        for field in Fields::of(entry?) {
            match field.map_err(|_| TokenError::Malformed)? {
                (1, Value::Bytes(text)) => {
                    key = str::from_utf8(text).map_err(|_| TokenError::Malformed)?;
                }
                (2, Value::Bytes(message)) => value = message,
                _ => return Err(TokenError::Malformed),
            }
        }
        Ok((key, value))
    })
}

/// A `Value` of exactly one kind.
fn value(message: &[u8], depth: u32) -> Result<Json<'_>, TokenError> {
    let mut fields = Fields::of(message);
    let (Some(Ok((kind, value))), None) = (fields.next(), fields.next()) else {
        return Err(TokenError::Malformed);
    };
    let inner = || depth.checked_sub(1).ok_or(TokenError::Malformed);
    match (kind, value) {
        (1, Value::Number(0)) => Ok(Json::Null),
        (2, Value::Eight(bytes)) => {
            let number = Number::from_f64(f64::from_le_bytes(bytes));
            number.map(Json::Number).ok_or(TokenError::Malformed)
        }
        (3, Value::Bytes(text)) => {
            let text = str::from_utf8(text).map_err(|_| TokenError::Malformed)?;
            Ok(Json::String(Cow::Borrowed(text)))
        }
        (4, Value::Number(flag @ (0 | 1))) => Ok(Json::Bool(flag == 1)),
        (5, Value::Bytes(message)) => object(message, inner()?),
        (6, Value::Bytes(message)) => array(message, inner()?),
        _ => Err(TokenError::Malformed),
    }
}

fn object(message: &[u8], depth: u32) -> Result<Json<'_>, TokenError> {
    let mut members: Vec<(Cow<'_, str>, Json<'_>)> = Vec::new();
    for entry in entries(message, 1) {
        let (name, text) = entry?;
        members.push((Cow::Borrowed(name), value(text, depth)?));
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    if names.array_windows().any(|[one, next]| one == next) {
        return Err(TokenError::Malformed);
    }
    Ok(Json::Object(members))
}

fn array(message: &[u8], depth: u32) -> Result<Json<'_>, TokenError> {
    let elements = Fields::of(message).map(|field| match field {
        Ok((1, Value::Bytes(element))) => value(element, depth),
        Ok(_) | Err(_) => Err(TokenError::Malformed),
    });
    elements.collect::<Result<_, _>>().map(Json::Array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::Message;

    fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
        let mut message = Message::default();
        fields.iter().for_each(|(number, bytes)| message.bytes(*number, bytes));
        message.into_bytes()
    }

    /// `Metadata` of one filter with one key.
    fn metadata(filter: &str, key: &str, value: &[u8]) -> Vec<u8> {
        let claims = message(&[(1, key.as_bytes()), (2, value)]);
        let filter = message(&[(1, filter.as_bytes()), (2, &message(&[(1, &claims)]))]);
        message(&[(1, &filter)])
    }

    fn text(text: &str) -> Vec<u8> {
        message(&[(3, text.as_bytes())])
    }

    fn of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let entry = |(name, value): &(&str, &[u8])| message(&[(1, name.as_bytes()), (2, value)]);
        let entries: Vec<Vec<u8>> = members.iter().map(entry).collect();
        let fields: Vec<(u8, &[u8])> = entries.iter().map(|entry| (1, entry.as_slice())).collect();
        message(&[(5, &message(&fields))])
    }

    fn trust() -> Trust {
        Trust { filter: JWT_AUTHN.into(), key: "payload".into() }
    }

    #[track_caller]
    fn check(metadata: &[u8], expected: Result<Option<&str>, TokenError>) {
        let expected = expected.map(|text| text.map(|text| Json::read(text, 32).unwrap()));
        assert_eq!(trust().find(metadata, 8192), expected);
    }

    #[test]
    fn claims_keep_their_types() {
        let mut number = Message::default();
        number.double(2, 1.5);
        let number = number.into_bytes();
        let (list, none) = (message(&[(1, &text("a")), (1, &number)]), message(&[(6, &[])]));
        let values = [
            ("s", text("x")),
            ("n", number),
            ("l", message(&[(6, &list)])),
            ("e", none),
            ("t", vec![0x20, 1]),
            ("f", vec![0x20, 0]),
            ("z", vec![0x08, 0]),
            ("o", of(&[("i", &text("y"))])),
        ];
        let members: Vec<(&str, &[u8])> =
            values.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let json =
            r#"{"s":"x","n":1.5,"l":["a",1.5],"e":[],"t":true,"f":false,"z":null,"o":{"i":"y"}}"#;
        check(&metadata(JWT_AUTHN, "payload", &of(&members)), Ok(Some(json)));
    }

    #[test]
    fn another_place_is_none() {
        let claims = of(&[]);
        check(b"", Ok(None));
        check(&metadata(JWT_AUTHN, "payload", &claims), Ok(Some("{}")));
        check(&metadata(JWT_AUTHN, "Payload", &claims), Ok(None));
        check(&metadata("envoy.filters.http.jwt_authn2", "payload", &claims), Ok(None));
        // Field 2 is `typed_filter_metadata`.
        let typed = message(&[(2, &message(&[(1, JWT_AUTHN.as_bytes()), (2, &claims)]))]);
        check(&typed, Ok(None));
        check(&[typed, metadata(JWT_AUTHN, "payload", &claims)].concat(), Ok(Some("{}")));
    }

    #[test]
    fn what_has_no_single_reading_is_refused() {
        let good = metadata(JWT_AUTHN, "payload", &of(&[("a", &text("x"))]));
        for end in 1..good.len() {
            check(&good[..end], Err(TokenError::Malformed));
        }
        check(&[good.clone(), good].concat(), Err(TokenError::Malformed));
        let nested = (0..40).fold(text("x"), |inner, _| of(&[("a", &inner)]));
        let mut infinite = Message::default();
        infinite.double(2, f64::INFINITY);
        for value in [
            of(&[("a", &text("x")), ("a", &text("y"))]),
            of(&[("a", &[text("x"), text("y")].concat())]),
            of(&[("a", &[])]),
            of(&[("a", &message(&[(3, b"\xff")]))]),
            of(&[("a", &message(&[(7, b"x")]))]),
            of(&[("a", &[0x20, 2])]),
            of(&[("a", &infinite.into_bytes())]),
            text("{}"),
            message(&[(6, &[])]),
            Vec::new(),
            nested,
        ] {
            check(&metadata(JWT_AUTHN, "payload", &value), Err(TokenError::Malformed));
        }
        let long = "x".repeat(5 * 8192);
        let large = metadata(JWT_AUTHN, "payload", &of(&[("a", &text(&long))]));
        check(&large, Err(TokenError::TooLarge));
    }

    /// Digits in a list grow most: two bytes of a token's JSON are eleven here.
    #[test]
    fn what_fits_into_a_token_fits_here() {
        let mut digit = Message::default();
        digit.double(2, 1.0);
        let digit = digit.into_bytes();
        let digits = 8192 / 4 * 3 / 2 - "{\"a\":[]}".len();
        let elements: Vec<(u8, &[u8])> = (0..digits).map(|_| (1, digit.as_slice())).collect();
        let list = message(&[(6, &message(&elements))]);
        let metadata = metadata(JWT_AUTHN, "payload", &of(&[("a", &list)]));
        let found = trust().find(&metadata, 8192);
        assert!(matches!(found, Ok(Some(Json::Object(_)))), "{found:?}");
    }
}
