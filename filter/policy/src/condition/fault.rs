//! What can be wrong with a condition.

/// The stable names of findings on conditions. Names are append-only: scripts match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No CEL. Bad: `subject.id = "a"`. Good: `subject.id == "a"`.
    Syntax,
    /// A variable, member, function or data table that there is not. Bad: `"ops" in subject.group`.
    /// Good: `"ops" in subject.groups`.
    Unknown,
    /// It has no value, or is neither true nor false, whatever is asked. Bad:
    /// `subject.groups == "ops"`. Good: `"ops" in subject.groups`.
    Type,
    /// Something of CEL that is not evaluated here. Bad: `timestamp(claims.until) == null`. Good:
    /// `claims.level > 2`.
    Unsupported,
    /// A pattern that is none, or does not stand there. Bad: `args.name.matches(claims.pattern)`. Good:
    /// `args.name.matches("^team-")`.
    Pattern,
    /// Too long, too large, or nested too deep.
    Size,
    /// A warning: it says the same of every request. Bad: `1 == 1`.
    Constant,
}

impl Fault {
    /// The name, as scripts and documents know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "condition-syntax",
            Self::Unknown => "condition-unknown",
            Self::Type => "condition-type",
            Self::Unsupported => "condition-unsupported",
            Self::Pattern => "condition-pattern",
            Self::Size => "condition-size",
            Self::Constant => "condition-constant",
        }
    }
}
