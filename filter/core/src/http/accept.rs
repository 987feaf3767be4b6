//! `accept` -> [`MediaType`]: in which form the filter's own answers come.
//!
//! RFC 9110 section 12.5.1, and GraphQL over HTTP (sections "Accept" and "Status Codes"): without the
//! header, `application/graphql-response+json`. Who accepts neither of the two gets that one too: a
//! refusal that cannot be read is better than one that says 406 in the place of what is wrong.

use super::Head;

/// A media type of GraphQL responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`.
    #[default]
    GraphqlResponse,
    /// `application/json`: what is wrong with a document has the status 200.
    Json,
}

impl MediaType {
    /// The value of `content-type`.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The one that a media range stands for, if any.
    fn in_range(range: &[u8]) -> Option<Self> {
        const OTHERS: [&[u8]; 3] = [b"application/graphql-response+json", b"application/*", b"*/*"];
        let is = |name: &&[u8]| range.eq_ignore_ascii_case(name);
        match is(&&b"application/json"[..]) {
            true => Some(Self::Json),
            false => OTHERS.iter().any(is).then_some(Self::GraphqlResponse),
        }
    }
}

impl Head<'_> {
    /// The media type that the client wants most; the first, of several that it wants as much.
    #[must_use]
    pub fn answers(&self) -> MediaType {
        let ranges = self.values("accept").flat_map(|value| value.split(|byte| *byte == b','));
        let mut best = (0, MediaType::default());
        for range in ranges {
            let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let Some(media) = parts.next().and_then(MediaType::in_range) else { continue };
            let weight =
                parts.find_map(|part| part.strip_prefix(b"q=").or(part.strip_prefix(b"Q=")));
            let weight = weight.map_or(1000, thousandths);
            if weight > best.0 {
                best = (weight, media);
            }
        }
        best.1
    }
}

/// `qvalue` (RFC 9110 section 12.4.2) in thousandths; nothing if it is none.
fn thousandths(value: &[u8]) -> u16 {
    let (whole, fraction) = match value {
        [whole] => (*whole, &[][..]),
        [whole, b'.', fraction @ ..] => (*whole, fraction),
        _ => return 0,
    };
    if fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    match whole {
        b'1' if fraction.iter().all(|digit| *digit == b'0') => 1000,
        b'0' => {
            let digits = fraction.iter().chain(b"000").take(3);
            digits.fold(0, |sum: u16, digit| {
                sum.saturating_mul(10).saturating_add(u16::from(digit.saturating_sub(b'0')))
            })
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    #[test]
    fn the_most_wanted_form_is_taken() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            (&[][..], GraphqlResponse),
            (&["*/*"], GraphqlResponse),
            (&["application/json"], Json),
            (&["Application/JSON; charset=utf-8"], Json),
            (&["application/graphql-response+json, application/json"], GraphqlResponse),
            (&["application/json, application/graphql-response+json"], Json),
            (&["application/json;q=0.9, application/graphql-response+json"], GraphqlResponse),
            (&["application/graphql-response+json;q=0.8", "application/json;q=0.81"], Json),
            (&["text/html, application/json;q=0.001"], Json),
            (&["application/json;q=0"], GraphqlResponse),
            (&["application/json;q=0.0001, text/event-stream"], GraphqlResponse),
            (&["application/json;q=2"], GraphqlResponse),
            (&["multipart/mixed, application/*;q=0.1, application/json;q=1.000"], Json),
            (&[";,=", "\u{e9}"], GraphqlResponse),
        ] {
            let headers: Headers = accept.iter().map(|value| ("Accept", value)).collect();
            assert_eq!(Head::read(&headers).answers(), expected, "{accept:?}");
        }
    }
}
