//! A JSON object -> the protobuf bytes of `google.protobuf.Struct` (protobuf JSON mapping): what
//! lets an access log print the record as native nested JSON.
//!
//! ```text
//! Struct { map<string, Value> fields = 1 }      Value { 1 null, 2 double, 3 string, 4 bool,
//! ListValue { repeated Value values = 1 }               5 Struct, 6 ListValue }
//! ```

use serde_json::Value;

use crate::protobuf::Message;

/// Bytes of the `Struct`; of an empty one for anything but an object. Records are four levels deep.
pub(super) fn encode(record: &Value) -> Vec<u8> {
    let mut fields = Message::default();
    if let Value::Object(members) = record {
        for (name, value) in members {
            let mut entry = Message::default();
            entry.bytes(1, name.as_bytes());
            entry.bytes(2, &encode_value(value));
            fields.bytes(1, &entry.into_bytes());
        }
    }
    fields.into_bytes()
}

fn encode_value(value: &Value) -> Vec<u8> {
    let mut message = Message::default();
    match value {
        Value::Null => message.number(1, 0),
        Value::Number(number) => message.double(2, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => message.bytes(3, text.as_bytes()),
        Value::Bool(value) => message.number(4, u8::from(*value)),
        Value::Object(_) => message.bytes(5, &encode(value)),
        Value::Array(items) => {
            let mut list = Message::default();
            items.iter().for_each(|item| list.bytes(1, &encode_value(item)));
            message.bytes(6, &list.into_bytes());
        }
    }
    message.into_bytes()
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
