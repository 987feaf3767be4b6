//! Scalars by what may stand for them.

/// The scalars that every schema has (GraphQL spec 3.5), and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A whole number of 32 bits.
    Int,
    /// A number.
    Float,
    /// A text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A text, which may be written as a whole number.
    Id,
    /// The server alone knows.
    Custom,
}

impl Scalar {
    /// The scalar of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "Int" => Self::Int,
            "Float" => Self::Float,
            "String" => Self::String,
            "Boolean" => Self::Boolean,
            "ID" => Self::Id,
            _ => Self::Custom,
        }
    }
}
