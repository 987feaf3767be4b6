//! On random schemas and rules, lowering decides every field for every set of roles as the plain
//! reading of the rules does, and gives the same reasons.

use std::collections::BTreeSet;

use fieldgate_core::policy::blob;
use fieldgate_core::policy::rules::{RuleId, Verdict};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

use crate::model::{Answer, Model, ModelRule, ModelType};
use crate::support::{access, policy, roles, verdict};

const FIELDS: [&str; 3] = ["a", "b", "c"];
const ROLES: [&str; 3] = ["x", "y", "z"];
const INTERFACES: usize = 3;

/// A rule as numbers: patterns of a type and a field (0 is `*`), whether it denies, its roles.
type RuleBits = (Vec<(usize, usize)>, bool, u8);

fn names(of: &[&str], bits: u8) -> BTreeSet<String> {
    let on = |at: usize| bits & (1 << at) != 0;
    (0..of.len()).filter(|at| on(*at)).map(|at| of[at].to_owned()).collect()
}

/// Interfaces inherit from those before them, so that there is no cycle; whatever a type
/// implements, it has the interfaces and the fields of.
fn types(bits: &[(u8, u8)]) -> Vec<ModelType> {
    let query = ModelType {
        name: "Query".to_owned(),
        is_interface: false,
        fields: names(&FIELDS, 1),
        implements: BTreeSet::new(),
    };
    let mut types = vec![query];
    for (at, (fields, implements)) in bits.iter().enumerate() {
        let is_interface = at < INTERFACES;
        let name = if is_interface { format!("I{at}") } else { format!("T{at}") };
        let mut of = ModelType {
            name,
            is_interface,
            fields: names(&FIELDS, *fields),
            implements: BTreeSet::new(),
        };
        for other in types.iter().skip(1).take(INTERFACES.min(at)) {
            let other: &ModelType = other;
            let number: u32 = other.name[1..].parse().unwrap();
            if implements & (1 << number) != 0 {
                of.implements.insert(other.name.clone());
                of.implements.extend(other.implements.iter().cloned());
                of.fields.extend(other.fields.iter().cloned());
            }
        }
        if of.fields.is_empty() {
            of.fields.insert("a".to_owned());
        }
        types.push(of);
    }
    types
}

/// Patterns that name nothing are left out: they are findings, not rules.
fn rule(at: usize, bits: &RuleBits, types: &[ModelType]) -> ModelRule {
    let (patterns, denies, roles) = bits;
    let patterns = patterns.iter().filter_map(|(of, field)| {
        let of = of.checked_sub(1).map(|of| &types[of]);
        let field = field.checked_sub(1).map(|field| FIELDS[field].to_owned());
        let has = |of: &ModelType| field.as_ref().is_none_or(|field| of.fields.contains(field));
        let known = of.map_or_else(|| types.iter().any(has), has);
        known.then(|| (of.map(|of| of.name.clone()), field))
    });
    let mut patterns: Vec<_> = patterns.collect();
    patterns.dedup();
    if patterns.is_empty() {
        patterns.push((None, None));
    }
    let roles = names(&ROLES, *roles);
    ModelRule { id: format!("r{at}"), patterns, denies: *denies, roles }
}

fn models() -> impl Strategy<Value = Model> {
    let pattern = (0..=6_usize, 0..=3_usize);
    let rules = vec((vec(pattern, 1..4), any::<bool>(), 1..8_u8), 0..7);
    (vec((0..8_u8, 0..8_u8), 6), rules).prop_map(|(type_bits, rule_bits)| {
        let types = types(&type_bits);
        let rules = rule_bits.iter().enumerate().map(|(at, bits)| rule(at, bits, &types)).collect();
        Model { types, rules }
    })
}

proptest! {
    #[test]
    fn lowering_decides_as_the_plain_reading_does(model in models()) {
        let lowered = policy(&model.sdl(), &model.yaml());
        let rule_names = |rules: &[RuleId]| -> BTreeSet<String> {
            rules.iter().map(|rule| lowered.rule_name(*rule).to_owned()).collect()
        };
        for of in &model.types {
            for field in &of.fields {
                let access = access(&lowered, &format!("{}.{field}", of.name));
                for bits in 0..8 {
                    let held = names(&ROLES, bits);
                    let held_names: Vec<&str> = held.iter().map(String::as_str).collect();
                    let set = roles(&lowered, &held_names);
                    let found = match verdict(access, set) {
                        Verdict::Granted => Answer::Granted,
                        Verdict::Forbidden(rules) => Answer::Forbidden(rule_names(&rules)),
                        Verdict::NotGranted(rules) => Answer::NotGranted(rule_names(&rules)),
                        other @ (Verdict::Undecidable(_) | Verdict::NotMet(_)) => {
                            panic!("there are no conditions and requirements: {other:?}")
                        }
                    };
                    let expected = model.answer(&of.name, field, &held);
                    prop_assert_eq!(found, expected, "{}.{} for {:?}", of.name, field, held);
                }
            }
        }
        let (encoded, _) = blob::encode(&lowered).unwrap();
        prop_assert_eq!(blob::decode(&encoded).unwrap().0, lowered);
    }
}
