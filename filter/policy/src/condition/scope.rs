//! What a condition can look at, and of which shape that is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fieldgate_core::policy::condition::Variable;

/// What is known of a value before there is a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A whole number.
    Int,
    /// A whole number that is not negative, of a type of its own.
    Uint,
    /// A number with a fraction.
    Double,
    /// A text.
    String,
    /// A list of such values.
    List(Box<Shape>),
    /// A map with these members and no others. One of them can be absent.
    Map(BTreeMap<String, Shape>),
    /// A map of any keys to such values.
    Entries(Box<Shape>),
    /// Such a value, or `null`.
    Nullable(Box<Shape>),
    /// Any value.
    Dyn,
}

/// The variables of a condition, and the data tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    variables: BTreeMap<Variable, Shape>,
    tables: BTreeSet<String>,
}

impl Scope {
    /// Of a role's condition: who asks, by the token. It decides which roles there are, so that it
    /// cannot ask for them.
    #[must_use]
    pub fn role() -> Self {
        let mut subject = subject();
        subject.remove("roles");
        let variables = [(Variable::Claims, Shape::Dyn), (Variable::Subject, Shape::Map(subject))];
        Self { variables: variables.into(), tables: BTreeSet::new() }
    }

    /// Of a rule's condition: `args` are the arguments of the fields that it is for.
    #[must_use]
    pub fn rule(args: BTreeMap<String, Shape>) -> Self {
        let text = || Shape::String;
        let operation = members([("name", nullable(text())), ("type", text())]);
        let request = members([
            ("method", text()),
            ("path", text()),
            ("host", nullable(text())),
            ("mtls_peer", nullable(text())),
        ]);
        let variables = [
            (Variable::Claims, Shape::Dyn),
            (Variable::Subject, Shape::Map(subject())),
            (Variable::Args, Shape::Map(args)),
            (Variable::Operation, Shape::Map(operation)),
            (Variable::Request, Shape::Map(request)),
        ];
        Self { variables: variables.into(), tables: BTreeSet::new() }
    }

    /// The same with data tables of these names.
    #[must_use]
    pub fn with_tables<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.tables.extend(names.into_iter().map(str::to_owned));
        self
    }

    pub(super) fn variable(&self, name: &str) -> Option<(Variable, &Shape)> {
        let mut all = self.variables.iter();
        all.find(|(variable, _)| variable.name() == name)
            .map(|(variable, shape)| (*variable, shape))
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.variables.keys().map(|variable| variable.name())
    }

    pub(super) fn tables(&self) -> &BTreeSet<String> {
        &self.tables
    }
}

/// A caller without a token has neither id nor issuer, and is in no group.
fn subject() -> BTreeMap<String, Shape> {
    let texts = || Shape::List(Box::new(Shape::String));
    members([
        ("id", nullable(Shape::String)),
        ("issuer", nullable(Shape::String)),
        ("client", nullable(Shape::String)),
        ("groups", texts()),
        ("roles", texts()),
        ("scopes", texts()),
        // The name by which `actors` lists it.
        ("actor", nullable(Shape::String)),
    ])
}

fn members<const N: usize>(members: [(&str, Shape); N]) -> BTreeMap<String, Shape> {
    members.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
}

fn nullable(shape: Shape) -> Shape {
    Shape::Nullable(Box::new(shape))
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("a boolean"),
            Self::Int => f.write_str("an integer"),
            Self::Uint => f.write_str("an unsigned integer"),
            Self::Double => f.write_str("a double"),
            Self::String => f.write_str("a string"),
            Self::List(_) => f.write_str("a list"),
            Self::Map(_) | Self::Entries(_) => f.write_str("a map"),
            Self::Nullable(shape) => write!(f, "{shape} or null"),
            Self::Dyn => f.write_str("any value"),
        }
    }
}
