//! Loading a configuration, natively: every worker of a proxy does it on its event loop. With a
//! policy on GitHub's schema, as large as schemas get, and with one on half of that schema, to see
//! whether time follows size. `make node` installs the schema.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use fieldgate_core::policy::schema::{
    FieldDef, FieldParts, InputDef, InputParts, Schema, SchemaParts, TypeDef, TypeId, TypeParts,
    TypeRef,
};
use fieldgate_core::policy::{Policy, PolicyParts, blob};
use fieldgate_core::settings::Configuration;
use fieldgate_policy::bundle::Bundle;
use serde_json::Value;

fn main() {
    divan::main();
}

/// How much of the schema.
#[derive(Clone, Copy, Debug)]
enum Share {
    Half,
    Whole,
}

const SHARES: [Share; 2] = [Share::Half, Share::Whole];

/// The configuration and its blob; `None` where the schema is not installed.
fn github(share: Share) -> Option<(Vec<u8>, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/github");
    if !std::path::Path::new(folder).join("node_modules").is_dir() {
        eprintln!("skipped: the schema of policies/github is not installed (`make node`)");
        return None;
    }
    let bundle = Bundle::load(folder.as_ref(), None).expect("the bundle builds");
    let policy = match share {
        Share::Whole => bundle.policy().clone(),
        Share::Half => half(bundle.policy()),
    };
    let (blob, _) = blob::encode(&policy).expect("a blob");
    let mut configuration = bundle.configuration_value().clone();
    configuration["policy"] = Value::from(STANDARD.encode(&blob));
    Some((configuration.to_string().into_bytes(), blob))
}

/// The policy on every second type. What returned one of the others returns a scalar.
fn half(policy: &Policy) -> Policy {
    let (parts, schema) = (policy.parts(), policy.schema());
    let roots = [Some(schema.query()), schema.mutation()];
    let keep = |id: TypeId, def: &TypeDef<'_>| {
        id.0 % 2 == 0 || def.name == "String" || roots.contains(&Some(id))
    };
    let kept: Vec<TypeId> =
        schema.types().filter(|(id, def)| keep(*id, def)).map(|(id, _)| id).collect();
    let number = |id: TypeId| Some(TypeId(u32::try_from(kept.binary_search(&id).ok()?).ok()?));
    let scalar = number(schema.type_named("String").expect("a scalar")).expect("a kept type");
    // What is given is a scalar, whatever it was.
    let input = |def: InputDef<'_>| InputParts {
        name: def.name.into(),
        ty: TypeRef::to(scalar),
        default: None,
    };
    let field = |def: FieldDef<'_>| FieldParts {
        name: def.name.into(),
        returns: TypeRef::to(number(def.returns.named).unwrap_or(scalar)),
        arguments: schema.arguments(&def).map(input).collect(),
    };
    let (mut types, mut field_access) = (Vec::new(), Vec::new());
    for id in &kept {
        let def = schema.type_def(*id).expect("a type");
        let of_objects = def.possible != [*id];
        let possible = def.possible.iter().filter(|_| of_objects).filter_map(|id| number(*id));
        types.push(TypeParts {
            name: def.name.into(),
            kind: def.kind,
            possible: possible.collect(),
            fields: def.fields().filter_map(|id| schema.field_def(id).map(field)).collect(),
            members: schema.members(&def).map(input).collect(),
            values: schema.values(&def).map(Box::from).collect(),
        });
        field_access.extend(def.fields().map(|id| parts.field_access[id.0 as usize]));
    }
    let query = number(schema.query()).expect("a kept type");
    let mutation = schema.mutation().and_then(number);
    let schema = Schema::new(&SchemaParts { types, query, mutation, subscription: None });
    let schema = schema.expect("a schema");
    Policy::new(PolicyParts { schema, field_access, ..parts.clone() }).expect("a policy")
}

/// All of it: what a worker waits for.
#[divan::bench(args = SHARES)]
fn configure_github(bencher: Bencher<'_, '_>, share: Share) {
    let Some((configuration, _)) = github(share) else { return };
    let bytes = divan::counter::BytesCount::of_slice(&configuration);
    bencher.counter(bytes).bench_local(|| Configuration::read(black_box(&configuration)));
}

/// The part that is the policy's: digest, DEFLATE, tables and their check.
#[divan::bench(args = SHARES)]
fn decode_github(bencher: Bencher<'_, '_>, share: Share) {
    let Some((_, blob)) = github(share) else { return };
    let bytes = divan::counter::BytesCount::of_slice(&blob);
    bencher.counter(bytes).bench_local(|| blob::decode(black_box(&blob)));
}

/// Letting go of the policy before, which the same event loop does.
#[divan::bench(args = SHARES)]
fn drop_github(bencher: Bencher<'_, '_>, share: Share) {
    let Some((_, blob)) = github(share) else { return };
    bencher.with_inputs(|| blob::decode(&blob)).bench_local_values(drop);
}
