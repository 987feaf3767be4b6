//! What the host has of a TLS client certificate -> who the peer is.

/// The names in a client certificate that the host has verified: the first URI and the first DNS name
/// among its alternative names, and its subject (RFC 2253). Empty where it has none, and all of them
/// where there is no such certificate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer<'a> {
    /// As `spiffe://tarnbeck.example/portal`.
    pub uri: &'a [u8],
    /// As `portal.tarnbeck.example`.
    pub dns: &'a [u8],
    /// As `CN=portal,O=Tarnbeck`.
    pub subject: &'a [u8],
}

impl<'a> Peer<'a> {
    /// The URI; without one the DNS name; without either the subject.
    ///
    /// A name of one kind that reads as one of another is none: whoever may have any DNS name or
    /// subject in a certificate would be the holder of a URI by it. Nor is another one taken then.
    #[must_use]
    pub fn identity(&self) -> Option<&'a str> {
        let (name, is_one): (_, fn(&str) -> bool) = match (self.uri, self.dns) {
            ([], []) => (self.subject, is_subject),
            ([], dns) => (dns, is_dns),
            (uri, _) => (uri, is_uri),
        };
        str::from_utf8(name).ok().filter(|name| is_one(name))
    }
}

/// `scheme:rest` (RFC 3986 3).
fn is_uri(name: &str) -> bool {
    let of_scheme = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
    let parts = name.split_once(':');
    let parts = parts.filter(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    parts.is_some_and(|(scheme, rest)| {
        scheme.chars().all(of_scheme) && rest.chars().all(|char| char.is_ascii_graphic())
    })
}

fn is_dns(name: &str) -> bool {
    let of_label =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '*');
    name.chars().all(of_label)
}

/// `type=value` and more of them.
fn is_subject(name: &str) -> bool {
    let of_type = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.');
    let typed = name.split_once('=').filter(|(kind, _)| !kind.is_empty());
    typed.is_some_and(|(kind, _)| kind.chars().all(of_type)) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::Peer;

    #[track_caller]
    fn check(uri: &str, dns: &str, subject: &str, identity: Option<&str>) {
        let peer = Peer { uri: uri.as_bytes(), dns: dns.as_bytes(), subject: subject.as_bytes() };
        assert_eq!(peer.identity(), identity, "{peer:?}");
    }

    #[test]
    fn the_uri_counts_first_and_the_subject_last() {
        check("spiffe://a/b", "a.example", "CN=a", Some("spiffe://a/b"));
        check("", "*.a.example", "CN=a", Some("*.a.example"));
        check("", "", "CN=a\\,b,O=c", Some("CN=a\\,b,O=c"));
        check("", "", "", None);
        check("urn:x:y", "", "", Some("urn:x:y"));
    }

    #[test]
    fn a_name_that_is_not_of_its_kind_is_none_and_no_other_is_taken() {
        check("", "spiffe://a/b", "CN=a", None);
        check("", "CN=a", "CN=a", None);
        check("", "", "spiffe://a/b", None);
        check("", "", "a.example", None);
        check("", "", "=a", None);
        check("", "", "CN=a\nb", None);
        check("a.example", "a.example", "CN=a", None);
        check("CN=a", "", "CN=a", None);
        check(":a", "", "CN=a", None);
        check("spiffe://a/b c", "", "CN=a", None);
        check("spiffe://a/\u{0}b", "", "CN=a", None);
        check("spiffe://a/ü", "", "CN=a", None);
        let peer = Peer { uri: b"spiffe://a/\xff", dns: b"", subject: b"CN=a" };
        assert_eq!(peer.identity(), None);
    }
}
