//! Protobuf's wire format: written as far as the audit record and the host's extensions need it,
//! messages with few fields, all numbered below 16; and read as far as the host's metadata needs it.

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

    /// The fields of a message of the same type, which its bytes are.
    pub fn join(&mut self, fields: &[u8]) {
        self.0.extend_from_slice(fields);
    }

    /// Takes everything out, and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The bytes so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
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

/// The fields of a message, in the order of its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A `bool`, an enum or an integer.
    Number(u64),
    /// A `double`, or another type of eight bytes.
    Eight([u8; 8]),
    /// A `string`, `bytes` or a message.
    Bytes(&'a [u8]),
}

/// Bytes that are no message, or one with fields of four bytes or groups, which nobody here sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMessage;

impl<'a> Fields<'a> {
    /// The fields of a message in bytes.
    #[must_use]
    pub const fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn read(&mut self) -> Result<(u64, Value<'a>), NotAMessage> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => {
                let (eight, rest) = self.0.split_first_chunk().ok_or(NotAMessage)?;
                self.0 = rest;
                Value::Eight(*eight)
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| NotAMessage)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(NotAMessage)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return Err(NotAMessage),
        };
        Ok((tag >> 3, value))
    }

    fn varint(&mut self) -> Result<u64, NotAMessage> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(NotAMessage)?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            number |=
                bits.checked_shl(shift).filter(|all| all >> shift == bits).ok_or(NotAMessage)?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(NotAMessage)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), NotAMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Message, NotAMessage, Value};

    #[test]
    fn what_is_written_is_read() {
        let mut message = Message::default();
        message.bytes(1, b"key");
        message.number(4, 1);
        message.double(2, 1.5);
        message.bytes(6, &[7; 300]);
        let bytes = message.into_bytes();
        let fields: Result<Vec<_>, _> = Fields::of(&bytes).collect();
        let expected = vec![
            (1, Value::Bytes(b"key")),
            (4, Value::Number(1)),
            (2, Value::Eight(1.5_f64.to_le_bytes())),
            (6, Value::Bytes(&[7; 300])),
        ];
        assert_eq!(fields, Ok(expected));
        // However it is cut, what is left is read or refused.
        for end in 0..bytes.len() {
            let read = Fields::of(&bytes[..end]).collect::<Result<Vec<_>, _>>();
            assert_eq!(read.is_ok(), [0, 5, 7, 16].contains(&end), "{end}");
        }
    }

    #[test]
    fn numbers_are_of_64_bits() {
        fn read(bytes: &[u8]) -> Option<Result<(u64, Value<'_>), NotAMessage>> {
            Fields::of(bytes).next()
        }
        let most = [&[0x08][..], &[0xff; 9], &[0x01]].concat();
        assert_eq!(read(&most), Some(Ok((1, Value::Number(u64::MAX)))));
        assert_eq!(read(&[0x08, 0x80, 0x00]), Some(Ok((1, Value::Number(0)))));
        for bytes in [
            [&[0x08][..], &[0xff; 9], &[0x02]].concat(),
            [&[0x08][..], &[0x80; 10], &[0x00]].concat(),
            vec![0x08, 0x80],
            vec![0x0b],
            vec![0x0d, 0, 0, 0, 0],
            vec![0x0a, 2, 0],
        ] {
            assert_eq!(read(&bytes), Some(Err(NotAMessage)), "{bytes:?}");
        }
        assert_eq!(Fields::of(&[0x0b, 0x08, 0x01]).count(), 1);
    }
}
