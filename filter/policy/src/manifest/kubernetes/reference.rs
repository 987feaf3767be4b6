//! Words of a command line -> what they refer to in a cluster or a registry.

use std::fmt;
use std::str::FromStr;

/// Why words refer to nothing: what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misspelt(&'static str);

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(expected) = self;
        write!(f, "expected {expected}")
    }
}

impl std::error::Error for Misspelt {}

/// The name of an object or a namespace: a DNS label (RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > 63 || ends || !text.bytes().all(inner) {
            return Err(Misspelt("a name of at most 63 lower-case letters, digits and `-`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An OCI image with the filter's code: `oci://registry/repository@sha256:..`, or with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(String);

impl Image {
    /// With its scheme, as Istio has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("oci://{}", self.0)
    }

    /// Without a scheme, as Envoy Gateway has it.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.0
    }

    /// The digest's hexadecimal digits, if the image is named by it.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.0.split_once("@sha256:").map(|(_, digits)| digits)
    }
}

impl FromStr for Image {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let expected = Misspelt("`oci://registry/repository@sha256:..`, or a tag");
        let rest = text.strip_prefix("oci://").ok_or(expected)?;
        let (named, digest) = match rest.split_once('@') {
            None => (rest, None),
            Some((named, digest)) => (named, Some(digest)),
        };
        let (registry, path) = named.split_once('/').ok_or(expected)?;
        let (repository, tag) = match path.split_once(':') {
            None => (path, None),
            Some((repository, tag)) => (repository, Some(tag)),
        };
        if !is_registry(registry) {
            return Err(Misspelt("a registry as `host` or `host:port`"));
        }
        if !repository.split('/').all(is_component) {
            return Err(Misspelt(
                "a repository of lower-case letters and digits, with `.`, `_`, `-` and `/` between",
            ));
        }
        if !tag.is_none_or(is_tag) {
            return Err(Misspelt("a tag of at most 128 letters, digits, `_`, `.` and `-`"));
        }
        if let Some(digest) = digest {
            let digits = digest.strip_prefix("sha256:").ok_or(expected)?;
            let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            if digits.len() != 64 || !digits.bytes().all(hex) {
                return Err(Misspelt("64 hexadecimal digits behind `@sha256:`"));
            }
        }
        Ok(Self(rest.to_owned()))
    }
}

/// A host, and perhaps its port.
fn is_registry(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        None => (text, None),
        Some((host, port)) => (host, Some(port)),
    };
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    host.split('.').all(|part| has_plain_ends(part) && part.bytes().all(inner))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// A part of a repository's name: separators are `.`, one or two `_`, any number of `-`.
fn is_component(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separator =
        |part: &str| matches!(part, "" | "." | "_" | "__") || part.bytes().all(|byte| byte == b'-');
    has_plain_ends(text)
        && text.bytes().all(|byte| inner(byte) || b"._-".contains(&byte))
        && text.split(|char: char| char.is_ascii_alphanumeric()).all(separator)
}

fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let begins = |first: char| first.is_ascii_alphanumeric() || first == '_';
    text.starts_with(begins) && text.len() <= 128 && text.bytes().all(inner)
}

/// Not empty, and with a letter or digit at each end.
fn has_plain_ends(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric();
    text.starts_with(plain) && text.ends_with(plain)
}

/// A label of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Label {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let expected = Misspelt("a label as `key=value`");
        let (key, value) = text.split_once('=').ok_or(expected)?;
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name =
            |text: &str| has_plain_ends(text) && text.len() <= 63 && text.bytes().all(of_name);
        let (prefix, name) = match key.split_once('/') {
            None => (None, key),
            Some((prefix, name)) => (Some(prefix), name),
        };
        if !prefix.is_none_or(is_domain) || !is_name(name) {
            return Err(Misspelt(
                "a label's key of at most 63 letters, digits, `-`, `_` and `.`, perhaps behind `domain/`",
            ));
        }
        if !is_name(value) {
            return Err(Misspelt(
                "a label's value of at most 63 letters, digits, `-`, `_` and `.`, as `key=value`",
            ));
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

/// A DNS subdomain (RFC 1123).
fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| part.parse::<Name>().is_ok())
}

/// What a policy can be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `Gateway`: of Kubernetes, not of Istio's older interface.
    Gateway,
    /// An `HTTPRoute`.
    HttpRoute,
    /// A `Service`.
    Service,
    /// Istio's `ServiceEntry`.
    ServiceEntry,
}

impl Kind {
    /// As Kubernetes has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::HttpRoute => "HTTPRoute",
            Self::Service => "Service",
            Self::ServiceEntry => "ServiceEntry",
        }
    }

    /// Its API group.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Gateway | Self::HttpRoute => "gateway.networking.k8s.io",
            Self::Service => "",
            Self::ServiceEntry => "networking.istio.io",
        }
    }
}

/// An object that a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Name,
}

impl FromStr for Target {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let expected = "`KIND/NAME` with the kind Gateway, HTTPRoute, Service or ServiceEntry";
        let (kind, name) = text.split_once('/').ok_or(Misspelt(expected))?;
        let kinds = [Kind::Gateway, Kind::HttpRoute, Kind::Service, Kind::ServiceEntry];
        let kind = kinds.into_iter().find(|one| one.name().eq_ignore_ascii_case(kind));
        Ok(Self { kind: kind.ok_or(Misspelt(expected))?, name: name.parse()? })
    }
}

/// A listener of a `Gateway`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayListener {
    /// The Gateway's namespace, where it is given.
    pub namespace: Option<Name>,
    /// The Gateway's name.
    pub gateway: Name,
    /// The listener's name in it.
    pub listener: Name,
}

impl FromStr for GatewayListener {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let parts: Vec<Name> = text.split('/').map(str::parse).collect::<Result<_, _>>()?;
        match parts.as_slice() {
            [gateway, listener] => {
                let (gateway, listener) = (gateway.clone(), listener.clone());
                Ok(Self { namespace: None, gateway, listener })
            }
            [namespace, gateway, listener] => {
                let (gateway, listener) = (gateway.clone(), listener.clone());
                Ok(Self { namespace: Some(namespace.clone()), gateway, listener })
            }
            _ => Err(Misspelt("a Gateway's listener as `[NAMESPACE/]GATEWAY/LISTENER`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GatewayListener, Image, Kind, Label, Name, Target};

    fn refused<T: std::str::FromStr>(words: &[&str]) {
        for word in words {
            assert!(word.parse::<T>().is_err(), "{word}");
        }
    }

    #[test]
    fn what_refers_to_something() {
        let digits = "0123456789abcdef".repeat(4);
        let pinned = format!("oci://r.example:5000/a/b@sha256:{digits}");
        let image: Image = pinned.parse().unwrap();
        assert_eq!((image.url(), image.sha256()), (pinned, Some(digits.as_str())));
        let image: Image = "oci://r.example/a:1.0".parse().unwrap();
        assert_eq!((image.reference(), image.sha256()), ("r.example/a:1.0", None));
        let target: Target = "httproute/portal".parse().unwrap();
        assert_eq!((target.kind, target.name.as_str()), (Kind::HttpRoute, "portal"));
        let label: Label = "app.kubernetes.io/name=portal".parse().unwrap();
        assert_eq!(label.key, "app.kubernetes.io/name");
        let label: Label = "A_b.c=1.0-rc_1".parse().unwrap();
        assert_eq!((label.key.as_str(), label.value.as_str()), ("A_b.c", "1.0-rc_1"));
        for good in ["localhost:5000/a.b/c__d/e--f:V1.0_x", "R.Example/a_b/c", "10.0.0.1/a"] {
            assert_eq!(format!("oci://{good}").parse::<Image>().unwrap().reference(), good);
        }
        assert!(format!("oci://r/a:1.0@sha256:{digits}").parse::<Image>().is_ok());
        let listener: GatewayListener = "infra/eg/http".parse().unwrap();
        assert_eq!(listener.namespace.unwrap().as_str(), "infra");
        assert_eq!("a-1".parse::<Name>().unwrap().as_str(), "a-1");
    }

    #[test]
    fn what_does_not() {
        refused::<Name>(&["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)]);
        refused::<Image>(&["", "r.example/a", "https://r.example/a", "oci://a", "oci:///a"]);
        refused::<Image>(&[
            "oci://r/a b",
            "oci://r/a@sha256:00",
            "oci://r/a@md5:00",
            "oci://r/a?b",
        ]);
        // As a registry reads them: the distribution specification's grammar.
        refused::<Image>(&["oci://r/A", "oci://r/a//b", "oci://r//a", "oci://r/a/", "oci://r/-a"]);
        refused::<Image>(&["oci://r/a:", "oci://r/a:b:c", "oci://r/a:-b", "oci://r/a:b/c"]);
        refused::<Image>(&["oci://r:/a", "oci://r:x/a", "oci://:1/a", "oci://r:99999/a"]);
        refused::<Image>(&[
            "oci://-r/a",
            "oci://r..x/a",
            "oci://u@r/a",
            "oci://r/a..b",
            "oci://r/a_",
        ]);
        refused::<Image>(&[&format!("oci://r/a:{}", "b".repeat(129))]);
        let digits = "0123456789abcdef".repeat(4);
        refused::<Image>(&[
            &format!("oci://r/@sha256:{digits}"),
            &format!("oci://r/a:@sha256:{digits}"),
            &format!("oci://r/a@sha256:{digits}@sha256:{digits}"),
            &format!("oci://r/a@sha256:{}", digits.to_uppercase()),
        ]);
        refused::<Label>(&["", "a", "=a", "a=", "a=b=c", "a=*", "a b=c"]);
        refused::<Label>(&["-a=b", "a-=b", "a=-b", "a=b.", "/a=b", "a/=b", "a/b/c=d", "A.b/c=d"]);
        refused::<Label>(&["a..b/c=d", "-a/b=c", "a_b/c=d"]);
        refused::<Label>(&[&format!("{}=b", "a".repeat(64)), &format!("a={}", "b".repeat(64))]);
        refused::<Label>(&[&format!("{}/b=c", ["a"; 128].join("."))]);
        refused::<Target>(&["", "Gateway", "Gateway/", "Pod/a", "Gateway/A", "Gateway/a/b"]);
        refused::<GatewayListener>(&["", "a", "a/", "a/b/c/d", "A/b"]);
    }
}
