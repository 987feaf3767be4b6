//! A JSON object -> the protobuf bytes of `google.protobuf.Struct` (protobuf JSON mapping): what
//! lets an access log print the record as native nested JSON.
//!
//! ```text
//! Struct { map<string, Value> fields = 1 }      Value { 1 null, 2 double, 3 string, 4 bool,
//! ListValue { repeated Value values = 1 }               5 Struct, 6 ListValue }
//! ```

use serde_json::Value;

/// Bytes of the `Struct`; of an empty one for anything but an object. Records are four levels deep.
pub(super) fn encode(record: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    if let Value::Object(members) = record {
        for (name, value) in members {
            let mut entry = Vec::new();
            delimited(1, name.as_bytes(), &mut entry);
            delimited(2, &encode_value(value), &mut entry);
            delimited(1, &entry, &mut out);
        }
    }
    out
}

fn encode_value(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Value::Null => out.extend([tag(1, VARINT), 0]),
        Value::Number(number) => {
            out.push(tag(2, FIXED64));
            out.extend(number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
        }
        Value::String(text) => delimited(3, text.as_bytes(), &mut out),
        Value::Bool(value) => out.extend([tag(4, VARINT), u8::from(*value)]),
        Value::Object(_) => delimited(5, &encode(value), &mut out),
        Value::Array(items) => {
            let mut list = Vec::new();
            items.iter().for_each(|item| delimited(1, &encode_value(item), &mut list));
            delimited(6, &list, &mut out);
        }
    }
    out
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const DELIMITED: u8 = 2;

const fn tag(field: u8, wire_type: u8) -> u8 {
    (field << 3) | wire_type
}

fn delimited(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag(field, DELIMITED));
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or_default());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::encode;

    #[test]
    fn every_kind_of_value() {
        let record = json!({ "a": null, "b": 1, "c": "x", "d": true, "e": {}, "f": ["y"] });
        let expected = [
            &[0x0a, 0x07, 0x0a, 1, b'a', 0x12, 2, 0x08, 0][..],
            &[0x0a, 0x0e, 0x0a, 1, b'b', 0x12, 9, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
            &[0x0a, 0x08, 0x0a, 1, b'c', 0x12, 3, 0x1a, 1, b'x'],
            &[0x0a, 0x07, 0x0a, 1, b'd', 0x12, 2, 0x20, 1],
            &[0x0a, 0x07, 0x0a, 1, b'e', 0x12, 2, 0x2a, 0],
            &[0x0a, 0x0c, 0x0a, 1, b'f', 0x12, 7, 0x32, 5, 0x0a, 3, 0x1a, 1, b'y'],
        ];
        assert_eq!(encode(&record), expected.concat());
    }

    #[test]
    fn long_strings_have_long_lengths() {
        let bytes = encode(&json!({ "k": "x".repeat(300) }));
        assert_eq!(bytes.len(), 300 + 3 + 3 + 3 + 3);
    }
}
