//! Numbers of three types on one line: comparison is across them, arithmetic is within one.

use std::cmp::Ordering;

use super::{ConditionError, Operator, Value};

/// A number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Uint(u64),
    Double(f64),
}

/// All integers of 64 bits are nearer to zero.
const BEYOND: f64 = 3e19;

impl Number {
    /// The order on the line; none beside NaN. An integer beside a double is the nearest double, as
    /// CEL's conformance tests have it: beyond 2^53 some that differ are equal.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(_), _) | (_, Self::Double(_)) => {
                self.double().partial_cmp(&other.double())
            }
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(&other)),
            (Self::Uint(one), Self::Uint(other)) => Some(one.cmp(&other)),
            (Self::Int(one), Self::Uint(other)) => Some(i128::from(one).cmp(&i128::from(other))),
            (Self::Uint(one), Self::Int(other)) => Some(i128::from(one).cmp(&i128::from(other))),
        }
    }

    /// The integer that it is.
    pub(super) fn whole(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            Self::Double(value) => truncated(value).filter(|_| value.fract() == 0.0),
        }
    }

    /// The integer that is left without a fraction.
    pub(super) fn truncated(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            Self::Double(value) => truncated(value),
        }
    }

    /// The nearest double.
    #[expect(clippy::as_conversions, reason = "there is no other way to round an integer")]
    pub(super) fn double(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Uint(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

/// The integer part of what is not beyond all of them.
#[expect(clippy::as_conversions, reason = "it is in range, and there is no other way")]
fn truncated(value: f64) -> Option<i128> {
    (value.abs() < BEYOND).then_some(value as i128)
}

/// The value of an arithmetic operator; none if the operands are not numbers of one type.
pub(super) fn calculate(
    operator: Operator,
    operands: (Number, Number),
) -> Result<Value<'static>, ConditionError> {
    match operands {
        (Number::Int(one), Number::Int(other)) => {
            if other == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
                return Err(ConditionError::DivisionByZero);
            }
            let value = match operator {
                Operator::Add => one.checked_add(other),
                Operator::Subtract => one.checked_sub(other),
                Operator::Multiply => one.checked_mul(other),
                Operator::Divide => one.checked_div(other),
                Operator::Remainder => one.checked_rem(other),
                _ => return Err(ConditionError::NoMatchingOverload),
            };
            value.map(Value::Int).ok_or(ConditionError::Overflow)
        }
        (Number::Uint(one), Number::Uint(other)) => {
            if other == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
                return Err(ConditionError::DivisionByZero);
            }
            let value = match operator {
                Operator::Add => one.checked_add(other),
                Operator::Subtract => one.checked_sub(other),
                Operator::Multiply => one.checked_mul(other),
                Operator::Divide => one.checked_div(other),
                Operator::Remainder => one.checked_rem(other),
                _ => return Err(ConditionError::NoMatchingOverload),
            };
            value.map(Value::Uint).ok_or(ConditionError::Overflow)
        }
        (Number::Double(one), Number::Double(other)) => match operator {
            Operator::Add => Ok(Value::Double(one + other)),
            Operator::Subtract => Ok(Value::Double(one - other)),
            Operator::Multiply => Ok(Value::Double(one * other)),
            Operator::Divide => Ok(Value::Double(one / other)),
            _ => Err(ConditionError::NoMatchingOverload),
        },
        (Number::Int(_) | Number::Uint(_) | Number::Double(_), _) => {
            Err(ConditionError::NoMatchingOverload)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    use super::Number::{self, Double, Int, Uint};

    #[test]
    fn order_is_across_types() {
        let cases: [(Number, Number, Option<Ordering>); 12] = [
            (Int(1), Uint(1), Some(Equal)),
            (Int(-1), Uint(u64::MAX), Some(Less)),
            (Int(i64::MAX), Uint(1 << 63), Some(Less)),
            (Int(1), Double(1.0), Some(Equal)),
            (Int(1), Double(1.5), Some(Less)),
            (Int(-1), Double(-1.5), Some(Greater)),
            (Int(0), Double(-0.0), Some(Equal)),
            (Int(i64::MAX), Double(9_223_372_036_854_775_808.0), Some(Equal)),
            (Int(i64::MAX), Double(9_223_372_036_854_777_857.0), Some(Less)),
            (Uint(u64::MAX), Double(f64::INFINITY), Some(Less)),
            (Int(i64::MIN), Double(f64::NEG_INFINITY), Some(Greater)),
            (Int(0), Double(f64::NAN), None),
        ];
        for (one, other, expected) in cases {
            assert_eq!(one.compare(other), expected, "{one:?} {other:?}");
            let reversed = expected.map(Ordering::reverse);
            assert_eq!(other.compare(one), reversed, "{other:?} {one:?}");
        }
    }
}
