//! `@link` and `@core` -> what each directive of the schema stands for
//! (<https://specs.apollo.dev/link/v1.0>, <https://specs.apollo.dev/core/v0.2>).

mod federation;
mod url;

use std::collections::BTreeMap;

use self::federation::Fed;
use self::url::Url;
use super::super::document::{DirectiveSource, Value, ValueSource};
use super::BUILT_IN;
use super::spec::{SPECS, Spec, Term};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, Text};
use crate::suggest::did_you_mean;

/// Where the specifications are that are known here.
const OURS: &str = "https://specs.apollo.dev/";

/// The names that a schema has for what it links.
pub(super) struct Links {
    /// Directives by their name in the schema, without `@`: a term, or none of ours.
    names: BTreeMap<String, Option<Term>>,
    /// Prefixes of names that are not imported; a specification that is not known has none.
    namespaces: BTreeMap<String, Option<&'static Spec>>,
    /// Directives of Federation's own that are read, by their name in the schema.
    federation: BTreeMap<String, Fed>,
    /// Where the schema links what subgraphs do.
    of_subgraph: Option<Place>,
    /// Whether the schema links what supergraphs do.
    is_composed: bool,
    /// Whether the schema links nothing: then the plain names are good.
    plain: bool,
}

/// What a directive stands for.
pub(super) enum Meaning {
    Term(Term),
    /// Something else that is known, or linked.
    Other,
    /// Nothing, and it looks like a term.
    NotLinked(Term),
    /// Nothing that the specification of its prefix has; the names that it has.
    NotInSpec(&'static str, Vec<String>),
    /// Nothing that is known here.
    Unknown,
}

impl Links {
    /// Reads what is applied to the schema.
    pub(super) fn read(directives: &[DirectiveSource], findings: &mut Findings) -> Self {
        let mut links = Self {
            names: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            federation: BTreeMap::new(),
            of_subgraph: None,
            is_composed: false,
            plain: true,
        };
        let link_name = link_name(directives);
        for directive in directives {
            if directive.name.text == link_name || directive.name.text == "core" {
                links.plain = false;
                links.names.insert(directive.name.text.clone(), None);
                Link::read(directive, findings).iter().for_each(|link| links.add(link, findings));
            } else if links_something(directive) {
                let name = &directive.name;
                let message = format!("`@{}` looks like a link, and is none", name.text);
                let help = format!("links are made by `@{link_name}`");
                findings.add(Diagnostic::error(Code::SdlLink, &name.place, message).help(help));
            }
        }
        for name in [link_name, "core"].into_iter().filter(|name| links.names.contains_key(*name)) {
            // Whoever links has the specification of links, also without a link to it.
            links.namespaces.entry(name.to_owned()).or_insert(Spec::named("link"));
        }
        if links.plain {
            let known = SPECS.iter().flat_map(Spec::directives);
            links.names = known.map(|name| (name.to_owned(), Term::named(name))).collect();
            links.federation = Fed::ALL.map(|fed| (fed.name().to_owned(), fed)).into();
        }
        links
    }

    pub(super) fn meaning(&self, name: &str) -> Meaning {
        if let Some(found) = self.names.get(name) {
            return found.map_or(Meaning::Other, Meaning::Term);
        }
        let prefixed = name.split_once("__");
        let spec = prefixed.and_then(|(prefix, rest)| Some((self.namespaces.get(prefix)?, rest)));
        if let Some((spec, rest)) = spec {
            let Some(spec) = spec.filter(|spec| !spec.elements.is_empty()) else {
                // What it asks for is not known here, which must not open anything.
                let term = Term::resembled(rest).filter(|term| term.protects());
                return term.map_or(Meaning::Other, Meaning::NotLinked);
            };
            if spec.directives().any(|one| one == rest) {
                return Term::named(rest).map_or(Meaning::Other, Meaning::Term);
            }
            let prefix = name.strip_suffix(rest).unwrap_or_default();
            let names = spec.directives().map(|one| format!("{prefix}{one}"));
            return Meaning::NotInSpec(spec.name, names.collect());
        }
        Term::resembled(name).map_or(Meaning::Unknown, Meaning::NotLinked)
    }

    /// The term that a directive is taken for by its name alone, and by no link.
    pub(super) fn assumed(&self, meaning: &Meaning) -> Option<Term> {
        match meaning {
            Meaning::Term(term) => self.plain.then_some(*term),
            Meaning::NotLinked(term) => Some(*term),
            Meaning::Other | Meaning::NotInSpec(..) | Meaning::Unknown => None,
        }
    }

    /// How to link what is meant.
    pub(super) fn advice(&self, term: Term) -> String {
        let name = term.name();
        if let Some((local, _)) = self.names.iter().find(|(_, found)| **found == Some(term)) {
            return format!("it is called `@{local}` here");
        }
        let federation = self
            .namespaces
            .iter()
            .find(|(_, spec)| spec.is_some_and(|spec| spec.directives().any(|one| one == name)));
        match federation {
            Some((prefix, _)) => {
                format!("write `@{prefix}__{name}`, or add `\"@{name}\"` to the link's `import`")
            }
            None => format!(
                "link it, as `@link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@{name}\"])` does, or rename it"
            ),
        }
    }

    /// The names of terms, as the schema has them.
    pub(super) fn terms(&self) -> Vec<String> {
        let named = self.names.iter().filter(|(_, term)| term.is_some());
        let plain = Term::ALL.map(|term| term.name().to_owned());
        named.map(|(name, _)| name.clone()).chain(plain).collect()
    }

    /// What the names of types begin with that belong to linked specifications.
    pub(super) fn prefixes(&self) -> Vec<String> {
        let known = self.namespaces.iter().filter(|(_, spec)| spec.is_some());
        known.map(|(name, _)| format!("{name}__")).collect()
    }

    fn add(&mut self, link: &Link, findings: &mut Findings) {
        let Link { spec, namespace, imports, place } = link;
        match spec.map(|spec| spec.name) {
            Some("federation") => self.of_subgraph = Some(place.clone()),
            Some("join") => self.is_composed = true,
            Some(_) | None => {}
        }
        if let Some(namespace) = namespace {
            if self.namespaces.insert(namespace.text.clone(), *spec).is_some() {
                let message = format!("`{}` is linked twice", namespace.text);
                let error = Diagnostic::error(Code::SdlLink, &namespace.place, message);
                findings.add(error.help("give one of them another name by `as`"));
            }
            // The directive that is called as its specification is.
            let root = spec.map_or(namespace.text.as_str(), |spec| spec.name);
            if spec.is_none_or(|spec| {
                spec.elements.is_empty() || spec.directives().any(|one| one == root)
            }) {
                self.bind(namespace, root, *spec, findings);
            }
        }
        for (name, local) in imports {
            self.bind(local, name, *spec, findings);
        }
    }

    fn bind(
        &mut self,
        local: &Text,
        name: &str,
        spec: Option<&'static Spec>,
        findings: &mut Findings,
    ) {
        let term = spec.filter(|spec| !spec.elements.is_empty()).and_then(|_| Term::named(name));
        if BUILT_IN.contains(&local.text.as_str()) {
            let message = format!("`@{}` is a directive of GraphQL's own", local.text);
            findings.add(Diagnostic::error(Code::SdlLink, &local.place, message));
            return;
        }
        // What looks like a term and comes from elsewhere is left to be refused where it is used.
        if term.is_none() && Term::resembled(&local.text).is_some() {
            return;
        }
        if let Some(fed) = spec.and_then(|spec| Fed::of(spec, name)) {
            self.federation.insert(local.text.clone(), fed);
        }
        let before = self.names.insert(local.text.clone(), term);
        if before.is_some_and(|before| before != term) {
            let message = format!("`@{}` stands for two directives", local.text);
            findings.add(Diagnostic::error(Code::SdlLink, &local.place, message));
        }
    }
}

/// One link.
struct Link {
    /// `None` for a specification that is not known here.
    spec: Option<&'static Spec>,
    namespace: Option<Text>,
    /// Directives: their names there and here, without `@`.
    imports: Vec<(String, Text)>,
    /// Where the URL stands.
    place: Place,
}

/// Whether it has the URL of a specification.
pub(super) fn links_something(directive: &DirectiveSource) -> bool {
    let is_spec = |value: &Value| matches!(value, Value::String(text) if text.starts_with(OURS));
    directive.arguments.iter().any(|(_, value)| is_spec(&value.value))
}

/// What `@link` is called: a schema can link the link specification under another name.
fn link_name(directives: &[DirectiveSource]) -> &str {
    let bootstraps = |directive: &&DirectiveSource| {
        let text = |name: &str| {
            let mut arguments = directive.arguments.iter();
            arguments.find_map(|(argument, value)| match &value.value {
                Value::String(text) if argument.text == name => Some(text.as_str()),
                _ => None,
            })
        };
        let is_link = text("url").is_some_and(|url| {
            url.strip_prefix(OURS).is_some_and(|rest| rest.starts_with("link/"))
        });
        is_link && text("as") == Some(directive.name.text.as_str())
    };
    directives.iter().find(bootstraps).map_or("link", |directive| &directive.name.text)
}

impl Link {
    /// One that cannot be read is an error, and no link.
    fn read(directive: &DirectiveSource, findings: &mut Findings) -> Option<Self> {
        let mut reader = LinkReader { findings, url: None, namespace: None, purpose: None };
        let mut imports = Vec::new();
        for (at, (name, value)) in directive.arguments.iter().enumerate() {
            let mut before = directive.arguments.iter().take(at);
            if before.any(|(other, _)| other.text == name.text) {
                let message = format!("the argument `{}` is there twice", name.text);
                reader.error(&name.place, message, None);
            }
            match (name.text.as_str(), &value.value) {
                ("url" | "feature", Value::String(text)) => {
                    reader.url = Some(Text { text: text.clone(), place: value.place.clone() });
                }
                ("as", Value::String(text)) => reader.read_namespace(text, &value.place),
                ("for", Value::Enum(text)) => {
                    reader.purpose = Some(Text { text: text.clone(), place: value.place.clone() });
                }
                ("import", Value::List(items)) => imports.extend(items),
                ("as" | "for" | "import", Value::Null) => {}
                ("url" | "feature" | "as" | "for" | "import", other) => {
                    let message = format!("`{}` cannot be {}", name.text, other.described());
                    reader.error(&value.place, message, None);
                }
                (other, _) => {
                    let message = format!("a link has no argument `{other}`");
                    let help = did_you_mean(other, ["url", "as", "for", "import"]);
                    reader.error(&name.place, message, help);
                }
            }
        }
        let Some(url) = reader.url.take() else {
            let message = format!("`@{}` names no specification", directive.name.text);
            reader.error(&directive.name.place, message, Some("add `url`".to_owned()));
            return None;
        };
        let (spec, own_name) = reader.spec(&url)?;
        let imports = imports.into_iter().filter_map(|item| reader.import(item, spec)).collect();
        let own = own_name.map(|text| Text { text, place: url.place.clone() });
        Some(Self { spec, namespace: reader.namespace.or(own), imports, place: url.place })
    }
}

struct LinkReader<'a> {
    findings: &'a mut Findings,
    url: Option<Text>,
    namespace: Option<Text>,
    purpose: Option<Text>,
}

impl LinkReader<'_> {
    fn error(&mut self, place: &Place, message: String, help: Option<String>) {
        self.findings.add(Diagnostic::error(Code::SdlLink, place, message).maybe_help(help));
    }

    fn read_namespace(&mut self, text: &str, place: &Place) {
        if url::is_namespace(text) {
            self.namespace = Some(Text { text: text.to_owned(), place: place.clone() });
        } else {
            let message = format!("`{text}` cannot be the name of a specification");
            let help = "a name without `__` that does not begin or end with `_`".to_owned();
            self.error(place, message, Some(help));
        }
    }

    /// The specification, if it is known, and its name for itself; `None` for one that must be known.
    fn spec(&mut self, url: &Text) -> Option<(Option<&'static Spec>, Option<String>)> {
        let parsed = Url::read(&url.text);
        let secures = match self.purpose.as_ref().map(|purpose| purpose.text.as_str()) {
            Some("SECURITY") => true,
            Some("EXECUTION") | None => false,
            Some(other) => {
                let message = format!("a link cannot be for `{other}`");
                let help = did_you_mean(other, ["SECURITY", "EXECUTION"]);
                let place = self.purpose.as_ref().map_or(&url.place, |purpose| &purpose.place);
                self.findings
                    .add(Diagnostic::error(Code::SdlLink, place, message).maybe_help(help));
                return None;
            }
        };
        let known = parsed.known.and_then(Spec::named);
        if let Some(spec) = known {
            if parsed.major != Some(spec.major) {
                let message = format!("this version of `{}` is not known", spec.name);
                let help = format!("versions that begin with `v{}.` are", spec.major);
                self.error(&url.place, message, Some(help));
                return None;
            }
            return Some((Some(spec), Some(spec.name.to_owned())));
        }
        let near = parsed.known.and_then(|name| did_you_mean(name, SPECS.map(|spec| spec.name)));
        if secures || near.is_some() {
            let message = format!("the specification `{}` is not known", url.text);
            let help = near.or_else(|| {
                Some("it is linked for security, and what it asks for would not be enforced".into())
            });
            self.error(&url.place, message, help);
            return None;
        }
        Some((None, parsed.name.map(str::to_owned)))
    }

    /// A name, or a name with another one for it. Types are checked and of no more interest.
    fn import(
        &mut self,
        item: &ValueSource,
        spec: Option<&'static Spec>,
    ) -> Option<(String, Text)> {
        let (name, local) = match &item.value {
            Value::String(name) => (name.as_str(), name.as_str()),
            Value::Object(members) => {
                let text = |key: &str| {
                    let mut members = members.iter();
                    members.find_map(|(name, value)| match &value.value {
                        Value::String(text) if name.text == key => Some(text.as_str()),
                        _ => None,
                    })
                };
                match (members.len(), text("name"), text("as")) {
                    (1, Some(name), None) => (name, name),
                    (2, Some(name), Some(local)) => (name, local),
                    _ => return self.not_an_import(item),
                }
            }
            _ => return self.not_an_import(item),
        };
        if let Some(spec) = spec.filter(|spec| !spec.elements.is_empty())
            && !spec.elements.contains(&name)
        {
            let message = format!("`{}` has no `{name}`", spec.name);
            let help = did_you_mean(name, spec.elements.iter().copied());
            self.error(&item.place, message, help);
            return None;
        }
        match (name.strip_prefix('@'), local.strip_prefix('@')) {
            (Some(name), Some(local)) if url::is_name(local) => {
                let local = Text { text: local.to_owned(), place: item.place.clone() };
                Some((name.to_owned(), local))
            }
            (None, None) if url::is_name(local) => None,
            _ => self.not_an_import(item),
        }
    }

    fn not_an_import<T>(&mut self, item: &ValueSource) -> Option<T> {
        let help = "write `\"@name\"` or `{name: \"@name\", as: \"@another\"}`".to_owned();
        self.error(&item.place, "this cannot be imported".to_owned(), Some(help));
        None
    }
}
