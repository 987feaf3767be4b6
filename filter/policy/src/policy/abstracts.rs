//! `abstract`: which interfaces and unions may be granted on some of their object types alone.

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;
use crate::yaml::shape;
use crate::yaml::{Member, Node};

/// What a field on an interface or union asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Granting {
    /// It has to be granted on every object type still possible.
    #[default]
    Strict,
    /// It is asked for on those on which it is granted.
    Expand,
}

/// What is said of interfaces and unions.
#[derive(Clone, Debug, Default)]
pub struct AbstractSource {
    /// Of those of which nothing is said,
    pub default: Granting,
    /// if it is written there.
    pub default_at: Option<Place>,
    /// Of these.
    pub types: Vec<(Text, Granting)>,
}

/// The key that is no type.
const DEFAULT: &str = "default";

impl AbstractSource {
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut this = Self::default();
        for Member { key, value } in shape::mapping(node, findings)? {
            let Some(granting) = Granting::read(value, findings) else { continue };
            if key.text == DEFAULT {
                this.default = granting;
                this.default_at = Some(key.place.clone());
            } else if !key.text.is_empty() {
                this.types.push((key.clone(), granting));
            }
        }
        Some(this)
    }

    /// Where it is said.
    #[must_use]
    pub fn place_of(&self, name: &str) -> Option<&Place> {
        let own = self.types.iter().find(|(of, _)| of.text == name);
        own.map(|(of, _)| &of.place).or(self.default_at.as_ref())
    }

    /// What holds for a type.
    #[must_use]
    pub fn of(&self, name: &str) -> Granting {
        let own = self.types.iter().find(|(of, _)| of.text == name);
        own.map_or(self.default, |(_, granting)| *granting)
    }
}

impl Granting {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text { text, place } = shape::string(node, findings)?;
        match text.as_str() {
            "strict" => Some(Self::Strict),
            "expand" => Some(Self::Expand),
            _ => {
                let message = format!("`{}` is neither `strict` nor `expand`", text.escape_debug());
                let help = did_you_mean(&text, ["strict", "expand"]);
                let finding = Diagnostic::error(Code::AbstractValue, &place, message);
                findings.add(finding.maybe_help(help));
                None
            }
        }
    }
}
