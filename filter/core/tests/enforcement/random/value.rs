//! A value that is given, and the two ways in which it is written.

use std::fmt;

use super::schema::{Name, Ref};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(&'static str),
    /// A number in [`TEXTS`].
    Text(usize),
    Enum(Name),
    List(Vec<Self>),
    Object(Vec<(Name, Self)>),
    /// A number among the request's variables: only in a document.
    Variable(usize),
}

/// A variable of a request: every operation that uses it defines it alike.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: Name,
    pub(crate) ty: Ref,
    pub(crate) default: Option<Value>,
    /// What the request has for it.
    pub(crate) given: Option<Value>,
}

/// Texts as they are written in a document, and what they are.
pub(crate) const TEXTS: [(&str, &str); 5] = [
    ("\"x\"", "x"),
    ("\"5\"", "5"),
    ("\"\\u0052ED\"", "RED"),
    ("\"x{y} # \\u007D \\\" ...F\"", "x{y} # } \" ...F"),
    ("\"\"\"b \" # } \\\"\"\" \n @skip(if:true)\"\"\"", "b \" # } \"\"\" \n@skip(if:true)"),
];

/// Numbers: whole ones, one that is too large for an `Int`, and others.
pub(crate) const NUMBERS: [&str; 7] = ["1", "0", "5", "-3", "2147483648", "1.5", "1e1"];

impl Value {
    /// Its tokens in a document, the names of variables apart from their `$`.
    pub(crate) fn tokens(&self, variables: &[Variable]) -> Vec<&'static str> {
        let inside = |of: &Self| of.tokens(variables);
        match self {
            Self::Null => vec!["null"],
            Self::Boolean(value) => vec![if *value { "true" } else { "false" }],
            Self::Number(text) => vec![text],
            Self::Text(at) => vec![TEXTS[*at].0],
            Self::Enum(name) => vec![name],
            Self::Variable(at) => vec!["$", variables[*at].name],
            Self::List(items) => {
                [vec!["["], items.iter().flat_map(inside).collect(), vec!["]"]].concat()
            }
            Self::Object(members) => {
                let member =
                    |(name, value): &(Name, Self)| [vec![*name, ":"], inside(value)].concat();
                [vec!["{"], members.iter().flat_map(member).collect(), vec!["}"]].concat()
            }
        }
    }

    /// The same in JSON, where an enum value is a text.
    pub(crate) fn json(&self) -> String {
        let joined = |all: Vec<String>| all.join(" , ");
        match self {
            Self::Text(at) => serde_json::to_string(TEXTS[*at].1).unwrap(),
            Self::Enum(name) => format!("\"{name}\""),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::json).collect())),
            Self::Object(members) => {
                let member = |(name, value): &(Name, Self)| format!("\"{name}\": {}", value.json());
                format!("{{{}}}", joined(members.iter().map(member).collect()))
            }
            Self::Null | Self::Boolean(_) | Self::Number(_) => self.tokens(&[]).concat(),
            Self::Variable(_) => panic!("there are no variables in JSON"),
        }
    }

    /// The variables in it.
    pub(crate) fn variables(&self) -> Vec<usize> {
        match self {
            Self::Variable(at) => vec![*at],
            Self::List(items) => items.iter().flat_map(Self::variables).collect(),
            Self::Object(members) => {
                members.iter().flat_map(|(_, value)| value.variables()).collect()
            }
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Text(_) | Self::Enum(_) => {
                Vec::new()
            }
        }
    }
}

/// A constant as it may be written.
impl fmt::Display for Value {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.tokens(&[]).join(" "))
    }
}
