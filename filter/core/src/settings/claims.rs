//! An issuer's `claims` as JSON has them -> [`ClaimRules`].

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::ConfigurationError;
use super::wire::value;
use crate::token::verify::{ClaimPath, ClaimRules, NamesRule, Split};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WireClaims {
    groups: Option<WireNames>,
    roles: Option<WireNames>,
    scopes: Option<WireNames>,
    client: Option<Box<str>>,
}

/// One place of names, or a list of places.
enum WireNames {
    One(WirePlace),
    Many(Vec<WirePlace>),
}

/// A path alone, or with how it is read.
enum WirePlace {
    Path(Box<str>),
    Rule(WireRule),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRule {
    path: Box<str>,
    split: Option<Box<str>>,
    prefix: Option<Box<str>>,
    map: Option<WireMap>,
}

/// An object of strings, none of its names twice.
struct WireMap(Vec<(Box<str>, Box<str>)>);

impl WireClaims {
    pub(super) fn read(self, at: &str) -> Result<ClaimRules, ConfigurationError> {
        let Self { groups, roles, scopes, client } = self;
        let read = |names: Option<WireNames>, name: &str| {
            names.map(|names| names.read(&format!("{at}.{name}"))).transpose()
        };
        let groups = match read(groups, "groups")? {
            Some(groups) => groups,
            None => vec![NamesRule::plain(path("groups", at)?)],
        };
        let scopes = match read(scopes, "scopes")? {
            Some(scopes) => scopes,
            // RFC 8693 section 4.2, RFC 9068 section 2.2.3.
            None => vec![NamesRule { split: Split::Space, ..NamesRule::plain(path("scope", at)?) }],
        };
        let roles = read(roles, "roles")?.unwrap_or_default();
        let client = client.map(|client| path(&client, &format!("{at}.client"))).transpose()?;
        Ok(ClaimRules { groups, roles, scopes, client })
    }
}

fn path(text: &str, at: &str) -> Result<ClaimPath, ConfigurationError> {
    text.parse()
        .map_err(|_| value(at, "expected a path like `a.b`, with `\\.` for a dot in a name"))
}

impl WireNames {
    fn read(self, at: &str) -> Result<Vec<NamesRule>, ConfigurationError> {
        match self {
            Self::One(place) => Ok(vec![place.read(at)?]),
            Self::Many(places) => {
                let places = places.into_iter().enumerate();
                places.map(|(index, place)| place.read(&format!("{at}[{index}]"))).collect()
            }
        }
    }
}

impl WirePlace {
    fn read(self, at: &str) -> Result<NamesRule, ConfigurationError> {
        let WireRule { path: text, split, prefix, map } = match self {
            Self::Path(text) => return Ok(NamesRule::plain(path(&text, at)?)),
            Self::Rule(rule) => rule,
        };
        let split = match split.as_deref() {
            None => Split::Whole,
            Some("space") => Split::Space,
            Some("comma") => Split::Comma,
            Some(_) => return Err(value(&format!("{at}.split"), "expected `space` or `comma`")),
        };
        let path = path(&text, &format!("{at}.path"))?;
        let map = map.map(|WireMap(map)| map);
        Ok(NamesRule { path, split, prefix: prefix.unwrap_or_default(), map })
    }
}

impl<'de> Deserialize<'de> for WireNames {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = WireNames;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a claim's path, an object with a `path`, or a list of these")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireNames, E> {
        Ok(WireNames::One(WirePlace::Path(text.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<WireNames, A::Error> {
        let rule = WireRule::deserialize(MapAccessDeserializer::new(members))?;
        Ok(WireNames::One(WirePlace::Rule(rule)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut places: A) -> Result<WireNames, A::Error> {
        let mut many = Vec::new();
        while let Some(place) = places.next_element()? {
            many.push(place);
        }
        Ok(WireNames::Many(many))
    }
}

impl<'de> Deserialize<'de> for WirePlace {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = WirePlace;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a claim's path, or an object with a `path`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WirePlace, E> {
        Ok(WirePlace::Path(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<WirePlace, A::Error> {
        WireRule::deserialize(MapAccessDeserializer::new(members)).map(WirePlace::Rule)
    }
}

impl<'de> Deserialize<'de> for WireMap {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MapVisitor)
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = WireMap;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<WireMap, A::Error> {
        let mut map: Vec<(Box<str>, Box<str>)> = Vec::new();
        while let Some(entry) = members.next_entry()? {
            map.push(entry);
        }
        map.sort_unstable();
        if map.array_windows().any(|[(one, _), (next, _)]| one == next) {
            return Err(A::Error::custom("a name is given twice"));
        }
        Ok(WireMap(map))
    }
}
