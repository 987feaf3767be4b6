//! A scalar's text -> its value, by the core schema of YAML 1.2.2 (10.3.2).

use serde_json::Number;

use super::Value;

/// The value of a scalar; `None` for a number that JSON cannot say.
pub(super) fn resolve(text: &str, plain: bool) -> Option<Value> {
    if !plain {
        return Some(Value::String(text.to_owned()));
    }
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text) {
            Numeral::Word => Value::String(text.to_owned()),
            Numeral::Number(number) => Value::Number(number),
            Numeral::OutOfRange => return None,
        },
    })
}

enum Numeral {
    Word,
    Number(Number),
    OutOfRange,
}

fn number(text: &str) -> Numeral {
    let based = |digits: &str, base| match i64::from_str_radix(digits, base) {
        Ok(value) => Numeral::Number(value.into()),
        Err(_) => Numeral::OutOfRange,
    };
    let all =
        |digits: &str, base| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    if let Some(digits) = text.strip_prefix("0o").filter(|digits| all(digits, 8)) {
        return based(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|digits| all(digits, 16)) {
        return based(digits, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if all(unsigned, 10) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let signed = digits.parse::<i64>().map(Number::from);
        return match signed.or_else(|_| digits.parse::<u64>().map(Number::from)) {
            Ok(number) => Numeral::Number(number),
            Err(_) => Numeral::OutOfRange,
        };
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Numeral::OutOfRange;
    }
    if !is_float(unsigned) {
        return Numeral::Word;
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Numeral::Number(number),
        None => Numeral::OutOfRange,
    }
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::yaml::Value;

    #[test]
    fn plain_scalars() {
        let strings = [
            "no",
            "on",
            "1.2.3",
            "2026-11-24",
            "2026-11-24.1",
            "1_000",
            "0b1",
            "-",
            "e5",
            ".",
            "+-1",
            "0xg",
            "nUll",
            "<<",
            "1e",
            "007a",
        ];
        for text in strings {
            assert!(matches!(resolve(text, true), Some(Value::String(_))), "{text}");
        }
        let numbers = ["0", "-1", "+1", "007", "0o17", "0xFF", "1.", ".5", "1e3", "-2.5E-3"];
        for text in numbers {
            assert!(matches!(resolve(text, true), Some(Value::Number(_))), "{text}");
            assert!(matches!(resolve(text, false), Some(Value::String(_))), "{text}");
        }
        for text in [".inf", "-.INF", ".nan", "1e999", "99999999999999999999999"] {
            assert!(resolve(text, true).is_none(), "{text}");
        }
    }
}
