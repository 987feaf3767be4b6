//! The vocabulary itself: its terms, where they can be, and the specifications that define them.

use super::super::document::Kind;

/// A directive that says something to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term {
    Authenticated,
    RequiresScopes,
    Policy,
    Tag,
    Inaccessible,
    Cost,
    ListSize,
}

/// Where a directive is applied (spec 3.13, TypeSystemDirectiveLocation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Schema,
    Scalar,
    Object,
    Field,
    Argument,
    Interface,
    Union,
    Enum,
    EnumValue,
    InputObject,
    InputField,
}

/// A specification of <https://specs.apollo.dev> that is known here.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// The versions that are known begin with this number.
    pub(super) major: u32,
    /// What can be imported of it, `@` before directives; none for those of which nothing is read.
    pub(super) elements: &'static [&'static str],
}

/// Those with terms, and those that only describe how a graph is composed or run. `context` is
/// linked for security in supergraphs, and guards what subgraphs are told, not what clients are.
pub(super) const SPECS: [Spec; 14] = [
    Spec { name: "federation", major: 2, elements: &FEDERATION },
    Spec { name: "authenticated", major: 0, elements: &["@authenticated"] },
    Spec { name: "requiresScopes", major: 0, elements: &["@requiresScopes", "Scope"] },
    Spec { name: "policy", major: 0, elements: &["@policy", "Policy"] },
    Spec { name: "tag", major: 0, elements: &["@tag"] },
    Spec { name: "inaccessible", major: 0, elements: &["@inaccessible"] },
    Spec { name: "cost", major: 0, elements: &["@cost", "@listSize"] },
    Spec { name: "link", major: 1, elements: &["@link", "Import", "Purpose"] },
    Spec { name: "core", major: 0, elements: &[] },
    Spec { name: "join", major: 0, elements: &[] },
    Spec { name: "context", major: 0, elements: &[] },
    Spec { name: "connect", major: 0, elements: &[] },
    Spec { name: "source", major: 0, elements: &[] },
    Spec { name: "cacheTag", major: 0, elements: &[] },
];

/// What a subgraph can import (<https://specs.apollo.dev/federation/v2.12>).
const FEDERATION: [&str; 26] = [
    "@authenticated",
    "@cacheTag",
    "@composeDirective",
    "@connect",
    "@context",
    "@cost",
    "@extends",
    "@external",
    "@fromContext",
    "@inaccessible",
    "@interfaceObject",
    "@key",
    "@listSize",
    "@override",
    "@policy",
    "@provides",
    "@requires",
    "@requiresScopes",
    "@shareable",
    "@source",
    "@tag",
    "ContextFieldValue",
    "FieldSet",
    "Policy",
    "Scope",
    "_FieldSet",
];

/// The arguments of `@listSize`.
pub(super) const LIST_SIZE: [&str; 4] =
    ["assumedSize", "slicingArguments", "sizedFields", "requireOneSlicingArgument"];

impl Spec {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        SPECS.iter().find(|spec| spec.name == name)
    }

    /// The names of its directives, without `@`.
    pub(super) fn directives(&self) -> impl Iterator<Item = &'static str> {
        self.elements.iter().filter_map(|element| element.strip_prefix('@'))
    }
}

impl Term {
    pub(super) const ALL: [Self; 7] = [
        Self::Authenticated,
        Self::RequiresScopes,
        Self::Policy,
        Self::Tag,
        Self::Inaccessible,
        Self::Cost,
        Self::ListSize,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::RequiresScopes => "requiresScopes",
            Self::Policy => "policy",
            Self::Tag => "tag",
            Self::Inaccessible => "inaccessible",
            Self::Cost => "cost",
            Self::ListSize => "listSize",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|term| term.name() == name)
    }

    /// The term that a name looks like: its last part, in any case.
    pub(super) fn resembled(name: &str) -> Option<Self> {
        let last = name.rsplit("__").next().unwrap_or(name);
        Self::ALL.into_iter().find(|term| term.name().eq_ignore_ascii_case(last))
    }

    /// Its arguments, as its specification has them, and which of them it cannot do without.
    pub(super) const fn arguments(self) -> (&'static [&'static str], Option<&'static str>) {
        match self {
            Self::Authenticated | Self::Inaccessible => (&[], None),
            Self::RequiresScopes => (&["scopes"], Some("scopes")),
            Self::Policy => (&["policies"], Some("policies")),
            Self::Tag => (&["name"], Some("name")),
            Self::Cost => (&["weight"], Some("weight")),
            Self::ListSize => (&LIST_SIZE, None),
        }
    }

    /// Whether something would be open without it.
    pub(super) const fn protects(self) -> bool {
        match self {
            Self::Authenticated | Self::RequiresScopes | Self::Policy | Self::Inaccessible => true,
            Self::Tag | Self::Cost | Self::ListSize => false,
        }
    }

    /// Where it can be applied, as its specification says.
    pub(super) const fn locations(self) -> &'static [Location] {
        match self {
            Self::Authenticated | Self::RequiresScopes | Self::Policy => &[
                Location::Field,
                Location::Object,
                Location::Interface,
                Location::Scalar,
                Location::Enum,
            ],
            Self::Tag => &[
                Location::Schema,
                Location::Scalar,
                Location::Object,
                Location::Field,
                Location::Argument,
                Location::Interface,
                Location::Union,
                Location::Enum,
                Location::EnumValue,
                Location::InputObject,
                Location::InputField,
            ],
            Self::Inaccessible => &[
                Location::Scalar,
                Location::Object,
                Location::Field,
                Location::Argument,
                Location::Interface,
                Location::Union,
                Location::Enum,
                Location::EnumValue,
                Location::InputObject,
                Location::InputField,
            ],
            Self::Cost => &[
                Location::Argument,
                Location::Enum,
                Location::Field,
                Location::InputField,
                Location::Object,
                Location::Scalar,
            ],
            Self::ListSize => &[Location::Field],
        }
    }
}

impl Location {
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Scalar => Self::Scalar,
            Kind::Object => Self::Object,
            Kind::Interface => Self::Interface,
            Kind::Union => Self::Union,
            Kind::Enum => Self::Enum,
            Kind::Input => Self::InputObject,
        }
    }

    /// In the words of messages.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::Schema => "a schema",
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Field => "a field",
            Self::Argument => "an argument",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::EnumValue => "an enum value",
            Self::InputObject => "an input object",
            Self::InputField => "an input field",
        }
    }
}
