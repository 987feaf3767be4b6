//! A seed -> an operation over the schema of the bundle, and what has to hold of each.

use std::collections::BTreeMap;
use std::fs;

use apollo_compiler::Schema;
use apollo_compiler::executable::{ExecutableDocument, Field};
use apollo_compiler::validation::Valid;
use fieldgate_policy::cases::Verdict;
use fieldgate_policy::expand::Expansion;
use serde_json::json;

use super::naive::{Asked, Said, Touched, Walker};
use super::{asked, bundle, folder};

const OPERATIONS: u64 = 6_000;
/// The types that conditions name.
const TYPES: [&str; 12] = [
    "Node", "Named", "Asset", "Found", "Kept", "Cold", "Owner", "Service", "Dataset", "Secret",
    "Team", "Person",
];

struct Maker<'s> {
    schema: &'s Valid<Schema>,
    seed: u64,
    /// How many fields may still come.
    left: u32,
    fragments: Vec<(String, String)>,
}

impl Maker<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        usize::try_from(self.seed % u64::try_from(bound).unwrap()).unwrap()
    }

    fn operation(&mut self) -> String {
        let root = if self.below(8) == 0 { "Mutation" } else { "Query" };
        let body = self.selection_set(root, 0);
        let kind = root.to_lowercase();
        let definitions: Vec<String> = self.fragments.drain(..).map(|(_, text)| text).collect();
        let text = format!("{body} {}", definitions.join(" "));
        let variables = if text.contains("$t") { "($t: Boolean!)" } else { "" };
        format!("{kind} {variables} {text}")
    }

    fn selection_set(&mut self, on: &str, depth: u32) -> String {
        let count = 1 + self.below(3);
        let mut selections = Vec::new();
        for _ in 0..count {
            selections.push(self.selection(on, depth));
        }
        let between = [" ", ",", "\n", " # a comment\n"][self.below(4)];
        format!("{{{}}}", selections.join(between))
    }

    fn selection(&mut self, on: &str, depth: u32) -> String {
        let is_root = matches!(on, "Query" | "Mutation");
        let directive = match self.below(14) {
            0 => " @include(if: $t)",
            1 => " @skip(if: $t)",
            2 => " @skip(if: true)",
            _ => "",
        };
        match self.below(6) {
            0 if depth < 6 && !is_root => {
                let of = TYPES[self.below(TYPES.len())];
                let set = self.selection_set(of, depth + 1);
                format!("... on {of}{directive} {set}")
            }
            1 if depth < 6 && !is_root => {
                let set = self.selection_set(on, depth + 1);
                format!("... {}{set}", directive.trim_start())
            }
            2 if depth < 6 && !is_root => format!("...{}{directive}", self.fragment(depth)),
            _ => self.field(on, directive, depth),
        }
    }

    /// A fragment that is there, or another one.
    fn fragment(&mut self, depth: u32) -> String {
        if !self.fragments.is_empty() && self.below(2) == 0 {
            let at = self.below(self.fragments.len());
            return self.fragments[at].0.clone();
        }
        let of = TYPES[self.below(TYPES.len())];
        let set = self.selection_set(of, depth + 1);
        let name = format!("F{}", self.fragments.len());
        self.fragments.push((name.clone(), format!("fragment {name} on {of} {set}")));
        name
    }

    fn field(&mut self, on: &str, directive: &str, depth: u32) -> String {
        let alias = ["", "", "", "x: ", "y: "][self.below(5)];
        let fields: Vec<(String, String)> = self.schema.types[on]
            .as_object()
            .map(|of| &of.fields)
            .or_else(|| self.schema.types[on].as_interface().map(|of| &of.fields))
            .into_iter()
            .flatten()
            .map(|(name, def)| (name.to_string(), def.ty.inner_named_type().to_string()))
            .collect();
        if fields.is_empty() || self.below(12) == 0 || self.left == 0 {
            return format!("{alias}__typename{directive}");
        }
        self.left -= 1;
        let (name, returned) = fields[self.below(fields.len())].clone();
        let arguments = match name.as_str() {
            "node" | "touch" => "(id: \"1\")",
            "cost" => ["", "(months: 1)", "(months: 2, unit: \"$t { id }\")"][self.below(3)],
            "peers" => ["", "(first:2)"][self.below(2)],
            _ => "",
        };
        let is_leaf = self.schema.types[returned.as_str()].is_scalar();
        if is_leaf {
            return format!("{alias}{name}{arguments}{directive}");
        }
        let set = self.selection_set(&returned, depth + 1);
        format!("{alias}{name}{arguments}{directive}{set}")
    }
}

/// What `users` are granted, read off the policy.
fn granted(object: &str, field: &Field) -> bool {
    let month = || field.specified_argument_by_name("months").and_then(|value| value.to_i32());
    match (object, field.name.as_str()) {
        ("Vault", _) => false,
        (_, "__typename") => true,
        ("Secret", name) => matches!(name, "label" | "part"),
        ("Dataset", "cost") => month().is_none_or(|months| months == 1),
        ("Dataset", name) => !matches!(name, "title" | "rows" | "owner"),
        ("Person", name) => name != "id",
        ("Team", name) => name != "budget",
        _ => true,
    }
}

#[test]
fn what_is_written_is_what_is_granted() {
    let sdl = folder().join("schema.graphql");
    let schema = Schema::parse_and_validate(fs::read_to_string(sdl).unwrap(), "schema").unwrap();
    let bundle = bundle();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut pruned = 0_u64;
    let only = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    let count = std::env::var("FIELDGATE_CASES").ok().map(|count| count.parse().unwrap());
    let all = 1..count.unwrap_or(OPERATIONS);
    for seed in only.map_or(all, |seed: u64| seed..seed + 1) {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut maker = Maker { schema: &schema, seed: mixed, left: 12, fragments: Vec::new() };
        let text = maker.operation();
        let t = seed % 2 == 0;
        let variables = if text.contains("($t") { json!({ "t": t }) } else { json!({}) };
        // Faults there are enough of elsewhere.
        let Ok(document) = ExecutableDocument::parse_and_validate(&schema, &text, "document")
        else {
            continue;
        };
        let explanation = asked(&bundle, "users", &text, &variables);
        let said = Asked { schema: &schema, document: &document, t, granted: &granted }.said();
        let found = match (&explanation.verdict, &explanation.expansion) {
            (Verdict::Allow, None) => Said::Granted,
            (_, None) => Said::Denied,
            (_, Some(_)) => Said::Partially,
        };
        assert_eq!(found, said, "SEED={seed}\n{text}");
        let outcome = match &explanation.expansion {
            None => match &explanation.verdict {
                Verdict::Allow => "allowed".to_owned(),
                _ => explanation.refusal.unwrap().reason.code().to_owned(),
            },
            Some(Expansion::Text(written)) => {
                let context = format!("SEED={seed}\n{text}\n{written}");
                let again = ExecutableDocument::parse_and_validate(&schema, written, "written");
                let again = again.unwrap_or_else(|error| panic!("{context}\n{}", error.errors));
                let walk = |document, granted: &dyn Fn(&str, &Field) -> bool| {
                    let asked = Asked { schema: &schema, document, t, granted };
                    Walker { asked, touched: Default::default() }.operation()
                };
                let wanted = walk(&document, &granted);
                let found = walk(&again, &|_, _| true);
                let differ: Vec<&Touched> = wanted.symmetric_difference(&found).collect();
                assert!(differ.is_empty(), "{context}\n{differ:?}");
                // Nothing is missing where conditions have left nothing of what is denied.
                pruned += u64::from(walk(&document, &|_, _| true) != wanted);
                let variables = if written.contains("($t") { variables } else { json!({}) };
                let anew = asked(&bundle, "users", written, &variables);
                assert_eq!(anew.verdict, Verdict::Allow, "{context}");
                assert_eq!(anew.expansion, None, "{context}");
                "written".to_owned()
            }
            Some(Expansion::Shapes(_)) => {
                assert!(text.contains("tier"), "SEED={seed}\n{text}");
                "shapes".to_owned()
            }
            Some(Expansion::Refused(reason)) => {
                panic!("SEED={seed}\n{text}\n{}", reason.code());
            }
        };
        *seen.entry(outcome).or_default() += 1;
    }
    println!("{seen:?}, {pruned} with less in them");
    if only.is_none() {
        assert!(!seen.contains_key("internal_error"), "{seen:?}");
        assert!(pruned > 300 && seen["shapes"] > 0 && seen["allowed"] > 50, "{seen:?}");
    }
}
