//! The kinds of value that something of a [`Shape`] can turn out to be.

use super::Shape;

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INT: Self = Self(4);
    pub(super) const UINT: Self = Self(8);
    pub(super) const DOUBLE: Self = Self(16);
    pub(super) const STRING: Self = Self(32);
    pub(super) const LIST: Self = Self(64);
    pub(super) const MAP: Self = Self(128);
    pub(super) const NONE: Self = Self(0);
    pub(super) const ANY: Self = Self(u8::MAX);
    pub(super) const INTEGER: Self = Self::INT.or(Self::UINT);
    pub(super) const NUMBER: Self = Self::INTEGER.or(Self::DOUBLE);

    pub(super) fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Null => Self::NULL,
            Shape::Boolean => Self::BOOLEAN,
            Shape::Int => Self::INT,
            Shape::Uint => Self::UINT,
            Shape::Double => Self::DOUBLE,
            Shape::String => Self::STRING,
            Shape::List(_) => Self::LIST,
            Shape::Map(_) | Shape::Entries(_) => Self::MAP,
            Shape::Nullable(shape) => Self::of(shape).or(Self::NULL),
            Shape::Dyn => Self::ANY,
        }
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// With all numbers for any: they are compared across their types.
    const fn comparable(self) -> Self {
        if self.intersects(Self::NUMBER) { self.or(Self::NUMBER) } else { self }
    }

    /// Whether a value of one can equal one of the other.
    pub(super) const fn can_equal(self, other: Self) -> bool {
        self.comparable().intersects(other.comparable())
    }

    /// Whether a value of one can come before one of the other.
    pub(super) const fn can_precede(self, other: Self) -> bool {
        let ordered = Self::NUMBER.or(Self::STRING).or(Self::BOOLEAN);
        self.comparable().and(other.comparable()).intersects(ordered)
    }
}

impl Shape {
    /// The shape of what can be any of these.
    pub(super) fn of_kinds(kinds: Kinds) -> Self {
        match kinds {
            Kinds::BOOLEAN => Self::Boolean,
            Kinds::INT => Self::Int,
            Kinds::UINT => Self::Uint,
            Kinds::DOUBLE => Self::Double,
            Kinds::STRING => Self::String,
            Kinds::LIST => Self::List(Box::new(Self::Dyn)),
            _ => Self::Dyn,
        }
    }

    /// The shape of what is either.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Null, Self::Nullable(shape)) | (Self::Nullable(shape), Self::Null) => {
                Self::Nullable(shape)
            }
            (Self::Null, shape) | (shape, Self::Null) if shape != Self::Dyn => {
                Self::Nullable(Box::new(shape))
            }
            _ => Self::Dyn,
        }
    }

    /// What it is where it is not null.
    pub(super) fn present(&self) -> &Self {
        match self {
            Self::Nullable(shape) => shape.present(),
            shape => shape,
        }
    }

    /// The shape of its elements, as `all` and its like go through them: a map's are its keys.
    pub(super) fn element(&self) -> Self {
        match self.present() {
            Self::List(element) => (**element).clone(),
            Self::Map(_) => Self::String,
            _ => Self::Dyn,
        }
    }
}
