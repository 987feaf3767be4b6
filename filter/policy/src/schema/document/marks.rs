//! What the directives of the vocabulary say of one coordinate.

use std::collections::BTreeSet;
use std::fmt;

use crate::source::{Place, Text};

/// Everything that is said of one coordinate.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// `@authenticated`.
    pub authenticated: Option<Place>,
    /// `@requiresScopes`.
    pub scopes: Option<Alternatives>,
    /// `@policy`.
    pub policies: Option<Alternatives>,
    /// `@tag`, sorted, each once.
    pub tags: Vec<Text>,
    /// `@inaccessible`.
    pub inaccessible: Option<Place>,
    /// `@cost`.
    pub cost: Option<Weight>,
    /// `@listSize`.
    pub list_size: Option<ListSize>,
    /// What the router fetches for it, as `@requires` and `@join__field(requires:)` say: selections on
    /// its type.
    pub requires: Vec<Text>,
}

/// A requirement: all of any of these lists. Never empty, and none of the lists is.
#[derive(Clone, Debug)]
pub struct Alternatives {
    /// Where it stands.
    pub place: Place,
    /// Sorted; no list is contained in another.
    pub any: Vec<Vec<Text>>,
}

/// What a coordinate costs.
#[derive(Clone, Debug)]
pub struct Weight {
    /// Not negative.
    pub weight: i32,
    /// Where it stands.
    pub place: Place,
}

/// How long a list can be.
#[derive(Clone, Debug)]
pub struct ListSize {
    /// Its length if nothing else says; not negative.
    pub assumed_size: Option<i32>,
    /// Arguments that bound it, or paths into them.
    pub slicing_arguments: Vec<Text>,
    /// The fields of what is returned that are the list.
    pub sized_fields: Vec<Text>,
    /// Whether exactly one of the arguments has to be there.
    pub require_one_slicing_argument: bool,
    /// Where it stands.
    pub place: Place,
}

impl Alternatives {
    /// Any of these lists of all; `None` if there is no list, or an empty one, which would ask for nothing.
    #[must_use]
    pub fn new(place: Place, lists: Vec<Vec<Text>>) -> Option<Self> {
        if lists.is_empty() || lists.iter().any(Vec::is_empty) {
            return None;
        }
        let lists = lists.into_iter().map(sorted);
        let mut lists: Vec<Vec<Text>> = lists.collect();
        lists.sort_by(|one, other| texts(one).cmp(texts(other)));
        lists.dedup_by(|one, other| texts(one).eq(texts(other)));
        let sets: Vec<BTreeSet<String>> =
            lists.iter().map(|list| texts(list).map(str::to_owned).collect()).collect();
        let narrowest = |set: &BTreeSet<String>| {
            !sets.iter().any(|other| other.len() < set.len() && other.is_subset(set))
        };
        let any = lists.into_iter().zip(&sets).filter(|(_, set)| narrowest(set));
        Some(Self { place, any: any.map(|(list, _)| list).collect() })
    }
}

/// Sorted, each text once: where it stands first.
pub(in crate::schema) fn sorted(mut list: Vec<Text>) -> Vec<Text> {
    list.sort_by(|one, other| one.text.cmp(&other.text));
    list.dedup_by(|one, other| one.text == other.text);
    list
}

fn texts(list: &[Text]) -> impl Iterator<Item = &str> {
    list.iter().map(|one| one.text.as_str())
}

fn joined(list: &[Text]) -> String {
    texts(list).collect::<Vec<&str>>().join(" ")
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists: Vec<String> = self.any.iter().map(|list| joined(list)).collect();
        f.write_str(&lists.join(" | "))
    }
}

/// Without places: what two coordinates have in common of which the same is said.
impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authenticated, scopes, policies, tags, inaccessible, cost, list_size, requires } =
            self;
        let mut said = Vec::new();
        said.extend(authenticated.iter().map(|_| "authenticated".to_owned()));
        said.extend(scopes.iter().map(|scopes| format!("scopes({scopes})")));
        said.extend(policies.iter().map(|policies| format!("policies({policies})")));
        said.extend((!tags.is_empty()).then(|| format!("tags({})", joined(tags))));
        said.extend(inaccessible.iter().map(|_| "inaccessible".to_owned()));
        said.extend(cost.iter().map(|cost| format!("cost({})", cost.weight)));
        said.extend(list_size.iter().map(|size| {
            let ListSize { assumed_size, slicing_arguments, sized_fields, .. } = size;
            let assumed = assumed_size.map_or("?".to_owned(), |size| size.to_string());
            let one = if size.require_one_slicing_argument { " one" } else { "" };
            let (arguments, fields) = (joined(slicing_arguments), joined(sized_fields));
            format!("list({assumed} by [{arguments}]{one} of [{fields}])")
        }));
        said.extend((!requires.is_empty()).then(|| format!("requires({})", joined(requires))));
        f.write_str(&said.join(" "))
    }
}
