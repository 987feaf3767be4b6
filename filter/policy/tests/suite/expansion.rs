//! Which coordinates does an operation touch, and is it valid? As `apollo-compiler` has it, on
//! generated operations over GitHub's schema.
//!
//! That library reads, validates and types the operation. What is added here is the narrowing by type
//! conditions, an object type at a time. One thing is a choice of ours and is mirrored: where
//! conditions have left nothing in common, the inside is decided on whatever the last one names.

mod operations;

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::executable::{ExecutableDocument, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};
use fieldgate_core::denial::Reason;
use fieldgate_core::document::{Bounds, Document};
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, Plan, Target};
use fieldgate_core::policy::Policy;
use fieldgate_policy::bundle::Bundle;

use self::operations::Maker;
use crate::github;

/// The object types that a value of each composite type can be.
type Possible = BTreeMap<String, BTreeSet<Name>>;

fn possible(schema: &Schema) -> Possible {
    let implementers = schema.implementers_map();
    let of = |def: &ExtendedType| match def {
        ExtendedType::Object(of) => BTreeSet::from([of.name.clone()]),
        ExtendedType::Union(of) => of.members.iter().map(|member| member.name.clone()).collect(),
        ExtendedType::Interface(of) => {
            implementers.get(&of.name).into_iter().flat_map(|all| all.objects.clone()).collect()
        }
        ExtendedType::Scalar(_) | ExtendedType::Enum(_) | ExtendedType::InputObject(_) => {
            BTreeSet::new()
        }
    };
    schema.types.values().map(|def| (def.name().to_string(), of(def))).collect()
}

struct Touched<'o> {
    schema: &'o Schema,
    possible: &'o Possible,
    document: &'o ExecutableDocument,
    coordinates: BTreeSet<String>,
}

impl Touched<'_> {
    fn set(&mut self, set: &SelectionSet, on: &BTreeSet<Name>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let mut below = BTreeSet::new();
                    for object in on {
                        self.coordinates.insert(format!("{object}.{}", field.name));
                        let own = self.schema.type_field(object, &field.name).unwrap();
                        below.extend(self.possible[own.ty.inner_named_type().as_str()].clone());
                    }
                    self.set(&field.selection_set, &below);
                }
                Selection::InlineFragment(inline) => {
                    let on = self.narrow(on, inline.type_condition.as_ref());
                    self.set(&inline.selection_set, &on);
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = spread.fragment_def(self.document).unwrap();
                    let on = self.narrow(on, Some(fragment.type_condition()));
                    self.set(&fragment.selection_set, &on);
                }
            }
        }
    }

    fn narrow(&self, on: &BTreeSet<Name>, to: Option<&Name>) -> BTreeSet<Name> {
        let Some(to) = to else { return on.clone() };
        let all = self.possible[to.as_str()].clone();
        let both: BTreeSet<Name> = on.intersection(&all).cloned().collect();
        if both.is_empty() { all } else { both }
    }
}

/// What a plan says: the coordinates of its fields, or why it is not valid.
fn planned(text: &str, policy: &Policy) -> Result<BTreeSet<String>, Reason> {
    let limits = Limits::CAP;
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let document = Document::read(text, &bounds).map_err(|_| Reason::DocumentSyntax)?;
    let choice = Choice::new(&document, None).unwrap();
    let plan = Plan::new(&document, choice, policy, &limits).map_err(|error| error.reason)?;
    let mut coordinates = BTreeSet::new();
    for one in &plan.uses {
        match one.target {
            Target::Field(field) => drop(coordinates.insert(policy.schema().coordinate(field))),
            Target::Unknown { reason, parent: _ } => return Err(reason),
            Target::Type(_) | Target::Input(_) => {}
        }
    }
    Ok(coordinates)
}

/// The schema and the policy over it, if they are there.
fn world() -> Option<(Valid<Schema>, Bundle)> {
    let folder = github::folder()?;
    let file = folder.join("node_modules/@octokit/graphql-schema/schema.graphql");
    let text = std::fs::read_to_string(file).unwrap();
    // It defines two fields twice.
    let read = Schema::parse_and_validate(text, "schema.graphql").unwrap_err();
    assert_eq!(read.errors.len(), 2, "{}", read.errors);
    Some((Valid::assume_valid(read.partial), Bundle::load(&folder, None).unwrap()))
}

#[test]
fn operations_touch_what_another_reader_says() {
    let Some((schema, bundle)) = world() else { return };
    let possible = possible(&schema);
    let mut maker = Maker::new(&schema, &possible);
    let (mut texts, mut coordinates) = (BTreeSet::new(), 0);
    for seed in 0..300 {
        let text = maker.operation(seed, 0);
        let document = ExecutableDocument::parse_and_validate(&schema, &text, "operation.graphql");
        let document = document.unwrap_or_else(|error| panic!("{text}\n{}", error.errors));
        let operation = document.operations.get(None).unwrap();
        let root = BTreeSet::from([operation.object_type().clone()]);
        let mut touched = Touched {
            schema: &schema,
            possible: &possible,
            document: &document,
            coordinates: BTreeSet::new(),
        };
        touched.set(&operation.selection_set, &root);
        assert_eq!(planned(&text, bundle.policy()), Ok(touched.coordinates.clone()), "{text}");
        coordinates += touched.coordinates.len();
        texts.insert(text);
    }
    println!("{} operations, {coordinates} coordinates", texts.len());
    assert!(texts.len() > 280 && coordinates > 3000, "{coordinates}");
}

#[test]
fn what_is_invalid_for_another_reader_is_refused() {
    let Some((schema, bundle)) = world() else { return };
    let possible = possible(&schema);
    let mut maker = Maker::new(&schema, &possible);
    let (mut reasons, mut valid) = (BTreeMap::<&str, usize>::new(), 0);
    let mut differences = Vec::new();
    for seed in 0..600 {
        let text = maker.operation(seed, 30);
        let theirs = ExecutableDocument::parse_and_validate(&schema, &text, "operation.graphql");
        match (theirs, planned(&text, bundle.policy())) {
            (Ok(_), Ok(_)) => valid += 1,
            (Err(_), Err(reason)) => *reasons.entry(reason.code()).or_default() += 1,
            (Ok(_), Err(reason)) => differences.push(format!("{}: {text}", reason.code())),
            (Err(error), Ok(_)) => differences.push(format!("{text}\n{}", error.errors)),
        }
    }
    println!("{valid} valid, {reasons:?}");
    assert!(differences.is_empty(), "{} differ: {}", differences.len(), differences.join("\n"));
    assert!(valid > 100 && reasons.len() >= 11, "{valid} valid, {reasons:?}");
}
