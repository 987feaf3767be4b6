//! YAML text -> a tree in which every key and value knows its place (YAML 1.2.2, core schema).
//!
//! Stricter than YAML where a policy could be misread: a key given twice is an error, and so are
//! aliases, anchors and tags, and more than one document unless the reader asks for them. Nothing is
//! guessed from the reader's wishes: `no` is a string, `1` is a number, and the typed readers in
//! `shape` say so instead of converting.

mod scalar;
pub mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde_json::Number;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile, Text};

/// Lists and mappings within one another. No bundle needs ten.
const DEPTH: usize = 64;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Everything else that is plain, and everything that is quoted.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order of the file.
    Mapping(Vec<Member>),
    /// Something that was refused and reported: a reader passes over it in silence.
    Refused,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Member {
    /// The key. An empty one stands for one that was refused.
    pub key: Text,
    /// The value.
    pub value: Node,
}

/// Reads a file. What is wrong is added to `findings`; `None` if there is no tree at all.
#[must_use]
pub fn read(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Node> {
    let mut own = Findings::default();
    let root =
        read_roots(file, Documents::One, &mut own).ok().and_then(|roots| roots.into_iter().next());
    if root.is_none() && !own.has_errors() {
        own.add(Diagnostic::error(Code::YamlSyntax, &file.place(0, 0), "the file is empty"));
    }
    findings.extend(own);
    root
}

/// Reads the documents of a file. Where it is no YAML, those before the fault are given.
#[must_use]
pub fn read_documents(file: &Arc<SourceFile>, findings: &mut Findings) -> Vec<Node> {
    read_roots(file, Documents::Many, findings).unwrap_or_else(|before| before)
}

/// How many documents a file may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Documents {
    One,
    Many,
}

fn read_roots(
    file: &Arc<SourceFile>,
    documents: Documents,
    findings: &mut Findings,
) -> Result<Vec<Node>, Vec<Node>> {
    let text = file.text();
    let boundaries = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (open, roots) = (Vec::new(), Vec::new());
    let mut reader = Reader { file, boundaries, documents, open, roots, findings };
    match reader.read_stream(&mut Parser::new_from_str(text)) {
        Ok(()) => Ok(reader.roots),
        Err(error) => {
            let at = reader.offset(error.marker().index());
            let message = format!("not YAML: {}", error.info());
            let finding = Diagnostic::error(Code::YamlSyntax, &file.place(at, at), message);
            reader.findings.add(finding);
            Err(reader.roots)
        }
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    /// The byte offset of each character: the parser counts characters.
    boundaries: Vec<usize>,
    documents: Documents,
    open: Vec<Open>,
    roots: Vec<Node>,
    findings: &'a mut Findings,
}

/// A collection whose end has not been met.
struct Open {
    start: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        members: Vec<Member>,
        seen: BTreeMap<String, Place>,
        key: Option<Text>,
    },
    /// A key that is no string; its own content is dropped.
    Dropped,
}

impl Reader<'_> {
    fn read_stream(&mut self, parser: &mut Parser<'_, StrInput<'_>>) -> Result<(), ScanError> {
        let mut documents = 0_u32;
        while let Some(next) = parser.next_event() {
            let (event, span) = next?;
            match event {
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 && self.documents == Documents::One {
                        self.refuse(span, "more than one document in a file");
                        break;
                    }
                }
                Event::Alias(_) => {
                    self.refuse(span, "aliases are not supported");
                    self.close(Value::Refused, span);
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain;
                    if self.is_adorned(span, anchor, tag.is_some()) {
                        self.close(Value::Refused, span);
                    } else if let Some(value) = scalar::resolve(&text, plain) {
                        self.close(value, span);
                    } else {
                        self.refuse(span, "a number that JSON does not have");
                        self.close(Value::Refused, span);
                    }
                }
                Event::SequenceStart(anchor, tag) => {
                    let adorned = self.is_adorned(span, anchor, tag.is_some());
                    self.open(span, adorned, Content::Sequence(Vec::new()));
                }
                Event::MappingStart(anchor, tag) => {
                    let adorned = self.is_adorned(span, anchor, tag.is_some());
                    let (members, seen, key) = (Vec::new(), BTreeMap::new(), None);
                    self.open(span, adorned, Content::Mapping { members, seen, key });
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(Open { start, content }) = self.open.pop() else { continue };
                    let value = match content {
                        Content::Sequence(nodes) => Value::Sequence(nodes),
                        Content::Mapping { members, .. } => Value::Mapping(members),
                        Content::Dropped => Value::Refused,
                    };
                    let end = self.offset(span.end.index());
                    self.attach(value, self.file.place(start, self.trimmed(start, end)));
                }
            }
            if self.open.len() > DEPTH {
                self.refuse(span, "lists and mappings are nested too deeply");
                break;
            }
        }
        Ok(())
    }

    fn offset(&self, character: usize) -> usize {
        self.boundaries.get(character).copied().unwrap_or(self.file.text().len())
    }

    /// Where a block collection's text ends: its end event comes with the next token.
    fn trimmed(&self, start: usize, end: usize) -> usize {
        let text = self.file.text().get(start..end).unwrap_or_default();
        start + text.trim_end().len()
    }

    fn place(&self, span: Span) -> Place {
        let (start, end) = (self.offset(span.start.index()), self.offset(span.end.index()));
        self.file.place(start, self.trimmed(start, end))
    }

    fn refuse(&mut self, span: Span, message: &str) {
        let place = self.place(span);
        self.findings.add(Diagnostic::error(Code::YamlNotSupported, &place, message));
    }

    fn is_adorned(&mut self, span: Span, anchor: usize, tagged: bool) -> bool {
        if anchor != 0 {
            self.refuse(span, "anchors are not supported");
        }
        if tagged {
            self.refuse(span, "tags are not supported");
        }
        anchor != 0 || tagged
    }

    fn open(&mut self, span: Span, adorned: bool, content: Content) {
        let start = self.offset(span.start.index());
        let content = if adorned { Content::Dropped } else { content };
        self.open.push(Open { start, content });
    }

    fn close(&mut self, value: Value, span: Span) {
        let place = self.place(span);
        self.attach(value, place);
    }

    /// Hands a complete value to what encloses it.
    fn attach(&mut self, value: Value, place: Place) {
        let node = Node { value, place };
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.roots.push(node),
            Some(Content::Dropped) => {}
            Some(Content::Sequence(nodes)) => nodes.push(node),
            Some(Content::Mapping { members, seen, key }) => match key.take() {
                None => *key = Some(read_key(node, seen, self.findings)),
                Some(key) => members.push(Member { key, value: node }),
            },
        }
    }
}

/// A key is a string, and is there once.
fn read_key(node: Node, seen: &mut BTreeMap<String, Place>, findings: &mut Findings) -> Text {
    let Node { value, place } = node;
    let text = match value {
        Value::String(text) => {
            if text.is_empty() {
                findings.add(Diagnostic::error(Code::WrongType, &place, "a key cannot be empty"));
            }
            text
        }
        Value::Refused => String::new(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let message = format!("a key has to be a string, found {}", value.kind());
            let finding = Diagnostic::error(Code::WrongType, &place, message);
            findings.add(finding.help("put the key in quotes"));
            String::new()
        }
        Value::Sequence(_) | Value::Mapping(_) => {
            let message = format!("a key has to be a string, found {}", value.kind());
            findings.add(Diagnostic::error(Code::WrongType, &place, message));
            String::new()
        }
    };
    if let Some(first) = seen.get(&text).filter(|_| !text.is_empty()) {
        let message = format!("the key `{text}` is there twice");
        let help = format!("it is first given in line {}", first.position().line);
        findings.add(Diagnostic::error(Code::YamlDuplicateKey, &place, message).help(help));
    } else {
        seen.insert(text.clone(), place.clone());
    }
    Text { text, place }
}

impl Value {
    /// What it is, in the words of messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
            Self::Refused => "something refused",
        }
    }
}

impl Node {
    /// The value as JSON. What was refused becomes null: it has been reported.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null | Value::Refused => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.clone().into(),
            Value::String(text) => text.clone().into(),
            Value::Sequence(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Mapping(members) => members
                .iter()
                .map(|member| (member.key.text.clone(), member.value.to_json()))
                .collect(),
        }
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        match &self.value {
            Value::Mapping(members) => members.iter().find(|member| member.key.text == name),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Sequence(_)
            | Value::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, read};
    use crate::diagnostic::Findings;
    use crate::source::SourceFile;

    fn check(text: &str, expected: &[&str]) -> Option<Node> {
        let mut findings = Findings::default();
        let node = read(&SourceFile::new("a", text.to_owned()), &mut findings);
        let found: Vec<String> = findings
            .into_sorted()
            .iter()
            .map(|one| format!("{} {} {one}", one.place.as_ref().unwrap(), one.code))
            .collect();
        assert_eq!(found, expected, "{text}");
        node
    }

    #[test]
    fn a_tree_as_json() {
        let text = "a: [1, 'x', no, true, ~, 1.5, 0x10]\nb:\n  - c: d\n  - \"e\\n\"\n";
        let json = check(text, &[]).unwrap().to_json();
        let expected = serde_json::json!({
            "a": [1, "x", "no", true, null, 1.5, 16], "b": [{"c": "d"}, "e\n"]
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let node = check("ä: x\nb:\n  - cc\n  - dd\nc: 1\n", &[]).unwrap();
        let b = node.member("b").unwrap();
        assert_eq!((b.key.place.to_string().as_str(), b.key.place.length()), ("a:2:1", 1));
        assert_eq!((b.value.place.to_string().as_str(), b.value.place.length()), ("a:3:3", 11));
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        check("a: 1\na: 2\n", &["a:2:1 yaml-duplicate-key the key `a` is there twice"]);
        check("a: 1\n\"\\x61\": 2\n", &["a:2:1 yaml-duplicate-key the key `a` is there twice"]);
        check(
            "a: &x [1]\nb: *x\n",
            &[
                "a:1:4 yaml-not-supported anchors are not supported",
                "a:2:4 yaml-not-supported aliases are not supported",
            ],
        );
        check("a: !!str 1\n", &["a:1:4 yaml-not-supported tags are not supported"]);
        check("a\n---\nb\n", &["a:2:1 yaml-not-supported more than one document in a file"]);
        check("1: a\n", &["a:1:1 wrong-type a key has to be a string, found a number"]);
        check("[a]: b\n", &["a:1:1 wrong-type a key has to be a string, found a list"]);
        check("a: .inf\n", &["a:1:4 yaml-not-supported a number that JSON does not have"]);
    }

    #[test]
    fn an_empty_file_is_no_tree() {
        for text in ["", "\n", "# nothing\n"] {
            assert!(check(text, &["a:1:1 yaml-syntax the file is empty"]).is_none());
        }
        assert!(check("---\n", &[]).is_some());
    }

    #[test]
    fn deep_nesting_ends() {
        let text = format!("{}{}", "- ".repeat(3000), "x");
        check(&text, &["a:1:129 yaml-not-supported lists and mappings are nested too deeply"]);
    }
}
