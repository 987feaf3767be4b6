//! Protobuf's wire format, as far as the audit record and the host's extensions need it to be
//! written: messages with few fields, all numbered below 16.

/// A message under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const DELIMITED: u8 = 2;

impl Message {
    /// A `string`, `bytes` or message field.
    pub fn bytes(&mut self, field: u8, value: &[u8]) {
        self.tag(field, DELIMITED);
        let mut length = value.len();
        while length >= 0x80 {
            self.0.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        self.0.push(u8::try_from(length).unwrap_or_default());
        self.0.extend_from_slice(value);
    }

    /// A `bool`, or an enum's number below 128.
    pub fn number(&mut self, field: u8, value: u8) {
        self.tag(field, VARINT);
        self.0.push(value & 0x7f);
    }

    /// A `double`.
    pub fn double(&mut self, field: u8, value: f64) {
        self.tag(field, FIXED64);
        self.0.extend(value.to_le_bytes());
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u8, wire_type: u8) {
        self.0.push((field << 3) | wire_type);
    }
}
