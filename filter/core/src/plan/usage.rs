//! How much of each limit an operation used, alone and with others.

use crate::denial::Reason;
use crate::limits::Limits;

/// How much of each limit an operation used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the document.
    pub tokens: u32,
    /// Fields within one another.
    pub depth: u32,
    /// Fields of the operation itself.
    pub root_fields: u32,
    /// Aliased fields.
    pub aliases: u32,
    /// Directives.
    pub directives: u32,
    /// Selections after expansion.
    pub expanded_fields: u32,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            depth: self.depth.max(other.depth),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            expanded_fields: self.expanded_fields.saturating_add(other.expanded_fields),
        }
    }

    /// The refusal of what is more than these.
    #[must_use]
    pub fn exceeded(&self, limits: &Limits) -> Option<Reason> {
        let Self { tokens, depth, root_fields, aliases, directives, expanded_fields } = *self;
        let bounds = [
            (tokens, limits.tokens, Reason::LimitTokens),
            (depth, limits.depth, Reason::LimitDepth),
            (root_fields, limits.root_fields, Reason::LimitRootFields),
            (aliases, limits.aliases, Reason::LimitAliases),
            (directives, limits.directives, Reason::LimitDirectives),
            (expanded_fields, limits.expanded_fields, Reason::LimitExpandedFields),
        ];
        bounds.into_iter().find(|(used, most, _)| used > most).map(|(_, _, reason)| reason)
    }
}
