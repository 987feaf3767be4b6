//! The two forms of a record, written as it is told, without a tree in between: JSON text, and the
//! protobuf bytes of `google.protobuf.Struct` (protobuf JSON mapping), which lets an access log print
//! the record as native nested JSON.
//!
//! ```text
//! Struct { map<string, Value> fields = 1 }      Value { 1 null, 2 double, 3 string, 4 bool,
//! ListValue { repeated Value values = 1 }               5 Struct, 6 ListValue }
//! ```

use std::cell::OnceCell;
use std::fmt;

use crate::protobuf::Message;

/// Members that are the same in many records: written once, in each form in which they are asked for.
#[derive(Default)]
pub(super) struct Written {
    text: OnceCell<Box<str>>,
    fields: OnceCell<Box<[u8]>>,
}

/// A copy of what it is with may be changed, and is written anew.
impl Clone for Written {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Written {
    /// The bytes that it takes, beside itself.
    pub(super) fn bytes(&self) -> usize {
        let text = self.text.get().map_or(0, |text| text.len());
        text.saturating_add(self.fields.get().map_or(0, |fields| fields.len()))
    }
}

/// What is written follows from what it is with, so that it makes no difference.
impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Written {}

impl fmt::Debug for Written {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} bytes written", self.bytes())
    }
}

/// An object that is being written, its members in the order in which they are told.
pub(super) trait Form: Sized {
    /// Members that are kept as they were told first.
    fn kept(&mut self, written: &Written, members: impl FnOnce(&mut Self));
    fn text(&mut self, name: &str, value: &str);
    fn number(&mut self, name: &str, value: u64);
    fn flag(&mut self, name: &str, value: bool);
    fn object(&mut self, name: &str, members: impl FnOnce(&mut Self));
    fn texts<'t>(&mut self, name: &str, items: impl Iterator<Item = &'t str>);
    /// Texts in which nothing has to be escaped.
    fn names<'t>(&mut self, name: &str, items: impl Iterator<Item = &'t str>) {
        self.texts(name, items);
    }

    fn objects<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        members: impl Fn(T, &mut Self),
    );

    /// A member that may not be there.
    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
}

/// JSON text (RFC 8259).
pub(super) struct Json(String);

impl Json {
    /// The text of an object, in the memory of one that is no longer needed.
    pub(super) fn of(mut room: String, members: impl FnOnce(&mut Self)) -> String {
        room.clear();
        room.reserve(2048);
        let mut json = Self(room);
        json.braces(members);
        json.0
    }

    fn braces(&mut self, members: impl FnOnce(&mut Self)) {
        self.0.push('{');
        members(self);
        self.0.push('}');
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.plain(name, "[");
        for item in items {
            self.between();
            write(self, item);
        }
        self.0.push(']');
    }

    fn between(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[')) {
            self.0.push(',');
        }
    }

    /// A name is one of ours: there is nothing to escape.
    fn name(&mut self, name: &str) {
        self.between();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn string(&mut self, text: &str) {
        let escaped = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
        if text.as_bytes().iter().any(escaped) {
            // INVARIANT: any text can be written.
            self.0.push_str(&serde_json::to_string(text).unwrap_or_default());
        } else {
            self.quoted(text);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        self.0.push_str(text);
        self.0.push('"');
    }

    fn plain(&mut self, name: &str, text: &str) {
        self.name(name);
        self.0.push_str(text);
    }
}

impl Form for Json {
    fn kept(&mut self, Written { text, .. }: &Written, members: impl FnOnce(&mut Self)) {
        let text = text.get_or_init(|| {
            let mut apart = Self(String::with_capacity(1024));
            members(&mut apart);
            apart.0.into()
        });
        if !text.is_empty() {
            self.between();
            self.0.push_str(text);
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.string(value);
    }

    fn number(&mut self, name: &str, value: u64) {
        self.plain(name, itoa::Buffer::new().format(value));
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.plain(name, if value { "true" } else { "false" });
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(members);
    }

    fn texts<'t>(&mut self, name: &str, items: impl Iterator<Item = &'t str>) {
        self.list(name, items, Self::string);
    }

    fn names<'t>(&mut self, name: &str, items: impl Iterator<Item = &'t str>) {
        self.list(name, items, Self::quoted);
    }

    fn objects<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        members: impl Fn(T, &mut Self),
    ) {
        self.list(name, items, |json, item| json.braces(|json| members(item, json)));
    }
}

/// The bytes of a `Struct`.
#[derive(Default)]
pub(super) struct Struct {
    fields: Message,
    /// Room that is used again: a value and the entry that it is in.
    value: Message,
    entry: Message,
}

const STRING: u8 = 3;

impl Struct {
    /// The bytes of an object.
    pub(super) fn of(members: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut whole = Self::default();
        members(&mut whole);
        whole.fields.into_bytes()
    }

    /// A member whose value `write` puts into a message.
    fn member(&mut self, name: &str, write: impl FnOnce(&mut Message)) {
        let Self { fields, value, entry } = self;
        value.clear();
        write(value);
        entry.clear();
        entry.bytes(1, name.as_bytes());
        entry.bytes(2, value.as_bytes());
        fields.bytes(1, entry.as_bytes());
    }
}

impl Form for Struct {
    fn kept(&mut self, Written { fields, .. }: &Written, members: impl FnOnce(&mut Self)) {
        let fields = fields.get_or_init(|| Self::of(members).into());
        self.fields.join(fields);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.member(name, |message| message.bytes(STRING, value.as_bytes()));
    }

    fn number(&mut self, name: &str, value: u64) {
        // Up to 2^53: counts, and costs, which are bounded by that.
        let value = u32::try_from(value).map_or_else(|_| doubled(value), f64::from);
        self.member(name, |message| message.double(2, value));
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.member(name, |message| message.number(4, u8::from(value)));
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        let inner = Self::of(members);
        self.member(name, |message| message.bytes(5, &inner));
    }

    fn texts<'t>(&mut self, name: &str, items: impl Iterator<Item = &'t str>) {
        let (mut list, mut value) = (Message::default(), Message::default());
        for item in items {
            value.clear();
            value.bytes(STRING, item.as_bytes());
            list.bytes(1, value.as_bytes());
        }
        self.member(name, |message| message.bytes(6, list.as_bytes()));
    }

    fn objects<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        members: impl Fn(T, &mut Self),
    ) {
        let (mut list, mut value) = (Message::default(), Message::default());
        for item in items {
            value.clear();
            value.bytes(5, &Self::of(|inner| members(item, inner)));
            list.bytes(1, value.as_bytes());
        }
        self.member(name, |message| message.bytes(6, list.as_bytes()));
    }
}

/// A number as the nearest double.
fn doubled(value: u64) -> f64 {
    let (high, low) = (value >> 32, value & u64::from(u32::MAX));
    let half = |half: u64| u32::try_from(half).map_or(f64::NAN, f64::from);
    half(high) * 4_294_967_296.0 + half(low)
}

#[cfg(test)]
mod tests {
    use super::{Form, Json, Struct, Written};

    #[test]
    fn what_is_kept_is_as_if_it_were_told() {
        fn told(form: &mut impl Form, two: &Written, none: &Written, again: bool) {
            let once = |form: &mut _| if again { form_is_kept() } else { every_kind(form) };
            form.kept(none, |_| ());
            form.kept(two, once);
            form.kept(none, |_| ());
            form.text("z", "x");
            form.kept(two, |_| form_is_kept());
        }
        fn form_is_kept() {
            panic!("it is kept");
        }
        fn plain(form: &mut impl Form) {
            every_kind(form);
            form.text("z", "x");
            every_kind(form);
        }
        let (two, none) = (Written::default(), Written::default());
        for again in [false, true] {
            assert_eq!(
                Json::of(String::new(), |form| told(form, &two, &none, again)),
                Json::of(String::from("again"), plain)
            );
            assert_eq!(Struct::of(|form| told(form, &two, &none, again)), Struct::of(plain));
        }
        assert_eq!(
            two.bytes(),
            Json::of(String::new(), every_kind).len() - 2 + Struct::of(every_kind).len()
        );
    }

    fn every_kind(form: &mut impl Form) {
        form.number("b", 1);
        form.text("c", "x");
        form.flag("d", true);
        form.object("e", |_| ());
        form.texts("f", ["y", "\"\n"].into_iter());
        form.objects("g", [2, 3].into_iter(), |at, inner| inner.number("h", at));
        form.maybe("i", None);
    }

    #[test]
    fn every_kind_of_value() {
        let text = Json::of(String::new(), every_kind);
        assert_eq!(
            text,
            r#"{"b":1,"c":"x","d":true,"e":{},"f":["y","\"\n"],"g":[{"h":2},{"h":3}]}"#
        );
        let number = |name: u8, value: [u8; 2]| {
            [&[0x0a, 0x0e, 0x0a, 1, name, 0x12, 9, 0x11, 0, 0, 0, 0, 0, 0][..], &value].concat()
        };
        let item = |value| {
            let inner = number(b'h', value);
            [&[0x0a, 18, 0x2a, 16][..], &inner].concat()
        };
        let expected = [
            number(b'b', [0xf0, 0x3f]),
            vec![0x0a, 0x08, 0x0a, 1, b'c', 0x12, 3, 0x1a, 1, b'x'],
            vec![0x0a, 0x07, 0x0a, 1, b'd', 0x12, 2, 0x20, 1],
            vec![0x0a, 0x07, 0x0a, 1, b'e', 0x12, 2, 0x2a, 0],
            [
                &[0x0a, 18, 0x0a, 1, b'f', 0x12, 13, 0x32, 11][..],
                &[0x0a, 3, 0x1a, 1, b'y', 0x0a, 4, 0x1a, 2, b'"', b'\n'],
            ]
            .concat(),
            [
                &[0x0a, 47, 0x0a, 1, b'g', 0x12, 42, 0x32, 40][..],
                &item([0, 0x40]),
                &item([8, 0x40]),
            ]
            .concat(),
        ];
        assert_eq!(Struct::of(every_kind), expected.concat());
    }

    #[test]
    fn names_are_texts() {
        fn names(form: &mut impl Form) {
            form.names("k", ["Query.a", "_.b"].into_iter());
        }
        fn texts(form: &mut impl Form) {
            form.texts("k", ["Query.a", "_.b"].into_iter());
        }
        assert_eq!(Json::of(String::new(), names), Json::of(String::new(), texts));
        assert_eq!(Struct::of(names), Struct::of(texts));
    }

    #[test]
    fn long_strings_have_long_lengths() {
        let bytes = Struct::of(|form| form.text("k", &"x".repeat(300)));
        assert_eq!(bytes.len(), 300 + 3 + 3 + 3 + 3);
    }

    #[test]
    fn numbers_beyond_32_bits() {
        for number in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 53) - 1] {
            let bytes = Struct::of(|form| form.number("k", number));
            let (_, last) = bytes.split_last_chunk::<8>().unwrap();
            assert_eq!(format!("{:.0}", f64::from_le_bytes(*last)), number.to_string());
        }
    }
}
